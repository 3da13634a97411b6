"""What a failed command says, and the code that it ends with."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from segmentry.cli import exit_codes
from segmentry.cli.problems import Problem, next_command
from segmentry.errors import JsonValue

from tests.cli.conftest import Done, Run

NOBODY = "127.0.0.1:1"


def error_of(done: Done) -> dict[str, JsonValue]:
    """The error object of a command with --json."""
    error = done.json["error"]
    assert isinstance(error, dict)
    return error


def test_a_misspelt_field_is_answered_with_its_path_and_the_command_that_works(call: Run) -> None:
    done = call("preview", '{"engagmentScore":{"$gte":70}}', "--embedded")
    assert (done.code, done.out) == (3, "")
    assert "error INVALID_FIELD at engagmentScore" in done.err
    following = done.err.splitlines()[-1]
    assert following == """next: segmentry preview '{"engagementScore":{"$gte":70}}' --embedded"""


def test_the_same_error_as_json_is_one_object_on_stdout(call: Run) -> None:
    done = call("preview", '{"engagmentScore":{"$gte":70}}', "--embedded", "--json")
    assert (done.code, done.err) == (3, "")
    error = error_of(done)
    assert (error["code"], error["reason"]) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    suggestions = error["suggestions"]
    assert isinstance(suggestions, list)
    assert suggestions[0] == "engagementScore"
    assert isinstance(error["path"], str)
    assert error["path"].startswith("engagmentScore")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("build", "x", "--address", NOBODY), 9, "SERVER_UNREACHABLE"),
        (("preview", '{"a":', "--address", NOBODY), 3, "PARSE_ERROR"),
        (("preview", '{"a":1,"a":2}', "--address", NOBODY), 3, "PARSE_ERROR"),
        (("preview", '{"a":NaN}', "--address", NOBODY), 3, "PARSE_ERROR"),
        (("preview", "@nothing.json", "--address", NOBODY), 2, "USAGE"),
        (("build", "x", "--now", "yesterday"), 2, "USAGE"),
        (("build", "x", "--now", "2025-12-16", "--tz", "Mars/Olympus", "--embedded"), 2, "USAGE"),
        (("build", "x", "--now", "0001-01-01", "--tz", "Asia/Tokyo", "--embedded"), 2, "USAGE"),
        (("build", "x", "--now", "9999-12-31T23:00-02:00", "--embedded"), 2, "USAGE"),
        (("build", "x", "--embedded", "--address", NOBODY), 2, "USAGE"),
        (("build", "x", "--catalog", "c.toml"), 2, "USAGE"),
        (("build",), 2, "USAGE"),
        (("bild", "x"), 2, "USAGE"),
        (("build", "x", "--data", "nothing.csv"), 3, "UNREADABLE_TABLE"),
        (("build", "", "--embedded"), 3, "MISSING_FIELD"),
        (("build", "x" * 10_000, "--embedded"), 3, "QUERY_TOO_LONG"),
        (("build", "x", "--embedded", "--tenant", "nobody"), 6, "RESOURCE_NOT_FOUND"),
        (("fields", "--embedded", "--schema", "nothing"), 6, "RESOURCE_NOT_FOUND"),
        (("build", "x", "--require-llm", "--embedded"), 3, "AI_ERROR"),
    ],
)
def test_every_class_of_error_has_its_code(
    call: Run, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    done = call(*arguments, "--json")
    assert (done.code, error_of(done)["reason"]) == (code, reason), done.out


BYTES = os.fsdecode(b"\xff\xfe")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("build", BYTES), 3, "INVALID_TEXT"),
        (("build", BYTES, "--stream"), 3, "INVALID_TEXT"),
        (("refine", BYTES, "--criteria", "{}"), 3, "INVALID_TEXT"),
        (("refine", "x", "--criteria", f'{{"a":"{BYTES}"}}'), 3, "PARSE_ERROR"),
        (("preview", f'{{"a":"{BYTES}"}}'), 3, "PARSE_ERROR"),
        (("fields", "--schema", BYTES), 3, "INVALID_TEXT"),
        (("schemas", "--tenant", BYTES), 3, "INVALID_TEXT"),
        (("discover", "--fields", BYTES), 3, "INVALID_TEXT"),
        (("discover", "--within", f'{{"{BYTES}":1}}'), 3, "PARSE_ERROR"),
        (("build", "x", "--data", BYTES), 3, "UNREADABLE_TABLE"),
        (("build", "x", "--data", BYTES + ".csv"), 3, "UNREADABLE_TABLE"),
        (("build", "x", "--tz", BYTES, "--now", "2025-12-16"), 2, "USAGE"),
        (("preview", "@" + BYTES), 2, "USAGE"),
        ((BYTES,), 2, "USAGE"),
    ],
)
def test_bytes_that_are_no_utf_8_are_a_clear_error(
    call: Run, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    away = () if "--data" in arguments or len(arguments) == 1 else ("--address", NOBODY)
    spoken = call(*arguments, *away)
    assert (spoken.code, spoken.out) == (code, "")
    assert f"error {reason}" in spoken.err
    done = call(*arguments, *away, "--json")
    assert (done.code, error_of(done)["reason"]) == (code, reason), done.out


def test_criteria_nested_deep_are_refused_before_anything_is_sent(call: Run) -> None:
    deep = '{"$not":' * 100_000 + "{}" + "}" * 100_000
    done = call("preview", "-", "--address", NOBODY, "--json", stdin=deep)
    assert (done.code, error_of(done)["reason"]) == (3, "CRITERIA_TOO_COMPLEX")


def test_a_wrong_setting_is_named_with_all_others(call: Run) -> None:
    done = call("schemas", "--embedded", "--json", AI_TEMP="7", AI_MAX_TOKENS="many")
    assert done.code == 2
    message = error_of(done)["message"]
    assert isinstance(message, str)
    assert "AI_TEMP" in message
    assert "AI_MAX_TOKENS" in message


@pytest.mark.parametrize("inside", ["", "below"])
def test_a_data_folder_that_is_a_file_is_one_line_and_a_code(run: Run, shop: Path, inside: str) -> None:
    done = run("serve", "--demo", "--address", "127.0.0.1:0", SEGMENTRY_DATA_DIR=str(shop / inside))
    assert (done.code, done.out) == (exit_codes.INVALID, "")
    (line,) = done.err.splitlines()
    assert line.startswith("error INVALID_STATE at ")
    assert "set SEGMENTRY_DATA_DIR to a folder" in line


def test_control_characters_of_a_message_do_not_reach_the_terminal(call: Run) -> None:
    done = call("preview", '{"\\u001b[31mred":1}', "--embedded")
    assert done.code == 3
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    ("problem", "arguments", "expected"),
    [
        (
            Problem("FAILED_PRECONDITION", "CONFIRMATION_REQUIRED", "", metadata=(("rows", "5000"),)),
            ["discover", "--tier", "llm"],
            "segmentry discover --tier llm --yes",
        ),
        (
            Problem("NOT_FOUND", "RESOURCE_NOT_FOUND", "", metadata=(("resourceType", "schema"),)),
            ["fields", "--schema", "x", "--address", "host:1"],
            "segmentry schemas --address host:1",
        ),
        (
            Problem("INVALID_ARGUMENT", "INVALID_VALUE", "", suggestions=("ACTIVE",), faulty="ACTVE"),
            ["preview", '{"status":"ACTVE"}'],
            """segmentry preview '{"status":"ACTIVE"}'""",
        ),
        (Problem("INVALID_ARGUMENT", "INVALID_VALUE", ""), ["preview", "{}"], ""),
    ],
    ids=["confirm", "schemas", "value", "no guess"],
)
def test_the_next_command_is_a_command_that_can_work(
    problem: Problem, arguments: list[str], expected: str
) -> None:
    assert next_command(problem, arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("build", "x", "--tenant", "nobody"), "check tenant_id or the credential"),
        (("refine", " ", "--criteria", "{}"), "instruction is needed: say what to change"),
        (("build", " "), "query is needed: say who is meant, in plain words"),
    ],
)
def test_an_error_says_what_would_work(call: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in call(*arguments, "--embedded").err


def test_a_file_of_criteria_that_is_not_there_is_said_in_words(call: Run) -> None:
    done = call("preview", "@nothing.json")
    assert done.code == 2
    assert "error USAGE: cannot read criteria from @nothing.json: there is no such file\n" in done.err


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("preview", "@nothing.json"), "segmentry preview"),
        (("experts", "--window", "soon", "--embedded"), "segmentry experts"),
        (("segments", "lint", "--embedded"), "segmentry segments lint"),
        (("segments", "update", "seg_1", "--embedded"), "segmentry segments update"),
        (("apply", "run_1", "9", "--embedded", "--address", "x"), "segmentry apply"),
    ],
)
def test_a_wrong_command_line_leads_to_the_help_of_its_own_command(
    call: Run, arguments: tuple[str, ...], command: str
) -> None:
    done = call(*arguments)
    assert (done.code, done.err.splitlines()[-1]) == (2, f"next: {command} --help")


def test_a_taken_port_is_told_in_our_words_alone(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--demo", "--address", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.code != 0
    assert "is taken or not allowed" in done.err
    assert ".cc:" not in done.err


def test_every_exit_code_is_documented() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "quickstart.md").read_text()
    rows = [line for line in (exit_codes.__doc__ or "").splitlines() if line.startswith("| ")]
    assert len(rows) == 13
    assert [row for row in rows if row not in guide] == []
