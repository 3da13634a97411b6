"""What is said of criteria that are saved: their own faults with a path, and segments nearly alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Count
from segmentry.errors import InvalidCriteria, StoreBusy
from segmentry.segments.lint import MOST_COUNTED, Lint
from segmentry.segments.record import SavedSegment
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database

from evals import case_files
from tests.segments.conftest import NOW
from tests.segments.keeping import keep, naming

CLOCK = Clock.at(NOW)


async def lint(service: SegmentService, text: str, *, but: str = "", tenant: str = "demo") -> Lint:
    table = await service.table(tenant, "club")
    return await service.lint(tenant, table, parse.loads(text), CLOCK, but=but)


def said(found: Lint) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in found.warnings]


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ('{"$and":[{"score":{"$gt":7}},{"score":{"$lt":3}}]}', "CONTRADICTION", "$and"),
        ('{"status":"OLD","$not":{"$or":[{"score":1},{"$not":{"score":1}}]}}', "TAUTOLOGY", "$not.$or"),
        ('{"status":"OLD","score":{"$gt":3,"$gte":2}}', "DEAD_LEAF", "score.$gte"),
        ('{"status":{"$in":[]}}', "EMPTY_LIST", "status.$in"),
    ],
)
async def test_a_fault_of_the_criteria_is_named_where_it_is(
    service: SegmentService, text: str, code: str, path: str
) -> None:
    found = await lint(service, text)
    assert code in dict(said(found))
    assert dict(said(found))[code] == path


async def test_a_segment_with_nearly_the_same_members_is_named_with_the_overlap(
    service: SegmentService,
) -> None:
    kept = await keep(service, '{"score":{"$gte":1}}', "everyone with a score")
    await keep(service, '{"score":{"$gt":5}}', "the upper half")
    found = await lint(service, '{"score":{"$gte":2}}')
    (copy,) = found.copies
    assert (copy.segment_id, copy.count, copy.both, copy.jaccard) == (kept.segment_id, 10, 9, 0.9)
    assert not copy.same_criteria
    assert said(found) == [("NEAR_COPY", "")]
    assert "9 are in both, 90% of those in either" in found.warnings[0].message


async def test_the_same_criteria_in_another_order_are_a_copy_and_come_first(service: SegmentService) -> None:
    near = await keep(service, '{"score":{"$gt":3},"status":{"$exists":true}}', "near")
    same = await keep(service, '{"$and":[{"status":"OLD"},{"score":{"$gt":3}}]}', "same")
    found = await lint(service, '{"score":{"$gt":3},"status":"OLD"}')
    assert [each.segment_id for each in found.copies] == [same.segment_id]
    assert near.segment_id not in found.warnings[0].message
    assert "the same criteria as the segment 'same'" in found.warnings[0].message


async def test_members_alike_are_found_where_the_fields_are_others(service: SegmentService) -> None:
    odd = await keep(service, '{"status":"ACTIVE"}', "odd")
    found = await lint(service, '{"score":{"$in":[1,3,5,7,9]}}')
    assert [each.segment_id for each in found.copies] == [odd.segment_id]


async def test_what_is_archived_or_of_others_or_the_segment_itself_is_no_copy(
    service: SegmentService,
) -> None:
    text = '{"score":{"$gt":3}}'
    kept, gone = await keep(service, text, "kept"), await keep(service, text, "gone")
    await keep(service, text, "another tenant's", tenant="other")
    await keep(service, text, "another table's", schema="shop")
    await service.archive("demo", gone.segment_id, gone.etag)
    assert (await lint(service, text, but=kept.segment_id)).warnings == ()
    assert [each.name for each in (await lint(service, text)).copies] == ["kept"]


async def test_a_segment_that_names_another_is_held_against_it(service: SegmentService) -> None:
    inner = await keep(service, '{"score":{"$gt":3}}', "inner")
    outer = await keep(service, naming(inner), "outer")
    found = await lint(service, '{"score":{"$gte":4}}')
    assert {each.segment_id for each in found.copies} == {inner.segment_id, outer.segment_id}


class Counting(SnapshotStore):
    """Says how much was counted at once."""

    asked: list[int]

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        self.asked.append(len(nodes))
        return await super().count(tenant, schema_id, nodes, as_of)


async def test_no_lint_counts_more_than_a_few_segments(database: Database, customers: SnapshotStore) -> None:
    service = SegmentService(database, customers)
    for at in range(30):
        await keep(service, '{"score":{"$gt":3}}', str(at))
    customers.__class__ = Counting
    assert isinstance(customers, Counting)
    customers.asked = []
    found = await lint(service, '{"score":{"$gt":3}}')
    assert len(found.copies) == MOST_COUNTED
    assert customers.asked == [1, 2 * MOST_COUNTED]


class Busy(SnapshotStore):
    """Answers no count."""

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> NoReturn:
        await asyncio.sleep(0)
        raise StoreBusy("full", retry_after_s=1.0)


async def test_a_store_that_does_not_answer_is_said_and_the_faults_of_the_criteria_still_are(
    service: SegmentService, customers: SnapshotStore
) -> None:
    customers.__class__ = Busy
    found = await lint(service, '{"score":{"$gt":7,"$lt":3}}')
    assert [each.code for each in found.warnings] == ["CONTRADICTION", "LINT_INCOMPLETE"]
    kept: SavedSegment = await keep(service, '{"score":{"$gt":7,"$lt":3}}')
    assert kept.version == 1


async def test_what_is_no_tree_of_this_table_is_refused(service: SegmentService) -> None:
    with pytest.raises(InvalidCriteria):
        await lint(service, '{"scoer":1}')


def test_criteria_that_people_meant_have_no_fault_of_their_own() -> None:
    faults = {"CONTRADICTION", "TAUTOLOGY", "DEAD_LEAF"}
    looked_at, found = 0, list[str]()
    for case in case_files.load():
        for node in case.expect:
            looked_at += 1
            warnings = check.check(node, case.catalog, case.clock).warnings
            found += [f"{case.id} {each.path}: {each.message}" for each in warnings if each.code in faults]
    assert looked_at > 1000
    assert found == []
