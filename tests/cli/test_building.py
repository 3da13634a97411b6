"""`build`, `refine`, `preview`, `fields`, `schemas`: on the golf club and on a file, in text and in JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import Run

# Each test starts whole processes; on a busy machine that takes a while.
pytestmark = pytest.mark.timeout(120)


def test_a_build_on_a_file_is_one_reply_with_the_keys_of_the_source(run: Run, shop: Path) -> None:
    done = run("build", "customers in Durban", "--data", str(shop), "--embedded", "--json")
    assert (done.code, done.err) == (0, "")
    reply = done.json
    assert reply["success"] is True
    result, usage = reply["result"], reply["usage"]
    assert isinstance(result, dict)
    assert isinstance(usage, dict)
    assert result["criteria"] == {"city": "Durban"}
    assert result["fieldsMapped"] == ["city"]
    assert result["ambiguities"] == []
    assert isinstance(result["explanation"], str)
    assert isinstance(result["confidence"], float)
    rows = shop.read_text().splitlines()[1:]
    assert reply["previewCount"] == sum(row.split(",")[5] == "Durban" for row in rows)
    assert (usage["promptTokens"], usage["completionTokens"]) == (0, 0)


def test_a_build_in_text_puts_data_on_stdout_and_progress_on_stderr(run: Run) -> None:
    done = run("build", "Golfers with handicap under 10", "--embedded")
    assert done.code == 0
    assert '{"handicap":{"$lt":10}}' in done.out
    assert "customers" in done.out
    assert "reader" in done.err
    assert "\x1b" not in done.out + done.err


def test_a_streamed_build_is_one_event_per_line_and_ends_with_the_reply(run: Run) -> None:
    done = run("build", "Golfers with handicap under 10", "--embedded", "--json", "--stream")
    lines = done.lines
    assert done.code == 0
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert "started" in lines[0]
    completed = lines[-1]["completed"]
    assert isinstance(completed, dict)
    assert completed["success"] is True


def test_an_unclear_query_is_answered_with_questions_and_code_4(run: Run) -> None:
    done = run("build", "best customers", "--embedded", "--json")
    assert done.code == 4
    clarification = done.json["clarification"]
    assert isinstance(clarification, dict)
    assert clarification["reason"] == "AMBIGUOUS_QUERY"
    assert clarification["questions"]


_OFFER = re.compile(r"([\d,]+) customers: (\{.*\})\s+take it with --answer (\S+)")


def test_a_question_about_a_build_is_answered_with_a_reading(run: Run) -> None:
    query = "golfers with a low handicap in Cape Town"
    asked = run("build", query, "--embedded")
    assert asked.code == 4
    offers = _OFFER.findall(asked.out)
    assert len({criteria for _, criteria, _ in offers}) == len(offers) >= 2
    count, criteria, reading = offers[-1]
    done = run("build", query, "--embedded", "--json", "--answer", reading)
    assert done.code == 0
    result = done.json["result"]
    assert isinstance(result, dict)
    assert (result["criteria"], done.json["previewCount"]) == (
        json.loads(criteria),
        int(count.replace(",", "")),
    )


def test_a_reading_that_was_never_offered_is_no_answer(run: Run) -> None:
    done = run("build", "best customers", "--embedded", "--answer", "r_0000000000000000")
    assert done.code == 3
    assert "no reading 'r_0000000000000000' belongs to these words" in done.err


def test_refine_keeps_what_it_does_not_name(run: Run) -> None:
    criteria = '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}'
    done = run("refine", "Also require email opt-in", "--criteria", criteria, "--embedded", "--json")
    assert done.code == 0
    result = done.json["result"]
    assert isinstance(result, dict)
    assert result["criteria"] == {
        "$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"emailOptIn": True}]
    }


def test_a_condition_that_is_excluded_is_shown_as_excluded(run: Run) -> None:
    done = run("refine", "not vip", "--criteria", '{"status":"ACTIVE"}', "--embedded")
    assert done.code == 0
    (changed,) = (line for line in done.out.splitlines() if line.strip().startswith("changed"))
    assert changed.split(maxsplit=1)[1] == '+ {"$not":{"tags":{"$contains":"vip"}}}'


def test_a_changed_condition_is_shown_with_what_it_was_and_the_count_with_its_difference(run: Run) -> None:
    current = '{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lte":12}}]}'
    done = run("refine", "drop the tier and make it 20", "--criteria", current, "--embedded")
    assert done.code == 0
    lines = [line.split(maxsplit=1) for line in done.out.splitlines()]
    assert [text for label, text in lines if label == "changed"] == [
        '~ {"handicap":{"$lte":12}} -> {"handicap":{"$lte":20}}',
        '- {"membershipTier":"GOLD"}',
    ]
    [count] = [text for label, text in lines if label == "customers"]
    assert "(before: " in count
    assert ", +" in count


def test_a_question_about_an_instruction_is_answered_with_a_reading(run: Run) -> None:
    current = '{"$and":[{"handicap":{"$lte":12}},{"engagementScore":{"$gte":20}}]}'
    asked = run("refine", "make it 40", "--criteria", current, "--embedded")
    assert asked.code == 4
    reading = next(line.split()[-1] for line in reversed(asked.out.splitlines()) if "--answer" in line)
    done = run("refine", "make it 40", "--criteria", current, "--embedded", "--json", "--answer", reading)
    result = done.json["result"]
    assert isinstance(result, dict)
    assert result["criteria"] == {"$and": [{"handicap": {"$lte": 12}}, {"engagementScore": {"$gte": 40}}]}


def test_preview_takes_criteria_from_stdin_and_counts_everyone_for_an_empty_object(run: Run) -> None:
    done = run("preview", "-", "--embedded", "--json", stdin="{}")
    assert (done.code, done.json["count"], done.json["universe"]) == (0, 2000, 2000)


def test_a_count_of_zero_is_printed(run: Run) -> None:
    done = run("preview", '{"handicap":{"$in":[]}}', "--embedded", "--json")
    assert done.json["count"] == 0


def test_the_moment_of_now_moves_relative_dates(run: Run) -> None:
    criteria = '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}'
    counts = [
        run("preview", criteria, "--embedded", "--json", "--now", now, SEGMENTRY_DEMO_DATE="2025-12-16")
        for now in ("2025-12-16", "2020-01-01")
    ]
    assert counts[0].json["asOf"] == "2025-12-16T00:00:00Z"
    assert counts[0].json["count"] != counts[1].json["count"]


def test_fields_and_schemas_of_a_file_are_listed(run: Run, shop: Path) -> None:
    fields = run("fields", "--data", str(shop), "--json").json["fields"]
    assert isinstance(fields, list)
    names = [field["name"] for field in fields if isinstance(field, dict)]
    assert names[-1] == "favourite"
    schemas = run("schemas", "--data", str(shop), "--json").json["schemas"]
    assert isinstance(schemas, list)
    (schema,) = schemas
    assert isinstance(schema, dict)
    assert (schema["schemaId"], schema["rows"]) == ("coffee_shop", 300)


def test_several_commands_at_once_do_not_disturb_each_other(run: Run, shop: Path) -> None:
    def build(city: str) -> object:
        result = run("build", f"customers in {city}", "--data", str(shop), "--json").json["result"]
        assert isinstance(result, dict)
        return result["criteria"]

    cities = ["Durban", "Cape Town", "Johannesburg"]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(build, cities)) == [{"city": city} for city in cities]


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(run: Run, shop: Path) -> None:
    # A file where the folder should be: not even root can write there.
    done = run(
        "build", "customers in Durban", "--data", str(shop), "--json", SEGMENTRY_DATA_DIR=str(shop / "x")
    )
    assert done.code == 0


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    command = f'"{sys.executable}" -m segmentry fields --embedded | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("FIELD")
    assert os.environ.get("NO_COLOR") is None or "\x1b" not in done.stdout
