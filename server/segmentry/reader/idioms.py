"""Words that mean one thing together, joined before anything else is read, and short forms written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segmentry.criteria.short_forms import LONG
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.tokens import Token
from segmentry.reader.lexicon.lexicon import Lexicon

# the longest of those with one first word stands first
_JOINED: Final[dict[str, tuple[tuple[tuple[str, ...], str], ...]]] = {
    "not": (
        (("not", "even", "a", "single"), "no"),
        (("not", "a", "single"), "no"),
        (("not", "even", "one"), "no"),
        (("not", "one"), "no"),
        (("not", "any"), "no"),
    ),
    "without": ((("without", "a", "single"), "without"), (("without", "any"), "without")),
    "no": ((("no", "single"), "no"),),
    "somewhere": ((("somewhere", "between"), "between"), (("somewhere", "from"), "from")),
    "anywhere": ((("anywhere", "between"), "between"), (("anywhere", "from"), "from")),
}
# "at all" only strengthens a denial; before one of these it says where
_PLACE: Final = frozenset({"of", "our", "the", "their", "stores", "clubs", "branches"})
_DENIALS: Final = frozenset({"no", "not", "never", "without", "nothing", "none"})


def joined(tokens: tuple[Token, ...], lexicon: Lexicon) -> tuple[Token, ...]:
    """The tokens with idioms as one token each, and with short forms ("appt") as the catalog writes them."""
    if not any(_may_change(token, lexicon) for token in tokens):
        return tokens
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        idiom = next(
            (
                (words, meant)
                for words, meant in _JOINED.get(token.norm, ())
                if tuple(each.norm for each in tokens[at : at + len(words)]) == words
            ),
            None,
        )
        if idiom is not None:
            words, meant = idiom
            found.append(replace(token, norm=meant, stem=meant, end=tokens[at + len(words) - 1].end))
            at += len(words)
            continue
        if _only_strengthens(tokens, at) and any(each.norm in _DENIALS for each in found):
            at += 2
            continue
        found.append(_written_out(token, lexicon))
        at += 1
    return tuple(found)


def _may_change(token: Token, lexicon: Lexicon) -> bool:
    return (
        token.norm in _JOINED
        or token.norm == "at"
        or (token.norm in LONG and token.norm not in lexicon.stems)
    )


def _only_strengthens(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether "at all" stands here and no place follows it."""
    if tokens[at].norm != "at" or at + 1 >= len(tokens) or tokens[at + 1].norm != "all":
        return False
    return at + 2 >= len(tokens) or tokens[at + 2].norm not in _PLACE


def _written_out(token: Token, lexicon: Lexicon) -> Token:
    """The word that a short form stands for, where the catalog has that word and not the short form."""
    long = LONG.get(token.norm)
    if long is None or token.kind != "word" or " " in long or token.stem in lexicon.stems:
        return token
    return replace(token, norm=long, stem=stem(long)) if stem(long) in lexicon.stems else token
