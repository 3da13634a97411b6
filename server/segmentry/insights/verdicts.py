"""What rules say of customers: said once for all who fare alike, because customers are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segmentry.customers.store import NOBODY, Alike, Truths
from segmentry.insights.held_rule import HeldRule
from segmentry.insights.rule import QualificationRule


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule held against one customer. `qualifies` is None where that cannot be said."""

    rule_id: str
    version: int
    qualifies: bool | None
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on customers. `ways`: one verdict per rule each; `of`: per customer which of these."""

    ways: Sequence[tuple[Verdict, ...]]
    of: Sequence[int]

    def on(self, place: int) -> tuple[Verdict, ...]:
        """The verdicts on the customer who was asked about at that place."""
        return self.ways[self.of[place]]


@dataclass(frozen=True, slots=True)
class HeldTable:
    """Rules that were held against the customers of one table: the truths of all their nodes, in order."""

    rules: Sequence[HeldRule]
    alike: Alike
    _made: dict[tuple[str, Truths], Verdict] = field(default_factory=dict[tuple[str, Truths], Verdict])

    def keys(self, customer_ids: Sequence[str]) -> Sequence[int | str]:
        """Per customer what the verdicts depend on: how they fare, or the id of one who is not there."""
        if NOBODY not in self.alike.of:
            return self.alike.of
        asked = zip(self.alike.of, customer_ids, strict=True)
        return [customer_id if way == NOBODY else way for way, customer_id in asked]

    def verdicts(self, key: int | str) -> dict[str, Verdict]:
        """The verdicts on everybody with that key, by rule."""
        if isinstance(key, str):
            return {
                each.rule.rule_id: said(each.rule, None, f"there is no customer {key!r}")
                for each in self.rules
            }
        found: dict[str, Verdict] = {}
        first, truths = 0, self.alike.ways[key]
        for each in self.rules:
            mine = truths[first : first + len(each.nodes)]
            first += len(each.nodes)
            rule_id = each.rule.rule_id
            verdict = self._made.get((rule_id, mine))
            if verdict is None:
                whole, *parts = mine
                verdict = said(each.rule, whole, _why(each, parts, whole=whole))
                self._made[rule_id, mine] = verdict
            found[rule_id] = verdict
        return found


def judged(
    rules: Sequence[QualificationRule],
    tables: Sequence[HeldTable],
    known: Mapping[str, Verdict],
    customer_ids: Sequence[str],
) -> Judged:
    """All verdicts on all customers; `known` are those that are the same for everybody, by rule."""
    if tables:
        keys = list(zip(*(table.keys(customer_ids) for table in tables), strict=True))
    else:
        keys = [()] * len(customer_ids)
    places: dict[tuple[int | str, ...], int] = {}
    of = [places.setdefault(key, len(places)) for key in keys]
    ways: list[tuple[Verdict, ...]] = []
    for key in places:
        found = dict(known)
        for table, part in zip(tables, key, strict=True):
            found |= table.verdicts(part)
        ways.append(tuple(found[rule.rule_id] for rule in rules))
    return Judged(ways, of)


def unused(rule: QualificationRule) -> Verdict:
    """What is said of everybody by a rule that is not in use."""
    if rule.state == "DRAFT":
        return said(rule, False, "the rule is a draft; activate it, or ask with include_drafts")
    return said(rule, False, "the rule is no longer in use")


def said(rule: QualificationRule, qualifies: bool | None, message: str) -> Verdict:
    """A verdict of that rule."""
    return Verdict(rule.rule_id, rule.version, qualifies, message)


def _why(held: HeldRule, parts: Sequence[bool], *, whole: bool) -> str:
    if whole:
        return f"meets {'all' if len(held.names) > 1 else 'it'}: {'; '.join(held.names)}"
    failed = [name for name, met in zip(held.names, parts, strict=False) if not met] or list(held.names)
    return "does not meet: " + "; ".join(failed)
