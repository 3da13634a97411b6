"""Where the criteria of a version came from: a build, its words, and who read what of them."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLeaf:
    """Who read one condition of what the build proposed, and from which phrase as figures may show it."""

    agent: str
    prompt_version: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Kept with a version, because the build itself is kept for some days only.

    `query` is empty where a personal field is in the criteria, and where the build was not kept any more.

    >>> Origin.of("b_1", Origin("b_1", "gold", (ReadLeaf("reader", "", "gold"),)).text()).leaves[0].phrase
    'gold'
    """

    build_id: str = ""
    query: str = ""
    leaves: tuple[ReadLeaf, ...] = ()

    def text(self) -> str:
        """As it is kept beside the id; empty where nothing more is known."""
        if not self.query and not self.leaves:
            return ""
        leaves = [[each.agent, each.prompt_version, each.phrase] for each in self.leaves]
        return json.dumps({"query": self.query, "leaves": leaves}, ensure_ascii=False)

    @classmethod
    def of(cls, build_id: str, text: str) -> Origin:
        """What was kept."""
        if not text:
            return cls(build_id)
        kept = json.loads(text)
        return cls(build_id, str(kept["query"]), tuple(ReadLeaf(*each) for each in kept["leaves"]))


BY_HAND = Origin()
