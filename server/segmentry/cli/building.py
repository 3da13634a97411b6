"""`build`, `refine` and `preview`: words to criteria, criteria to a number."""

from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import criteria_argument, exit_codes

if TYPE_CHECKING:
    from segmentry.cli.session import Session
    from segmentry.v1 import segment_builder_pb2

Offline = Annotated[bool, typer.Option("--offline", help="Never ask a language model.")]
RequireLlm = Annotated[
    bool,
    typer.Option("--require-llm", help="Fail where no language model is configured, or where it fails."),
]
NoPreview = Annotated[bool, typer.Option("--no-preview", help="Do not count.")]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--answer", metavar="READING", help="Take a reading that the same words were asked about."),
]
MaxCost = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", min=0.0, help="Most that a language model may cost."),
]
Name = Annotated[
    bool, typer.Option("--name", help="Name the segment: by a language model where one may be asked.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also what each expert of a model cost.")]
Stream = Annotated[
    bool, typer.Option("--stream", help="With --json: one line per event instead of the reply.")
]


async def build(
    session: "Session",
    query: Annotated[str, typer.Argument(help="Who you mean, such as 'platinum members in South Africa'.")],
    *,
    offline: Offline = False,
    require_llm: RequireLlm = False,
    no_preview: NoPreview = False,
    stream: Stream = False,
    answer: Chosen = None,
    verbose: Verbose = False,
    max_cost: MaxCost = None,
    name: Name = False,
) -> int:
    """Turn words into a segment: its criteria, a sentence, and how many customers match.

    A query that is not clear is answered with questions, and the exit code 4.
    """
    from segmentry_client import to_dict

    from segmentry.cli.views import building as view
    from segmentry.cli.views.spending import spending

    options = _options(
        offline=offline,
        require_llm=require_llm,
        no_preview=no_preview,
        answers=answer,
        max_cost=max_cost,
        name=name,
    )
    terminal = session.terminal
    async with session.client() as client:
        if terminal.json and not stream:
            reply = await client.build(query, options=options, timeout_s=session.common.timeout)
            terminal.value(to_dict(reply))
            return _code(reply)
        progress = view.Progress(terminal)
        code = exit_codes.FAULT
        async for item in client.stream_build(query, options=options, timeout_s=session.common.timeout):
            if terminal.json:
                terminal.value(to_dict(item))
            else:
                progress.show(item)
            if item.WhichOneof("event") == "completed":
                code = _code(item.completed)
                if not terminal.json:
                    view.outcome(item.completed, terminal)
                    spending(item.completed, terminal, each=verbose)
                    _remember(session, item.completed)
        return code


async def refine(
    session: "Session",
    instruction: Annotated[str, typer.Argument(help="What to change, such as 'also require email opt-in'.")],
    criteria: Annotated[
        str, typer.Option(metavar="JSON|@FILE|-", help="The current criteria, as `build` prints them.")
    ],
    *,
    offline: Offline = False,
    require_llm: RequireLlm = False,
    no_preview: NoPreview = False,
    stream: Stream = False,
    answer: Chosen = None,
    verbose: Verbose = False,
    max_cost: MaxCost = None,
    name: Name = False,
) -> int:
    """Change a segment by an instruction; conditions that it does not name stay as they are."""
    from segmentry_client import to_dict

    from segmentry.cli.views import building as view
    from segmentry.cli.views.spending import spending

    current = criteria_argument.read(criteria)
    options = _options(
        offline=offline,
        require_llm=require_llm,
        no_preview=no_preview,
        answers=answer,
        max_cost=max_cost,
        name=name,
    )
    terminal = session.terminal
    async with session.client(kept=criteria_argument.names_segments(current)) as client:
        if terminal.json and not stream:
            reply = await client.refine(
                instruction, current, options=options, timeout_s=session.common.timeout
            )
            terminal.value(to_dict(reply))
            return _code(reply)
        progress = view.Progress(terminal)
        code = exit_codes.FAULT
        async for item in client.stream_refine(
            instruction, current, options=options, timeout_s=session.common.timeout
        ):
            if terminal.json:
                terminal.value(to_dict(item))
            else:
                progress.show(item)
            if item.WhichOneof("event") == "completed":
                code = _code(item.completed)
                if not terminal.json:
                    view.outcome(item.completed, terminal)
                    spending(item.completed, terminal, each=verbose)
                    _remember(session, item.completed)
        return code


async def preview(
    session: "Session",
    criteria: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="Criteria as `build` prints them.")],
) -> None:
    """Count the customers that criteria match."""
    from segmentry_client import to_dict

    from segmentry.cli.views import building as view

    wanted = criteria_argument.read(criteria)
    async with session.client(kept=criteria_argument.names_segments(wanted)) as client:
        reply = await client.preview_count(wanted, timeout_s=session.common.timeout)
    if session.terminal.json:
        session.terminal.value(to_dict(reply))
    else:
        view.count(reply, session.terminal)


def _options(
    *,
    offline: bool,
    require_llm: bool,
    no_preview: bool,
    answers: list[str] | None,
    max_cost: float | None,
    name: bool,
) -> "segment_builder_pb2.BuildOptions":
    from segmentry.v1 import segment_builder_pb2

    return segment_builder_pb2.BuildOptions(
        offline_only=offline,
        require_llm=require_llm,
        skip_preview=no_preview,
        max_cost_usd=max_cost,
        suggest_name=name,
        answers=[segment_builder_pb2.Answer(reading_id=each) for each in answers or ()],
    )


def _remember(
    session: "Session", reply: "segment_builder_pb2.BuildResponse | segment_builder_pb2.RefineResponse"
) -> None:
    """Say what the build is called, for when somebody knows what became of it."""
    common = session.common
    # A server of one command's own keeps no builds.
    if reply.WhichOneof("outcome") == "result" and not common.embedded and common.data is None:
        session.terminal.note(f"once used: segmentry outcomes record {reply.build_id}")


def _code(reply: "segment_builder_pb2.BuildResponse | segment_builder_pb2.RefineResponse") -> int:
    return exit_codes.CLARIFICATION if reply.WhichOneof("outcome") == "clarification" else exit_codes.OK
