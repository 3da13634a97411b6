"""Strategies, trials and budgets as settings: what they become, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry import config
from segmentry.config import ConfigError, Settings, TenantSettings, TrialSettings
from segmentry.llm.budget import Limits
from segmentry.rpc import panels
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore

from tests.cli.conftest import Run, call, data_dir, environment

__all__ = ["call", "data_dir", "environment"]

GOOD = """
[ai]
model = "gpt-4o-mini"
base_url = "http://127.0.0.1:9/v1"
tokens_per_day = 1000

[[ai.tenant]]
tenant = "acme"
strategy = "one_shot"
cost_per_day_usd = 2.5

[[ai.tenant]]
tenant = "beta"
tokens_per_day = 0

[[ai.trial]]
id = "one-question"
strategy = "one_shot"
share = 0.25

[[ai.trial]]
id = "same"
expert = "specialist"
versions = { default = 0.5 }
"""


# Nothing of it is opened by these tests.
LEDGER = SpendingStore(Database("postgresql://127.0.0.1:1/nowhere"))


def load(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "segmentry.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(environ, path)


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    return [line.removeprefix(f"{folder / 'segmentry.toml'}: ") for line in caught.value.problems]


async def test_a_file_becomes_the_ways_the_trials_and_the_budgets_of_a_server(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.ai_tenants == (
        TenantSettings("acme", "one_shot", cost_per_day_usd=2.5),
        TenantSettings("beta", tokens_per_day=0),
    )
    panel = panels.panel(settings, ledger=LEDGER)
    assert panel is not None
    queries = [f"query {number}" for number in range(1_000)]
    assert {panel.strategy_for("acme", query) for query in queries} == {"one_shot"}
    drawn = [panel.strategy_for("others", query) for query in queries]
    assert drawn == [panel.strategy_for("others", query) for query in queries]
    assert 200 < drawn.count("one_shot") < 300
    assert set(drawn) == {"one_shot", "experts"}
    assert panel.variant_for("others", queries[0]) == f"one-question={drawn[0]},same=default"
    assert panel.variant_for("acme", queries[0]) == "same=default"
    budget = panel.budget
    assert budget is not None
    assert budget.limits_of("others") == Limits(tokens_per_day=1_000)
    assert budget.limits_of("acme") == Limits(tokens_per_day=1_000, cost_per_day_usd=2.5)
    assert not budget.limits_of("beta").bounded
    await panel.asker.model.close()


async def test_without_a_bound_no_store_is_needed(tmp_path: Path) -> None:
    panel = panels.panel(load(tmp_path, '[ai]\nbase_url = "http://127.0.0.1:9/v1"\n'), ledger=LEDGER)
    assert panel is not None
    assert panel.budget is None
    assert panel.variant_for("demo", "gold members") == ""
    await panel.asker.model.close()


def test_the_environment_says_the_same_in_short(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        GOOD,
        SEGMENTRY_AI_TENANTS="acme=offline, beta=experts",
        SEGMENTRY_AI_TRIALS="t1:one_shot=0.1,t2:logic.default=0.5",
        SEGMENTRY_AI_REQUESTS_PER_MINUTE="60",
    )
    assert settings.ai_tenants == (TenantSettings("acme", "offline"), TenantSettings("beta", "experts"))
    assert settings.ai_trials == (
        TrialSettings("t1", "one_shot", 0.1),
        TrialSettings("t2", expert="logic", versions={"default": 0.5}),
    )
    assert (settings.ai_requests_per_minute, settings.ai_tokens_per_day) == (60, 1_000)


TENANT = "[[ai.tenant]]\n"
TRIAL = "[[ai.trial]]\n"
STRATEGY_TRIAL = TRIAL + 'id = "{}"\nstrategy = "one_shot"\nshare = 0.5\n'


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (TENANT, "ai.tenant entry 1: needs a tenant"),
        (f'{TENANT}tenant = "a"\nstrategy = "none"\n', "strategy = 'none': needs offline, experts, one_shot"),
        (f'{TENANT}tenant = "a"\nstrateg = "x"\n', "unknown key 'strateg'; did you mean strategy?"),
        (f'{TENANT}tenant = "a"\ntokens_per_day = -1\n', "tokens_per_day = -1: needs a whole number, 0 to"),
        (f'{TENANT}tenant = "a"\ntokens_per_day = 1.5\n', "tokens_per_day = 1.5: needs a whole number"),
        (f'{TENANT}tenant = "a"\ncost_per_day_usd = true\n', "cost_per_day_usd = True: needs a number"),
        (f'{TENANT}tenant = "a"\n{TENANT}tenant = "a"\n', "ai.tenant names tenant 'a' twice"),
        ('[ai]\ntenant = "a"\n', "ai.tenant needs [[ai.tenant]] entries"),
        (f'{TRIAL}id = "t"\n', "needs either a strategy with its share, or an expert with its versions"),
        (f'{TRIAL}id = "t"\nstrategy = "one_shot"\n', "needs a share, 0 to 1"),
        (f'{TRIAL}id = "t"\nstrategy = "one_shot"\nshare = 1.5\n', "share = 1.5: needs a number, 0 to 1"),
        (f'{TRIAL}strategy = "one_shot"\nshare = 0.5\n', "ai.trial entry 1: needs an id"),
        (f'{TRIAL}id = "t"\nexpert = "logic"\n', "needs versions, such as { v2 = 0.2 }"),
        (
            f'{TRIAL}id = "t"\nexpert = "oracle"\nversions = {{ v2 = 0.2 }}\n',
            "trial 't': there is no expert 'oracle'; there are specialist, one_shot, logic,",
        ),
        (
            f'{TRIAL}id = "t"\nexpert = "logic"\nversions = {{ 0a1b2c3d4e5f = 0.2 }}\n',
            "trial 't': logic has no variant '0a1b2c3d4e5f'; it has default",
        ),
        (
            f'{TRIAL}id = "t"\nexpert = "logic"\nversions = {{ default = 2 }}\n',
            "default = 2: needs a number, 0 to 1",
        ),
        (
            f"{STRATEGY_TRIAL.format('a')}{STRATEGY_TRIAL.format('b')}",
            "ai.trial has several trials of the strategy (a, b); keep one",
        ),
    ],
)
def test_a_wrong_entry_is_said_with_what_would_work(tmp_path: Path, toml: str, said: str) -> None:
    assert any(said in line for line in problems(tmp_path, toml)), problems(tmp_path, toml)


def test_all_problems_come_together(tmp_path: Path) -> None:
    text = f'{TENANT}tenant = "a"\nstrategy = "x"\ntokens_per_day = -1\n{TENANT}\n{TRIAL}id = "t"\n'
    found = problems(tmp_path, text, SEGMENTRY_AI_TOKENS_PER_DAY="many", SEGMENTRY_STRATEGY="guess")
    assert len(found) == 6


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("SEGMENTRY_AI_TENANTS", "acme", "needs tenant=strategy, separated by commas"),
        ("SEGMENTRY_AI_TENANTS", "acme=never", "acme: strategy = 'never': needs offline, experts, one_shot"),
        ("SEGMENTRY_AI_TRIALS", "t:one_shot=2", "needs id:strategy=share or id:expert.version=share"),
        ("SEGMENTRY_AI_TRIALS", "t:guess=0.5", "trial 't': strategy = 'guess': needs"),
        ("SEGMENTRY_AI_TRIALS", "t:oracle.v2=0.5", "there is no expert 'oracle'"),
    ],
)
def test_a_wrong_variable_is_said_with_what_would_work(
    tmp_path: Path, variable: str, text: str, said: str
) -> None:
    [line] = problems(tmp_path, "", **{variable: text})
    assert line.startswith(variable)
    assert said in line


def test_dollars_are_no_budget_for_a_model_whose_price_nobody_knows(tmp_path: Path) -> None:
    text = f'[ai]\nmodel = "llama3"\nbase_url = "http://h/v1"\ncost_per_day_usd = 1\n{TENANT}tenant = "a"\n'
    [line] = problems(tmp_path, text)
    assert "the price of model 'llama3' is not known" in line
    assert "tokens_per_day" in line


def test_doctor_shows_budgets_ways_and_trials(call: Run) -> None:
    done = call(
        "doctor",
        AI_OPENAI_KEY="sk-canary",
        SEGMENTRY_AI_TENANTS="acme=one_shot",
        SEGMENTRY_AI_TRIALS="t1:one_shot=0.1,t2:logic.default=0.5",
        SEGMENTRY_AI_TOKENS_PER_DAY="5000000",
    )
    assert done.code == 0
    assert "each tenant: 5,000,000 tokens a day" in done.out
    assert "acme: by one_shot" in done.out
    assert "t1: 10.0% of requests by one_shot" in done.out
    assert "t2: logic: 50.0% by default" in done.out
    wrong = call("doctor", AI_OPENAI_KEY="sk-canary", SEGMENTRY_AI_TRIALS="t1:one_shot=7")
    assert wrong.code != 0
    assert "a share of 0 to 1" in wrong.out


OWN = '[[ai.tenant]]\ntenant = "a"\n'


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('base_url = "ftp://x"', "base_url = 'ftp://x': needs an http or https address"),
        ('model = ""', "model = '': needs a text"),
        ('key_env = "sk-live-123"', "key_env needs the name of an environment variable that holds the key"),
        ('key_env = "NOBODY_SET_IT"', "the variable NOBODY_SET_IT is not set or empty"),
        ('key = "sk-live-123"', "unknown key 'key'"),
    ],
)
def test_a_tenants_model_that_cannot_be_asked_is_refused_without_its_key(
    entry: str, said: str, tmp_path: Path
) -> None:
    found = "\n".join(problems(tmp_path, OWN + entry))
    assert said in found
    assert "sk-live-123" not in found


def test_a_budget_in_dollars_needs_a_price_of_the_tenants_own_model(tmp_path: Path) -> None:
    text = (
        '[ai]\nbase_url = "http://127.0.0.1:9/v1"\ncost_per_day_usd = 1.0\n' + OWN + 'model = "llama3.2:3b"'
    )
    assert any("llama3.2:3b" in line and "'a'" in line for line in problems(tmp_path, text))
