"""The golf population: reproducible, consistent with itself, and with the correlations of a real club."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from segmentry.criteria.nodes import Event, Leaf, Node, Operator, Value
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
MIDNIGHT = datetime(2025, 12, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def club() -> Snapshot:
    return golf_snapshot(20_000, as_of=AS_OF)


def leaf(field: str, operator: str, value: Value) -> Leaf:
    return Leaf(field, Operator(operator), value)


def share(club: Snapshot, node: Node) -> float:
    return club.count(node, AS_OF) / club.rows


def test_the_same_seed_and_day_give_the_same_club(club: Snapshot) -> None:
    again = golf_snapshot(20_000, as_of=datetime(2025, 12, 16, 23, tzinfo=UTC))
    assert again.frame().equals(club.frame())
    assert again.snapshot_id == club.snapshot_id
    for name, table in club.events.items():
        assert again.events[name].to_frame().equals(table.to_frame())
    assert not golf_snapshot(20_000, seed=1, as_of=AS_OF).frame().equals(club.frame())


def test_a_club_has_one_to_ten_million_members() -> None:
    assert golf_snapshot(1, as_of=AS_OF).rows == 1
    for members in (0, 10_000_001):
        with pytest.raises(InvalidParameters, match="10,000,000"):
            golf_snapshot(members)


@pytest.mark.parametrize("days", [30, 90])
def test_booking_counters_are_the_events_of_their_window(club: Snapshot, days: int) -> None:
    start = MIDNIGHT - timedelta(days=days)
    for at_least in (1, 2, 5):
        event = Event("booking", value=at_least, window_start=start)
        np.testing.assert_array_equal(
            club.mask(leaf(f"bookingCount{days}d", "gte", at_least), AS_OF), club.mask(event, AS_OF)
        )


@pytest.mark.parametrize(
    ("field", "event"),
    [("lastBookingAt", "booking"), ("lastEmailOpenAt", "email_open"), ("lastEmailClickAt", "email_click")],
)
def test_last_dates_are_those_of_the_events(club: Snapshot, field: str, event: str) -> None:
    frame = club.events[event].to_frame()
    latest = dict(frame.group_by("owner").agg(pl.col("at").max()).iter_rows())
    rows = club.frame([field])[field].to_list()
    assert rows == [latest.get(owner) for owner in range(club.rows)]


def test_longer_windows_hold_the_shorter_ones_and_all_activity(club: Snapshot) -> None:
    for kind in ("booking", "activity"):
        assert (club.numeric(f"{kind}Count90d") >= club.numeric(f"{kind}Count30d")).all()
    assert (club.numeric("activityCount30d") >= club.numeric("bookingCount30d")).all()
    last, booked = club.numeric("lastActivityAt"), club.numeric("lastBookingAt")
    assert (last[~np.isnan(booked)] >= booked[~np.isnan(booked)]).all()


def test_nothing_but_expiry_lies_ahead(club: Snapshot) -> None:
    for name in ("memberSince", "lastActivityAt", "lastBookingAt", "lastEmailOpenAt", "lastEmailClickAt"):
        assert club.count(leaf(name, "gte", MIDNIGHT), AS_OF) == 0
    assert 0.3 < share(club, leaf("membershipExpiry", "gte", MIDNIGHT)) < 0.7


def test_a_quarter_never_booked_and_every_status_occurs(club: Snapshot) -> None:
    assert 0.22 < share(club, leaf("lastBookingAt", "exists", False)) < 0.28
    for status in ("ACTIVE", "INACTIVE", "MERGED", "DELETED"):
        assert share(club, leaf("status", "eq", status)) > 0.02
    assert 0.5 < share(club, leaf("country", "eq", "ZA")) < 0.7
    assert 0 < share(club, leaf("membershipTier", "in", ("gold", "silver", "platinum", "diamond"))) < 0.02
    assert share(club, leaf("email", "endsWith", ".co.za")) > 0.1


def test_scores_follow_behaviour(club: Snapshot) -> None:
    def mean(field: str, node: Leaf) -> float:
        return float(np.nanmean(club.numeric(field)[club.mask(node, AS_OF)]))

    recent = leaf("lastActivityAt", "gte", MIDNIGHT - timedelta(days=30))
    silent = leaf("lastActivityAt", "lt", MIDNIGHT - timedelta(days=180))
    assert mean("churnRiskScore", recent) + 20 < mean("churnRiskScore", silent)
    assert mean("engagementScore", recent) > mean("engagementScore", silent) + 20
    platinum, silver = leaf("membershipTier", "eq", "PLATINUM"), leaf("membershipTier", "eq", "SILVER")
    assert mean("lifetimeValue", platinum) > 3 * mean("lifetimeValue", silver)
    assert mean("engagementScore", platinum) > mean("engagementScore", silver)


def test_tags_never_repeat_and_clubs_have_one_name(club: Snapshot) -> None:
    for tags in club.frame(["tags"])["tags"].to_list():
        assert tags is None or len(set(tags)) == len(tags)
    assert any(tags == [] for tags in club.frame(["tags"])["tags"].to_list())
    pairs = set(club.frame(["homeClubId", "homeClubName"]).iter_rows())
    assert len(pairs) == len({club_id for club_id, _ in pairs}) == len({name for _, name in pairs})


def test_scores_stay_in_the_ranges_of_the_catalog(club: Snapshot) -> None:
    for field in club.catalog.fields:
        if field.type == "number":
            values = club.numeric(field.name)
            assert np.nanmin(values) >= (field.minimum if field.minimum is not None else -np.inf)
            assert np.nanmax(values) <= (field.maximum if field.maximum is not None else np.inf)


def test_the_second_start_maps_the_cached_tables(tmp_path: Path) -> None:
    built = golf_snapshot(1000, as_of=AS_OF, cache_dir=tmp_path)
    mapped = golf_snapshot(1000, as_of=AS_OF, cache_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [built.snapshot_id]
    assert mapped.frame().equals(built.frame())
    assert mapped.catalog == built.catalog
    assert mapped.loaded_at == built.loaded_at
    node = Event("booking", value=3)
    assert mapped.count(node, AS_OF) == built.count(node, AS_OF) > 0


def test_yesterdays_tables_make_room_for_todays(tmp_path: Path) -> None:
    yesterday = golf_snapshot(500, as_of=AS_OF - timedelta(days=1), cache_dir=tmp_path)
    other_size = golf_snapshot(400, as_of=AS_OF - timedelta(days=1), cache_dir=tmp_path)
    today = golf_snapshot(500, as_of=AS_OF, cache_dir=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {today.snapshot_id, other_size.snapshot_id}
    # Who has yesterday's tables open goes on reading them.
    assert yesterday.count(leaf("email", "contains", "@"), AS_OF) > 0


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    club = golf_snapshot(100, as_of=AS_OF, cache_dir=tmp_path / "file")
    assert club.rows == 100
    assert "is not kept" in caplog.text
