"""Counts of a tree, of each of its leaves and of its other readings, all on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.builder.outcome import Notice
from segmentry.builder.request import Place
from segmentry.criteria import walk
from segmentry.criteria.nodes import Everyone, Node
from segmentry.customers.store import Count, CustomerStore
from segmentry.errors import Diagnostic

# Criteria that leave out less than one customer in a hundred select little.
ALMOST_ALL = 0.99
SUPPRESSED = "too few customers match, or too few do not, for the count to be shown"


@dataclass(frozen=True, slots=True)
class Counts:
    """`leaves` in print order, `readings` in the order given; `whole` and `previous` where asked for."""

    whole: Count | None
    leaves: tuple[Count, ...]
    readings: tuple[Count, ...]
    previous: Count | None

    @property
    def snapshot_id(self) -> str:
        """The version of the rows; empty when nothing was counted."""
        for count in (self.whole, *self.readings, self.previous):
            if count is not None:
                return count.snapshot_id
        return ""

    @property
    def suppressed(self) -> tuple[Notice, ...]:
        """A notice when some count beside the whole one may not be shown."""
        beside = (*self.leaves, *self.readings, *(() if self.previous is None else (self.previous,)))
        hidden = sum(count.suppressed for count in beside)
        if not hidden:
            return ()
        counts = "1 count is" if hidden == 1 else f"{hidden} counts are"
        return (Notice("COUNT_SUPPRESSED", f"{counts} absent: too few customers for a number to be shown"),)


async def count(
    place: Place,
    store: CustomerStore,
    *,
    whole: Node | None = None,
    leaves: Sequence[Node] = (),
    readings: Sequence[Node] = (),
    previous: Node | None = None,
) -> Counts:
    """Count bound trees in one call, so that no two figures of a reply are of different rows.

    Raises: whatever the store raises.
    """
    asked = [node for node in (whole, *leaves, *readings, previous) if node is not None]
    if not asked:
        return Counts(None, (), (), None)
    counted = iter(await store.count(place.tenant, place.schema_id, asked, place.clock.as_of))
    first = None if whole is None else next(counted)
    of_leaves = tuple(next(counted) for _ in leaves)
    of_readings = tuple(next(counted) for _ in readings)
    return Counts(first, of_leaves, of_readings, None if previous is None else next(counted))


def bound_leaves(node: Node, place: Place) -> tuple[Node, ...]:
    """Every leaf of a checked tree, bound by itself: what it selects alone."""
    return tuple(place.check(leaf).bound for leaf in walk.leaves(node))


async def of_criteria(
    node: Node, place: Place, store: CustomerStore, *, allow_estimate: bool = False
) -> tuple[Count, tuple[Notice, ...]]:
    """The count of criteria that a caller wrote, with what they should know about them.

    `allow_estimate` takes the store's estimate where it has one that is quicker than counting.

    Raises: InvalidCriteria before anything is counted; whatever the store raises.
    """
    checked = place.require(node)
    found: Count | None = None
    if allow_estimate:
        found = await store.estimate(place.tenant, place.schema_id, checked.bound, place.clock.as_of)
    if found is None:
        found = (await count(place, store, whole=checked.bound)).whole
    assert found is not None
    return found, (*notices(checked.warnings), *of_count(node, found))


def notices(warnings: Sequence[Diagnostic]) -> tuple[Notice, ...]:
    """The warnings of a check."""
    return tuple(Notice(warning.code, warning.message, warning.path) for warning in warnings)


def of_count(node: Node, found: Count) -> tuple[Notice, ...]:
    """What is worth saying about a count: kept back, nobody, nearly everybody, or only an estimate."""
    said: list[Notice] = []
    if found.matched is None:
        said.append(Notice("COUNT_SUPPRESSED", SUPPRESSED))
    elif found.universe and not found.matched:
        said.append(Notice("MATCHES_NOBODY", f"none of {found.universe:,} customers match"))
    elif not isinstance(node, Everyone) and found.universe and found.matched >= ALMOST_ALL * found.universe:
        said.append(Notice("MATCHES_ALMOST_ALL", f"{found.matched:,} of {found.universe:,} customers match"))
    if found.is_estimate:
        said.append(Notice("COUNT_ESTIMATED", f"the count is between {found.low} and {found.high}"))
    return tuple(said)
