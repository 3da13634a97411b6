# ruff: noqa: E501 - word tables read better in long lines
"""Words that mean one thing together, joined before anything else is read, and short forms written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segmentry.criteria.short_forms import LONG
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import VAGUE
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.lexicon.phrases import EXACT

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
    # what follows is asked of everybody named before
    "as": ((("as", "long", "as"), "but"),),
    "so": ((("so", "long", "as"), "but"),),
    "provided": ((("provided", "that"), "but"), (("provided", "they"), "but")),
    "providing": ((("providing", "that"), "but"), (("providing", "they"), "but")),
    "travelling": ((("travelling", "with"), "with"),),
    "traveling": ((("traveling", "with"), "with"),),
    "coming": ((("coming", "with"), "with"),),
    "came": ((("came", "with"), "with"),),
    "thanks": ((("thanks", "a", "lot"), "thanks"), (("thanks", "so", "much"), "thanks")),
    "many": ((("many", "thanks"), "thanks"),),
    "somewhere": ((("somewhere", "between"), "between"), (("somewhere", "from"), "from")),
    "anywhere": ((("anywhere", "between"), "between"), (("anywhere", "from"), "from")),
}
# what only a person can settle, said in several words; each becomes a vague word with the same direction
_VAGUE: Final = {
    "lots": "a lot|quite a lot|quite a bit|a fair bit|a fair amount|a good deal|a great deal|a ton|too much|too many|so much|so many",
    "many": "a lot of|quite a lot of|lots of|plenty of|tons of|loads of|a great deal of|a good deal of|a good number of|a fair number of",
    "few": "hardly any|next to no|next to nothing|not much|not many|scarcely any|barely any|too few|too little|very little",
    "rarely": "hardly ever|barely ever|scarcely ever|almost never|nearly never|not often|not very often|once in a while|"
    "every now and then|now and then|now and again|from time to time|every so often|on and off",
    "often": "all the time|almost always|nearly always|again and again|over and over|very often|most of the time",
    "regularly": "on a regular basis",
    "recently": "of late|not long ago|not so long ago",
    "soon": "before long|any day now|in the near future",
    "middle-aged": "middle - aged|middle aged",
    "wealthy": "well off|well - off|well to do|well heeled",
}
_AFTER_AMOUNT: Final = frozenset({"of", "more", "less", "fewer", "older", "younger", "longer"})
for _word, _phrases in _VAGUE.items():
    for _phrase in _phrases.split("|"):
        _words = tuple(_phrase.split())
        _JOINED[_words[0]] = tuple(
            sorted((*_JOINED.get(_words[0], ()), (_words, _word)), key=lambda item: -len(item[0]))
        )
_SECONDS: Final = {first: frozenset(words[1] for words, _ in listed) for first, listed in _JOINED.items()}
_FIRST: Final = frozenset(_JOINED)
# what a person says for a word of columns' names, where the table has that word alone
_SAME: Final = {"typical": "average"}
_SHORT: Final = frozenset(LONG) | frozenset(_SAME)
# "at all" only strengthens a denial; before one of these it says where
_PLACE: Final = frozenset({"of", "our", "the", "their", "stores", "clubs", "branches"})
_DENIALS: Final = frozenset({"no", "not", "never", "without", "nothing", "none"})
# "gone quiet, meaning no login in 30 days": what is vague is explained right behind it
_EXPLAINS: Final = frozenset({"meaning", "that"})
_QUIET: Final = frozenset({"quiet", "silent", "missing", "dark", "awol", "away", "off"})
_TURNED: Final = frozenset({"gone", "went", "going", "fell", "fallen", "turned", "been"})
# "non-employees" is denied, and no word of its own
_PREFIXES: Final = frozenset({"non", "no", "not", "un", "in"})


def joined(tokens: tuple[Token, ...], lexicon: Lexicon) -> tuple[Token, ...]:
    """The tokens with idioms as one token each, and with short forms ("appt") as the catalog writes them."""
    said = {token.norm for token in tokens}
    if (
        all(_SECONDS[first].isdisjoint(said) for first in _FIRST & said)
        and ("at" not in said or "all" not in said)
        and "-" not in said
        and _EXPLAINS.isdisjoint(said)
        and (_SHORT.isdisjoint(said) or lexicon.stems.issuperset({stem(word) for word in _SHORT & said}))
        and not any(token.glued and token.capitalised for token in tokens)
    ):
        return tokens
    norms = [token.norm for token in tokens]
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        idiom = _idiom(tokens, norms, at)
        if idiom is not None:
            words, meant = idiom
            found.append(replace(token, norm=meant, stem=meant, end=tokens[at + len(words) - 1].end))
            at += len(words)
            continue
        whole = _run_together(tokens, at, lexicon)
        if whole is not None:
            found.append(whole)
            at += 2
            continue
        whole = _without_hyphen(tokens, at, lexicon)
        if whole is not None:
            found.append(whole)
            at += 3
            continue
        if token.norm in _EXPLAINS and _drop_explained(found, tokens, at, lexicon):
            at += 2 if token.norm == "that" else 1
            continue
        if _only_strengthens(tokens, at) and any(each.norm in _DENIALS for each in found):
            at += 2
            continue
        found.append(_written_out(token, lexicon))
        at += 1
    return tuple(found)


def _idiom(tokens: tuple[Token, ...], norms: list[str], at: int) -> tuple[tuple[str, ...], str] | None:
    """The longest idiom that begins at `at`, with the word it stands for."""
    for words, meant in _JOINED.get(norms[at], ()):
        end = at + len(words)
        if tuple(norms[at:end]) == words and not (meant in _VAGUE and _measured(tokens, end)):
            return words, meant
    return None


def _measured(tokens: tuple[Token, ...], at: int) -> bool:
    """ "A lot of", "a lot more than": what follows takes the words for its own."""
    return at < len(tokens) and (tokens[at].norm in _AFTER_AMOUNT or tokens[at].kind in ("number", "date"))


def _without_hyphen(tokens: tuple[Token, ...], at: int, lexicon: Lexicon) -> Token | None:
    """ "Check-ins" as the one word that the catalog writes ("checkins_30d"), where it has that word alone."""
    if at + 2 >= len(tokens) or tokens[at + 1].norm != "-" or not tokens[at + 1].glued:
        return None
    first, second = tokens[at], tokens[at + 2]
    if first.kind != "word" or second.kind != "word" or not second.glued or first.norm in _PREFIXES:
        return None
    norm = first.norm + second.norm
    parted = lexicon.lookup(f"{first.norm} {second.norm}")
    if stem(norm) not in lexicon.stems or any(entry.strength == EXACT for entry in parted):
        return None
    return replace(first, text=first.text + second.text, norm=norm, stem=stem(norm), end=second.end)


def _drop_explained(found: list[Token], tokens: tuple[Token, ...], at: int, lexicon: Lexicon) -> bool:
    """Take "gone quiet" off what was found where "meaning" says behind it what is meant; whether it did."""
    if tokens[at].norm == "that" and (
        tokens[at - 1].norm != "," or at + 1 >= len(tokens) or tokens[at + 1].norm != "is"
    ):
        return False
    end = len(found) - 1 if found and found[-1].norm in (",", "(", ":") else len(found)
    begin = end - 1
    if begin < 0 or found[begin].norm not in _QUIET | VAGUE or lexicon.lookup(found[begin].norm):
        return False
    if begin and found[begin - 1].norm in _TURNED:
        begin -= 1
    elif found[begin].norm in _QUIET:
        return False
    del found[begin:]
    return True


def _only_strengthens(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether "at all" stands here and no place follows it."""
    if tokens[at].norm != "at" or at + 1 >= len(tokens) or tokens[at + 1].norm != "all":
        return False
    return at + 2 >= len(tokens) or tokens[at + 2].norm not in _PLACE


def _run_together(tokens: tuple[Token, ...], at: int, lexicon: Lexicon) -> Token | None:
    """ "PayPal" as one word, where the table writes it in small letters and has no part of it alone."""
    if at + 1 >= len(tokens) or not (tokens[at].capitalised and tokens[at + 1].capitalised):
        return None
    first, second = tokens[at], tokens[at + 1]
    whole = first.norm + second.norm
    if not second.glued or stem(whole) not in lexicon.stems or second.stem in lexicon.stems:
        return None
    return replace(first, norm=whole, stem=stem(whole), text=first.text + second.text, end=second.end)


def _written_out(token: Token, lexicon: Lexicon) -> Token:
    """The word that a short form stands for, where the catalog has that word and not the short form."""
    long = LONG.get(token.norm) or _SAME.get(token.norm)
    if long is None or token.kind != "word" or " " in long or token.stem in lexicon.stems:
        return token
    return replace(token, norm=long, stem=stem(long)) if stem(long) in lexicon.stems else token
