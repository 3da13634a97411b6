"""What must stay in a table stays there: no prompt, log, event, error or reply holds a canary of it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from segmentry.builder.build import build
from segmentry.builder.panel import Panel, Strategy
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.config import Secret, Settings
from segmentry.criteria import parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.customers.load import load_table
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import SegmentryError
from segmentry.rpc import panels

from tests.vendor.menu import MENU
from tests.vendor.obedient import OBEDIENT
from tests.vendor.plans import Asked, Plan
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor
from tests.vendored import groups

from . import canaries
from .conftest import Listener
from .told import told

KEY = "sk-qzx-canary-key"
QUERIES = (
    "people who are crazy about us",
    "over 40 wizards who spend a lot and visited recently",
    "die treuen Kunden aus der Stadt",
)


def prying(asked: Asked) -> str:
    """A model that guesses on every field, so that the repair would tell it what the values are."""
    own = cast("Any", asked.schema)["properties"]["conditions"]["items"]["properties"]["field"]["enum"]
    word = next((query.split()[-1] for query in QUERIES if query in asked.user), "nothing")
    said = {"evidence": word, "unit": "none", "direction": "none", "negated": False, "assumed": False}
    guesses = [said | {"field": field, "op": "is", "values": ["Xylophone", "Basik", "High"]} for field in own]
    return json.dumps({"conditions": guesses[:12], "unhandled": []})


# Criteria to change and words that the reader needs no help with: of a private table, and of the others. The
# conditions are the caller's own; what they are held against in a prompt is what must not leave.
CURRENT = {
    False: (parse.loads('{"$and":[{"visits":{"$gte":2}},{"spend":{"$gt":100}}]}'), "spend above 250.5"),
    True: (parse.loads('{"$and":[{"plan":"PLUS"},{"income":{"$gte":50000}}]}'), "plan is basic"),
}
MODELS = {
    "prying": Plan(answer=prying),
    **{name: Plan(answer=answer) for name, answer in OBEDIENT.items()},
    **{name: MENU[name] for name in ("unknown_field", "html")},
}


@asynccontextmanager
async def served(plan: Plan, strategy: Strategy) -> AsyncGenerator[tuple[Panel, Vendor]]:
    """A panel made of settings, as a server makes it, with a key that is a canary."""
    script = Scripted(default=plan)
    script.on("logic", groups("1") if plan is MODELS["prying"] else plan)
    async with Vendor(script) as vendor:
        settings = Settings(ai_openai_key=Secret(KEY), ai_base_url=vendor.base_url, ai_strategy=strategy)
        panel = panels.panel(settings)
        assert panel is not None
        try:
            yield panel, vendor
        finally:
            await panel.asker.model.close()


def must_hold_none(text: str, where: str) -> None:
    folded = text.casefold()
    for each in canaries.NEVER:
        at = folded.find(each.casefold())
        assert at < 0, f"{each} is in {where}: {text[max(at - 80, 0) : at + 80]}"


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> SnapshotStore:
    """The table of canaries, read from a file that nobody wrote a catalog for."""
    store = SnapshotStore()
    snapshot = load_table(canaries.file(tmp_path_factory.mktemp("canaries")), "people")
    store.put("demo", "people", snapshot, default=True)
    return store


@pytest.mark.parametrize("strategy", ["experts", "one_shot"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", ["csv", "inline", "private"])
async def test_a_canary_of_the_table_gets_nowhere(
    table: str,
    model: str,
    strategy: Strategy,
    people: SnapshotStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    catalog = await _catalog(table, people)
    place = Place("demo", "people", catalog, Clock.at(canaries.AS_OF, catalog.time_zone))
    # Inline tables have no rows of their own to count: `segmentry predict` does not count either.
    options = Options(skip_preview=table != "csv")
    async with served(MODELS[model], strategy) as (panel, vendor):
        for query, required in (*((each, False) for each in QUERIES), (QUERIES[0], True)):
            listener = Listener()
            outcome, error = None, None
            try:
                wanted = replace(options, require_llm=required)
                outcome = await build(
                    query, place, wanted, people, build_id="b_1", emit=listener, panel=panel
                )
            except SegmentryError as raised:
                error = raised
            must_hold_none(told(None, listener.heard, caplog.text, error), "events, errors or the log")
            if table != "private":
                must_hold_none(repr(outcome), "the reply")
            caplog.clear()
        prompts = [json.dumps(call.body, ensure_ascii=False) for call in vendor.calls]
        assert prompts
        must_hold_none("\n".join(prompts), "a prompt")
        must_hold_none(repr((panel, vendor.calls[0].headers)), "the panel or a header in the record")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", ["csv", "inline", "private"])
async def test_a_canary_gets_nowhere_by_a_change_or_a_name(
    table: str, model: str, people: SnapshotStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    catalog = await _catalog(table, people)
    place = Place("demo", "people", catalog, Clock.at(canaries.AS_OF, catalog.time_zone))
    options = Options(skip_preview=table != "csv", suggest_name=True)
    current, sure = CURRENT[table == "private"]
    plan = MODELS[model]
    async with served(plan, "experts") as (panel, vendor):
        cast("Scripted", vendor.script).on("edit", plan).on("name", plan)
        listener = Listener()
        try:
            outcome = await refine(
                "only the crazy ones in town",
                current,
                place,
                options,
                people,
                build_id="b_1",
                emit=listener,
                panel=panel,
            )
            named = await build(sure, place, options, people, build_id="b_2", emit=listener, panel=panel)
            must_hold_none(told(None, listener.heard, caplog.text), "events or the log")
            if table != "private":
                must_hold_none(repr((outcome, named)), "a reply")
        except SegmentryError as error:
            must_hold_none(told(None, listener.heard, caplog.text, error), "events, errors or the log")
        asked = {call.agent for call in vendor.calls}
        assert "edit" in asked
        assert "name" in asked or model == "html"
        prompts = [json.dumps(call.body, ensure_ascii=False) for call in vendor.calls]
        must_hold_none("\n".join(prompts), "a prompt")


async def _catalog(table: str, people: SnapshotStore) -> Catalog:
    if table == "csv":
        return (await people.table("demo", "people")).catalog
    return canaries.from_inline() if table == "inline" else canaries.private()


def test_the_table_has_canaries_in_every_column(tmp_path: Path) -> None:
    text = canaries.file(tmp_path).read_text(encoding="utf-8").casefold()
    assert all(each.casefold() in text for each in canaries.NEVER)
