"""The fenced `console` blocks of a document: commands after `$`, and what they print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "docs/quickstart.md", "docs/contract.md")

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from run to run, in the order in which it is masked.
_MASKS: tuple[tuple[str, str], ...] = (
    (r"\b\d+(\.\d+)? (ms|s)\b", "<time>"),
    (r"(127\.0\.0\.1|localhost):\d+", "<address>"),
    (r'"(buildId|runId|resumeToken|requestId|snapshotId)": *"[^"]*"', r'"\1": <id>'),
    (r'"(asOf|createTime|startTime|endTime)": *"[^"]*"', r'"\1": <now>'),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a document and the lines that it is said to print; a line `...` stands for any."""

    document: str
    line: int
    text: str
    expected: tuple[str, ...]


def commands(document: str) -> list[Command]:
    """Every command of a document's console blocks, in order."""
    text = (TOP / document).read_text(encoding="utf-8")
    found: list[Command] = []
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        found += _of_block(document, first, block.group(1).splitlines())
    return found


def _of_block(document: str, first: int, lines: list[str]) -> list[Command]:
    found: list[Command] = []
    position = 0
    while position < len(lines):
        assert lines[position].startswith("$ "), f"{document}:{first + position}: no command"
        start, command = position, lines[position][2:]
        position += 1
        while position < len(lines) and lines[position].startswith("> "):
            command = f"{command}\n{lines[position].removeprefix('> ')}"
            position += 1
        expected: list[str] = []
        while position < len(lines) and not lines[position].startswith("$ "):
            expected.append(lines[position])
            position += 1
        found.append(Command(document, first + start, command, tuple(expected)))
    return found


def masked(line: str) -> str:
    """A line with everything replaced that differs from run to run; runs of spaces count as one."""
    for pattern, name in _MASKS:
        line = re.sub(pattern, name, line)
    return re.sub(r"\s+", " ", line).strip()


def difference(expected: tuple[str, ...], printed: str) -> str:
    """The first part that is not printed, or an empty text. `...` stands for any lines, also none."""
    seen = [masked(line) for line in printed.splitlines() if line.strip()]
    parts: list[list[str]] = [[]]
    for line in expected:
        if line.strip() == "...":
            parts.append([])
        elif line.strip():
            parts[-1].append(masked(line))
    position = 0
    for number, part in enumerate(parts):
        last = len(seen) - len(part)
        if number == 0:
            starts = range(1)
        elif number == len(parts) - 1 and part:
            starts = range(max(position, last), last + 1)
        else:
            starts = range(position, last + 1)
        start = next((each for each in starts if _stands(part, seen, each)), None)
        if start is None:
            return _first_fault(part, seen, position)
        position = start + len(part)
    if parts[-1] and position != len(seen):
        return f"said:    nothing more\nprinted: {seen[position]}"
    return ""


def _stands(part: list[str], seen: list[str], start: int) -> bool:
    return start + len(part) <= len(seen) and all(
        _same(line, seen[start + offset]) for offset, line in enumerate(part)
    )


def _first_fault(part: list[str], seen: list[str], start: int) -> str:
    for offset, line in enumerate(part):
        printed = seen[start + offset] if start + offset < len(seen) else "nothing more"
        if not _same(line, printed):
            return f"said:    {line}\nprinted: {printed}"
    return f"said:    {part}\nprinted: elsewhere or not at all"


def _same(wanted: str, seen: str) -> bool:
    """Equal, or equal up to an ellipsis at the end of what the document says."""
    if wanted.endswith("..."):
        return seen.startswith(wanted.removesuffix("...").rstrip())
    return wanted == seen
