"""The four scores, computed from what people did: a recency that raises churn risk, activity that raises
engagement, fees and bookings that make lifetime value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentry.customers.population.activity import NEVER, Activity
from segmentry.customers.population.draw import DAY, Bools, Floats, Ints, generator
from segmentry.customers.population.membership import Membership

SUBJECT = 5
# Cents a year, in the order of words.TIERS.
FEES = np.array([150_000, 90_000, 30_000, 9_000])


@dataclass(frozen=True)
class Scores:
    """(n,) each; NaN = unset. `lifetime_value` in cents, unset where `lifetime_value_set` is False."""

    engagement: Floats
    churn_risk: Floats
    lifetime_value: Ints
    lifetime_value_set: Bools
    predicted_ltv: Floats


def draw(seed: int, chunk: int, membership: Membership, activity: Activity, as_of: int) -> Scores:
    rng = generator(seed, SUBJECT, chunk)
    keen = membership.keen
    n = len(keen)
    silent_days = np.where(activity.last_activity == NEVER, 720, (as_of - activity.last_activity) / DAY)
    recency = silent_days / (silent_days + 75)
    busy = np.minimum(activity.activities_90d / 10, 1.0)

    churn = 100 * (0.68 * recency + 0.22 * (1 - keen) + 0.24 * (rng.random(n) - 0.35))
    engagement = 100 * (0.42 * busy + 0.4 * keen + 0.22 * (1 - recency) + 0.2 * (rng.random(n) - 0.5))

    member_days = np.where(membership.member, (as_of - membership.member_since) // DAY, 0)
    fees = FEES[membership.tier_index] * member_days // 365
    # Two years of bookings are on record; the years before are taken to be like them, somewhat thinner.
    known_years = (as_of - membership.known_since) / (365 * DAY)
    earlier = np.floor(activity.spent * np.maximum(known_years - 2, 0) * (0.2 + 0.3 * rng.random(n)))
    lifetime = fees + activity.spent + earlier.astype(np.int64)
    future = lifetime * (0.35 + (100 - np.clip(churn, 0, 100)) / 80) * (0.8 + 0.4 * rng.random(n))

    lifetime_set = rng.random(n) >= 0.05
    return Scores(
        engagement=_unset(_tenths(engagement), rng.random(n) < 0.06),
        churn_risk=_unset(_tenths(churn), rng.random(n) < 0.07),
        lifetime_value=lifetime,
        lifetime_value_set=lifetime_set,
        predicted_ltv=_unset(np.floor(future), ~lifetime_set | (rng.random(n) < 0.1)),
    )


def _tenths(score: Floats) -> Floats:
    """Clipped to 0-100, one decimal."""
    return np.floor(np.clip(score, 0, 100) * 10 + 0.5) / 10


def _unset(values: Floats, missing: Bools) -> Floats:
    return np.where(missing, np.nan, values)
