"""What stands around a description of customers: greetings, purposes, columns to show, words for all."""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import NEGATORS, word_set
from segmentry.reader.lexicon.phrases import DERIVED
from segmentry.reader.scene import Scene
from segmentry.reader.spelling import english

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
planning preparing putting running launching together working building drafting designing setting creating
organising organizing writing making sending doing compiling
""")
_WHOLE = word_set("whole entire complete full total")
_CROWD = word_set("base list database lot group population crm file community table system books")
_ANYBODY = word_set("everyone everybody everything all")
_LIMITS = word_set(
    "filter filters condition conditions exception exceptions restriction restrictions limit limits"
)
_WHATEVER = word_set("what who whom which how whether")
# with one of these begins a remark that takes limits away: "no exceptions", "regardless of tier"
LIFTING: Final = word_set("no without regardless irrespective unfiltered ignoring nobody don't")
_DESCRIBING = word_set("who whose that with without in from on")
_WE = word_set("i we i'd we'd i'm we're im")
_WISHING = word_set(
    "want would like love need plan planning going wish hope hoping intend looking about are am d to"
)
_CONTACTING = word_set("""
email emailing text texting call calling phone phoning contact contacting invite inviting message messaging
mail mailing write writing target targeting survey surveying reach reaching win winning
reactivate reactivating
""")
_LEFT_OUT = word_set("left excluded omitted skipped missing")
_LEAVE = word_set("filter exclude leave skip omit restrict limit")
_ANY = word_set("anything anyone anybody it them")
_ENDS = word_set(", . ! ; please") | {""}
_HAVE = word_set("you've we've have")
_MOST = 24


def opening(scene: Scene) -> int:
    """The position at which the description begins, after greetings, the purpose and the columns to show."""
    if scene.begins < 0:
        scene.begins = _projection(scene, _preamble(scene))
    return scene.begins


def lifted(scene: Scene, at: int) -> int | None:
    """The end of a remark that takes limits away: "no exceptions", "no matter what", "regardless of tier"."""
    word, after = scene.word(at), scene.word(at + 1)
    if word == "unfiltered" and not scene.matches_at(at):
        return at + 1
    if word in ("no", "without"):
        if word == "no" and after == "matter" and scene.word(at + 2) in _WHATEVER:
            return _field_end(scene, at + 3)
        noun = scene.skip(at + 1, frozenset({"any", "further", "other"}), 2)
        if scene.word(noun) not in _LIMITS or _names(scene, noun):
            return None
        about = scene.word(noun + 1) in ("on", "by", "for", "about", "to")
        return _field_end(scene, noun + 2) if about else noun + 1
    if (word == "nobody" and after in _LEFT_OUT) or (word, after) == ("no", "one"):
        out = at + 1 + (word == "no")
        end = out + 1 + (scene.word(out + 1) == "out")
        return end if scene.word(out) in _LEFT_OUT and scene.word(end) in _ENDS else None
    if word == "don't" and after in _LEAVE:
        whom = at + 2 + (scene.word(at + 2) == "out")
        return whom + 1 if scene.word(whom) in _ANY and scene.word(whom + 1) in _ENDS else None
    if word in ("regardless", "irrespective") and after == "of":
        return _field_end(scene, at + 2)
    return None


def _field_end(scene: Scene, at: int) -> int:
    """The end of the fields named from `at` on ("their tier or age"), else `at`."""
    end = scene.skip(at, frozenset({"the", "their"}), 1)
    while (found := [match.end for match in scene.matches_at(end) if match.of("field")]) != []:
        at = max(found)
        end = scene.skip(at, frozenset({"and", "or", ",", "the", "their"}), 3)
    return at


_LIKING = {
    ("keen", "on"), ("fond", "of"), ("mad", "about"), ("crazy", "about"), ("passionate", "about"),
    ("big", "on"), ("fan", "of"), ("fans", "of"), ("lovers", "of"), ("nuts", "about"),
}  # fmt: skip


def aside(scene: Scene, at: int) -> int | None:
    """The end of a remark that begins here and selects nobody, or None.

    "For our spring campaign", "the whole base", "every single customer".
    """
    word = scene.word(at)
    after = scene.word(at + 1)
    if word == "for":
        return _purpose(scene, at)
    if (word, after) in _LIKING and scene.word(at + 2) != "us" and scene.lists_value(at + 2):
        return at + 2
    if word in _WHOLE and (after in scene.lexicon.entities or after in _CROWD):
        return at + 1
    if word in _CROWD and not _names(scene, at):
        return at + 1
    if word == "mean" and scene.word(at - 1) == "i":
        return at + 1
    if (
        (word == "anything" and at == 0)
        or word == "everything"
        or (word == "got" and scene.word(at - 1) in _HAVE)
        or word == "you've"
    ):
        return at + 1
    if word in ("altogether", "overall") and not scene.matches_at(at):
        return at + 1
    if word == "size" and after == "of" and not scene.matches_at(at):
        return at + 2
    if word == "single" and scene.word(at - 1) in ("every", "each") and not scene.matches_at(at):
        return at + 1
    return None


def means_everyone(scene: Scene) -> bool:
    """Whether a query without conditions or open words is about all customers: "the whole base"."""
    everyone = scene.lexicon.entities | _CROWD | _ANYBODY
    if len(scene.tokens) == 1:
        everyone -= {"list"}  # only a verb without its object
    return any(
        token.norm in everyone or (token.norm in LIFTING and lifted(scene, at) is not None)
        for at, token in enumerate(scene.tokens)
    )


def _preamble(scene: Scene) -> int:
    """Where "hi team, for the spring campaign I need" ends; 0 when it might hold a condition."""
    first = scene.word(0)
    greets = first in ("hi", "hello", "hey", "dear") or (first == "good" and scene.word(1) in _GREETINGS)
    at = 0
    while at < len(scene.tokens) and scene.word(at) in _GREETINGS:
        at += 1
    if at and scene.word(at - 1) not in (",", ".", "!") and first not in ("hi", "hello", "hey", "dear"):
        at = 0
    wanted = _errand(scene, at)
    if wanted is not None:
        return wanted
    begins = scene.word(at)
    if begins in ("i'm", "we're", "im") and scene.word(at + 1) in ("after", "interested"):
        return at + 2
    planned = scene.word(at + 1) in _PLANNING or scene.word(at + 2) in _PLANNING
    if begins == "for" or (begins in ("i'm", "we're", "im", "i", "we") and planned):
        return _request(scene, at) or (at if greets else 0)
    return at if greets else 0


def _errand(scene: Scene, at: int) -> int | None:
    """Where "I'd like to email", "we are writing to", "send me" ends: what a list is for, or who gets it."""
    if scene.word(at) == "send" and scene.word(at + 1) in ("me", "us"):
        return at + 2
    if scene.word(at) not in _WE or (scene.word(at) in ("i", "we") and scene.word(at + 1) not in _WISHING):
        return None
    for step in range(at + 1, min(at + 6, len(scene.tokens) - 1)):
        word = scene.word(step)
        if word in _CONTACTING and (word.endswith("ing") or scene.word(step - 1) == "to"):
            end = step + 1 + (scene.word(step + 1) in ("to", "out", "back"))
            return end + (scene.word(end) == "to")
        if word not in _WISHING:
            return None
    return None


def _request(scene: Scene, start: int) -> int:
    """The position of the request ("I need") that ends the remark from `start` on, 0 when there is none."""
    for at in range(start + 1, min(len(scene.tokens), start + _MOST)):
        token = scene.tokens[at]
        if token.kind in ("number", "date", "ordinal", "quoted"):
            return 0
        if token.norm in NEGATORS or scene.when(at) is not None or _invented(token):
            return 0
        if token.norm in _REQUESTS and scene.word(at - 1) in _ASKERS:
            return at
        if token.norm in _REQUESTS and scene.word(at - 1) in (",", "so", ":"):
            return at
        if token.norm == ":":
            return at + 1  # "we're planning a win-back: dormant accounts"
        if token.norm in _DESCRIBING and scene.word(at - 1) in scene.lexicon.entities:
            return 0  # "we are writing to members whose ..., list them"
        if any(match.of("value", "band") for match in scene.matches_at(at)):
            return 0
    return 0


def _invented(token: Token) -> bool:
    """A word that English lacks may be a value, and then the remark is none."""
    return (
        token.kind == "word"
        and token.norm.isalpha()
        and not token.capitalised
        and token.norm not in english.words()
        and token.stem not in english.words()
    )


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
