"""What people did in the last two years, and the columns that sum it up.

The events come first; last dates and 30- and 90-day counters are counted from them, so that
`bookingCount30d >= 2` and "at least 2 bookings since 30 days ago" are the same people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segmentry.customers.population import words
from segmentry.customers.population.draw import DAY, SECOND, Bools, Floats, Ints, generator
from segmentry.customers.population.membership import ACTIVE, INACTIVE, Membership

SUBJECT = 4
HORIZON_DAYS = 720
NEVER = np.iinfo(np.int64).min
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Happenings:
    """Events of one kind. `owners`: member numbers; `times`: UTC microseconds; unsorted."""

    owners: npt.NDArray[np.int32]
    times: Ints
    amounts: Ints | None
    labels: Codes


@dataclass(frozen=True)
class Activity:
    """(n,) each; a last date of `NEVER` is unset. `spent`: cents of bookings less returns, in two years."""

    events: dict[str, Happenings]
    last_activity: Ints
    last_booking: Ints
    last_open: Ints
    last_click: Ints
    activities_30d: Ints
    activities_90d: Ints
    bookings_30d: Ints
    bookings_90d: Ints
    spent: Ints


def draw(
    seed: int, chunk: int, membership: Membership, reads_mail: Bools, as_of: int, *, first_member: int
) -> Activity:
    rng = generator(seed, SUBJECT, chunk)
    keen, status = membership.keen, membership.status
    n = len(keen)
    known = as_of - membership.known_since
    quiet = np.minimum(_quiet(rng, keen, status), known)
    span = np.minimum(known, HORIZON_DAYS * DAY) - quiet

    books = (rng.random(n) >= 0.2) & (span > DAY)
    n_bookings = np.where(books, 1 + np.floor(10 * keen * rng.random(n) + 6 * keen * rng.random(n)), 0)
    booked_by, booked_at = _moments(rng, n_bookings.astype(np.int64), quiet, span, as_of)
    club = np.where(
        rng.random(len(booked_by)) < 0.7,
        membership.club_index[booked_by],
        rng.integers(0, len(words.CLUBS), len(booked_by)),
    )
    amounts = 1500 + 500 * np.floor(rng.random(len(booked_by)) * (6 + 20 * keen[booked_by])).astype(np.int64)

    returned = rng.random(len(booked_by)) < 0.06
    returned_at = booked_at + rng.integers(3600, 5 * 86_400, len(booked_by)) * SECOND
    returned &= returned_at < as_of

    n_opens = np.where(reads_mail & (span > DAY), np.floor(10 * rng.random(n) * (0.15 + keen)), 0)
    opened_by, opened_at = _moments(rng, n_opens.astype(np.int64), quiet, span, as_of)
    campaign = rng.integers(0, len(words.CAMPAIGNS), len(opened_by))
    clicked = rng.random(len(opened_by)) < 0.1 + 0.25 * keen[opened_by]
    clicked_at = np.minimum(opened_at + rng.integers(2, 3600, len(opened_by)) * SECOND, as_of - SECOND)

    def happenings(by: Ints, at: Ints, labels: Ints, cents: Ints | None = None) -> Happenings:
        return Happenings((by + first_member).astype(np.int32), at, cents, (labels + 1).astype(np.uint8))

    everything = [
        (booked_by, booked_at), (booked_by[returned], returned_at[returned]),
        (opened_by, opened_at), (opened_by[clicked], clicked_at[clicked]),
    ]  # fmt: skip
    last_booking, last_open = _last(booked_by, booked_at, n), _last(opened_by, opened_at, n)
    last_activity = np.maximum.reduce([_last(by, at, n) for by, at in everything])
    # Signing up is an activity too, where it was recorded.
    signed_up = (last_activity == NEVER) & (rng.random(n) < 0.7)
    spent = _total(booked_by, amounts, n) - _total(booked_by[returned], amounts[returned], n)
    return Activity(
        events={
            "booking": happenings(booked_by, booked_at, club, amounts),
            "booking_return": happenings(
                booked_by[returned], returned_at[returned], club[returned], amounts[returned]
            ),
            "email_open": happenings(opened_by, opened_at, campaign),
            "email_click": happenings(opened_by[clicked], clicked_at[clicked], campaign[clicked]),
        },
        last_activity=np.where(signed_up, membership.known_since, last_activity),
        last_booking=last_booking,
        last_open=last_open,
        last_click=_last(opened_by[clicked], clicked_at[clicked], n),
        activities_30d=sum(
            (_since(by, at, as_of - 30 * DAY, n) for by, at in everything), np.zeros(n, np.int64)
        ),
        activities_90d=sum(
            (_since(by, at, as_of - 90 * DAY, n) for by, at in everything), np.zeros(n, np.int64)
        ),
        bookings_30d=_since(booked_by, booked_at, as_of - 30 * DAY, n),
        bookings_90d=_since(booked_by, booked_at, as_of - 90 * DAY, n),
        spent=spent,
    )


def _quiet(rng: np.random.Generator, keen: Floats, status: Ints) -> Ints:
    """Microseconds since a person was last around: days for the keen, months and years for those who left."""
    n = len(keen)
    days = 420 * (1 - keen) * (1 - keen) * rng.random(n) * rng.random(n)
    days = np.where(status == INACTIVE, 75 + 500 * rng.random(n), days)
    days = np.where(status > INACTIVE, 20 + 650 * rng.random(n), days)
    assert ACTIVE < INACTIVE
    return np.floor(days * DAY).astype(np.int64)


def _moments(
    rng: np.random.Generator, counts: Ints, quiet: Ints, span: Ints, as_of: int
) -> tuple[Ints, Ints]:
    """Who and when, (sum of counts,) each: denser towards the end of a person's active time."""
    by = np.repeat(np.arange(len(counts)), counts)
    share = rng.random(len(by)) * rng.random(len(by))
    at = as_of - 1 - quiet[by] - np.floor(share * span[by]).astype(np.int64)
    return by, at - at % SECOND


def _last(by: Ints, at: Ints, n: int) -> Ints:
    last = np.full(n, NEVER, dtype=np.int64)
    np.maximum.at(last, by, at)
    return last


def _since(by: Ints, at: Ints, start: int, n: int) -> Ints:
    return np.bincount(by[at >= start], minlength=n).astype(np.int64)


def _total(by: Ints, cents: Ints, n: int) -> Ints:
    # Whole cents far below 2^53: the floats of bincount are exact.
    return np.bincount(by, weights=cents, minlength=n).astype(np.int64)
