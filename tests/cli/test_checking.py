"""`doctor`: what it says of the settings is what the server does with them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Done, Run
from tests.cli.serving import serving
from tests.vendor.elsewhere import vendor_elsewhere
from tests.vendor.menu import MENU
from tests.vendor.script import Scripted

OPEN = "gold members who are crazy about us"


def findings(done: Done, what: str) -> list[tuple[str, str]]:
    """What doctor found of one thing: state and message."""
    found = done.json["findings"]
    assert isinstance(found, list)
    return [
        (str(each["state"]), str(each["message"]))
        for each in found
        if isinstance(each, dict) and each["what"] == what
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "words are read offline"),
        (
            {"AI_OPENAI_KEY": "sk-canary"},
            "gpt-4o-mini at api.openai.com by experts, repeated beginnings of prompts are cheaper, price of",
        ),
        (
            {"AI_BASE_URL": "http://127.0.0.1:9/v1", "AI_MODEL": "llama"},
            "llama at 127.0.0.1:9 by experts, its price is not known",
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


@pytest.mark.timeout(120)
def test_an_outage_is_told_with_its_cause_and_what_works_meanwhile(
    call: Run, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = findings(call("doctor", "--json", "--address", "127.0.0.1:1"), "server")
    assert found == [("degraded", "127.0.0.1:1 does not say how its model does: SERVER_UNREACHABLE")]
    folder = tmp_path_factory.mktemp("own")
    folder.chmod(0o755)
    with vendor_elsewhere(Scripted(MENU["quota"])) as vendor:
        settings = {"AI_BASE_URL": vendor.base_url, "SEGMENTRY_DATA_DIR": str(folder)}
        with serving(environment | settings) as address:
            asked = call("doctor", "--json", "--address", address)
            failed = call("build", OPEN, "--address", address, "--require-llm")
            again = call("build", OPEN, "--address", address, "--require-llm")
            warned = call("build", OPEN, "--address", address)
            alone = call("doctor", "--json", "--address", address)
            shown = call("experts", "--address", address)
    host = "gpt-4o-mini of 127.0.0.1"
    assert findings(asked, "server") == [("ok", f"{address}: {host} is asked")]
    [(state, said)] = findings(alone, "server")
    assert state == "degraded"
    assert f"{host} is left alone for" in said
    assert said.endswith("LLM_QUOTA_EXHAUSTED")
    assert f"{host} is left alone for" in shown.out
    for done in (failed, again):
        assert "quota is used up (LLM_QUOTA_EXHAUSTED of 127.0.0.1" in done.err
        following = done.err.splitlines()[-1]
        assert following.startswith("next: segmentry build 'gold members who are crazy about us' --address")
        assert "--require-llm" not in following
    assert "it may be asked again in" in again.err
    [line] = [each for each in warned.err.splitlines() if "LLM_QUOTA_EXHAUSTED: " in each]
    assert "the vendor's quota is used up; asked again in" in line


def test_a_reply_without_a_model_says_that_none_is_configured(call: Run) -> None:
    done = call("build", "active frobnicators", "--embedded")
    assert "no language model configured" in done.err


def test_a_model_that_cannot_be_reached_is_said_and_the_reader_answers(call: Run) -> None:
    done = call("build", "active frobnicators", "--embedded", AI_BASE_URL="http://127.0.0.1:9/v1")
    assert "could not be reached" in done.err
