"""Files of lines: read one by one within a bound, written whole or not at all."""

import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO


def bounded(lines: IO[bytes], longest: int) -> Iterator[bytes | None]:
    """The lines one by one; None stands for one beyond `longest` bytes, which is skipped, never held."""
    while line := lines.readline(longest + 1):
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while (rest := lines.readline(longest)) and not rest.endswith(b"\n"):
            pass
        yield None


@contextlib.contextmanager
def opened(source: str) -> Generator[IO[bytes]]:
    """The lines of a file, or of stdin for `-`. Raises: OSError."""
    if source == "-":
        yield sys.stdin.buffer
        return
    with Path(source).open("rb") as file:
        yield file


@contextlib.contextmanager
def whole(target: str) -> Generator[IO[bytes]]:
    """A file that appears under its name only when it is complete; a failed run leaves the old one.

    `-` is stdout. Raises: OSError.
    """
    if target in ("-", "/dev/stdout"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # A link keeps pointing at its file.
    final = Path(target).resolve()
    if (
        final.is_relative_to("/dev")
        or final.is_relative_to("/proc")
        or (final.exists() and not final.is_file())
    ):
        # A device or a pipe is written to: a rename would put a file in its place.
        with Path(target).open("wb") as file:
            yield file
        return
    partial = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        try:
            file = partial.open("wb")
        except OSError as error:
            # The name that was given, not the one that we made of it.
            error.filename = target
            raise
        with file:
            yield file
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)
