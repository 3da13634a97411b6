"""The golf club as a snapshot: 100,000 members by default, up to 10 million; same seed and day, same club."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Field
from segmentry.customers import golf
from segmentry.customers.columns import BOOLEANS, Array, Coded, Column, Instant, Number, Text, narrowed
from segmentry.customers.events import EventTable
from segmentry.customers.leaves import microseconds
from segmentry.customers.population import activity, consents, membership, people, scores, words
from segmentry.customers.population.activity import NEVER, Happenings
from segmentry.customers.population.draw import Ints, codes
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


def golf_snapshot(
    members: int = DEFAULT_MEMBERS,
    seed: int = DEFAULT_SEED,
    as_of: datetime | None = None,
    cache_dir: Path | None = None,
) -> Snapshot:
    """The population on the day of `as_of` (default today, UTC): activity ends at that midnight.

    With `cache_dir` the tables are written there once and read from there the next time; the tables of
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
    # An edited catalog is another table: a cached one would answer by the old bands.
    fields = hashlib.blake2b(catalog_toml.dumps(golf.catalog()).encode(), digest_size=3).hexdigest()
    snapshot_id = f"golf-{POPULATION}-{seed}-{members}-{midnight:%Y%m%d}-{fields}"
    if cache_dir is None:
        return _build(members, seed, midnight, snapshot_id).prepared()
    folder = cache_dir / snapshot_id
    try:
        return Snapshot.read(folder)
    except UnreadableTable:
        built = _build(members, seed, midnight, snapshot_id)
    try:
        built.write(folder)
    except OSError as err:
        _log.warning("the golf club is not kept in %s: %s", cache_dir, err.strerror)
        return built.prepared()
    for earlier in cache_dir.glob(f"golf-*-{seed}-{members}-*"):
        # Whoever has it mapped keeps the pages; only the name goes.
        if earlier.name != snapshot_id:
            shutil.rmtree(earlier, ignore_errors=True)
    return Snapshot.read(folder)


@dataclass
class _Chunk:
    """The arrays of some members by field name, taken out one by one when the tables are put together."""

    arrays: dict[str, np.ndarray]
    texts: dict[str, pl.Series]
    events: dict[str, Happenings]


def _draw(seed: int, number: int, n: int, as_of: int) -> _Chunk:
    """The members `number * CHUNK` to `number * CHUNK + n`. What other fields were derived from is let go."""
    first = number * CHUNK
    person = people.draw(seed, number, first, n)
    file = membership.draw(seed, number, person.country_index, as_of)
    consent = consents.draw(seed, number, file.keen, file.status)
    done = activity.draw(seed, number, file, consent.reads_mail, as_of, first_member=first)
    score = scores.draw(seed, number, file, done, as_of)
    arrays = {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "country": person.country,
        "city": person.city,
        "status": codes(file.status, np.zeros(n, np.bool_)),
        "lifecycleStage": file.stage,
        "tags": file.tag_codes,
        "tags.counts": file.tag_counts,
        "tags.set": file.tags_set,
        "membershipTier": file.tier,
        "membershipStatus": file.membership_status,
        "memberSince": np.where(file.member, file.member_since, NEVER),
        "membershipExpiry": np.where(file.member, file.expiry, NEVER),
        "emailOptIn": consent.email,
        "smsOptIn": consent.sms,
        "pushOptIn": consent.push,
        "whatsappOptIn": consent.whatsapp,
        "engagementScore": score.engagement,
        "churnRiskScore": score.churn_risk,
        "lifetimeValue": score.lifetime_value,
        "lifetimeValue.set": score.lifetime_value_set,
        "predictedLtv": score.predicted_ltv,
        "lastActivityAt": done.last_activity,
        "activityCount30d": done.activities_30d,
        "activityCount90d": done.activities_90d,
        "bookingCount30d": done.bookings_30d,
        "bookingCount90d": done.bookings_90d,
        "lastBookingAt": done.last_booking,
        "lastEmailOpenAt": done.last_open,
        "lastEmailClickAt": done.last_click,
        "handicap": file.handicap,
        "handicapProvider": file.provider,
        "homeClubId": codes(file.club_index, ~file.club_set),
    }
    return _Chunk(arrays, {"email": person.email, "phoneNumber": person.phone}, dict(done.events))


# The labels behind the codes of each coded field.
_LABELS: dict[str, tuple[str, ...] | tuple[bool, ...]] = {
    "firstName": words.FIRST_NAMES,
    "lastName": words.LAST_NAMES,
    "country": tuple(row[0] for row in words.COUNTRIES),
    "city": people.CITIES,
    "status": words.STATUSES,
    "lifecycleStage": words.STAGES,
    "membershipTier": words.TIERS,
    "membershipStatus": words.MEMBERSHIP_STATUSES,
    "emailOptIn": BOOLEANS,
    "smsOptIn": BOOLEANS,
    "pushOptIn": BOOLEANS,
    "whatsappOptIn": BOOLEANS,
    "handicapProvider": words.PROVIDERS,
    "homeClubId": words.CLUB_IDS,
}


def _build(members: int, seed: int, midnight: datetime, snapshot_id: str) -> Snapshot:
    as_of = microseconds(midnight)
    chunks = [
        _draw(seed, number, min(CHUNK, members - number * CHUNK), as_of)
        for number in range((members + CHUNK - 1) // CHUNK)
    ]
    catalog = golf.catalog()
    store: dict[str, Column] = {}
    for field in catalog.fields:
        if field.name == "homeClubName":
            ids = store["homeClubId"]
            assert isinstance(ids, Coded)
            store[field.name] = Coded(ids.codes, words.CLUBS)
        else:
            store[field.name] = _column(field, chunks)
    tables: dict[str, EventTable] = {}
    for kind in catalog.events:
        owners, times, columns = _sorted([chunk.events.pop(kind.name) for chunk in chunks])
        tables[kind.name] = EventTable(
            kind, owners, times, {prop.name: columns[prop.name] for prop in kind.properties}
        )
    return Snapshot(catalog, members, store, tables, snapshot_id)


def _column(field: Field, chunks: Sequence[_Chunk]) -> Column:
    """One field of all chunks. It leaves the chunks, so that at 10 million members nothing is there twice."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([chunk.arrays.pop(name) for chunk in chunks])

    if field.name in chunks[0].texts:
        return Text(pl.concat([chunk.texts.pop(field.name) for chunk in chunks]).rechunk())
    values = joined(field.name)
    if field.name in _LABELS:
        return Coded(values, _LABELS[field.name])
    if field.type == "array":
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(joined("tags.counts"))])
        return Array(offsets, values, words.TAGS, joined("tags.set"))
    if field.type == "datetime":
        happened = values != NEVER
        return Instant(np.where(happened, values, 0), happened)
    if field.integer:
        values = narrowed(pl.Series(values))
    return Number(values, joined("lifetimeValue.set") if field.name == "lifetimeValue" else None)


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
