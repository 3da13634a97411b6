"""What is saved was checked and counted, stays readable in every version, and never leads back to itself."""

from __future__ import annotations

import asyncio

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Segment
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import (
    AlreadyExists,
    InvalidCriteria,
    InvalidRequest,
    InvalidState,
    NotFound,
    SegmentInUse,
    VersionMismatch,
)
from segmentry.segments.service import Change, Definition, SegmentService
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

from tests.rpc.builder_server import NOWHERE
from tests.segments.conftest import NOW
from tests.segments.keeping import keep, naming, rewrite


async def test_a_segment_is_kept_counted_with_every_digit(service: SegmentService) -> None:
    saved = await keep(service, '{"score":{"$lte":9007199254740993}}')
    assert (saved.version, saved.state, saved.last_count, saved.schema_id) == (1, "ACTIVE", 10, "club")
    read = await service.get("demo", saved.segment_id)
    assert read == saved
    assert read.criteria == '{"score":{"$lte":9007199254740993}}'


async def test_criteria_are_checked_and_every_fault_is_named(service: SegmentService) -> None:
    with pytest.raises(InvalidCriteria) as caught:
        await keep(service, '{"$and":[{"scor":1},{"$segment":"seg_7"},{"score":{"$gt":"x"}}]}')
    codes = [each.code for each in caught.value.diagnostics]
    assert codes == ["INVALID_FIELD", "UNKNOWN_SEGMENT", "INVALID_VALUE"]


async def test_an_update_adds_a_version_and_the_old_one_stays(service: SegmentService) -> None:
    first = await keep(service, '{"score":1}')
    second = await rewrite(service, first, '{"score":{"$lt":4}}')
    renamed = await service.update("demo", first.segment_id, second.etag, Change(name="B"), now=NOW)
    assert [each.version for each in (first, second, renamed)] == [1, 2, 3]
    assert (renamed.name, renamed.criteria, renamed.last_count) == ("B", second.criteria, 3)
    assert renamed.create_time == first.create_time < renamed.update_time
    assert await service.get("demo", first.segment_id, 1) == first
    kept = await service.versions("demo", first.segment_id, limit=10)
    assert kept == [first, second, renamed]
    assert len({each.etag for each in kept}) == 3


async def test_of_two_updates_with_one_etag_one_wins(service: SegmentService) -> None:
    saved = await keep(service, '{"score":1}')
    failed: list[VersionMismatch] = []

    async def change(name: str) -> None:
        try:
            await service.update("demo", saved.segment_id, saved.etag, Change(name=name), now=NOW)
        except VersionMismatch as error:
            failed.append(error)

    async with asyncio.TaskGroup() as tasks:
        for name in ("B", "C"):
            tasks.create_task(change(name))
    latest = await service.get("demo", saved.segment_id)
    (error,) = failed
    assert latest.version == 2
    assert error.metadata == {"resource": saved.segment_id, "currentEtag": latest.etag}


async def test_a_hundred_equal_creates_with_one_request_id_make_one_segment(
    service: SegmentService,
) -> None:
    claim = Claim("CreateSegment", "r-1", b"one")
    wanted = Definition("A", "", parse.loads('{"score":1}'))
    ids: list[str] = []

    async def create() -> None:
        ids.append((await service.create("demo", "", wanted, now=NOW, claim=claim)).segment_id)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(create())
    assert len(ids) == 100
    assert [each.segment_id for each in await service.list("demo", limit=10)] == [*set(ids)]
    with pytest.raises(AlreadyExists) as caught:
        await service.create("demo", "", wanted, now=NOW, claim=Claim("CreateSegment", "r-1", b"two"))
    assert caught.value.metadata["existingResource"].startswith(ids[0])


async def test_a_repeated_update_returns_the_version_that_it_made(service: SegmentService) -> None:
    saved = await keep(service, '{"score":1}')
    claim = Claim("UpdateSegment", "r-2", b"one")
    change = Change(name="B")
    first = await service.update("demo", saved.segment_id, saved.etag, change, now=NOW, claim=claim)
    await service.update("demo", saved.segment_id, first.etag, Change(name="C"), now=NOW)
    again = await service.update("demo", saved.segment_id, saved.etag, change, now=NOW, claim=claim)
    assert again == first


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_a_cycle_is_refused_when_it_would_be_saved(service: SegmentService, length: int) -> None:
    chain = [await keep(service, '{"score":1}')]
    for _ in range(length - 1):
        chain.append(await keep(service, naming(chain[-1])))
    with pytest.raises(InvalidCriteria) as caught:
        await rewrite(service, chain[0], f'{{"$not":{naming(chain[-1])}}}')
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.path) == ("SEGMENT_CYCLE", "$not.$and[0].$segment")
    assert fault.message.count(" > ") == length
    assert (await service.get("demo", chain[0].segment_id)).version == 1


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_a_cycle_that_is_in_the_store_is_refused_when_it_is_evaluated(
    service: SegmentService, database: Database, length: int
) -> None:
    chain = [await keep(service, '{"score":1}')]
    for _ in range(length - 1):
        chain.append(await keep(service, naming(chain[-1])))
    # As no call can: what the first one says is written beside the service.
    await database.execute(
        "UPDATE segment_version SET criteria = $2 WHERE segment_id = $1",
        chain[0].segment_id,
        naming(chain[-1]),
    )
    asked = parse.loads(naming(chain[-1]))
    table = await service.table("demo", "")
    saved = await service.saved("demo", table.schema_id, asked)
    with pytest.raises(InvalidCriteria) as caught:
        check.require(asked, table.catalog, Clock.at(NOW), saved)
    assert {fault.code for fault in caught.value.diagnostics} == {"SEGMENT_CYCLE"}
    assert caught.value.diagnostics[0].message.count(" > ") == length
    with pytest.raises(InvalidCriteria):
        await keep(service, naming(chain[-1]))


async def test_two_updates_at_once_cannot_close_a_cycle(service: SegmentService) -> None:
    for _ in range(5):
        one, two = await keep(service, '{"score":1}'), await keep(service, '{"score":2}')
        refused: list[InvalidRequest] = []

        async def point(this: str, etag: str, text: str, refused: list[InvalidRequest] = refused) -> None:
            change = Change(node=parse.loads(text))
            try:
                await service.update("demo", this, etag, change, now=NOW)
            except InvalidRequest as error:
                refused.append(error)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(point(one.segment_id, one.etag, naming(two)))
            tasks.create_task(point(two.segment_id, two.etag, naming(one)))
        versions = [(await service.get("demo", each.segment_id)).version for each in (one, two)]
        assert sorted(versions) == [1, 2]
        assert len(refused) == 1


async def test_a_segment_in_use_cannot_be_archived(service: SegmentService) -> None:
    base = await keep(service, '{"score":1}')
    user = await keep(service, naming(base))
    assert (await service.get("demo", base.segment_id)).referenced_by == (user.segment_id,)
    with pytest.raises(SegmentInUse) as caught:
        await service.archive("demo", base.segment_id, base.etag)
    assert caught.value.metadata == {"referencedBy": user.segment_id}
    await rewrite(service, user, '{"score":2}')
    assert (await service.archive("demo", base.segment_id, base.etag)).state == "ARCHIVED"


async def test_an_old_version_that_somebody_pins_keeps_what_it_names(service: SegmentService) -> None:
    base = await keep(service, '{"score":1}')
    middle = await keep(service, naming(base))
    pinned = f'{{"$segment":{{"id":"{middle.segment_id}","version":1}}}}'
    top = await keep(service, pinned)
    await rewrite(service, middle, '{"score":2}')
    assert (await service.get("demo", base.segment_id)).referenced_by == (top.segment_id,)
    with pytest.raises(SegmentInUse):
        await service.archive("demo", base.segment_id, base.etag)
    saved = await service.saved("demo", "club", parse.loads(pinned))
    assert set(saved.criteria) == {(middle.segment_id, 1), (base.segment_id, None)}


async def test_an_archived_segment_is_unknown_unless_its_version_is_pinned(service: SegmentService) -> None:
    saved = await keep(service, '{"score":1}')
    gone = await service.archive("demo", saved.segment_id, saved.etag)
    assert (gone.version, gone.state, gone.last_count) == (2, "ARCHIVED", 1)
    assert await service.archive("demo", saved.segment_id, gone.etag) == gone
    with pytest.raises(InvalidCriteria, match="Unknown segment"):
        await keep(service, naming(saved))
    pinned = f'{{"$segment":{{"id":"{saved.segment_id}","version":1}}}}'
    assert (await keep(service, pinned)).last_count == 1
    assert saved.segment_id not in [each.segment_id for each in await service.list("demo", limit=10)]
    (listed,) = await service.list("demo", state="ARCHIVED", limit=10)
    assert listed.segment_id == saved.segment_id


async def test_an_archived_segment_changes_only_when_it_is_brought_back(service: SegmentService) -> None:
    saved = await keep(service, '{"score":1}')
    gone = await service.archive("demo", saved.segment_id, saved.etag)
    with pytest.raises(InvalidState):
        await service.update("demo", gone.segment_id, gone.etag, Change(name="B"), now=NOW)
    back = await service.update("demo", gone.segment_id, gone.etag, Change(state="PAUSED"), now=NOW)
    assert (back.version, back.state) == (3, "PAUSED")
    assert (await keep(service, naming(back))).last_count == 1


async def test_segments_of_another_tenant_or_table_are_as_absent(service: SegmentService) -> None:
    theirs = await keep(service, '{"score":1}', tenant="other")
    elsewhere = await keep(service, '{"score":1}', schema="shop")
    for segment in (theirs, elsewhere):
        with pytest.raises(InvalidCriteria) as caught:
            await keep(service, naming(segment))
        assert caught.value.message == f"Unknown segment: {segment.segment_id}"
    with pytest.raises(NotFound) as missing:
        await service.get("demo", theirs.segment_id)
    with pytest.raises(NotFound) as unknown:
        await service.get("demo", "seg_0000000000000000")
    there, here = missing.value.message, unknown.value.message
    assert there.replace(theirs.segment_id, "X") == here.replace("seg_0000000000000000", "X")
    with pytest.raises(NotFound):
        await service.archive("demo", theirs.segment_id, theirs.etag)
    with pytest.raises(NotFound):
        await service.update("demo", theirs.segment_id, theirs.etag, Change(name="B"), now=NOW)
    assert [each.segment_id for each in await service.list("other", limit=10)] == [theirs.segment_id]


async def test_eight_hops_are_saved_and_the_ninth_is_refused(service: SegmentService) -> None:
    saved = await keep(service, '{"score":{"$gt":3}}')
    for _ in range(8):
        saved = await keep(service, naming(saved))
    assert saved.last_count == 7
    with pytest.raises(InvalidCriteria) as caught:
        await keep(service, naming(saved))
    assert caught.value.code == "CRITERIA_TOO_COMPLEX"


async def test_what_is_looked_up_has_the_latest_names(service: SegmentService) -> None:
    saved = await keep(service, '{"score":1}')
    await service.update("demo", saved.segment_id, saved.etag, Change(name="B"), now=NOW)
    found = await service.saved("demo", "club", parse.loads(naming(saved)))
    assert found.names == {saved.segment_id: "B"}


async def test_without_a_segment_in_the_criteria_the_state_store_is_not_opened(
    customers: SnapshotStore,
) -> None:
    database = Database(NOWHERE)
    service = SegmentService(database, customers)
    assert (await service.saved("demo", "club", parse.loads('{"score":1}'))).criteria == {}
    assert not database.is_open


@pytest.mark.parametrize(
    "named", ["seg_\ud800", "x" * 500, "'; DROP TABLE segment; --", "seg_0000000000000000"]
)
async def test_no_id_breaks_the_lookup(service: SegmentService, named: str) -> None:
    found = await service.saved("demo", "club", Segment(named), Segment("seg_0000000000000000", 2**40))
    assert found.criteria == {}
    with pytest.raises(NotFound):
        await service.get("demo", named)
    with pytest.raises(NotFound):
        await service.get("demo", "seg_0000000000000000", 2**40)


async def test_pages_follow_the_order_of_creation(service: SegmentService) -> None:
    made = [(await keep(service, '{"score":1}', name)).segment_id for name in "ABCDE"]
    first = await service.list("demo", limit=2)
    last = first[-1]
    await keep(service, '{"score":1}', "F")
    rest = await service.list("demo", after=(last.create_time, last.segment_id), limit=3)
    assert [each.segment_id for each in (*first, *rest)] == made
