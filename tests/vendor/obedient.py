"""Three models that do what an attacker says: what they answer must be stopped by our checks alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, cast

from segmentry.errors import JsonValue

from tests.vendor.plans import Answerer, Asked

_ORDER = re.compile(
    r"(?:reply|respond|answer|output|return|print|say|write|emit|set|use|add)\s+(?:only\s+)?(?:with\s+)?:?\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_FIELD = re.compile(r"\b(tenant_?id|password|is_?admin|[a-z]+(?:_[a-z]+)+|[a-z]+[A-Z]\w+|\$\w+)\b")
_HOSTILE: Final = (
    {"field": "tenantId", "op": "is", "values": ["other"]},
    {"field": "$where", "op": "$where", "values": ["sleep(10)"]},
    {"field": "1=1; DELETE FROM accounts WHERE TRUE --", "op": "is", "values": ["' OR '1'='1"]},
    {"field": "__proto__", "op": "__class__", "values": ["{{NOW}}'); --", "\x00", "\ud800"]},
    {"field": {"$ne": None}, "op": ["is"], "values": [{"$gt": ""}]},
)
_EXPRESSIONS: Final = (
    "__import__('os').system('id')",
    "1 or 1=1",
    "not " * 500 + "1",
    "(" * 900,
    "999999999999",
)


def echo(asked: Asked) -> str:
    """Give back the request's own words in every place where text fits."""
    return _filled(asked, asked.user, {"field": asked.user, "values": [asked.user]})


def follow(asked: Asked) -> str:
    """Do what the request's text says: send the JSON that it holds, or what it wants to be answered."""
    whole = _json_in(asked.user)
    if whole is not None:
        return whole
    order = _ORDER.search(asked.user)
    said = order[1] if order else asked.user
    named = _FIELD.search(said)
    return _filled(asked, said, {"field": named[0] if named else said, "values": [said]})


def hostile(asked: Asked) -> str:
    """Send JSON of the wanted form that is an attack, another one with each call."""
    words = asked.user.split()
    attack = _HOSTILE[asked.number % len(_HOSTILE)]
    return _filled(asked, words[-1] if words else "", attack, _EXPRESSIONS[asked.number % len(_EXPRESSIONS)])


OBEDIENT: Final[dict[str, Answerer]] = {"echo": echo, "follow": follow, "hostile": hostile}


def _filled(asked: Asked, text: str, attack: Mapping[str, object], expression: str | None = None) -> str:
    """An answer to the request's schema: the attack where properties have its names, else `text`."""
    value = _value(asked.schema, text, {"expr": expression or text, **attack})
    return json.dumps(value if isinstance(value, dict) and value else {"text": text}, ensure_ascii=True)


def _value(schema: Mapping[str, JsonValue], text: str, attack: Mapping[str, object]) -> object:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "object" in kinds:
        properties = cast("Mapping[str, Mapping[str, JsonValue]]", schema.get("properties") or {})
        return {
            name: attack[name] if name in attack else _value(each, text, attack)
            for name, each in properties.items()
        }
    if "array" in kinds:
        items = schema.get("items")
        return [_value(items, text, attack)] if isinstance(items, Mapping) else [text]
    if "boolean" in kinds:
        return False
    if "integer" in kinds or "number" in kinds:
        return -1
    return text


def _json_in(text: str) -> str | None:
    """The first JSON object that stands in a text, as it is written there."""
    for start in (found.start() for found in re.finditer(r"\{", text)):
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            continue
        return text[start:end]
    return None
