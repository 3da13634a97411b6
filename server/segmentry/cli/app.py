"""All commands, and the one place where they start and end.

Nothing here imports grpc, polars or scikit-learn: a command does so when it runs, so help is instant.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

import typer
from typer.core import TyperGroup
from typer.main import get_command

from segmentry.cli import exit_codes
from segmentry.cli.building import build, preview, refine
from segmentry.cli.canaries import canaries
from segmentry.cli.catalogs import catalog
from segmentry.cli.checking import doctor, health
from segmentry.cli.command import connected
from segmentry.cli.configuring import config
from segmentry.cli.discovering import discover
from segmentry.cli.estimating import estimate
from segmentry.cli.evaluating import evals
from segmentry.cli.experts import experts
from segmentry.cli.explaining import compare, explain
from segmentry.cli.exporting import export
from segmentry.cli.listing import fields, schemas
from segmentry.cli.matching import match
from segmentry.cli.predicting import predict
from segmentry.cli.problems import CommandError, Problem, of_error, show
from segmentry.cli.prompts import prompts
from segmentry.cli.readying import readiness
from segmentry.cli.recommending import apply, recommendations
from segmentry.cli.reporting import outcomes
from segmentry.cli.ruling import rules
from segmentry.cli.saving import segments
from segmentry.cli.serving import demo, serve
from segmentry.cli.terminal import Terminal
from segmentry.errors import SegmentryError

app = typer.Typer(
    name="segmentry",
    help="Customer segments from plain words, and the segments that are in a table.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _about() -> None:
    """Customer segments from plain words, and the segments that are in a table.

    Data goes to stdout, progress and messages to stderr. `segmentry --version` prints the version.
    """


app.command()(demo)
app.command()(serve)
for _command in (
    build,
    refine,
    preview,
    explain,
    compare,
    export,
    fields,
    schemas,
    estimate,
    discover,
    apply,
    experts,
    readiness,
):
    app.command(name=_command.__name__)(connected(_command))
app.command()(match)
app.command()(predict)
app.add_typer(recommendations, name="recommendations")
app.add_typer(rules, name="rules")
app.add_typer(outcomes, name="outcomes")
app.add_typer(canaries, name="canaries")
app.add_typer(segments, name="segments")
app.add_typer(config, name="config")
app.add_typer(catalog, name="catalog")
app.add_typer(prompts, name="prompts")
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)(evals)
app.command()(health)
app.command()(doctor)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every error ends as a message, never as a traceback."""
    # gRPC looks after forks that we never make, and says on stderr that it does not.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    terminal = Terminal(json="--json" in arguments, no_color="--no-color" in arguments)
    try:
        code = get_command(app).main(list(arguments), prog_name="segmentry", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as end:
        # What typer makes of a reader that goes away while the command still writes.
        if isinstance(end.__context__, BrokenPipeError):
            return _reader_gone()
        raise
    except (typer.Abort, KeyboardInterrupt):
        terminal.note("interrupted")
        return exit_codes.INTERRUPTED
    except Exception as error:
        problem = _problem(error)
        if problem is None:
            raise
        if problem.code == "USAGE" and "command" not in dict(problem.metadata):
            problem = replace(problem, metadata=(*problem.metadata, ("command", _named(arguments))))
        show(problem, terminal, arguments)
        return problem.exit_code
    return code if isinstance(code, int) else exit_codes.OK


def _named(arguments: Sequence[str]) -> str:
    """The command that a command line begins with, as in `segmentry segments update`."""
    command, path = get_command(app), ["segmentry"]
    for part in arguments:
        if not isinstance(command, TyperGroup) or part not in command.commands:
            break
        command = command.commands[part]
        path.append(part)
    return " ".join(path)


def _reader_gone() -> int:
    """The reader has what it wanted (`| head`): say nothing, also not when Python flushes at the end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return exit_codes.OK


def _problem(error: Exception) -> Problem | None:
    """What to print for an error, or None for a fault of our own."""
    if isinstance(error, CommandError):
        return error.problem
    if isinstance(error, SegmentryError):
        return of_error(error)
    if isinstance(error, typer.TyperException):
        # Of an error in the arguments of a command typer tells which, in a class that it keeps to itself.
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", "segmentry")
        return Problem("USAGE", "USAGE", error.format_message(), metadata=(("command", str(command)),))
    if "segmentry_client" in sys.modules:
        # The client is imported here only if the command itself has imported it.
        from segmentry_client import SegmentryCallError

        from segmentry.cli.session import problem_of

        if isinstance(error, SegmentryCallError):
            return problem_of(error)
        if isinstance(error, UnicodeEncodeError):
            # An argument with bytes that are no UTF-8 became part of a message here, not in the client.
            from segmentry_client.texts import refusal

            return problem_of(refusal(error))
    return None
