"""Status, membership, consents, tags and golf data: what the club has on file about a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segmentry.customers.population import words
from segmentry.customers.population.draw import DAY, SECOND, Bools, Floats, Ints, bell, codes, generator, pick

SUBJECT = 2
ACTIVE, INACTIVE, MERGED, DELETED = range(4)
CURRENT, GRACE, LAPSED, SUSPENDED, CANCELLED = range(5)
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Membership:
    """(n,) each. `keen` (0-1) is how much golf someone wants; everything they do follows from it."""

    keen: Floats
    status: Ints
    stage: Codes
    member: Bools
    tier_index: Ints
    tier: Codes
    membership_status: Codes
    known_since: Ints
    member_since: Ints
    expiry: Ints
    tag_counts: Ints
    tag_codes: Codes
    tags_set: Bools
    handicap: Floats
    provider: Codes
    club_index: Ints
    club_set: Bools


def draw(seed: int, chunk: int, country_index: Ints, as_of: int) -> Membership:
    """Memberships of the people who live in those countries. `as_of`: UTC microseconds, a midnight."""
    n = len(country_index)
    rng = generator(seed, SUBJECT, chunk)
    keen = bell(rng, n)
    # People without interest leave: 4 % of the keenest are inactive, 40 % of the least keen.
    leaving = rng.random(n) < 0.04 + 0.36 * (1 - keen) * (1 - keen) * 2
    status = np.where(leaving, INACTIVE, ACTIVE)
    gone = rng.random(n)
    status = np.where(gone < 0.03, MERGED, np.where(gone < 0.08, DELETED, status)).astype(np.int64)

    member = rng.random(n) < 0.35 + 0.6 * keen
    rank = keen + 0.5 * rng.random(n)
    tier_index = np.select([rank > 0.98, rank > 0.9, rank > 0.72], [0, 1, 2], 3).astype(np.int64)
    lower_case = rng.random(n) < 0.012
    known_days = np.floor(3650 * rng.random(n) * (0.25 + 0.75 * rng.random(n))).astype(np.int64) + 1
    known_since = as_of - known_days * DAY - rng.integers(0, 86_400, n) * SECOND
    # Members joined when the club got to know them, or later.
    member_days = np.where(rng.random(n) < 0.6, known_days, np.floor(known_days * rng.random(n))).astype(
        np.int64
    )
    member_since = as_of - member_days * DAY - rng.integers(0, 43_200, n) * SECOND

    state = _state(rng, status, n)
    expiry = _expiry(rng, state, member_since, as_of)
    handicap, provider = _golf(rng, keen, country_index)
    tag_counts, tag_codes, tags_set = _tags(rng, member & (tier_index <= 1), n)
    return Membership(
        keen=keen,
        status=status,
        stage=codes(_stage(rng, member, keen), rng.random(n) < 0.02),
        member=member,
        tier_index=tier_index,
        tier=codes(tier_index + 4 * lower_case, ~member),
        membership_status=codes(state, ~member),
        known_since=known_since,
        member_since=member_since,
        expiry=expiry,
        tag_counts=tag_counts,
        tag_codes=tag_codes,
        tags_set=tags_set,
        handicap=handicap,
        provider=provider,
        club_index=_club(rng, country_index),
        club_set=rng.random(n) < 0.25 + 0.6 * member,
    )


def _state(rng: np.random.Generator, status: Ints, n: int) -> Ints:
    """Active people are mostly current, the others mostly lapsed."""
    staying = pick(rng, [86, 6, 6, 1, 1], n)
    leaving = pick(rng, [6, 4, 66, 6, 18], n)
    return np.where(status == ACTIVE, staying, leaving)


def _expiry(rng: np.random.Generator, state: Ints, member_since: Ints, as_of: int) -> Ints:
    """Current memberships end within a year from now, those in grace have just ended, the others long ago."""
    ahead = as_of + rng.integers(1, 366, len(state)) * DAY
    grace = as_of - rng.integers(0, 30, len(state)) * DAY
    past = as_of - rng.integers(30, 900, len(state)) * DAY
    end = np.select([state == CURRENT, state == GRACE], [ahead, grace], past)
    # Nobody's membership ends before it began.
    return np.maximum(end, member_since - member_since % DAY + DAY)


def _stage(rng: np.random.Generator, member: Bools, keen: Floats) -> Ints:
    outside = pick(rng, [40, 35, 25], len(keen))
    advocate = rng.random(len(keen)) < 0.45 * keen * keen * 2
    return np.where(member, np.where(advocate, 4, 3), outside).astype(np.int64)


def _tags(rng: np.random.Generator, top_tier: Bools, n: int) -> tuple[Ints, Codes, Bools]:
    """How many tags each has, all tags in a row, and who has a list at all (it may be empty)."""
    counts = pick(rng, [25, 35, 28, 12], n)
    tags_set = rng.random(n) >= 0.15
    counts = np.where(tags_set, counts, 0)
    first = np.where(top_tier & (rng.random(n) < 0.4), 0, rng.integers(0, len(words.TAGS), n))
    # Steps of 1 to 6 on a circle of 14 tags: three of them never meet.
    step = rng.integers(1, 7, n)
    grid = (first[:, None] + step[:, None] * np.arange(3)) % len(words.TAGS)
    return counts, grid[np.arange(3) < counts[:, None]].astype(np.uint8), tags_set


def _golf(rng: np.random.Generator, keen: Floats, country_index: Ints) -> tuple[Floats, Codes]:
    """Handicaps in tenths; those who do not play have none, and no provider."""
    n = len(keen)
    plays = rng.random(n) < 0.35 + 0.55 * keen
    tenths = np.floor(540 * (0.55 * (1 - keen) + 0.45 * rng.random(n) * rng.random(n)))
    handicap = np.where(plays, np.clip(tenths, 0, 540) / 10, np.nan)
    african = np.isin(country_index, [0, 3, 6, 9])
    saga = np.where(african, rng.random(n) < 0.97, rng.random(n) < 0.03)
    return handicap, codes(np.where(saga, 0, 1).astype(np.int64), ~plays | (rng.random(n) < 0.05))


def _club(rng: np.random.Generator, country_index: Ints) -> Ints:
    """South Africans play at home; the British and Namibians have one club each; others choose freely."""
    n = len(country_index)
    home = pick(rng, [20, 18, 14, 14, 6, 8, 8, 7, 3, 0, 2, 0], n)
    anywhere = rng.integers(0, len(words.CLUBS), n)
    return np.select(
        [country_index == 0, country_index == 1, country_index == 3], [home, 11, 9], anywhere
    ).astype(np.int64)
