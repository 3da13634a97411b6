"""What stands around a description of customers: greetings, purposes, columns to show, words for all."""

from __future__ import annotations

from segmentry.reader.confidence import content
from segmentry.reader.phrases import DERIVED
from segmentry.reader.scene import Scene
from segmentry.reader.words import FRAME, NEGATORS, word_set

_SHOW = word_set(
    "show list give get display what what's whats find average mean median total names emails fetch"
)
_COLUMN_WORDS = word_set("and , the me us is are their names name list average of")
_GREETINGS = word_set("hi hello hey dear morning afternoon good team all folks guys everyone there , . !")
_REQUESTS = word_set("need want list show give find get pull require select identify")
_ASKERS = word_set("i we you please")
# What people make with a list of customers; "for our spring campaign" says why, not who.
_PURPOSES = word_set("""
campaign campaigns mailing mailings mailout mailshot newsletter newsletters blast push promo promotion
promotions offer offers survey surveys report reports deck decks meeting meetings presentation
presentations analysis review reviews outreach launch event events invitation invitations invite invites
webinar project voucher vouchers raffle draw competition initiative activity programme program pilot test
qbr forecast dashboard letter letters drive sale push reminder reminders
""")
_PLANNING = word_set("""
planning preparing putting running launching working building drafting designing setting creating
organising organizing writing making sending doing compiling
""")
_WHOLE = word_set("whole entire complete full total")
_CROWD = word_set("base list database lot group population crm file community")
_ANYBODY = word_set("everyone everybody everything")
_MOST = 24


def opening(scene: Scene) -> int:
    """The position at which the description begins, after greetings, the purpose and the columns to show."""
    return _projection(scene, _preamble(scene))


def aside(scene: Scene, at: int) -> int | None:
    """The end of a remark that begins here and selects nobody, or None.

    "For our spring campaign", "the whole base", "every single customer".
    """
    word = scene.word(at)
    after = scene.word(at + 1)
    if word == "for":
        return _purpose(scene, at)
    if word in _WHOLE and (after in scene.lexicon.entities or after in _CROWD):
        return at + 1
    if word in _CROWD and not _names(scene, at):
        return at + 1
    if word == "single" and scene.word(at - 1) in ("every", "each") and not scene.matches_at(at):
        return at + 1
    return None


def means_everyone(scene: Scene) -> bool:
    """Whether nothing is said but a noun for the customers: "all customers", "the whole base"."""
    said = [scene.tokens[at].norm for at in content(scene)]
    nouns = [word for word in said if word in scene.lexicon.entities or word in _CROWD or word in _ANYBODY]
    filling = FRAME | _WHOLE | {"single"}
    return bool(nouns) and all(word in filling for word in said if word not in nouns)


def _preamble(scene: Scene) -> int:
    """Where "hi team, for the spring campaign I need" ends; 0 when it might hold a condition."""
    first = scene.word(0)
    greets = first in ("hi", "hello", "hey", "dear") or (first == "good" and scene.word(1) in _GREETINGS)
    at = 0
    while at < len(scene.tokens) and scene.word(at) in _GREETINGS:
        at += 1
    if at and scene.word(at - 1) not in (",", ".", "!") and first not in ("hi", "hello", "hey", "dear"):
        at = 0
    begins = scene.word(at)
    planned = scene.word(at + 1) in _PLANNING or scene.word(at + 2) in _PLANNING
    if begins == "for" or (begins in ("i'm", "we're", "im", "i", "we") and planned):
        return _request(scene, at) or (at if greets else 0)
    return at if greets else 0


def _request(scene: Scene, start: int) -> int:
    """The position of the request ("I need") that ends the remark from `start` on, 0 when there is none."""
    for at in range(start + 1, min(len(scene.tokens), start + _MOST)):
        token = scene.tokens[at]
        if token.kind in ("number", "date", "ordinal", "quoted"):
            return 0
        if token.norm in NEGATORS or scene.when(at) is not None:
            return 0
        if token.norm in _REQUESTS and scene.word(at - 1) in _ASKERS:
            return at
        if token.norm in _REQUESTS and scene.word(at - 1) in (",", "so", ":"):
            return at
        if any(match.of("value", "band") for match in scene.matches_at(at)):
            return 0
    return 0


def _purpose(scene: Scene, at: int) -> int | None:
    for end in range(at + 1, min(len(scene.tokens), at + 7)):
        token = scene.tokens[end]
        if token.norm in _PURPOSES and not any(match.of("field") for match in scene.matches_at(end)):
            return end + 1
        if token.kind != "word" or token.norm in NEGATORS or scene.when(end) is not None:
            return None
        if _names(scene, end):
            return None
    return None


def _names(scene: Scene, at: int) -> bool:
    """Whether a value, a band or a field by its own name begins here."""
    return any(
        entry.kind in ("value", "band") or (entry.kind == "field" and entry.strength >= DERIVED)
        for match in scene.matches_at(at)
        for entry in match.entries
    )


def _projection(scene: Scene, start: int) -> int:
    """Where the description begins: "show me names and emails of ..." names columns to see, no condition."""
    if scene.word(start) not in _SHOW:
        return start
    at, columns = start + 1, 0
    while at < len(scene.tokens):
        word = scene.word(at)
        if word in ("of", "for") and columns:
            # "average order value of £40" is a condition
            return at + 1 if scene.comparison(at + 1) is None else start
        match = next((match for match in scene.matches_at(at) if match.of("field", "channel")), None)
        if match is not None:
            at, columns = match.end, columns + 1
        elif word in _SHOW or word in _COLUMN_WORDS:
            at, columns = at + 1, columns + (word in ("names", "name"))
        else:
            return start
    return start
