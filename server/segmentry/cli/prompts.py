"""`prompts`: what a language model would be sent, and what changed in it; no server and no key needed."""

import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentry.cli import catalog_argument, exit_codes
from segmentry.cli.problems import CommandError, usage
from segmentry.cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from segmentry.agents.registry import Expert
    from segmentry.criteria.catalog import Catalog
    from segmentry.errors import JsonValue

prompts = typer.Typer(help="Show what a language model would be sent.", no_args_is_help=True)

_CATALOG = Annotated[
    str, typer.Option(metavar="NAME|FILE", help="Whose fields: golf, a .toml or an inline schema (.json).")
]
_AGENT = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="One expert, such as logic; `specialist` is all of them; else every one."
    ),
]


@prompts.callback()
def _about() -> None:
    """Show what a language model would be sent."""


@prompts.command()
def show(
    catalog: _CATALOG = catalog_argument.PACKAGED,
    agent: _AGENT = "",
    variant: Annotated[
        str, typer.Option(metavar="NAME", help="Another file of the prompts, such as v2.")
    ] = "default",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per expert.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> int:
    """Print the exact text and schema of each expert, its version and how long it is.

    The number of tokens is an estimate: five characters are one token.
    """
    terminal = Terminal(json=json, no_color=no_color)
    for expert in _chosen(catalog_argument.load(catalog), variant, agent):
        if json:
            terminal.value(_to_json(expert))
        else:
            terminal.line(printable(_said(expert)))
    return exit_codes.OK


@prompts.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A catalog, a variant, or a version of one.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same, to compare with.")],
    catalog: _CATALOG = catalog_argument.PACKAGED,
    agent: _AGENT = "",
    json: Annotated[bool, typer.Option("--json", help="Errors as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> int:
    """Print what differs between the prompts of A and B, as a unified diff.

    Each is a catalog (golf, FILE.toml, FILE.json), a variant (default, v2), the 12 digits of a version, or a
    text file that `prompts show` has written. Variants and versions are those of --catalog.
    """
    terminal = Terminal(json=json, no_color=no_color)
    sides = [_side(each, catalog, agent) for each in (before, after)]
    names = dict.fromkeys(name for side in sides for name in side)
    if all(len(side) == 1 for side in sides):
        # Two versions of one expert have one name or two.
        names = dict.fromkeys([" ".join(names)])
        sides = [{next(iter(names)): text for text in side.values()} for side in sides]
    for name in names:
        if missing := [at for at, side in enumerate(sides) if name not in side]:
            terminal.line(printable(f"Only in {(after, before)[missing[0]]}: {name}"))
            continue
        old, new = (side[name].splitlines() for side in sides)
        for line in difflib.unified_diff(old, new, f"{before} {name}", f"{after} {name}", lineterm=""):
            color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            terminal.line(terminal.style(printable(line), color) if color else printable(line))
    return exit_codes.OK


def _side(argument: str, catalog: str, agent: str) -> dict[str, str]:
    """The texts of one side by expert. Raises: CommandError, OSError, InvalidParameters."""
    if Path(argument).suffix == ".txt":
        return _saved(Path(argument).read_text(encoding="utf-8"), agent)
    if argument == catalog_argument.PACKAGED or Path(argument).suffix in (".toml", ".json"):
        chosen = _chosen(catalog_argument.load(argument, option="A"), "default", agent)
        return {expert.name: _said(expert) for expert in chosen}
    of = catalog_argument.load(catalog)
    variants = _variants()
    if argument in variants:
        return {expert.name: _said(expert) for expert in _chosen(of, argument, agent)}
    for variant in variants:
        for expert in _chosen(of, variant, agent):
            if expert.version == argument:
                return {expert.name: _said(expert)}
    raise usage(
        f"{argument!r} is no catalog (golf, FILE.toml, FILE.json), no variant ({', '.join(variants)}), no "
        f"version of {catalog} and no file that `prompts show` has written (FILE.txt)"
    )


def _saved(text: str, agent: str) -> dict[str, str]:
    """The experts of a file that `prompts show` has written."""
    found: dict[str, str] = {}
    for part in re.split(f"^{_HEAD}", text, flags=re.MULTILINE)[1:]:
        name = part.partition(" ")[0]
        if not agent or name == agent or (agent == "specialist" and name.startswith("specialist_")):
            found[name] = (_HEAD + part).rstrip("\n")
    if not found:
        raise usage("a file that `prompts show` has written has lines such as `=== logic version ...`")
    return found


def _variants() -> tuple[str, ...]:
    from segmentry.agents.prompt import variants
    from segmentry.agents.registry import ROWS

    return tuple(dict.fromkeys(each for row in ROWS.values() for each in variants(row.prompt)))


def _chosen(catalog: "Catalog", variant: str, agent: str) -> "list[Expert]":
    """The experts asked for; a prompt without such a variant is its default. Raises: CommandError."""
    from segmentry.agents.field_statistics import told_fields
    from segmentry.agents.prompt import variants
    from segmentry.agents.registry import ROWS, expert, experts

    if variant not in _variants():
        raise usage(f"there is no variant {variant!r} of a prompt; there are {', '.join(_variants())}")
    having = {name: variant for name, row in ROWS.items() if variant in variants(row.prompt)}
    names = [field.name for field in catalog.fields]
    statistics = expert("statistics", having.get("statistics", "default"), told_fields(catalog, names))
    every = [*experts(catalog, having).all, statistics]
    found = [each for each in every if agent in ("", each.name, each.row.name)]
    if not found:
        raise _unknown(agent, [each.name for each in every])
    return found


def _unknown(agent: str, names: list[str]) -> CommandError:
    return usage(f"there is no expert {agent!r}; there are {', '.join(names)}", path="--agent")


_HEAD = "=== "


def _said(expert: "Expert") -> str:
    from segmentry.agents.prompt import tokens

    schema = json.dumps(expert.schema.body, indent=1, ensure_ascii=False)
    bound = expert.row.max_tokens
    answer = f"at most {bound} tokens" if bound else "at most AI_MAX_TOKENS"
    length = f"about {tokens(expert.text):,} tokens"
    head = f"{_HEAD}{expert.name} version {expert.version}, {length}, answer {answer}"
    return f"{head}\n{expert.text}\n--- schema {expert.schema.name}\n{schema}\n"


def _to_json(expert: "Expert") -> "dict[str, JsonValue]":
    from segmentry.agents.prompt import tokens

    return {
        "agent": expert.name,
        "version": expert.version,
        "variant": expert.variant,
        "tokens": tokens(expert.text),
        "maxTokens": expert.row.max_tokens,
        "text": expert.text,
        "schema": dict(expert.schema.body),
    }
