"""`segmentry prompts`: what a model would be sent, without a server, a key or a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from segmentry.agents.registry import experts
from segmentry.cli.app import run
from segmentry.customers import golf

SHOP = """
[catalog]
schema = "shop"

[[field]]
name = "spend"
type = "number"
group = "Money"
description = "Spend of a year"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path


def test_show_prints_the_text_that_would_be_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompts", "show", "--agent", "specialist_consent"]) == 0
    out = capsys.readouterr().out
    (made,) = (each for each in experts(golf.catalog()).specialists if each.name == "specialist_consent")
    assert out.startswith(f"=== specialist_consent version {made.version}, about ")
    assert made.text in out
    assert json.loads(out.partition("--- schema specialist_consent\n")[2]) == made.schema.body


def test_show_prints_every_expert_of_any_catalog(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompts", "show", "--catalog", str(shop), "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["agent"] for each in shown] == [
        *("specialist_money", "one_shot", "logic", "edit", "ambiguity", "name", "statistics"),
    ]
    assert "- spend: number | Spend of a year | ops" in shown[0]["text"]
    assert all(each["tokens"] >= 1152 for each in shown)
    assert shown[0]["maxTokens"] == 300


def test_show_takes_inline_schemas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shop.json"
    schema = [{"name": "town", "type": "string"}]
    path.write_text(json.dumps({"schema": schema, "rows": [{"town": "canary-9"}] * 9}), encoding="utf-8")
    assert run(["prompts", "show", "--catalog", str(path)]) == 0
    out = capsys.readouterr().out
    assert "- town: text | ops" in out
    assert "canary-9" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["show", "--agent", "planner"],
            "there is no expert 'planner'; there are specialist_identity_contact",
        ),
        (["show", "--catalog", "gulf"], "there is no catalog 'gulf'"),
        (["show", "--variant", "v99"], "there is no variant 'v99' of a prompt; there are default"),
        (["diff", "golf", "v99"], "'v99' is no catalog"),
    ],
)
def test_what_does_not_exist_is_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prompts", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_diff_of_two_catalogs_is_a_unified_diff(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SHOP.replace("Spend of a year", "Money spent"), encoding="utf-8")
    assert run(["prompts", "diff", str(shop), str(other), "--agent", "specialist"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"--- {shop} specialist_money", f"+++ {other} specialist_money"]
    changed = [line for line in lines[2:] if line[:1] in "+-"]
    assert [line[:1] for line in changed] == ["-", "+", "-", "+"]
    assert "Spend of a year" in changed[2]
    assert "Money spent" in changed[3]


def test_diff_of_the_same_is_empty(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompts", "diff", str(shop), str(shop)]) == 0
    assert run(["prompts", "diff", "default", "golf"]) == 0
    assert capsys.readouterr().out == ""


def test_diff_names_experts_that_only_one_side_has(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompts", "diff", "golf", str(shop)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Only in golf: specialist_consent" in lines
    assert f"Only in {shop}: specialist_money" in lines


def test_diff_compares_versions_and_what_was_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prompts", "show", "--agent", "logic"]) == 0
    saved = tmp_path / "before.txt"
    saved.write_text(capsys.readouterr().out.replace("may", "can"), encoding="utf-8")
    version = experts(golf.catalog()).logic.version
    assert run(["prompts", "diff", version, "golf", "--agent", "logic"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["prompts", "diff", str(saved), version, "--agent", "logic"]) == 0
    assert capsys.readouterr().out.startswith(f"--- {saved} logic\n+++ {version} logic\n")
