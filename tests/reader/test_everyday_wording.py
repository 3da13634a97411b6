"""How people say things that no column is called: unions with plus, a yes after a channel, ages as nouns."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.outcomes.evidence import ALONE
from segmentry.reader.read import read
from segmentry.reader.refine import refine

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
_YES_NO = (FieldValue("Yes"), FieldValue("No"))

STUDIO = Catalog(
    "studio",
    (
        Field("dancer_id", "string", role="id"),
        Field("dancerAge", "number", integer=True),
        Field("pass_kind", "enum", values=(FieldValue("gold"), FieldValue("silver"))),
        Field("style", "array", values=(FieldValue("tango"), FieldValue("salsa"))),
        Field("sms_reminders", "string", values=_YES_NO),
        Field("email_reminders", "string", values=_YES_NO),
        Field("post_news", "string", values=_YES_NO),
        Field("call_ok", "boolean"),
        Field("whatsapp_ok", "boolean"),
        Field("parking", "string", values=_YES_NO),
        Field("bar_spend_eur", "number", unit="EUR"),
        Field("class_price", "number", unit="EUR"),
        Field("last_recital", "datetime"),
        Field("pass_ends", "datetime"),
        Field("joined_on", "datetime"),
        Field("lessons_30d", "number", integer=True, window_days=30),
        Field("avg_bskt_eur", "number", unit="EUR"),
        Field("guardian_email", "string"),
    ),
)

READ = [
    ("gold plus anybody into salsa", '{"$or":[{"pass_kind":"gold"},{"style":{"$contains":"salsa"}}]}'),
    ("fond of tango", '{"style":{"$contains":"tango"}}'),
    ("mailings by post no, parking yes", '{"$and":[{"post_news":"No"},{"parking":"Yes"}]}'),
    ("calls plus whatsapp both welcome", '{"$and":[{"call_ok":true},{"whatsapp_ok":true}]}'),
    ("alerts via sms", '{"sms_reminders":"Yes"}'),
    ("without reminders via post", '{"post_news":"No"}'),
    ("forty-somethings", '{"dancerAge":{"$gte":40,"$lte":49}}'),
    ("teens with a gold pass", '{"$and":[{"dancerAge":{"$gte":13,"$lte":19}},{"pass_kind":"gold"}]}'),
    ("blew over a grand in the bar", '{"bar_spend_eur":{"$gt":1000}}'),
    ("never came to a recital", '{"last_recital":{"$exists":false}}'),
    (
        "joined but never went to a recital",
        '{"$and":[{"joined_on":{"$exists":true}},{"last_recital":{"$exists":false}}]}',
    ),
    ("pass runs beyond March 2026", '{"pass_ends":{"$gte":"2026-04-01"}}'),
    ("basket averaging at least 30", '{"avg_bskt_eur":{"$gte":30}}'),
    ("an averge baskkt under 12 euros", '{"avg_bskt_eur":{"$lt":12}}'),
    ("avarage bassket under 12 euros", '{"avg_bskt_eur":{"$lt":12}}'),
]


@pytest.mark.parametrize(("query", "meant"), READ)
def test_everyday_words_are_read(query: str, meant: str) -> None:
    draft = read(query, STUDIO, CLOCK)
    assert draft.node is not None, draft
    assert canonical.text(draft.node) == canonical.text(parse.loads(meant))


@pytest.mark.parametrize(
    "query",
    [
        "spent over 90 euros so far",
        "email ends with .org",
        "top 10% by recitals",
        "how many plus dancers are there with parking",
        "no reminders",
    ],
)
def test_an_answer_on_a_column_that_is_only_near_is_not_given_alone(query: str) -> None:
    draft = read(query, STUDIO, CLOCK)
    assert draft.outcome != "ok" or draft.confidence < ALONE, draft


def test_a_new_number_with_its_noun_keeps_the_bound_that_was_there() -> None:
    current = parse.loads('{"lessons_30d":{"$gte":4}}')
    draft = refine("make it 6 lessons", current, STUDIO, CLOCK)
    assert draft.node == parse.loads('{"lessons_30d":{"$gte":6}}')
    draft = refine("make it exactly 6 lessons", current, STUDIO, CLOCK)
    assert draft.node == parse.loads('{"lessons_30d":6}')
