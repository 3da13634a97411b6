"""`doctor`: what it says of the settings is what the server does with them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "words are read offline"),
        ({"AI_OPENAI_KEY": "sk-canary"}, "gpt-4o-mini by experts, price of"),
        (
            {"AI_BASE_URL": "http://127.0.0.1:9/v1", "AI_MODEL": "llama"},
            "llama by experts, its price is not known",
        ),
        ({"AI_OPENAI_KEY": "sk-canary", "SEGMENTRY_STRATEGY": "offline"}, "asks nobody"),
    ],
)
def test_doctor_says_which_model_would_be_asked_and_calls_none(
    call: Run, settings: dict[str, str], said: str
) -> None:
    done = call("doctor", "--json", **settings)
    findings = done.json["findings"]
    assert isinstance(findings, list)
    [model] = [each for each in findings if isinstance(each, dict) and each["what"] == "model"]
    assert model["state"] == "ok"
    assert said in str(model["message"])
    assert "canary" not in done.out
    assert done.code == 0


def test_a_reply_without_a_model_says_that_none_is_configured(call: Run) -> None:
    done = call("build", "active frobnicators", "--embedded")
    assert "no language model configured" in done.err


def test_a_model_that_cannot_be_reached_is_said_and_the_reader_answers(call: Run) -> None:
    done = call("build", "active frobnicators", "--embedded", AI_BASE_URL="http://127.0.0.1:9/v1")
    assert "could not be reached" in done.err
