"""Refine through the client, against a real server: the changes, both counts, and an answer to a question."""

from __future__ import annotations

from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import AsyncSegmentryClient, CriteriaLike, to_dict

from tests.rpc.builder_server import builder

CURRENT: CriteriaLike = {"$and": [{"handicap": {"$lte": 12}}, {"engagementScore": {"$gte": 20}}]}


async def test_a_refinement_brings_its_changes_and_both_counts() -> None:
    async with builder() as server, AsyncSegmentryClient(server.address) as client:
        reply = await client.refine("raise the handicap to 18", CURRENT)
        before = await client.preview_count(CURRENT)
    [change] = reply.diff.changes
    assert change.kind == criteria_pb2.CHANGE_KIND_CHANGED
    assert (to_dict(change.before), to_dict(change.after)) == (
        {"handicap": {"$lte": 12}},
        {"handicap": {"$lte": 18}},
    )
    assert reply.previous_count == before.count
    assert reply.preview_count > reply.previous_count


async def test_a_question_is_answered_with_the_same_words_and_a_reading_in_the_stream_too() -> None:
    async with builder() as server, AsyncSegmentryClient(server.address) as client:
        asked = (await client.refine("double it", CURRENT)).clarification
        reading = asked.readings[-1]
        options = pb.BuildOptions(answers=[pb.Answer(reading_id=reading.reading_id)])
        reply = await client.refine("double it", CURRENT, options=options)
        heard = [item async for item in client.stream_refine("double it", CURRENT, options=options)]
    assert reply.result.criteria == reading.criteria
    assert heard[-1].completed.result.criteria == reading.criteria
    assert heard[-1].completed.diff == reply.diff
