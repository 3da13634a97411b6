"""New criteria of a segment keep what refers to it within the limits."""

from __future__ import annotations

import pytest
from segmentry.criteria import limits
from segmentry.errors import CriteriaTooComplex
from segmentry.segments.service import SegmentService

from tests.segments.keeping import keep, naming, rewrite


def wide(count: int) -> str:
    return '{"$or":[' + ",".join(f'{{"score":{number}}}' for number in range(count)) + "]}"


async def test_criteria_that_break_a_dependant_by_their_size_are_refused(service: SegmentService) -> None:
    small = await keep(service, '{"score":1}')
    others = [await keep(service, wide(250), f"B{number}") for number in range(4)]
    user = await keep(service, naming(small, *others), "User")
    above = await keep(service, naming(user), "Above")
    with pytest.raises(CriteriaTooComplex) as caught:
        await rewrite(service, small, wide(200))
    assert caught.value.metadata["segmentId"] in {user.segment_id, above.segment_id}
    assert caught.value.metadata["maximum"] == str(limits.MAX_EXPANDED_NODES)
    # The dependant is as it was, and what fits is taken.
    assert await service.get("demo", small.segment_id) == await service.get("demo", small.segment_id, 1)
    assert (await rewrite(service, small, wide(5))).version == 2


async def test_criteria_that_break_a_dependant_by_their_hops_are_refused(service: SegmentService) -> None:
    bottom = await keep(service, '{"score":1}')
    last = bottom
    for number in range(limits.MAX_HOPS - 1):
        last = await keep(service, naming(last), f"C{number}")
    deep = await keep(service, naming(last), "Deep")
    further = await keep(service, '{"score":2}', "Further")
    with pytest.raises(CriteriaTooComplex) as caught:
        await rewrite(service, bottom, naming(further))
    assert caught.value.metadata["segmentId"] == deep.segment_id
    assert "Deep" in caught.value.message
    assert caught.value.metadata["limit"] == "hops"


async def test_a_pinned_version_holds_nothing_back(service: SegmentService) -> None:
    small = await keep(service, '{"score":1}')
    others = [await keep(service, wide(250), f"B{number}") for number in range(4)]
    pinned = f'{{"$segment":{{"id":"{small.segment_id}","version":1}}}}'
    await keep(service, f'{{"$and":[{pinned},{naming(*others)}]}}', "User")
    assert (await rewrite(service, small, wide(200))).version == 2
