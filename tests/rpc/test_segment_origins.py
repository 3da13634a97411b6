"""A version of a segment keeps which words it came from and who read them, after the build itself is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry.state.database import Database
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.learning import client

pytestmark = pytest.mark.timeout(60)
QUERY = "gold members with a handicap under 15"


def origin(found: pb.Segment) -> tuple[str, str, list[tuple[str, str]]]:
    return found.build_id, found.query, [(each.agent, each.phrase) for each in found.read_by]


async def test_a_version_keeps_the_words_and_the_readers_of_its_build(
    tmp_path: Path, postgres_dsn: str, database: Database
) -> None:
    async with client(tmp_path, postgres_dsn.replace("/postgres", "/tests", 1)) as it:
        built = await it.build(QUERY)
        made = await it.create_segment("Low gold", built.result.criteria, build_id=built.build_id)
        assert made.build_id == built.build_id
        assert made.query == QUERY
        assert [each.agent for each in made.read_by] == ["reader"] * len(built.result.provenance)
        assert all(each.phrase and "15" not in each.phrase for each in made.read_by)

        named = await it.update_segment(made.segment_id, made.etag, name="Gold, low")
        assert origin(named) == origin(made)
        by_hand = await it.update_segment(made.segment_id, named.etag, criteria={"membershipTier": "GOLD"})
        assert origin(by_hand) == ("", "", [])
        other = await it.build("platinum members")
        again = await it.update_segment(
            made.segment_id, by_hand.etag, criteria=other.result.criteria, build_id=other.build_id
        )
        assert (again.build_id, again.query) == (other.build_id, "platinum members")

        await database.execute("DELETE FROM build")
        first = await it.get_segment(made.segment_id, version=1)
        assert origin(first) == origin(made)
        gone = await it.create_segment("Later", {"membershipTier": "GOLD"}, build_id=built.build_id)
        assert origin(gone) == (built.build_id, "", [])


async def test_words_about_a_personal_field_are_not_kept_with_a_segment(
    tmp_path: Path, postgres_dsn: str, database: Database
) -> None:
    async with client(tmp_path, postgres_dsn.replace("/postgres", "/tests", 1)) as it:
        built = await it.build("members whose first name is Alice")
        assert "firstName" in str(built.result.criteria)
        made = await it.create_segment("Alices", built.result.criteria, build_id=built.build_id)
        assert made.query == ""
        assert "alice" not in str([made.query, *made.read_by]).lower()
        kept = await database.fetch("SELECT origin FROM segment_version")
        assert all("alice" not in row.text("origin").lower() for row in kept)
