"""The golf club as a snapshot: 100,000 members by default, up to 10 million; same seed and day, same club."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.customers import golf
from segmentry.customers.columns import BOOLEANS, Array, Coded, Column, Instant, Number, Text
from segmentry.customers.events import EventTable
from segmentry.customers.leaves import microseconds
from segmentry.customers.population import activity, consents, membership, people, scores, words
from segmentry.customers.population.activity import NEVER, Activity, Happenings
from segmentry.customers.population.consents import Consents
from segmentry.customers.population.draw import Floats, Ints, codes
from segmentry.customers.population.membership import Membership
from segmentry.customers.population.people import People
from segmentry.customers.population.scores import Scores
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters, UnreadableTable

DEFAULT_MEMBERS = 100_000
MAX_MEMBERS = 10_000_000
DEFAULT_SEED = 20251216
# Also the unit of the random draws: another size would be another population.
CHUNK = 250_000
# A change of the population raises it, so that an old cache is not taken for the new one.
POPULATION = 1

_log = logging.getLogger("segmentry.customers")
Scalar = TypeVar("Scalar", bound=np.generic)


def golf_snapshot(
    members: int = DEFAULT_MEMBERS,
    seed: int = DEFAULT_SEED,
    as_of: datetime | None = None,
    cache_dir: Path | None = None,
) -> Snapshot:
    """The population on the day of `as_of` (default today, UTC): activity ends at that midnight.

    With `cache_dir` the tables are written there once and mapped into memory the next time; the tables of
    earlier days are removed. A folder that cannot be written is done without.

    Raises: InvalidParameters if `members` is outside 1 to 10 million.
    """
    if not 1 <= members <= MAX_MEMBERS:
        raise InvalidParameters(
            f"members is {members:,}; the golf club has 1 to {MAX_MEMBERS:,}",
            actual=members,
            maximum=MAX_MEMBERS,
        )
    moment = (as_of or datetime.now(UTC)).astimezone(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    snapshot_id = f"golf-{POPULATION}-{seed}-{members}-{midnight:%Y%m%d}"
    if cache_dir is None:
        return _build(members, seed, midnight, snapshot_id)
    folder = cache_dir / snapshot_id
    try:
        return Snapshot.read(folder)
    except UnreadableTable:
        built = _build(members, seed, midnight, snapshot_id)
    try:
        built.write(folder)
    except OSError as err:
        _log.warning("the golf club is not kept in %s: %s", cache_dir, err.strerror)
        return built
    for earlier in cache_dir.glob(f"golf-*-{seed}-{members}-*"):
        # Whoever has it mapped keeps the pages; only the name goes.
        if earlier.name != snapshot_id:
            shutil.rmtree(earlier, ignore_errors=True)
    return Snapshot.read(folder)


class _Chunk:
    """All subjects of the members `first` to `first + n`."""

    def __init__(self, seed: int, number: int, n: int, as_of: int) -> None:
        first = number * CHUNK
        self.people: People = people.draw(seed, number, first, n)
        self.membership: Membership = membership.draw(seed, number, self.people.country_index, as_of)
        on_file = self.membership
        self.consents: Consents = consents.draw(seed, number, on_file.keen, on_file.status)
        self.activity: Activity = activity.draw(
            seed, number, on_file, self.consents.reads_mail, as_of, first_member=first
        )
        self.scores: Scores = scores.draw(seed, number, on_file, self.activity, as_of)


def _build(members: int, seed: int, midnight: datetime, snapshot_id: str) -> Snapshot:
    as_of = microseconds(midnight)
    chunks = [
        _Chunk(seed, number, min(CHUNK, members - number * CHUNK), as_of)
        for number in range((members + CHUNK - 1) // CHUNK)
    ]

    def joined(part: Callable[[_Chunk], npt.NDArray[Scalar]]) -> npt.NDArray[Scalar]:
        return np.concatenate([part(chunk) for chunk in chunks])

    def coded(part: Callable[[_Chunk], npt.NDArray[np.uint8]], labels: Sequence[str]) -> Coded:
        return Coded(joined(part), tuple(labels))

    def consent(part: Callable[[_Chunk], npt.NDArray[np.uint8]]) -> Coded:
        return Coded(joined(part), BOOLEANS)

    def text(part: Callable[[_Chunk], pl.Series]) -> Text:
        return Text(pl.concat([part(chunk) for chunk in chunks]).rechunk())

    def last(part: Callable[[_Chunk], Ints]) -> Instant:
        moments = joined(part)
        happened = moments != NEVER
        return Instant(np.where(happened, moments, 0), happened)

    def if_member(part: Callable[[_Chunk], Ints]) -> Instant:
        member = joined(lambda chunk: chunk.membership.member)
        return Instant(np.where(member, joined(part), 0), member)

    def whole(part: Callable[[_Chunk], Ints]) -> Number:
        return Number(joined(part))

    def number(part: Callable[[_Chunk], Floats]) -> Number:
        return Number(joined(part))

    def club(labels: Sequence[str]) -> Coded:
        return coded(lambda chunk: codes(chunk.membership.club_index, ~chunk.membership.club_set), labels)

    tag_counts = joined(lambda chunk: chunk.membership.tag_counts)
    store: dict[str, Column] = {
        "email": text(lambda chunk: chunk.people.email),
        "phoneNumber": text(lambda chunk: chunk.people.phone),
        "firstName": coded(lambda chunk: chunk.people.first_name, words.FIRST_NAMES),
        "lastName": coded(lambda chunk: chunk.people.last_name, words.LAST_NAMES),
        "country": coded(lambda chunk: chunk.people.country, [row[0] for row in words.COUNTRIES]),
        "city": coded(lambda chunk: chunk.people.city, people.CITIES),
        "status": coded(
            lambda chunk: codes(chunk.membership.status, np.zeros(len(chunk.membership.status), np.bool_)),
            words.STATUSES,
        ),
        "lifecycleStage": coded(lambda chunk: chunk.membership.stage, words.STAGES),
        "tags": Array(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(tag_counts)]),
            joined(lambda chunk: chunk.membership.tag_codes),
            words.TAGS,
            joined(lambda chunk: chunk.membership.tags_set),
        ),
        "membershipTier": coded(lambda chunk: chunk.membership.tier, words.TIERS),
        "membershipStatus": coded(
            lambda chunk: chunk.membership.membership_status, words.MEMBERSHIP_STATUSES
        ),
        "memberSince": if_member(lambda chunk: chunk.membership.member_since),
        "membershipExpiry": if_member(lambda chunk: chunk.membership.expiry),
        "emailOptIn": consent(lambda chunk: chunk.consents.email),
        "smsOptIn": consent(lambda chunk: chunk.consents.sms),
        "pushOptIn": consent(lambda chunk: chunk.consents.push),
        "whatsappOptIn": consent(lambda chunk: chunk.consents.whatsapp),
        "engagementScore": number(lambda chunk: chunk.scores.engagement),
        "churnRiskScore": number(lambda chunk: chunk.scores.churn_risk),
        "lifetimeValue": Number(
            joined(lambda chunk: chunk.scores.lifetime_value),
            joined(lambda chunk: chunk.scores.lifetime_value_set),
        ),
        "predictedLtv": number(lambda chunk: chunk.scores.predicted_ltv),
        "lastActivityAt": last(lambda chunk: chunk.activity.last_activity),
        "activityCount30d": whole(lambda chunk: chunk.activity.activities_30d),
        "activityCount90d": whole(lambda chunk: chunk.activity.activities_90d),
        "bookingCount30d": whole(lambda chunk: chunk.activity.bookings_30d),
        "bookingCount90d": whole(lambda chunk: chunk.activity.bookings_90d),
        "lastBookingAt": last(lambda chunk: chunk.activity.last_booking),
        "lastEmailOpenAt": last(lambda chunk: chunk.activity.last_open),
        "lastEmailClickAt": last(lambda chunk: chunk.activity.last_click),
        "handicap": number(lambda chunk: chunk.membership.handicap),
        "handicapProvider": coded(lambda chunk: chunk.membership.provider, words.PROVIDERS),
        "homeClubId": club(words.CLUB_IDS),
        "homeClubName": club(words.CLUBS),
    }
    catalog = golf.catalog()
    tables: dict[str, EventTable] = {}
    for kind in catalog.events:
        # Taken out of the chunks one kind at a time: at 10 million members only one kind is there twice.
        parts = [chunk.activity.events.pop(kind.name) for chunk in chunks]
        owners, times, columns = _sorted(parts)
        names = [prop.name for prop in kind.properties]
        tables[kind.name] = EventTable(kind, owners, times, {name: columns[name] for name in names})
    return Snapshot(catalog, members, store, tables, snapshot_id)


def _sorted(parts: Sequence[Happenings]) -> tuple[npt.NDArray[np.int32], Ints, dict[str, Column]]:
    """One kind of event of all chunks, by time."""
    times = np.concatenate([part.times for part in parts])
    order = np.argsort(times, kind="stable")
    labels = np.concatenate([part.labels for part in parts])[order]
    columns: dict[str, Column] = {
        "clubId": Coded(labels, words.CLUB_IDS),
        "campaignId": Coded(labels, words.CAMPAIGNS),
    }
    amounts = [part.amounts for part in parts if part.amounts is not None]
    if amounts:
        columns["amount"] = Number(np.concatenate(amounts)[order])
    return np.concatenate([part.owners for part in parts])[order], times[order], columns
