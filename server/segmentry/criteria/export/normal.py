"""Normal forms of a bound tree, for languages that cannot say all of it as it stands.

`negation` leaves only And, Or, plain leaves and Not of a plain leaf, so that a writer decides about unset
once per leaf. `conjunctive` is an And of Ors of those. Both mean exactly what the tree means. The SQL writer
may use `negation` too: what it prints for a plain leaf may be unknown for an unset value, because And and Or
take unknown as false, and only `Not(leaf)` has to say `f IS NULL OR ...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Segment, Top

# What is left of a tree in negation normal form below its combinators.
Literal = Leaf | Event | Not
Clause = tuple[Literal, ...]

NOBODY = Or(())
# A larger product is refused unwritten: it takes milliseconds to write one of this size and to compare its
# clauses. Repeated conditions may still bring a smaller one under a limit.
_MOST_CLAUSES = 256
_MOST_LITERALS = 4096
_OPPOSITE = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.LT: Operator.GTE,
    Operator.GTE: Operator.LT,
    Operator.GT: Operator.LTE,
    Operator.LTE: Operator.GT,
}


def opposite(event: Event) -> Event:
    """The event condition that holds for exactly the other customers: a number of events is never unset.

    >>> opposite(Event("booking", operator=Operator.GTE, value=3)).operator
    <Operator.LT: 'lt'>
    """
    return replace(event, operator=_OPPOSITE[event.operator])


def negation(bound: Node) -> Node:
    """The tree with every negation on a leaf.

    Below And and Or stand Everyone, Event, Leaf and Not(Leaf). `Or(())` is nobody. A leaf is `eq`, `in` (at
    least one value, no null), a range, a text operator or `exists`; Not stands on none of the last. A null in
    a leaf has become an `exists` of its own. Groups hold at least two items and no group of their own kind.

    Raises: ValueError for a `$segment` that was not expanded or a `$top` that was not resolved.

    >>> low = Leaf("b", Operator.LT, 2)
    >>> negation(Not(And((Leaf("a", Operator.NEQ, 1), low)))) == Or((Leaf("a", Operator.EQ, 1), Not(low)))
    True
    """
    return _negation(bound, positive=True)


def _negation(node: Node, *, positive: bool) -> Node:
    match node:
        case Everyone():
            return node if positive else NOBODY
        case And(items) | Or(items):
            group = And if isinstance(node, And) is positive else Or
            return grouped(group, (_negation(item, positive=positive) for item in items), node.path)
        case Not(item):
            return _negation(item, positive=not positive)
        case Leaf():
            return _leaf(node, positive=positive)
        case Event():
            return node if positive else opposite(node)
        case Segment() | Top():
            raise ValueError(f"{type(node).__name__} has no place in a normal form")
        case _:
            assert_never(node)


def _leaf(leaf: Leaf, *, positive: bool) -> Node:
    match leaf.operator:
        case Operator.NEQ:
            return _leaf(replace(leaf, operator=Operator.EQ), positive=not positive)
        case Operator.NIN:
            return _leaf(replace(leaf, operator=Operator.IN), positive=not positive)
        case Operator.EXISTS:
            return leaf if positive else replace(leaf, value=not leaf.value)
        case Operator.EQ if leaf.value is None:
            return replace(leaf, operator=Operator.EXISTS, value=not positive)
        case Operator.IN:
            assert isinstance(leaf.value, tuple)
            present = tuple(each for each in leaf.value if each is not None)
            parts: list[Node] = []
            if len(present) < len(leaf.value):
                parts.append(replace(leaf, operator=Operator.EXISTS, value=not positive))
            if present:
                rest = replace(leaf, value=present)
                parts.append(rest if positive else Not(rest, leaf.path))
            if not positive and not parts:
                return Everyone(leaf.path)
            return grouped(Or if positive else And, parts, leaf.path)
        case _:
            return leaf if positive else Not(leaf, leaf.path)


def grouped(group: type[And | Or], items: Iterable[Node], path: str = "") -> Node:
    """An And or Or without needless levels: its own kind flattened, Everyone and nobody taken into account.

    >>> grouped(And, [Everyone(), And((Leaf("a", Operator.EQ, 1),))]) == Leaf("a", Operator.EQ, 1)
    True
    """
    flat: list[Node] = []
    for item in items:
        match item:
            case Everyone():
                if group is Or:
                    return item
            case Or(()):
                if group is And:
                    return NOBODY
            case And(inner) | Or(inner) if type(item) is group:
                flat.extend(inner)
            case _:
                flat.append(item)
    if len(flat) == 1:
        return flat[0]
    if not flat:
        return Everyone(path) if group is And else NOBODY
    return group(tuple(flat), path)


def flattened(node: Node) -> Node:
    """The same criteria without needless levels: no Not of a Not, no And in an And, no Or in an Or.

    >>> low = Leaf("b", Operator.LT, 2)
    >>> flattened(Not(Not(And((low, And((low, low))))))) == And((low, low, low))
    True
    """
    match node:
        case Not(Not(inner)):
            return flattened(inner)
        case Not(item):
            return replace(node, item=flattened(item))
        case And(items) | Or(items):
            flat: list[Node] = []
            for item in map(flattened, items):
                flat.extend(item.items if isinstance(item, And | Or) and type(item) is type(node) else [item])
            return flat[0] if len(flat) == 1 else replace(node, items=tuple(flat))
        case _:
            return node


@dataclass(frozen=True, slots=True)
class TooLarge(Exception):
    """A conjunctive form beyond a limit: `clauses` and `literals` are what it would come to."""

    clauses: int
    literals: int


def size(node: Node) -> tuple[int, int]:
    """How many clauses and literals the conjunctive form of a tree in negation normal form has at most.

    It multiplies numbers, never lists, so it is quick where the form itself would fill the memory.

    >>> leaf = Leaf("a", Operator.EQ, 1)
    >>> size(Or((And((leaf, leaf)), And((leaf, leaf)))))
    (4, 8)
    """
    match node:
        case Everyone():
            return 0, 0
        case And(items):
            sizes = [size(item) for item in items]
            return sum(each for each, _ in sizes), sum(each for _, each in sizes)
        case Or(items):
            clauses, literals = 1, 0
            for item in items:
                more, longer = size(item)
                clauses, literals = clauses * more, literals * more + longer * clauses
            return clauses, literals
        case _:
            return 1, 1


def conjunctive(node: Node, most_clauses: int, most_literals: int) -> list[Clause]:
    """Clauses of which every one holds when one of its literals does; the tree is in negation normal form.

    Everyone is no clause at all, nobody is one empty clause. Repeated literals and clauses that another one
    implies are left out.

    Raises: TooLarge beyond either limit.

    >>> a, b, c = (Leaf(each, Operator.EQ, 1) for each in "abc")
    >>> [[each.field for each in clause] for clause in conjunctive(Or((a, And((b, c)))), 50, 256)]
    [['a', 'b'], ['a', 'c']]
    """
    clauses, literals = size(node)
    if clauses > _MOST_CLAUSES or literals > _MOST_LITERALS:
        raise TooLarge(clauses, literals)
    found = _Product().clauses(node)
    written = sum(len(clause) for clause in found)
    if len(found) > most_clauses or written > most_literals:
        raise TooLarge(len(found), written)
    return found


# The numbers of the literals of one clause, in their order.
_Numbers = dict[int, None]


class _Product:
    """The conjunctive form over numbered literals, so that equal ones are told by their number alone."""

    def __init__(self) -> None:
        self._number_of: dict[object, int] = {}
        self._literals: list[Literal] = []

    def clauses(self, node: Node) -> list[Clause]:
        return [tuple(self._literals[number] for number in clause) for clause in self._form(node)]

    def _form(self, node: Node) -> list[_Numbers]:
        match node:
            case Everyone():
                return []
            case And(items):
                return _shortest([clause for item in items for clause in self._form(item)])
            case Or(items):
                product: list[_Numbers] = [{}]
                for item in items:
                    theirs = self._form(item)
                    if len(product) == len(theirs) == 1:
                        product[0] |= theirs[0]
                    else:
                        product = [left | right for left in product for right in theirs]
                return _shortest(product)
            case Leaf() | Event() | Not():
                return [{self._number(node): None}]
            case Segment() | Top():
                raise ValueError(f"{type(node).__name__} has no place in a normal form")
            case _:
                assert_never(node)

    def _number(self, literal: Literal) -> int:
        identity = _identity(literal)
        if identity not in self._number_of:
            self._number_of[identity] = len(self._literals)
            self._literals.append(literal)
        return self._number_of[identity]


def _shortest(clauses: Sequence[_Numbers]) -> list[_Numbers]:
    """Without clauses that hold whenever another one does."""
    if len(clauses) == 1:
        return [*clauses]
    distinct: dict[frozenset[int], _Numbers] = {}
    for clause in clauses:
        distinct.setdefault(frozenset(clause), clause)
    kept: list[frozenset[int]] = []
    for key in sorted(distinct, key=len):
        if not any(shorter <= key for shorter in kept):
            kept.append(key)
    chosen = set(kept)
    return [clause for key, clause in distinct.items() if key in chosen]


def _identity(literal: Literal) -> object:
    # By text, because True == 1 == 1.0.
    inner = literal.item if isinstance(literal, Not) else literal
    return isinstance(literal, Not), repr(replace(inner, path=""))
