"""Canonical texts of many trees that share most of their parts, as the readings of one query do."""

from __future__ import annotations

from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import And, Everyone, Node


class SharedTexts:
    """Canonical texts; each part of an `$and` is printed once, however many trees hold it."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog
        # by identity: a part is the same object in every tree that holds it, and kept so that it stays so
        self._parts: dict[int, tuple[Node, tuple[str, ...]]] = {}

    def of(self, node: Node) -> str:
        """As `canonical.text(node, catalog)`.

        >>> from segmentry.criteria.parse import loads
        >>> SharedTexts().of(loads('{"score": {"$gte": 70.0}, "city": "Paarl"}'))
        '{"$and":[{"city":{"$eq":"Paarl"}},{"score":{"$gte":70}}]}'
        """
        if not isinstance(node, And):
            return canonical.text(node, self._catalog)
        texts = {text for item in node.items for text in self._of_part(item)}
        if len(texts) <= 1:
            return next(iter(texts), "{}")
        return f'{{"$and":[{",".join(sorted(texts))}]}}'

    def _of_part(self, part: Node) -> tuple[str, ...]:
        known = self._parts.get(id(part))
        if known is None:
            known = self._parts[id(part)] = (part, self._printed(part))
        return known[1]

    def _printed(self, part: Node) -> tuple[str, ...]:
        if not isinstance(part, And):
            # what is no `$and` may still come to one, or to nothing
            plain, text = canonical.printed(part, self._catalog)
            if isinstance(plain, Everyone):
                return ()
            if not isinstance(plain, And):
                return (text,)
            part = plain
        return tuple(text for item in part.items for text in self._of_part(item))
