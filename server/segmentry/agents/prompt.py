"""Prompts: a static text per expert and catalog, and a message per request in which its text is marked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from segmentry.agents.cards import cards
from segmentry.agents.groups import Group, everything
from segmentry.agents.marks import mark_of, one_line, quoted
from segmentry.criteria import catalog_toml
from segmentry.llm.model import AnswerSchema

# Vendors read a prefix again at a lower price from 1,024 tokens on; a tokenizer would have to be downloaded.
CHARACTERS_PER_TOKEN: Final = 5
LEAST_TOKENS: Final = 1_152
DEFAULT: Final = "default"

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
_VARIANT: Final = re.compile(r"[a-z0-9_-]{1,32}")


class NoSuchPrompt(LookupError):
    """There is no prompt file of that name and variant."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A numbered piece of the request; closed ones are understood already."""

    number: int
    text: str
    closed: bool = False


def tokens(text: str) -> int:
    """A cautious estimate: never more than the text has."""
    return len(text) // CHARACTERS_PER_TOKEN


def variants(prompt: str) -> tuple[str, ...]:
    """The variants of a prompt: `default`, then `v2` where there is a file `specialist.v2.md`, and so on."""
    found = [each.name.split(".") for each in files("segmentry.agents").joinpath("prompts").iterdir()]
    others = sorted(
        parts[1] for parts in found if parts[0] == prompt and len(parts) == 3 and parts[2] == "md"
    )
    return (DEFAULT, *others)


@cache
def template(prompt: str, variant: str = DEFAULT) -> str:
    """The text of a prompt file. Raises: NoSuchPrompt."""
    name = f"{prompt}.md" if variant == DEFAULT else f"{prompt}.{variant}.md"
    path = files("segmentry.agents").joinpath("prompts", name)
    if not _VARIANT.fullmatch(variant) or not path.is_file():
        raise NoSuchPrompt(f"there is no variant {variant!r} of the prompt {prompt}")
    return path.read_text(encoding="utf-8").strip() + "\n"


@cache
def example_group() -> Group:
    """The fields of the table that the examples are about."""
    text = files("segmentry.agents").joinpath("prompts", "allotment.toml").read_text(encoding="utf-8")
    return everything(catalog_toml.loads(text))


def system_text(prompt: str, variant: str, group: Group | None) -> str:
    """The static text of an expert: the file, with the cards of its own group and those of the examples.

    Raises: NoSuchPrompt.
    """
    places: Mapping[str, str] = {"example_fields": cards(example_group())}
    if group is not None:
        places = {**places, "title": group.title, "fields": cards(group)}
    # One pass, so that a card which holds the name of a place stays what it is.
    return _PLACE.sub(lambda place: places.get(place[1], place[0]), template(prompt, variant))


def version_of(text: str, schema: AnswerSchema) -> str:
    """The version of a prompt: 12 hexadecimal digits over the static text and the schema of the answer."""
    shape = json.dumps([schema.name, schema.body], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(f"{text}\0{shape}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


# --- the message of one request


def request_message(text: str, phrases: Sequence[Phrase], today: date, secret: bytes) -> str:
    """What specialists and the logic expert are asked: the day, the request between marks, its phrases."""
    lines = [f"Today is {today.isoformat()}, a {today:%A}.", *_marked("request", text, secret)]
    if phrases:
        lines.append("Phrases of the request:")
        lines += [
            f"{each.number} {'closed' if each.closed else 'open'} {quoted(each.text)}" for each in phrases
        ]
    return "\n".join(lines)


def edit_message(instruction: str, conditions: Sequence[str], today: date, secret: bytes) -> str:
    """What the edit expert is asked: the conditions in words, numbered from 1, and the instruction."""
    lines = [f"Today is {today.isoformat()}, a {today:%A}.", "Conditions:", *_numbered(conditions)]
    return "\n".join([*lines, *_marked("instruction", instruction, secret)])


def ambiguity_message(doubt: str, words: str, options: Sequence[str], text: str, secret: bytes) -> str:
    """What the ambiguity expert is asked: our doubt and our options about words of the request."""
    lines = [f"Doubt: {one_line(doubt, 40)}", f"Words: {quoted(words)}", "Options:", *_numbered(options)]
    return "\n".join([*_marked("request", text, secret), *lines])


def name_message(kind: str, told: Sequence[str], taken: Sequence[str]) -> str:
    """What the name expert is asked: `kind` is `conditions` or `traits`, `taken` the names to differ from."""
    lines = [f"{one_line(kind, 20).capitalize()}:", *_numbered(told[:_MOST_TOLD])]
    names = ", ".join(quoted(each, 60) for each in taken[:_MOST_TAKEN])
    return "\n".join([*lines, f"Taken: {names or 'none'}"])


_MOST_TOLD: Final = 12
_MOST_TAKEN: Final = 40


def _marked(what: str, text: str, secret: bytes) -> list[str]:
    mark = mark_of(text, secret)
    # As it was typed: evidence is looked up in it. Lone surrogates have no bytes to send.
    sent = text.encode("utf-8", "replace").decode("utf-8")
    return [f"The {what} stands between the two lines with the mark {mark}:", f"[{mark}", sent, f"{mark}]"]


def _numbered(texts: Sequence[str]) -> list[str]:
    return [f"{number} {quoted(each)}" for number, each in enumerate(texts, start=1)]
