"""`segmentry match`, as a subprocess and as a function: both engines, bad lines, whole files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from segmentry.errors import JsonValue

FIELDS: JsonValue = {
    "age": "integer",
    "spend": "number",
    "status": "enum",
    "name of person": "string",
    "joined": "datetime",
    "vip": "boolean",
    "tags": "array",
}
ROWS: JsonValue = [
    {"_id": 3, "age": 30, "spend": 10.5, "status": "ACTIVE", "joined": "2025-12-01", "tags": ["a", "b"]},
    {"_id": 1, "age": 41, "spend": None, "status": "CLOSED", "name of person": "50%_a\\b.*", "vip": True},
    {"_id": 2, "joined": "2025-06-01T10:00:00+02:00", "vip": False, "tags": []},
]
CRITERIA: dict[str, JsonValue] = {
    "equality": {"age": 30},
    "unset matches not equal": {"status": {"$neq": "CLOSED"}},
    "range": {"spend": {"$gt": 10}},
    "list": {"status": {"$in": ["ACTIVE", None]}},
    "text is literal": {"name of person": {"$contains": "%_a\\b"}},
    "relative date": {"joined": {"$gte": "{{30_DAYS_AGO}}"}},
    "not": {"$not": {"vip": True}},
    "array": {"tags": {"$contains": "b"}},
    "exists": {"spend": {"$exists": False}},
    "everyone": {},
    "or": {"$or": [{"age": {"$gte": 41}}, {"vip": False}]},
}


def _line(name: str, criteria: JsonValue) -> dict[str, JsonValue]:
    return {
        "id": name,
        "fields": FIELDS,
        "rows": ROWS,
        "criteria": criteria,
        "now": "2025-12-16T00:00:00Z",
    }


def _match(arguments: list[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "segmentry", "match", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
    )


def _answers(output: bytes) -> list[dict[str, JsonValue]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("engine", ["snapshot", "bitmap", "polars", "duckdb", "postgres"])
def test_engines_give_the_same_ids(tmp_path: Path, engine: str, postgres_dsn: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps(_line(name, criteria)) for name, criteria in CRITERIA.items()))
    answers: dict[str, list[dict[str, JsonValue]]] = {}
    for each in ("reference", engine):
        place = ["--dsn", postgres_dsn] if each == "postgres" else []
        done = _match(["--input", str(source), "--output", str(tmp_path / each), "--engine", each, *place])
        assert done.returncode == 0, done.stderr
        # A database driver that complains at its end would do so in every terminal.
        assert done.stderr.count(b"\n") == 1, done.stderr
        answers[each] = _answers((tmp_path / each).read_bytes())
    assert answers[engine] == answers["reference"]
    ids = {answer["id"]: answer.get("ids") for answer in answers["reference"]}
    assert ids["equality"] == [3]
    assert ids["unset matches not equal"] == [2, 3]
    assert ids["everyone"] == [1, 2, 3]
    assert ids["text is literal"] == [1]
    assert ids["relative date"] == [3]


def test_postgres_without_a_dsn_is_the_embedded_one(environment: dict[str, str]) -> None:
    line = json.dumps(_line("a", {"age": 30})).encode()
    done = subprocess.run(
        [sys.executable, "-m", "segmentry", "match", "--input", "-", "--output", "-", "--engine", "postgres"],
        env=environment,
        input=line,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _answers(done.stdout) == [{"id": "a", "ids": [3]}]


def test_a_database_that_is_not_there_is_one_error_and_no_answers(tmp_path: Path) -> None:
    nowhere = f"postgresql://someone:secret-word@/x?host={tmp_path}"
    line = json.dumps(_line("a", {"age": 30})).encode()
    done = _match(["--input", "-", "--output", "-", "--engine", "postgres", "--dsn", nowhere], line)
    assert done.returncode == 9
    assert done.stdout == b""
    assert b"STORE_UNAVAILABLE" in done.stderr
    assert b"secret-word" not in done.stderr


@pytest.mark.parametrize("engine", ["reference", "bitmap", "polars", "duckdb", "postgres"])
def test_a_nul_is_a_character_like_others_but_in_postgresql(engine: str, postgres_dsn: str) -> None:
    fields: JsonValue = {"f": "string", "tags": "array"}
    rows: JsonValue = [{"_id": 1, "f": "a"}, {"_id": 2, "f": "a\0b"}]
    lists: JsonValue = [{"_id": 1, "tags": ["a", "\0"]}]
    starts: JsonValue = {"f": {"$startsWith": "a"}}
    has: JsonValue = {"tags": {"$contains": "a"}}
    lines: list[dict[str, JsonValue]] = [
        {"id": 1, "fields": fields, "rows": rows, "criteria": starts},
        {"id": 2, "fields": fields, "rows": lists, "criteria": has},
        _line("after", {"age": 30}),
    ]
    place = ["--dsn", postgres_dsn] if engine == "postgres" else []
    stdin = "\n".join(map(json.dumps, lines)).encode()
    done = _match(["--input", "-", "--output", "-", "--engine", engine, *place], stdin)
    assert done.returncode == 0, done.stderr
    answers = _answers(done.stdout)
    assert answers[2] == {"id": "after", "ids": [3]}
    if engine != "postgres":
        assert [each["ids"] for each in answers[:2]] == [[1, 2], [1]]
        return
    errors = [cast("dict[str, str]", each["error"]) for each in answers[:2]]
    assert [each["path"] for each in errors] == ["rows[1].f", "rows[0].tags"]
    assert {each["code"] for each in errors} == {"INVALID_VALUE"}
    assert "PostgreSQL" in errors[0]["message"]


def test_events_are_counted_alike_by_all_engines(postgres_dsn: str) -> None:
    line = _line("bookings", {"$event": {"name": "booking", "count": {"$gte": 2}}})
    line["events"] = [
        {"_id": 3, "name": "booking", "ts": "2025-12-01", "properties": {"amount": 5}},
        {"_id": 3, "name": "booking", "ts": "2025-12-02", "properties": {"amount": 6}},
        {"_id": 1, "name": "booking", "ts": "2025-12-02", "properties": {"amount": 7}},
    ]
    lines = json.dumps(line).encode()
    for engine in ("reference", "bitmap", "polars", "duckdb", "postgres"):
        place = ["--dsn", postgres_dsn] if engine == "postgres" else []
        done = _match(["--input", "-", "--output", "-", "--engine", engine, *place], lines)
        assert _answers(done.stdout) == [{"id": "bookings", "ids": [3]}], engine


def test_an_unreadable_line_is_answered_and_the_others_too() -> None:
    lines = b"\n".join(
        [json.dumps(_line("a", {"age": 30})).encode(), b"{", b'"\xff"', json.dumps(_line("d", {})).encode()]
    )
    done = _match(["--input", "-", "--output", "-"], lines)
    answers = _answers(done.stdout)
    assert done.returncode == 2
    assert [answer["id"] for answer in answers] == ["a", 2, 3, "d"]
    assert [("error" in answer) for answer in answers] == [False, True, True, False]
    assert b"4 lines answered, 2 unreadable" in done.stderr


def test_a_wrong_field_is_an_answer_and_no_fault_of_the_file() -> None:
    done = _match(["--input", "-", "--output", "-"], json.dumps(_line("a", {"agee": 30})).encode())
    (answer,) = _answers(done.stdout)
    assert done.returncode == 0
    assert answer["error"] == {
        "code": "INVALID_FIELD",
        "path": "agee",
        "message": answer["error"]["message"] if isinstance(answer["error"], dict) else "",
    }


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = _match(["--input", str(tmp_path / "nothing.jsonl"), "--output", str(tmp_path / "out.jsonl")])
    assert done.returncode == 1
    assert b"nothing.jsonl" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = _match(["--input", "-", "--output", str(tmp_path / "nowhere" / "out.jsonl")], b"{}")
    assert done.returncode == 1
    assert b"nowhere" in done.stderr


def test_an_id_with_half_a_surrogate_pair_comes_back_as_it_was_written() -> None:
    line = json.dumps(_line("x", {"age": 30})).replace('"x"', '"\\ud800"').encode()
    done = _match(["--input", "-", "--output", "-"], line)
    assert done.returncode in (0, 2)
    json.loads(done.stdout)


def test_a_reader_that_goes_away_in_the_middle_is_no_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    lines = tmp_path / "many.jsonl"
    line = json.dumps({"id": "i" * 200, "fields": FIELDS, "rows": [], "criteria": {}})
    # Far more answers than a pipe holds, so the command is still writing when `head` leaves.
    lines.write_text(f"{line}\n" * 5000)
    command = f'"{sys.executable}" -m segmentry match --input "{lines}" --output - | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Error" in done.stderr) == (0, False)
    assert done.stdout.count("\n") == 1
