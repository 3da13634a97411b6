"""What must stay true of a segment is tested at every change, and a change that breaks it is refused."""

from __future__ import annotations

from datetime import UTC

import pytest
from segmentry.criteria import parse
from segmentry.criteria.dates import Clock
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.suppressed import suppressed
from segmentry.errors import SegmentTestsFailed
from segmentry.segments.contract import Contract
from segmentry.segments.record import SavedSegment
from segmentry.segments.service import Change, Definition, SegmentService
from segmentry.state.database import Database

from tests.segments.conftest import NOW
from tests.segments.keeping import naming

HIGH = '{"score":{"$gt":5}}'


async def save(
    service: SegmentService, text: str, contract: Contract, *, force: bool = False
) -> SavedSegment:
    wanted = Definition("A", "", parse.loads(text), contract=contract, force=force)
    return await service.create("demo", "", wanted, now=NOW, author="ann")


async def rewrite(
    service: SegmentService, saved: SavedSegment, text: str, *, force: bool = False
) -> SavedSegment:
    change = Change(node=parse.loads(text), force=force)
    return await service.update("demo", saved.segment_id, saved.etag, change, now=NOW, author="bob")


@pytest.mark.parametrize(
    ("contract", "message"),
    [
        (Contract(included=("5",)), "customer 5 must be in and is not"),
        (Contract(excluded=("6",)), "customer 6 must not be in and is"),
        (Contract(included=("99",)), "customer 99 must be in; the table has no such customer"),
        (Contract(min_size=6), "at least 6 customers; there are 5"),
        (Contract(max_size=4), "at most 4 customers; there are 5"),
    ],
)
async def test_criteria_that_break_their_contract_are_refused_with_the_test(
    service: SegmentService, contract: Contract, message: str
) -> None:
    with pytest.raises(SegmentTestsFailed) as caught:
        await save(service, HIGH, contract)
    assert caught.value.metadata["tests"] == message
    assert await service.list("demo", limit=10) == []


async def test_a_contract_that_holds_is_kept_with_the_version(service: SegmentService) -> None:
    contract = Contract(("6", "10"), ("5", "99"), 5, 5)
    saved = await save(service, HIGH, contract)
    assert saved.contract == contract.text()
    renamed = await service.update("demo", saved.segment_id, saved.etag, Change(name="B"), now=NOW)
    assert renamed.contract == contract.text()
    loosened = await service.update(
        "demo", saved.segment_id, renamed.etag, Change(contract=Contract(max_size=9)), now=NOW
    )
    assert (await service.get("demo", saved.segment_id, 1)).contract == contract.text()
    assert (await rewrite(service, loosened, '{"score":{"$gt":8}}')).version == 4


async def test_a_change_that_breaks_a_test_is_refused_unless_forced_and_that_is_recorded(
    service: SegmentService,
) -> None:
    saved = await save(service, HIGH, Contract(included=("6",)))
    with pytest.raises(SegmentTestsFailed, match="customer 6 must be in and is not"):
        await rewrite(service, saved, '{"score":{"$gt":6}}')
    assert (await service.get("demo", saved.segment_id)).version == 1
    forced = await rewrite(service, saved, '{"score":{"$gt":6}}', force=True)
    assert forced.forced_past == ("customer 6 must be in and is not",)
    assert forced.author == "bob"
    assert forced.update_time.tzinfo == UTC
    assert (await service.get("demo", saved.segment_id, 2)).forced_past == forced.forced_past


async def test_what_failed_before_the_change_does_not_stand_in_its_way(service: SegmentService) -> None:
    saved = await save(service, HIGH, Contract(included=("1",), max_size=5), force=True)
    better = await rewrite(service, saved, '{"score":{"$gt":6}}')
    assert (better.version, better.forced_past) == (2, ())
    with pytest.raises(SegmentTestsFailed) as caught:
        await rewrite(service, better, '{"score":{"$gt":2}}')
    assert caught.value.metadata["tests"] == "at most 5 customers; there are 8"


async def test_a_new_contract_is_tested_on_the_criteria_that_stay(service: SegmentService) -> None:
    saved = await save(service, HIGH, Contract())
    with pytest.raises(SegmentTestsFailed):
        await service.update(
            "demo", saved.segment_id, saved.etag, Change(contract=Contract(min_size=6)), now=NOW
        )


async def test_a_change_is_tested_on_the_segments_that_name_the_changed_one(service: SegmentService) -> None:
    inner = await save(service, HIGH, Contract())
    middle = await save(service, naming(inner), Contract())
    outer = await save(service, naming(middle), Contract(included=("6",)))
    with pytest.raises(SegmentTestsFailed) as caught:
        await rewrite(service, inner, '{"score":{"$gt":6}}')
    assert caught.value.metadata["tests"] == f"{outer.segment_id}: customer 6 must be in and is not"
    forced = await rewrite(service, inner, '{"score":{"$gt":6}}', force=True)
    assert forced.forced_past == (f"{outer.segment_id}: customer 6 must be in and is not",)


async def test_with_small_counts_kept_back_nothing_is_refused_that_cannot_be_judged(
    database: Database, customers: SnapshotStore
) -> None:
    service = SegmentService(database, suppressed(customers, 5))
    contract = Contract(included=("1",), max_size=1)
    saved = await save(service, '{"score":{"$gt":8}}', contract)
    clock = Clock.at(NOW)
    found = await service.test("demo", saved, saved.node, contract, clock)
    assert [each.passed for each in found] == [None, None]
