"""Errors for people and for scripts: the reason, the place, what would work, and the next command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.cli import exit_codes
from segmentry.cli.terminal import Terminal, printable
from segmentry.errors import JsonValue, SegmentryError


@dataclass(frozen=True, slots=True)
class Problem:
    """One failed command. `code` is the name of the gRPC status, or USAGE."""

    code: str
    reason: str
    message: str
    path: str = ""
    suggestions: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    faulty: str = ""

    @property
    def exit_code(self) -> int:
        return exit_codes.USAGE if self.code == "USAGE" else exit_codes.of_status(self.code)

    def to_json(self) -> dict[str, JsonValue]:
        """The error object that `--json` prints on stdout."""
        error: dict[str, JsonValue] = {"code": self.code, "reason": self.reason, "message": self.message}
        if self.path:
            error["path"] = self.path
        if self.suggestions:
            error["suggestions"] = list(self.suggestions)
        error["metadata"] = dict(self.metadata)
        return {"error": error}


class CommandError(Exception):
    """A command ends here with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def usage(message: str, *, path: str = "", suggestions: Sequence[str] = ()) -> CommandError:
    """The command line itself is wrong."""
    return CommandError(Problem("USAGE", "USAGE", message, path, tuple(suggestions)))


# The branches of the error tree that the terminal's own reading of files and criteria can raise.
_STATUS_OF_LOCAL = {
    "InvalidRequest": "INVALID_ARGUMENT",
    "NotFound": "NOT_FOUND",
    "AlreadyExists": "ALREADY_EXISTS",
    "FailedPrecondition": "FAILED_PRECONDITION",
    "Aborted": "ABORTED",
    "OutOfRange": "OUT_OF_RANGE",
    "Unauthenticated": "UNAUTHENTICATED",
    "PermissionDenied": "PERMISSION_DENIED",
    "Exhausted": "RESOURCE_EXHAUSTED",
    "Unavailable": "UNAVAILABLE",
    "DeadlineExceeded": "DEADLINE_EXCEEDED",
    "CancelledByCaller": "CANCELLED",
}


def of_error(error: SegmentryError) -> Problem:
    """An error that was raised before anything went over the wire: a file, a setting, criteria as text."""
    names = [kind.__name__ for kind in type(error).__mro__]
    code = next((status for name, status in _STATUS_OF_LOCAL.items() if name in names), "INTERNAL")
    first = error.diagnostics[0] if error.diagnostics else None
    return Problem(
        code,
        first.code if first else error.reason,
        error.message,
        path=first.path if first else error.metadata.get("path", ""),
        suggestions=tuple(str(item) for item in first.suggestions) if first else (),
        metadata=tuple(error.metadata.items()),
        faulty=first.field if first else error.metadata.get("field", ""),
    )


def show(problem: Problem, terminal: Terminal, arguments: Sequence[str]) -> None:
    """Print a problem: as one JSON object on stdout with `--json`, else as text on stderr."""
    if terminal.json:
        terminal.value(problem.to_json())
        return
    # A message that starts with the place says it already.
    said = problem.message.startswith(f"{problem.path} ")
    where = f" at {problem.path}" if problem.path and not said else ""
    head = terminal.style(f"error {problem.reason}", "red", error=True)
    terminal.note(f"{head}{printable(where)}: {printable(problem.message)}{printable(_meant(problem))}")
    following = next_command(problem, arguments)
    if following:
        terminal.note(f"next: {printable(following)}")


def _meant(problem: Problem) -> str:
    """The nearest names, where the message does not say them already."""
    named = [suggestion for suggestion in problem.suggestions[:3] if suggestion not in problem.message]
    return f"; did you mean {' or '.join(named)}?" if named else ""


def next_command(problem: Problem, arguments: Sequence[str]) -> str:
    """The command that most likely works, or an empty text when there is no honest guess."""
    command = ["segmentry", *arguments]
    match problem.reason:
        case "SERVER_UNREACHABLE":
            return "segmentry serve --demo   (in another terminal), or the same command with --embedded"
        case "RESOURCE_NOT_FOUND" if dict(problem.metadata).get("resourceType", "").lower() == "schema":
            return "segmentry schemas" + _connection(arguments)
        case "CONFIRMATION_REQUIRED":
            return shlex.join([*command, "--yes"])
        case "AI_ERROR" | "PARSE_ERROR" if "--require-llm" in arguments:
            if dict(problem.metadata).get("cause") == "LLM_NOT_CONFIGURED":
                return "segmentry doctor"
            left = [part for part in arguments if part != "--require-llm"]
            return f"{shlex.join(['segmentry', *left])}   (the reader answers what it can)"
        case "USAGE":
            return f"{dict(problem.metadata).get('command', 'segmentry')} --help"
        case _ if problem.suggestions and problem.faulty:
            name = re.compile(rf"(?<![\w.]){re.escape(problem.faulty)}(?![\w.])")
            changed = [name.sub(problem.suggestions[0].replace("\\", r"\\"), part) for part in arguments]
            return shlex.join(["segmentry", *changed]) if changed != list(arguments) else ""
        case _:
            return ""


def _connection(arguments: Sequence[str]) -> str:
    """The options of the failed command that say where its tables are."""
    kept: list[str] = []
    for position, part in enumerate(arguments):
        name = part.partition("=")[0]
        if part == "--embedded" or (name in ("--address", "--tenant", "--data") and "=" in part):
            kept.append(part)
        elif name in ("--address", "--tenant", "--data") and position + 1 < len(arguments):
            kept += [part, arguments[position + 1]]
    return f" {shlex.join(kept)}" if kept else ""
