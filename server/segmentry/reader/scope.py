# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Queries that are not ours: commands, injected instructions, small talk, other languages, nothing at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

from segmentry.reader.scene import Scene
from segmentry.reader.tokens import Token
from segmentry.reader.words import FUNCTION_WORDS, STOP, word_set

MAX_CHARACTERS = 2_000

_COMMANDS = word_set("""
delete remove drop truncate insert update alter send email text sms notify message export download
upload execute run schedule launch publish post charge refund cancel deactivate activate ban block erase
wipe purge unsubscribe merge transfer grant revoke sudo print write translate summarize summarise
explain draft compose
""")
_POLITE = word_set("please can could you kindly now just i want to would like")
_ANYWHERE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|your|any)\b.{0,30}"
    r"\b(?:instructions?|rules?|prompts?|filters?|directions?|restrictions?)\b"
    r"|\b(?:system prompt|developer mode|jailbreak|you are now|act as an?|pretend to be|reveal your)\b"
    r"|\b(?:drop|truncate|alter)\s+(?:table|database)\b|\bdelete\s+from\b|\binsert\s+into\b|\bunion\s+select\b"
    r"|;\s*(?:drop|delete|update|insert|select)\b|\bselect\s+\*\s+from\b|<script|\$where|\bos\.system\b|\brm\s+-rf\b",
    re.IGNORECASE | re.DOTALL,
)
_SMALL_TALK = re.compile(
    r"\b(?:weather|forecast for|tell me a joke|a joke|poem|recipe|who are you|what are you|capital of|stock price|bitcoin|"
    r"meaning of life|how are you|what time is it|sing (?:me )?a|write (?:me )?(?:a|an|some)|what's up)\b",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\b(?:and|then|,)\s+(?:then\s+)?(?:please\s+)?(delete|remove|send|email|text|notify|export|drop|download|message|charge|refund|"
    r"deactivate|block|unsubscribe|wipe|erase|purge)\s+(?:them|it|all|these|those|the|everyone|each|a|an|this|to|him|her)\b",
    re.IGNORECASE,
)


# A pattern can be found only where one of its words stands, and most queries have none of them.
_IN_ANYWHERE = word_set("""
ignore disregard forget override bypass prompt developer jailbreak now act pretend reveal drop truncate alter
delete insert union update select os rm
""")
_IN_SMALL_TALK = word_set("""
weather forecast joke poem recipe you capital stock bitcoin meaning time sing write up
""")
_IN_TAIL = word_set("""
delete remove send email text notify export drop download message charge refund deactivate block unsubscribe
wipe erase purge
""")
_SPACED = str.maketrans(
    {chr(code): " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a query is none of ours; `spans` are the words of the actions in the raw query, each `[start, end)`."""

    reason: str
    message: str
    spans: tuple[tuple[int, int], ...] = ()


def out_of_scope(query: str, tokens: tuple[Token, ...], *, named: bool = False) -> Refusal | None:
    """Why the query is no description of customers, with the words that show it, or None.

    `named`: it begins with the name of a field, so that "download speed over 100" is no command.
    """
    everything = _worth_searching(query)
    for pattern, worth in ((_ANYWHERE, everything[0]), (_SMALL_TALK, everything[1])):
        found = pattern.search(query) if worth else None
        if found is not None:
            words = found.group().strip(" ,")
            return Refusal(
                "OUT_OF_SCOPE",
                f"'{words}' is not a description of customers; say who you mean",
                (found.span(), *_tails(query)),
            )
    words = list(islice((token for token in tokens if token.kind == "word" and token.norm not in _POLITE), 2))
    if words and words[0].norm in _COMMANDS and not (named and words[0] is tokens[0]):
        first = words[0]
        following = words[1].norm if len(words) > 1 else ""
        # "email subscribers", "SMS but not email", "text consent" describe people; "email the gold members" does not.
        channel = first.norm in (
            "email",
            "text",
            "sms",
            "message",
            "run",
            "post",
            "print",
            "update",
            "cancel",
            "export",
            "block",
        )
        if not channel or following in (
            "all",
            "the",
            "them",
            "every",
            "everyone",
            "everybody",
            "our",
            "my",
            "these",
            "those",
            "a",
            "an",
            "this",
        ):
            return Refusal(
                "OUT_OF_SCOPE",
                f"'{first.text}' asks for an action; say who you mean and act on the segment afterwards",
                ((first.start, _last_command(tokens, first).end), *_tails(query)),
            )
    tail = _TAIL.search(query) if everything[2] else None
    if tail is None:
        return None
    said = tail.group().strip(" ,")
    message = f"'{said}' is not a description of customers; say who you mean"
    return Refusal("OUT_OF_SCOPE", message, _tails(query))


def _worth_searching(query: str) -> tuple[bool, bool, bool]:
    """Whether the patterns for instructions, small talk and tails can be found at all."""
    if not query.isascii():
        return True, True, True
    lowered = query.lower()
    words = lowered.translate(_SPACED).split()
    return (
        not _IN_ANYWHERE.isdisjoint(words) or "<script" in lowered or "$where" in lowered,
        not _IN_SMALL_TALK.isdisjoint(words),
        not _IN_TAIL.isdisjoint(words),
    )


def _tails(query: str) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _TAIL.finditer(query))


def _last_command(tokens: tuple[Token, ...], first: Token) -> Token:
    """ "Delete and remove the gold members": an action said with two verbs ends with the second."""
    last = first
    for token in tokens[tokens.index(first) + 1 :]:
        if token.norm in _COMMANDS:
            last = token
        elif token.norm not in ("and", "or", ",", "then", "&"):
            break
    return last


def foreign_language(scene: Scene, coverage: float) -> str | None:
    """The language of a query that is not English, or None."""
    if coverage >= 0.5:
        return None  # also in another script: names and values of a catalog may be of any language
    plain = scene.query.isascii()
    letters = [] if plain else [char for token in scene.tokens if token.kind == "word" for char in token.text]
    if letters:
        script = sum(1 for char in letters if not unicodedata.name(char, "LATIN").startswith("LATIN"))
        if script > len(letters) / 2:
            return _script(
                next(char for char in letters if not unicodedata.name(char, "LATIN").startswith("LATIN"))
            )
    words = [token.norm for token in scene.tokens if token.kind == "word"]
    english = sum(1 for word in words if word in STOP)
    scores = {name: sum(1 for word in words if word in listed) for name, listed in FUNCTION_WORDS.items()}
    name, most = max(scores.items(), key=lambda item: item[1])
    return name if most >= max(english, 2) else None


def _script(char: str) -> str:
    first = unicodedata.name(char, "UNKNOWN").split()[0].title()
    return {
        "Cjk": "Chinese or Japanese",
        "Hiragana": "Japanese",
        "Katakana": "Japanese",
        "Hangul": "Korean",
        "Cyrillic": "Russian or another Cyrillic language",
        "Devanagari": "Hindi",
        "Greek": "Greek",
    }.get(first, first)
