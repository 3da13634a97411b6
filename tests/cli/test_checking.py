"""`doctor`: what it says of the settings is what the server does with them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(("key", "state"), [("", "ok"), ("sk-x", "warning")])
def test_doctor_says_that_no_model_is_asked_whether_a_key_is_set_or_not(
    call: Run, key: str, state: str
) -> None:
    done = call("doctor", "--json", AI_OPENAI_KEY=key)
    findings = done.json["findings"]
    assert isinstance(findings, list)
    [model] = [each for each in findings if isinstance(each, dict) and each["what"] == "model"]
    assert model["state"] == state
    assert "this version has no language-model tier" in str(model["message"])
    assert ("a key is set" in str(model["message"])) == bool(key)
    assert "gpt" not in done.out
    assert done.code == 0


def test_a_key_does_not_change_what_a_reply_says_of_the_model(call: Run) -> None:
    done = call("build", "active frobnicators", "--embedded", AI_OPENAI_KEY="sk-x")
    assert "this server has no language-model tier" in done.err
    assert "is configured" not in done.err
