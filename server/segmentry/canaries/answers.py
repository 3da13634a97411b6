"""What a model's experts read of one stored query, held against what was accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Literal, cast

from segmentry.builder.request import Place
from segmentry.criteria import parse
from segmentry.criteria.nodes import Node
from segmentry.insights import edits

# Not asked yet; as accepted; otherwise; nothing was accepted yet; no answer.
State = Literal["waiting", "same", "changed", "first", "failed"]
ANSWERED: Final[tuple[State, ...]] = ("same", "changed", "first")


@dataclass(frozen=True, slots=True)
class Answer:
    """One query of one run. Criteria are JSON text, None where nothing is read.

    `prompts` are the versions of the experts' prompts by expert. `before`, `change` and `difference` belong
    to an answer that is `changed`, `failure` to one that `failed`.
    """

    query: str
    state: State = "waiting"
    criteria: str | None = None
    agreed: bool | None = None
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    before: str | None = None
    change: str = ""
    difference: str = ""
    failure: str = ""

    @property
    def answered(self) -> bool:
        return self.state in ANSWERED


def compared(now: Answer, accepted: Answer | None, place: Place) -> Answer:
    """An answer of a model with how it stands to the accepted one, by the witness rows that both select."""
    if accepted is None:
        return replace(now, state="first")
    if accepted.criteria is None or now.criteria is None:
        if accepted.criteria is now.criteria:
            return replace(now, state="same")
        change = "NOTHING_READ" if now.criteria is None else "NOTHING_READ_BEFORE"
    else:
        change = _change(accepted.criteria, now.criteria, place)
        if change == "UNTOUCHED":
            return replace(now, state="same")
    said = f"{_english(now.criteria, place)}; accepted was: {_english(accepted.criteria, place)}"
    return replace(now, state="changed", before=accepted.criteria, change=change, difference=said)


def prompts_changed(answers: Iterable[Answer], accepted: Mapping[str, Answer]) -> tuple[str, ...]:
    """Experts that were asked by another prompt than in the accepted answers, by name."""
    found: set[str] = set()
    for each in answers:
        before = accepted.get(each.query)
        if before is not None and each.answered:
            then = before.prompts
            found |= {name for name, version in each.prompts.items() if then.get(name, version) != version}
    return tuple(sorted(found))


def text_of(answers: Sequence[Answer]) -> str:
    """Answers as the state store keeps them."""
    return json.dumps([asdict(each) for each in answers], ensure_ascii=False)


def answers_of(text: str) -> tuple[Answer, ...]:
    """What `text_of` gave."""
    return tuple(Answer(**each) for each in cast("list[dict[str, object]]", json.loads(text)))  # pyright: ignore[reportArgumentType]  # written by text_of alone


def node_of(criteria: str) -> Node:
    """The tree of an answer."""
    return parse.loads(criteria)


def _change(before: str, now: str, place: Place) -> str:
    return edits.edit(node_of(before), node_of(now), place.catalog, place.clock).change


def _english(criteria: str | None, place: Place) -> str:
    return "nothing is read" if criteria is None else place.english(node_of(criteria))
