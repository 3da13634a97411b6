"""What a target cannot say is refused, and the refusal tells which targets can."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Source
from segmentry.criteria.export.remarks import EVENT_TARGETS
from segmentry.errors import ExportUnsupported

CLOCK = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
CATALOG = Catalog("t", (Field("id", "string"),), events=(EventType("booking"),), key="id")


@pytest.mark.parametrize("target", targets.TARGETS)
def test_events_are_refused_with_the_targets_that_have_them(target: str) -> None:
    criteria = '{"$and":[{"id":"x"},{"$event":{"name":"booking"}}]}'
    bound = check.require(parse.loads(criteria), CATALOG, CLOCK).bound
    if target in EVENT_TARGETS.split(", "):
        assert targets.write(target, bound, Source(CATALOG, CLOCK)).text
        return
    with pytest.raises(ExportUnsupported) as raised:
        targets.write(target, bound, Source(CATALOG, CLOCK))
    assert raised.value.metadata == {"target": target, "path": "$and[1].$event", "allowed": EVENT_TARGETS}
