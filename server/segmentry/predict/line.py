"""`segmentry predict`, one line at a time: a schema and words in; criteria, a question or a refusal out.

    in   {"id": "a", "query": "women over 30", "rows": [...], "now": "2025-12-16T09:00:00Z",
          "schema": {"sex": {"type": "enum", "values": ["female", "male"]}, "age": "integer"}}
    out  {"id": "a", "outcome": "ok", "criteria": {"$and": [{"sex": "female"}, {"age": {"$gt": 30}}]},
          "confidence": 0.97, "explanation": "sex is female and age is more than 30", "suggestions": []}

Optional keys: `catalog` (a name) instead of `schema` and `rows`; `now`, `tz`; `current`, criteria that the
query changes; `events`, `locale`, `entity_nouns`, `time_zone` as in a catalog file. Other keys are the
caller's own.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field

from segmentry.criteria import check, line_ids, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.inline import Inline
from segmentry.errors import JsonValue, SegmentryError
from segmentry.predict import replies
from segmentry.predict.faults import BadLine, decoded, of_error, said
from segmentry.predict.tables import Given, Tables
from segmentry.reader import refine
from segmentry.reader.draft import Outcome
from segmentry.reader.read import read

_MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run wants of every line."""

    given: Given
    least: float = 0.5
    full: bool = False


@dataclass(slots=True)
class Tally:
    """What became of the lines so far. `notes` are those about schemas, each once, at most a handful."""

    outcomes: Counter[Outcome] = field(default_factory=Counter["Outcome"])
    unreadable: int = 0
    failed: int = 0
    notes: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def lines(self) -> int:
        return self.outcomes.total()

    def add(self, other: Tally) -> None:
        """Count what another part of the run has counted."""
        self.outcomes.update(other.outcomes)
        self.unreadable += other.unreadable
        self.failed += other.failed
        for note, n in other.notes.items():
            self.note(note, n)

    def note(self, note: str, n: int = 1) -> None:
        if note in self.notes or len(self.notes) < _MOST_NOTES:
            self.notes[note] = self.notes.get(note, 0) + n


class Predictor:
    """Answers lines one after the other; remembers the last schemas, nothing else of the lines."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._tables = Tables(wanted.given)
        self.tally = Tally()

    def answer(self, line: bytes | None, number: int, longest: int) -> bytes:
        """The answer to one line as a line of JSON. Never raises for what is in the line.

        `number` (from 1) is the id of a line without one; None is a line longer than `longest` bytes.
        """
        keys = self._answer(line, number, longest)
        # A lone surrogate of an id goes out as the escape that it came in as.
        return json.dumps(keys, ensure_ascii=False, allow_nan=False).encode(errors="backslashreplace") + b"\n"

    def _answer(self, line: bytes | None, number: int, longest: int) -> dict[str, JsonValue]:
        line_id: JsonValue = number
        try:
            if line is None:
                raise BadLine("LINE_TOO_LONG", "", f"a line longer than {longest:,} bytes is not read")
            try:
                keys = decoded(line)
            except BadLine:
                line_id = line_ids.recovered(line.decode(errors="replace"), number)
                raise
            line_id = line_ids.of(keys.get("id"), number)
            reply = self._reply(keys)
        except BadLine as bad:
            self.tally.unreadable += bad.code != "INTERNAL"
            self.tally.failed += bad.code == "INTERNAL"
            self.tally.outcomes["refuse"] += 1
            return {"id": line_id, **_refused(bad)}
        self.tally.outcomes[reply.outcome] += 1
        return {"id": line_id, **reply.keys}

    def _reply(self, line: dict[str, JsonValue]) -> replies.Reply:
        started = time.perf_counter_ns()
        query = line.get("query")
        if not isinstance(query, str):
            if query is None:
                raise BadLine("MISSING_FIELD", "query", "a line needs query: the words to read")
            raise BadLine("INVALID_VALUE", "query", f"query needs a text, got {said(query)}")
        table = self._tables.of(line)
        clock = self._tables.clock(line, table.catalog)
        prepared = time.perf_counter_ns()
        try:
            reply = self._read(query, line.get("current"), table, clock)
        except (BadLine, SegmentryError) as error:
            raise (of_error(error) if isinstance(error, SegmentryError) else error) from error
        except Exception as error:
            # A fault of the reader is an error of this line alone: the others have their answers to come.
            message = f"the reader failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise BadLine("INTERNAL", "", message) from error
        for note in table.notes:
            self.tally.note(note)
        if self._wanted.full:
            notes = reply.keys["notes"]
            assert isinstance(notes, list)
            reply.keys["notes"] = [*table.notes, *notes]
            reply.keys["timings"] = {
                "schema_us": (prepared - started) // 1000,
                "read_us": (time.perf_counter_ns() - prepared) // 1000,
            }
        return reply

    def _read(self, query: str, current: JsonValue, table: Inline, clock: Clock) -> replies.Reply:
        catalog = table.catalog
        if current is None:
            draft = read(query, catalog, clock)
        else:
            draft = refine.refine(query, _current(current, catalog, clock), catalog, clock)
        least, full = self._wanted.least, self._wanted.full
        return replies.of(draft, query, catalog, clock, least=least, full=full)


def _current(given: JsonValue, catalog: Catalog, clock: Clock) -> Node:
    """The criteria that a line changes. Raises: BadLine."""
    try:
        if isinstance(given, str):
            node = parse.loads(given)
        else:
            parse.refuse_size(given)
            node = parse.from_json(given)
        return check.require(node, catalog, clock).node
    except SegmentryError as error:
        raise of_error(error, "current") from error


def _refused(bad: BadLine) -> dict[str, JsonValue]:
    where = f" at {bad.path}" if bad.path else ""
    # Most messages about a schema begin with their path.
    message = bad.message.removeprefix(f"{bad.path} ") if bad.path else bad.message
    return {
        "outcome": "refuse",
        "criteria": None,
        "confidence": 0.0,
        "explanation": f"{bad.code}{where}: {message}",
        "suggestions": [],
        "error": {"code": bad.code, "path": bad.path, "message": bad.message},
    }
