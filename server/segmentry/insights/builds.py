"""Builds as they are kept until somebody says what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from segmentry.criteria import parse, render
from segmentry.criteria.nodes import Node
from segmentry.errors import JsonValue


@dataclass(frozen=True, slots=True)
class KeptLeaf:
    """Who read one leaf, with the version of the prompt, and from which phrase as figures may show it.

    Without an agent: words that no leaf accounts for.
    """

    agent: str
    prompt_version: str
    phrase: str


@dataclass(frozen=True, slots=True)
class KeptBuild:
    """One answer: who got it, to which words, and what was proposed.

    Criteria are symbolic, as JSON text. `proposed` None: it asked a question, and offered `readings`. `query`
    is empty where `personal`: a personal field is in the criteria. `leaves` has one entry per leaf of what
    was proposed, in print order, then those without an agent. `reported_model` and `fingerprint` are
    what the vendor said of itself.
    """

    tenant: str
    build_id: str
    schema_id: str
    query: str
    current: str | None
    proposed: str | None
    readings: tuple[str, ...]
    as_of: datetime
    time_zone: str
    tier: str
    model: str
    reported_model: str
    fingerprint: str
    personal: bool
    leaves: tuple[KeptLeaf, ...]
    created_at: datetime


def text_of(node: Node) -> str:
    """Criteria as they are kept."""
    return json.dumps(render.to_json(node), ensure_ascii=False, separators=(",", ":"))


def node_of(text: str) -> Node:
    """Criteria that were kept. Their text may be longer than a caller's: its form is ours."""
    value: JsonValue = json.loads(text)
    return parse.from_json(value)


def leaves_text(leaves: tuple[KeptLeaf, ...]) -> str:
    """Leaves as they are kept."""
    return json.dumps([[each.agent, each.prompt_version, each.phrase] for each in leaves], ensure_ascii=False)


def leaves_of(text: str) -> tuple[KeptLeaf, ...]:
    """Leaves that were kept."""
    return tuple(KeptLeaf(*each) for each in json.loads(text))
