"""A place that tells in which threads criteria were worked on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from segmentry.builder.request import Place
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Node


@dataclass(frozen=True, slots=True)
class Watched(Place):
    """A place that notes in which threads it is asked."""

    threads: set[threading.Thread] = field(default_factory=set[threading.Thread])

    def check(self, node: Node) -> Checked:
        self.threads.add(threading.current_thread())
        return Place.check(self, node)

    def require(self, node: Node) -> Checked:
        self.threads.add(threading.current_thread())
        return Place.require(self, node)

    def english(self, node: Node) -> str:
        self.threads.add(threading.current_thread())
        return Place.english(self, node)
