"""One of the processes of `--jobs`: `python -m segmentry.predict.worker`, started fresh, never forked.

It reads frames from standard input: first what the run wants, then chunks of numbered lines, each of which it
answers on standard output with the lines to write and their tally. It ends with its input.

multiprocessing is not used, because its `spawn` imports the main script again, which for a console script
without a guard runs the command a second time.
"""

from __future__ import annotations

import pickle
import signal
import struct
import subprocess
import sys
from typing import IO

from segmentry.predict.line import Predictor, Tally, Wanted

Numbered = tuple[int, bytes | None]
_LENGTH = struct.Struct(">Q")


class WorkerLost(Exception):
    """A worker ended before it had answered."""


class Worker:
    """The parent's side of one worker. `send` and `receive` take turns."""

    def __init__(self, wanted: Wanted, longest: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (our own command line)
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._write(pickle.dumps((wanted, longest)))

    def send(self, chunk: list[Numbered]) -> None:
        """Give it lines to answer. Raises: WorkerLost."""
        self._write(pickle.dumps(chunk))

    def receive(self) -> tuple[bytes, Tally]:
        """The answers to the last chunk; waits for them. Raises: WorkerLost."""
        assert self._process.stdout is not None
        frame = _read(self._process.stdout)
        if frame is None:
            raise WorkerLost
        return pickle.loads(frame)  # noqa: S301  (written by our own process)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _write(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        try:
            _send(self._process.stdin, frame)
        except BrokenPipeError as error:
            raise WorkerLost from error


def main() -> int:
    """Serve one run on standard input and output."""
    # The parent ends the run; an interrupt of the terminal would print once per worker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    first = _read(given)
    if first is None:
        return 0
    wanted: Wanted
    longest: int
    wanted, longest = pickle.loads(first)  # noqa: S301  (written by the process that started this one)
    predictor = Predictor(wanted)
    while (frame := _read(given)) is not None:
        chunk: list[Numbered] = pickle.loads(frame)  # noqa: S301  (as above)
        predictor.tally = Tally()
        text = b"".join(predictor.answer(line, number, longest) for number, line in chunk)
        try:
            _send(answers, pickle.dumps((text, predictor.tally)))
        except BrokenPipeError:
            break
    return 0


def _send(stream: IO[bytes], frame: bytes) -> None:
    stream.write(_LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """The next frame, or None at the end, also in the middle of one."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    frame = stream.read(length)
    return frame if len(frame) == length else None


if __name__ == "__main__":
    sys.exit(main())
