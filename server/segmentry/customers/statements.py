"""The statements of a SQL store over a bound table. Values are parameters, names come from the binding."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from segmentry.criteria import walk
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.sql import condition
from segmentry.criteria.nodes import And, Event, Everyone, Node, Not, Or, Top
from segmentry.customers.binding import CUSTOMERS, KEY, Binding

# Both are far below what the databases take; longer statements are planned badly.
MOST_NODES = 64
MOST_PARAMETERS = 4_000
# PostgreSQL takes 1664 columns; one node may have more leaves than a batch.
MOST_LEAVES = 500

# The condition of a node as text, with all parameters up to it, after those given.
_Write = Callable[[Node, tuple[object, ...]], tuple[str, tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Statement:
    """A text and its parameters, numbered from `$1`."""

    text: str
    parameters: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A bound table in one SQL dialect at one moment. With `keys` only their customers are seen."""

    binding: Binding
    dialect: Dialect
    as_of: datetime
    keys: tuple[str | int, ...] | None = None

    def doubt(self, nodes: Sequence[Node]) -> Statement | None:
        """Whether columns of the nodes hold odd values that were not there at binding; None if none may."""
        binding = self.binding
        events = dict.fromkeys(event for node in nodes for event in _events(node))
        tests = binding.customers.doubt(list(self._columns(nodes)))
        tests += [test for each in events for test in binding.event(each).doubt()]
        if not tests:
            return None
        return Statement(f"SELECT {' OR '.join(tests)}", binding.parameters)

    def rows(self) -> Statement:
        """How many customers there are."""
        return Statement(f"{self._with(())} SELECT count(*) FROM {CUSTOMERS}", self._parameters)  # noqa: S608

    def count(self, node: Node) -> Statement:
        """How many match: one plain WHERE, which indexes can answer."""
        text, parameters = self._condition(node)
        return Statement(f"{self._with((node,))} SELECT count(*) FROM {CUSTOMERS} WHERE {text}", parameters)  # noqa: S608

    def counts(self, nodes: Sequence[Node]) -> Iterator[tuple[int, Statement]]:
        """How many there are and how many match each node, in one scan per batch; with each batch's size.

        What nodes share is looked at once for each customer: a leaf about events is a subquery, and it would
        run again for every node that holds it.
        """
        batch: list[Node] = []
        none = _Leaves(partial(self._condition, filtered=True), self._parameters)
        leaves = none
        for node in nodes:
            taken = leaves.with_those_of(node)
            full = len(batch) == MOST_NODES or taken.size > MOST_LEAVES
            if batch and (full or len(taken.parameters) > MOST_PARAMETERS):
                yield len(batch), self._filtered(batch, leaves)
                batch, taken = [], none.with_those_of(node)
            batch.append(node)
            leaves = taken
        if batch:
            yield len(batch), self._filtered(batch, leaves)

    def select(
        self,
        columns: Sequence[str],
        node: Node,
        *,
        where: str = "",
        order: str = "",
        limit: int | None = None,
    ) -> Statement:
        """Columns of the customers that match. `where` and `order` are SQL over the binding's names."""
        text, parameters = self._condition(node)
        listed = ", ".join(f'"{each}"' for each in columns)
        more = f" AND {where}" if where else ""
        ordered = f" ORDER BY {order}" if order else ""
        limited = "" if limit is None else f" LIMIT {limit:d}"
        views = self._with((node,), (*columns, *((KEY,) if KEY in order else ())))
        return Statement(
            f"{views} SELECT {listed} FROM {CUSTOMERS} WHERE {text}{more}{ordered}{limited}",  # noqa: S608
            parameters,
        )

    def ranked(self, column: str, node: Node, rank: int, *, highest: bool) -> Statement:
        """The value of that rank, from 1, among the customers that match and have one."""
        text, parameters = self._condition(node)
        direction = "DESC" if highest else "ASC"
        ordered = f'"{column}" IS NOT NULL ORDER BY "{column}" {direction} LIMIT 1 OFFSET {rank - 1:d}'
        return Statement(
            f'{self._with((node,), (column,))} SELECT "{column}" FROM {CUSTOMERS} WHERE {text} AND {ordered}',  # noqa: S608
            parameters,
        )

    def valued(self, column: str, node: Node) -> Statement:
        """How many of the customers that match have a value there."""
        text, parameters = self._condition(node)
        return Statement(
            f'{self._with((node,), (column,))} SELECT count("{column}") FROM {CUSTOMERS} WHERE {text}',  # noqa: S608
            parameters,
        )

    def customer(self, columns: Sequence[str], key: str | int) -> Statement:
        """One customer by the key."""
        listed = ", ".join(f'"{each}"' for each in columns)
        place = f"${self.binding.first}::{self._key_type}"
        return Statement(
            f'{self._with((), columns)} SELECT {listed} FROM {CUSTOMERS} WHERE "{KEY}" = {place} LIMIT 1',  # noqa: S608
            (*self.binding.parameters, key),
        )

    def happened(self, event: str, key: str | int) -> Statement:
        """The time and the properties of one customer's events of a kind, oldest first."""
        view = self.binding.event(event)
        columns = [each for each in view.columns if each != KEY]
        listed = ", ".join(f'"{each}"' for each in columns)
        place = f"${self.binding.first}::{self._key_type}"
        return Statement(
            f'WITH {view.text()} SELECT {listed} FROM "{view.name}" WHERE "{KEY}" = {place} ORDER BY "at"',  # noqa: S608
            (*self.binding.parameters, key),
        )

    # --- parts

    @property
    def _key_type(self) -> str:
        return "bigint" if self.binding.key == "integer" else "text"

    @property
    def _parameters(self) -> tuple[object, ...]:
        return self.binding.parameters if self.keys is None else (*self.binding.parameters, self.keys)

    def _condition(
        self, node: Node, before: tuple[object, ...] | None = None, *, filtered: bool = False
    ) -> tuple[str, tuple[object, ...]]:
        """The condition of a node with all parameters up to it."""
        before = self._parameters if before is None else before
        written = condition(
            node, self.binding.catalog, self.dialect, self.as_of, first=len(before) + 1, filtered=filtered
        )
        return written.text, (*before, *written.parameters)

    def _filtered(self, nodes: Sequence[Node], leaves: _Leaves) -> Statement:
        filters = ", ".join(f"count(*) FILTER (WHERE {leaves.combined(node)})" for node in nodes)
        # OFFSET keeps PostgreSQL from writing each leaf into every FILTER again.
        looked = f"SELECT {', '.join(leaves.columns) or '1 AS one'} FROM {CUSTOMERS} OFFSET 0"  # noqa: S608
        text = f"{self._with(nodes)} SELECT count(*), {filters} FROM ({looked}) s"  # noqa: S608
        return Statement(text, leaves.parameters)

    def _columns(self, nodes: Sequence[Node]) -> dict[str, None]:
        """The columns of the customers' view that nodes are about."""
        wanted: dict[str, None] = {}
        for name in (name for node in nodes for name in walk.fields(node)):
            field = self.binding.catalog.by_name[name]
            wanted |= {field.column_name: None, field.compared_column: None}
        self.binding.need(wanted)
        return wanted

    def _with(self, nodes: Sequence[Node], columns: Iterable[str] = ()) -> str:
        """The views that a statement needs, each with the columns that it needs."""
        events = list(dict.fromkeys(event for node in nodes for event in _events(node)))
        wanted = dict.fromkeys(columns) | self._columns(nodes)
        self.binding.need(wanted)
        if events or self.keys is not None:
            wanted[KEY] = None
        customers, theirs = self.binding.customers, [self.binding.event(each) for each in events]
        if self.keys is None:
            views = [customers.text(list(wanted)), *(each.text() for each in theirs)]
        else:
            among = f"IN (SELECT unnest(${self.binding.first}::{self._key_type}[]))"
            views = [customers.text(list(wanted), [f"{customers.columns[KEY]} {among}"])]
            views += [each.text(conditions=[f"{each.columns[KEY]} {among}"]) for each in theirs]
        return f"WITH {', '.join(views)}"


class _Leaves:
    """The distinct leaves of some trees as columns that are TRUE or FALSE, and their parameters."""

    def __init__(self, write: _Write, parameters: tuple[object, ...]) -> None:
        self._write = write
        self._names: dict[str, str] = {}
        self.columns: tuple[str, ...] = ()
        self.parameters = parameters

    @property
    def size(self) -> int:
        return len(self._names)

    def with_those_of(self, node: Node) -> _Leaves:
        """These and the leaves of one more tree."""
        more = _Leaves(self._write, self.parameters)
        more._names, more.columns = dict(self._names), self.columns
        more._take(node)
        return more

    def combined(self, node: Node) -> str:
        """A tree as SQL over the columns."""
        match node:
            case And(items):
                return f"({' AND '.join(map(self.combined, items))})" if items else "TRUE"
            case Or(items):
                return f"({' OR '.join(map(self.combined, items))})" if items else "FALSE"
            case Not(item):
                return f"NOT {self.combined(item)}"
            case Everyone():
                return "TRUE"
            case _:
                return self._names[_text(node)]

    def _take(self, node: Node) -> None:
        match node:
            case And(items) | Or(items):
                for item in items:
                    self._take(item)
            case Not(item):
                self._take(item)
            case Everyone():
                pass
            case _:
                name = _text(node)
                if name not in self._names:
                    self._names[name] = f"p{self.size}"
                    text, self.parameters = self._write(node, self.parameters)
                    self.columns = (*self.columns, f"coalesce({text}, FALSE) AS {self._names[name]}")


def _text(leaf: Node) -> str:
    """What tells leaves apart; Python holds some values of different types for equal."""
    return repr(dataclasses.replace(leaf, path=""))


def _events(node: Node) -> Iterator[str]:
    yield from (each.name for each in walk.nodes(node) if isinstance(each, Event))


def has(node: Node, kind: type[Event | Top]) -> bool:
    """Whether a tree holds a node of that kind."""
    return any(isinstance(each, kind) for each in walk.nodes(node))


def is_everyone(node: Node) -> bool:
    """Whether a tree is the plain `{}`."""
    return isinstance(node, Everyone)
