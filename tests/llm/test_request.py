"""The body of a request: its beginning is written once per expert, and never taken for another's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from segmentry.llm.model import AnswerSchema, Message, ModelCall
from segmentry.llm.profiles import profile
from segmentry.llm.request import Bodies

SCHEMA = AnswerSchema("scores", {"type": "object"})
RULES = Message("system", "Rules, “quoted” and\nin lines.")
CALL = ModelCall("scores", "v1", (RULES, Message("user", "over 40")), SCHEMA, 300)
KNOWN, UNKNOWN = "gpt-4o-mini", "somebody-elses-model"
OTHERS = {
    "the same": CALL,
    "another question": replace(CALL, messages=(RULES, Message("user", "]}, over 50"))),
    "other rules": replace(CALL, messages=(Message("system", "Other rules."), CALL.messages[1])),
    "another schema": replace(CALL, schema=AnswerSchema("scores", {"type": "array"})),
    "more tokens": replace(CALL, max_tokens=600),
    "another expert": replace(CALL, agent="logic"),
    "a repair": replace(CALL, messages=(*CALL.messages, Message("assistant", "{}"), Message("user", "No."))),
}


@pytest.mark.parametrize("model", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("name", OTHERS)
def test_a_request_is_the_same_whatever_was_asked_before(name: str, model: str) -> None:
    call = OTHERS[name]
    used = Bodies(model=model, temperature=0.2, row=profile(model))
    used.of(CALL)
    first = used.of(call)
    assert first == used.of(call) == Bodies(model=model, temperature=0.2, row=profile(model)).of(call)
    sent = json.loads(first)
    assert [each["content"] for each in sent["messages"][1:]] == [each.content for each in call.messages[1:]]
    assert sent["messages"][0]["content"].startswith(call.messages[0].content)
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) >= call.max_tokens
    assert json.dumps(call.schema.body, separators=(",", ":")) in json.dumps(
        sent, separators=(",", ":")
    ).replace('\\"', '"')


def test_beginnings_are_not_kept_without_bound() -> None:
    bodies = Bodies(model=KNOWN, temperature=0.2, row=profile(KNOWN))
    for number in range(2000):
        bodies.of(replace(CALL, prompt_version=str(number)))
    assert len(bodies) <= 256
