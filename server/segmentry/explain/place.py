"""What an explanation needs to know of the table and the moment that it is about."""

from __future__ import annotations

from typing import Protocol

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.check import Checked
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node


class Place(Protocol):
    """A tenant's table, its catalog, the request's clock, and the check of criteria there.

    The builder's own place is one; neither layer imports the other.
    """

    @property
    def tenant(self) -> str: ...
    @property
    def schema_id(self) -> str: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def clock(self) -> Clock: ...

    def check(self, node: Node) -> Checked:
        """As `criteria.check.check`, with the saved segments of the place."""
        ...

    def require(self, node: Node) -> Checked:
        """As `criteria.check.require`. Raises: InvalidCriteria."""
        ...

    def english(self, node: Node) -> str:
        """The criteria as a sentence."""
        ...
