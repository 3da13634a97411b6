"""A saved segment as callers see it, and what a version of it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, get_args

from segmentry.criteria import parse, render
from segmentry.criteria.nodes import Node
from segmentry.errors import JsonValue, NotFound, VersionMismatch
from segmentry.segments.origin import BY_HAND, Origin

State = Literal["DRAFT", "ACTIVE", "PAUSED", "ARCHIVED"]
STATES: tuple[State, ...] = get_args(State)
ARCHIVED: State = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class Content:
    """What one version says. `last_count` None means that it was not counted.

    `contract` is what must stay true (see `contract.Contract`), `forced_past` the tests it was saved past.
    """

    name: str
    description: str
    state: State
    node: Node
    fingerprint: str
    catalog_version: str
    author: str = ""
    origin: Origin = BY_HAND
    last_count: int | None = None
    contract: str = ""
    forced_past: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedSegment:
    """One version of a saved segment. `create_time` is that of version 1, `update_time` that of this one.

    `criteria` is the symbolic definition as JSON text, with every digit. `referenced_by` are ids.
    """

    segment_id: str
    version: int
    schema_id: str
    name: str
    description: str
    state: State
    criteria: str
    fingerprint: str
    catalog_version: str
    etag: str
    author: str
    origin: Origin
    create_time: datetime
    update_time: datetime
    last_count: int | None = None
    referenced_by: tuple[str, ...] = ()
    contract: str = ""
    forced_past: tuple[str, ...] = ()

    @cached_property
    def node(self) -> Node:
        """The criteria as a tree."""
        return node_of(self.criteria)

    def refuse_etag(self, etag: str) -> None:
        """Raises: VersionMismatch for another etag than that of this version."""
        if etag != self.etag:
            raise VersionMismatch(
                f"segment {self.segment_id} has changed since it was read; read it again, then repeat it",
                resource=self.segment_id,
                currentEtag=self.etag,
            )


def text_of(node: Node) -> str:
    """Criteria as they are stored."""
    return json.dumps(render.to_json(node), ensure_ascii=False, separators=(",", ":"))


def node_of(text: str) -> Node:
    """Criteria that were stored. Their text may be longer than a caller's: its form is ours."""
    value: JsonValue = json.loads(text)
    return parse.from_json(value)


def state_of(text: str) -> State:
    """A state as it is stored."""
    for state in STATES:
        if state == text:
            return state
    raise ValueError(f"not a state: {text!r}")


def no_such_segment(segment_id: str, version: int | None = None) -> NotFound:
    """The error for a segment, or a version of one, that the tenant does not have."""
    shown = segment_id[:80]
    if version is not None:
        return NotFound(
            f"segment {shown!r} has no version {version}; ListSegments with its segment_id shows them",
            resourceType="segment",
            resourceId=shown,
            version=version,
        )
    return NotFound(
        f"there is no segment {shown!r}; ListSegments shows the segments of this tenant",
        resourceType="segment",
        resourceId=shown,
    )
