"""Recorded answers: the same question gets the same answer, another one fails and asks nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from segmentry.llm.model import AnswerSchema, CallFailed, ModelCall, Progress
from segmentry.llm.replay import RecordingModel, ReplayModel, key_of

from tests.llm.asking import CALL, GOOD, KEY, asked, saying
from tests.vendor.menu import MENU
from tests.vendor.plans import Plan


async def recorded(path: Path, *calls: ModelCall, plan: Plan, model: str = "gpt-4o-mini") -> None:
    async with asked(plan, model=model) as (_, made):
        recording = RecordingModel(made, path)
        for call in calls:
            await recording.complete(call, within_s=15.0)


@pytest.mark.parametrize(
    ("model", "answer"),
    [("gpt-4o-mini", GOOD), ("llama3.2", f"```json\n{GOOD}\n```")],
    ids=["plain", "fenced"],
)
async def test_a_recorded_answer_is_given_again_with_its_usage(
    tmp_path: Path, model: str, answer: str
) -> None:
    path = tmp_path / "answers.jsonl"
    await recorded(path, saying("a"), saying("b"), plan=Plan(answer=answer), model=model)
    replay = ReplayModel(path, model=model)
    progress = Progress()
    reply = await replay.complete(saying("b"), within_s=1.0, progress=progress)
    assert reply.content == GOOD
    assert reply.value == {"conditions": [], "unhandled": ["canary in the answer"]}
    assert reply.usage.cached_tokens >= 1024
    assert (reply.usage.cost_usd is None) is (model == "llama3.2")
    assert progress.first_byte
    assert (replay.provider, replay.model) == ("replay", model)


@pytest.mark.parametrize(
    "other",
    [
        replace(CALL, prompt_version="v2"),
        replace(CALL, schema=AnswerSchema("scores", {"type": "array"})),
        replace(CALL, max_tokens=600),
        saying("something else"),
    ],
    ids=["prompt version", "schema", "more tokens", "words"],
)
async def test_a_question_that_was_not_recorded_fails(tmp_path: Path, other: ModelCall) -> None:
    path = tmp_path / "answers.jsonl"
    await recorded(path, CALL, plan=Plan(answer=GOOD))
    replay = ReplayModel(path)
    await replay.complete(CALL, within_s=1.0)
    with pytest.raises(CallFailed, match="no answer of scores was recorded") as caught:
        await replay.complete(other, within_s=1.0)
    assert caught.value.cause == "LLM_UNAVAILABLE"
    assert caught.value.usage.calls == 0
    with pytest.raises(CallFailed):
        await ReplayModel(path, model="gpt-4o").complete(CALL, within_s=1.0)


async def test_a_failure_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with pytest.raises(CallFailed):
        await recorded(path, CALL, plan=MENU["server_error"])
    assert not path.exists()


async def test_a_record_holds_neither_the_key_nor_the_question(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    await recorded(path, CALL, plan=Plan(answer="{}"))
    text = path.read_text(encoding="utf-8")
    assert KEY not in text
    assert "over 40" not in text


def test_the_key_of_a_question_does_not_depend_on_the_order_of_its_schema() -> None:
    one, other = (
        replace(CALL, schema=AnswerSchema("scores", body)) for body in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )
    assert key_of(one, "m") == key_of(other, "m") != key_of(one, "n")


@pytest.mark.parametrize("line", ["not json", '{"content":"{}"}', "[]", '{"key":"k","content":"{"}'])
def test_a_broken_record_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"answers\.jsonl, line 2: not a recorded answer"):
        ReplayModel(path)
