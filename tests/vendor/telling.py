"""Answers by rules that need no catalog: a name, a question in words, segments of statistics."""

from __future__ import annotations

import json
import re
from typing import Final

from tests.vendor.plans import Asked

_LISTED: Final = re.compile(r'^\d+ (".*")$', re.MULTILINE)
_WORDS: Final = re.compile(r'^Words: (".*")$', re.MULTILINE)
_TAKEN: Final = re.compile(r"^Taken: (.*)$", re.MULTILINE)
_WANTED: Final = re.compile(r"^Segments wanted: (\d+) to (\d+)$", re.MULTILINE)
_FIELD: Final = re.compile(r"^- (.+?): (.*)$", re.MULTILINE)
_AVERAGE: Final = re.compile(r"; (-?[\d.]+) to (-?[\d.]+), average (-?[\d.]+)")
_FREQUENT: Final = re.compile(r'most frequent ("[^"]*"(?:, "[^"]*")*)')
_LONGEST_NAME: Final = 60
# A name has no decimal point, so that the parts would be numbers of its own.
_FRACTION: Final = re.compile(r"\d[\d,]*[.,]\d+")
# In this order, so that ">=" is not taken for ">".
_SIGNS: Final = ((">=", "at least"), ("<=", "at most"), (">", "above"), ("<", "below"), ("$", ""))


def worded(asked: Asked) -> str:
    """The options that were given, in words, and a question that quotes what is doubtful."""
    found = _WORDS.search(asked.user)
    if found is None:
        return "{}"
    options = [json.loads(each) for each in _LISTED.findall(asked.user)]
    for sign, words in _SIGNS:
        options = [each.replace(sign, words) for each in options]
    return json.dumps({"question": f"What counts as '{json.loads(found[1])}'?", "options": options})


def named(asked: Asked) -> str:
    """As much of what was told as a name may hold; a letter behind it where that is taken."""
    told = [_FRACTION.sub(" ", json.loads(each)) for each in _LISTED.findall(asked.question)]
    taken = _TAKEN.search(asked.question)
    others = {each.casefold() for each in re.findall(r'"([^"]*)"', taken[1] if taken else "")}
    words = " ".join("".join(each if each.isalnum() else " " for each in one) for one in told[:2]).split()
    name = ""
    for word in words:
        if len(name) + len(word) + 3 > _LONGEST_NAME:
            break
        name = f"{name} {word}".strip()
    name = name.capitalize() if any(each.isalpha() for each in name) else "Customers"
    free = (each for each in (name, *(f"{name} {letter}" for letter in "ABCDEFGH")))
    return json.dumps({"name": next((each for each in free if each.casefold() not in others), name)})


def proposed(asked: Asked) -> str:
    """One segment per field that lists values or has an average, as many as are wanted at most."""
    wanted = _WANTED.search(asked.user)
    segments: list[dict[str, object]] = []
    for key, told in _FIELD.findall(asked.user):
        rule = _rule(key, told)
        if rule is not None:
            name = " ".join(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key)))
            segments.append(
                {
                    "name": f"By {name.casefold()}"[:_LONGEST_NAME],
                    "description": "Customers who stand out by this field.",
                    "rules": [rule],
                    "suggested_use": "Write to them apart from the others.",
                }
            )
    return json.dumps({"segments": segments[: int(wanted[2]) if wanted else None]})


def _rule(key: str, told: str) -> dict[str, object] | None:
    frequent, average = _FREQUENT.search(told), _AVERAGE.search(told)
    if frequent is not None:
        return {"field": key, "op": "eq", "values": [json.loads(frequent[1].split(", ")[0])]}
    if average is not None:
        return {"field": key, "op": "gte", "values": [average[3]]}
    if told.startswith("yes or no"):
        return {"field": key, "op": "eq", "values": ["true"]}
    return None
