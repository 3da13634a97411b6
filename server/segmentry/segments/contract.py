"""What must stay true of a segment: named customers in or out, bounds of its size; and whether it does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore
from segmentry.errors import JsonValue, SmallCountsWithheld

Kind = Literal["included", "excluded", "min_size", "max_size"]

MOST_CUSTOMERS = 100
_KEPT_BACK = "cannot be judged: this server keeps small counts back"


@dataclass(frozen=True, slots=True)
class Contract:
    """What must stay true. Customers by the key of the table."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    min_size: int | None = None
    max_size: int | None = None

    def __bool__(self) -> bool:
        return bool(self.included or self.excluded or self.min_size is not None or self.max_size is not None)

    def text(self) -> str:
        """As it is stored; empty when nothing must stay true."""
        if not self:
            return ""
        return json.dumps(
            {
                "included": self.included,
                "excluded": self.excluded,
                "min_size": self.min_size,
                "max_size": self.max_size,
            },
            ensure_ascii=False,
        )


NOTHING = Contract()


def contract_of(text: str) -> Contract:
    """A contract that was stored.

    >>> contract_of(Contract(("7",), max_size=3).text())
    Contract(included=('7',), excluded=(), min_size=None, max_size=3)
    """
    if not text:
        return NOTHING
    value: JsonValue = json.loads(text)
    match value:
        case {"included": list(included), "excluded": list(excluded), "min_size": low, "max_size": high}:
            return Contract(_keys(included), _keys(excluded), _bound(low), _bound(high))
        case other:
            raise ValueError(f"not a contract: {type(other).__name__}")


def _keys(found: Sequence[JsonValue]) -> tuple[str, ...]:
    return tuple(str(each) for each in found)


def _bound(found: JsonValue) -> int | None:
    return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test and whether it passed; None when it cannot be judged."""

    kind: Kind
    passed: bool | None
    message: str
    customer_id: str = ""
    bound: int | None = None

    @property
    def test(self) -> tuple[Kind, str, int | None]:
        """What was tested: the same for the same test of other criteria."""
        return self.kind, self.customer_id, self.bound


def failed(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Those that did not pass."""
    return tuple(each for each in outcomes if each.passed is False)


@dataclass(frozen=True, slots=True)
class Held:
    """A tree that is held against contracts: bound, in its table, at a moment."""

    tenant: str
    schema_id: str
    bound: Node
    as_of: datetime


async def run(contract: Contract, held: Held, customers: CustomerStore) -> tuple[Outcome, ...]:
    """Every test of the contract, in its order: two calls to the store at most.

    Raises: what the store raises.
    """
    return (*await _members(contract, held, customers), *await _sizes(contract, held, customers))


async def _members(contract: Contract, held: Held, customers: CustomerStore) -> list[Outcome]:
    keys = (*contract.included, *contract.excluded)
    if not keys:
        return []
    truths: Sequence[tuple[bool, ...] | None]
    try:
        asked = await customers.holds(held.tenant, held.schema_id, [held.bound], keys, held.as_of)
        truths = asked.each()
        kept_back = False
    except SmallCountsWithheld:
        truths, kept_back = [None] * len(keys), True
    found: list[Outcome] = []
    for at, (key, truth) in enumerate(zip(keys, truths, strict=True)):
        kind: Kind = "included" if at < len(contract.included) else "excluded"
        wanted = kind == "included"
        must = f"customer {key} must {'' if wanted else 'not '}be in"
        if kept_back:
            found.append(Outcome(kind, None, f"{must}; that {_KEPT_BACK}", key))
        elif truth is None:
            found.append(Outcome(kind, not wanted, f"{must}; the table has no such customer", key))
        else:
            is_in = truth[0]
            told = must if is_in == wanted else f"{must} and is{' not' if wanted else ''}"
            found.append(Outcome(kind, is_in == wanted, told, key))
    return found


async def _sizes(contract: Contract, held: Held, customers: CustomerStore) -> list[Outcome]:
    bounds: list[tuple[Kind, int]] = []
    if contract.min_size is not None:
        bounds.append(("min_size", contract.min_size))
    if contract.max_size is not None:
        bounds.append(("max_size", contract.max_size))
    if not bounds:
        return []
    (count,) = await customers.count(held.tenant, held.schema_id, [held.bound], held.as_of)
    found: list[Outcome] = []
    for kind, bound in bounds:
        must = f"at {'least' if kind == 'min_size' else 'most'} {bound:,} customers"
        if count.matched is None:
            found.append(Outcome(kind, None, f"{must}; that {_KEPT_BACK}", bound=bound))
        else:
            holds = count.matched >= bound if kind == "min_size" else count.matched <= bound
            found.append(Outcome(kind, holds, f"{must}; there are {count.matched:,}", bound=bound))
    return found
