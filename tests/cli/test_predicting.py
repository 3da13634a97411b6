"""`segmentry predict` as a subprocess: files, exit codes, processes, the same bytes every time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from segmentry.errors import JsonValue

NOW = ["--now", "2025-12-16T09:00:00Z"]
GOOD: JsonValue = {"id": "a", "query": "gold members", "catalog": "golf"}
SHOP: JsonValue = {"schema": [{"name": "Town", "type": "text"}], "rows": [{"Town": "Quux"}]}


def _predict(
    *arguments: str, lines: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "segmentry", "predict", *arguments],
        input=lines,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def _lines(*given: JsonValue) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in given)


def _answers(output: bytes) -> list[dict[str, JsonValue]]:
    return [json.loads(line) for line in output.splitlines()]


PIPE = ["--input", "-", "--output", "-", *NOW]


def test_lines_are_answered_in_order_and_summed_up(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(
        b"\xef\xbb\xbf" + _lines(GOOD) + b"\r\n" + _lines({"query": "best", "catalog": "golf"})
    )
    done = _predict("--input", str(source), "--output", str(target), *NOW)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    answers = _answers(target.read_bytes())
    assert [(each["id"], each["outcome"]) for each in answers] == [("a", "ok"), (3, "ambiguous")]
    assert answers[0]["criteria"] == {"membershipTier": "GOLD"}
    assert done.stderr.startswith(b"2 lines: 1 ok, 1 ambiguous; ")
    assert done.stderr.endswith(b" lines/s, tier OFFLINE\n")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_unreadable_line_is_answered_and_the_exit_code_is_2() -> None:
    done = _predict(*PIPE, lines=b"{\n\xff\n" + _lines(GOOD))
    assert done.returncode == 2
    assert [each["outcome"] for each in _answers(done.stdout)] == ["refuse", "refuse", "ok"]
    assert b"2 refuse, 2 unreadable" in done.stderr


def test_refused_query_is_no_unreadable_line() -> None:
    done = _predict(*PIPE, lines=_lines({"query": "delete them all", "catalog": "golf"}))
    assert done.returncode == 0
    assert _answers(done.stdout)[0]["outcome"] == "refuse"


@pytest.mark.parametrize(
    "place", [["--input", "nothing"], ["--output", "no folder/out"], ["--catalog", "no.toml"]]
)
def test_file_that_cannot_be_opened_is_exit_code_1(tmp_path: Path, place: list[str]) -> None:
    done = _predict(*PIPE, *place, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error FILE_UNUSABLE: " + place[1].encode() + b": No such file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--catalog", "gulf"], b"there is no catalog 'gulf'; give golf, a catalog file"),
        (["--now", "soon"], b"at --now: 'soon' is not an ISO-8601 date or time"),
        (["--tz", "Mars"], b"at --tz: 'Mars' is not an IANA time zone"),
        (["--min-confidence", "2"], b"--min-confidence"),
        (["--jobs", "0"], b"--jobs"),
        (["--tier", "llm"], b"--tier"),
    ],
)
def test_wrong_option_is_exit_code_2_before_any_line(option: list[str], said: bytes) -> None:
    done = _predict(*PIPE, *option, lines=_lines(GOOD))
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr


def test_failed_run_leaves_the_old_output(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    assert _predict("--input", "nothing", "--output", str(target), cwd=tmp_path).returncode == 1
    assert target.read_text() == "old"


def test_output_link_keeps_pointing_at_its_file(tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(real)
    assert _predict("--input", "-", "--output", str(link), *NOW, lines=_lines(GOOD)).returncode == 0
    assert link.is_symlink()
    assert len(_answers(real.read_bytes())) == 1


def test_output_device_is_written_to_and_not_replaced() -> None:
    done = _predict("--input", "-", "--output", "/dev/stdout", *NOW, lines=_lines(GOOD))
    assert len(_answers(done.stdout)) == 1
    assert Path("/dev/stdout").is_symlink()


def _mixed() -> bytes:
    """More lines than one chunk, of many kinds, with schemas that come back."""
    lines: list[JsonValue] = []
    for number in range(700):
        schema: JsonValue = {f"col{number % 7}": "int", "town": "text"}
        query = [f"col{number % 7} over {number}", "loyal people", "people in Quux", "shoe size 9"][
            number % 4
        ]
        lines.append({"id": number, "query": query, "schema": schema, "rows": [{"town": "Quux"}]})
    return _lines(*lines[:350]) + b"{broken\n" + _lines(*lines[350:])


def test_processes_share_the_lines_and_give_the_same_bytes() -> None:
    alone, again, shared = (_predict(*PIPE, "--jobs", jobs, lines=_mixed()) for jobs in ("1", "1", "3"))
    assert alone.returncode == shared.returncode == 2
    assert alone.stdout == again.stdout == shared.stdout
    assert alone.stderr.split(b";")[0] == shared.stderr.split(b";")[0]
    assert len(_answers(alone.stdout)) == 701


def test_catalog_file_serves_lines_without_a_schema(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(SHOP))
    (tmp_path / "club.toml").write_text(
        '[catalog]\nschema = "main"\n[[field]]\nname = "age"\ntype = "number"\n'
    )
    line: JsonValue = {"query": "people in Quux"}
    done = _predict(*PIPE, "--catalog", "shop.json", lines=_lines(line), cwd=tmp_path)
    assert _answers(done.stdout)[0]["criteria"] == {"Town": "Quux"}
    named: list[JsonValue] = [
        {"query": "age over 5", **each} for each in ({}, {"catalog": "club"}, {"catalog": "main"})
    ]
    done = _predict(*PIPE, "--catalog", "club.toml", lines=_lines(*named), cwd=tmp_path)
    assert [each["criteria"] for each in _answers(done.stdout)] == [{"age": {"$gt": 5}}] * 3


@pytest.mark.parametrize(
    ("file", "text"), [("a.toml", "not toml"), ("a.json", '{"schema": [{"name": "a"}]}')]
)
def test_faulty_catalog_file_is_exit_code_3(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert _predict(*PIPE, "--catalog", file, lines=_lines(GOOD), cwd=tmp_path).returncode == 3


def test_auto_is_offline_where_no_model_is_configured_and_says_so() -> None:
    done = _predict(*PIPE, "--tier", "auto", lines=_lines(GOOD))
    assert done.returncode == 0
    assert done.stderr.endswith(b"tier OFFLINE (LLM_NOT_CONFIGURED)\n")


def test_auto_is_refused_where_a_model_is_configured_and_there_is_no_tier_for_it() -> None:
    done = _predict(*PIPE, "--tier", "auto", lines=_lines(GOOD), AI_OPENAI_KEY="sk-test")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--tier offline answers every line without it" in done.stderr


def test_notes_about_schemas_are_on_stderr() -> None:
    line: JsonValue = {"query": "a over 5", "schema": [{"name": "a", "type": "int", "weight": 1}]}
    done = _predict(*PIPE, lines=_lines(line, line))
    assert done.stderr.startswith(b"note: schema[0].weight is no key that is read (2 lines)\n")


def test_full_answers_hold_timings_and_the_rest_stays_the_same() -> None:
    plain, full = (
        _answers(_predict(*PIPE, *option, lines=_lines(GOOD)).stdout)[0] for option in ([], ["--full"])
    )
    assert {key: full[key] for key in plain} == plain
    assert set(full) - set(plain) >= {"readings", "provenance", "notes", "timings"}
    assert cast("list[JsonValue]", full["provenance"])
