"""Many lines: in one process or spread over several, answered in their order, with bounded memory."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from segmentry.predict.line import Predictor, Tally, Wanted
from segmentry.predict.worker import Numbered, Worker

# A chunk costs a way to another process and back; a chunk of long lines waits in memory.
CHUNK_LINES, CHUNK_BYTES = 256, 4_000_000
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How a run is done: the number of processes, and the bytes of the longest line that is read."""

    jobs: int = 1
    longest: int = 64 * 1024 * 1024


def run(
    lines: Iterable[bytes | None], write: Callable[[bytes], object], wanted: Wanted, bounds: Bounds
) -> Tally:
    """Answer every line that is not blank, in order, and count what became of them.

    With more than one job the workers are fresh processes; the answers are the same bytes.

    Raises: OSError of the files; WorkerLost when a worker is killed.
    """
    if bounds.jobs > 1:
        return _spread(lines, write, wanted, bounds)
    predictor = Predictor(wanted)
    for number, line in numbered(lines):
        write(predictor.answer(line, number, bounds.longest))
    return predictor.tally


def _spread(
    lines: Iterable[bytes | None], write: Callable[[bytes], object], wanted: Wanted, bounds: Bounds
) -> Tally:
    """Each worker has one chunk at a time; answers are taken from the one that has waited longest."""
    total = Tally()
    with contextlib.ExitStack() as workers:
        busy: deque[Worker] = deque()

        def take() -> Worker:
            worker = busy.popleft()
            answers, tally = worker.receive()
            write(answers)
            total.add(tally)
            return worker

        for chunk in chunks(numbered(lines)):
            if len(busy) < bounds.jobs:
                worker = Worker(wanted, bounds.longest)
                workers.callback(worker.close)
            else:
                worker = take()
            worker.send(chunk)
            busy.append(worker)
        while busy:
            take()
    return total


def numbered(lines: Iterable[bytes | None]) -> Iterator[Numbered]:
    """The lines that are not blank with their numbers from 1; a byte order mark in front is taken off.

    >>> list(numbered([b"a", b" ", None]))
    [(1, b'a'), (3, None)]
    """
    for number, line in enumerate(lines, start=1):
        text = line
        if text is not None and number == 1:
            text = text.removeprefix(_MARK)
        if text is None or text.strip():
            yield number, text


def chunks(lines: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Lines in groups that are worth a trip to another process."""
    chunk: list[Numbered] = []
    size = 0
    for number, line in lines:
        chunk.append((number, line))
        size += 0 if line is None else len(line)
        if len(chunk) >= CHUNK_LINES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
