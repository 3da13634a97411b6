# ruff: noqa: E501 - word tables and patterns read better in long lines
"""How edits are said: one row per construction, tried in order, an addition where none fits."""

from __future__ import annotations

import re
from collections.abc import Callable

from segmentry.reader.refining import verbs
from segmentry.reader.refining.amounts import shift
from segmentry.reader.refining.step import Kind, Manner, Step, Typed

_LEAD = (
    r"(?:(?:please|kindly|can you|could you|would you|can we|could we|(?:i|we)(?:'d| would) (?:like|love|prefer) to|i want to|we want to|"
    r"i want you to|we should|you should|now|ok|okay|right|alright|well|hmm|let's|let us|also please|then|and then|and|but|just|go ahead and)(?:,? |, ))*"
)
_TAIL = r"(?:,? (?:please|thanks|thank you|for now|now|then|if possible))*[ .!?]*$"
_IT = r"(?:it|that|this|them|those|these|the value|the number|the threshold|the bound|the cutoff)"
_TO = r"(?:up to|down to|back to|over to|to|into|onto)"


# bounded, because digits may be either part: a long row of them would be cut in every way
_AMOUNT = r"[^a-z]{0,24}\d[\d.,]{0,24}\s?%?"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("^" + _LEAD + text + _TAIL, re.IGNORECASE)


_Found = re.Match[str]
_Maker = Callable[[Typed, _Found], Step | None]


def _bare(kind: Kind, *, whole: bool = False) -> _Maker:
    """A step that is all said by its words."""
    return lambda text, _: Step(kind, text.whole(), whole=whole)


def _restart(text: Typed, found: _Found) -> Step:
    return Step("restart", text.whole(), new=text.group(found, "new"))


def _negate(text: Typed, found: _Found) -> Step:
    old = found.groupdict().get("old")
    return Step("negate", text.whole(), old=text.group(found, "old") if old else "")


def _shift(text: Typed, found: _Found) -> Step | None:
    groups = found.groupdict()
    old = "" if groups.get("old") is None else text.group(found, "old")
    amount = shift(found["verb"], groups.get("new") or "")
    if amount is None:
        return None
    return Step("shift", text.whole(), old=_named(old), shift=amount)


def _change(text: Typed, found: _Found) -> Step:
    groups = found.groupdict()
    old = text.group(found, "old") if groups.get("old") else ""
    return Step("change", text.whole(), new=_plain(text.group(found, "new")), old=_named(old))


def _change_open(text: Typed, found: _Found) -> Step:
    return Step("change", text.whole(), old=_named(text.group(found, "old")))


def _contrast(text: Typed, found: _Found) -> Step:
    step = _change(text, found)
    return Step("change", step.said, step.new, step.old, loose=True)


def _remove(text: Typed, found: _Found) -> Step:
    return Step("remove", text.whole(), old=text.group(found, "old"))


def _remove_loosely(text: Typed, found: _Found) -> Step:
    return Step("remove", text.whole(), old=text.group(found, "old"), loose=True)


def _unneeded(text: Typed, found: _Found) -> Step:
    """ "They need not be gold": it is the condition that goes, and not one value of it."""
    return Step("remove", text.whole(), old=text.group(found, "old"), whole=True)


def _keep(text: Typed, found: _Found) -> Step:
    return Step("keep", text.whole(), old=text.group(found, "old"))


def _keep_named(text: Typed, found: _Found) -> Step:
    return Step("keep", text.whole(), old=text.group(found, "old"), loose=True)


def _exclude(text: Typed, found: _Found) -> Step:
    return Step("exclude", text.whole(), old=text.group(found, "old"))


def _widen(text: Typed, found: _Found) -> Step:
    return Step("widen", text.whole(), new=text.group(found, "new"))


def _widen_softly(text: Typed, found: _Found) -> Step:
    return Step("widen", text.whole(), new=text.group(found, "new"), manner="also")


def _add_to(text: Typed, found: _Found) -> Step:
    return Step("widen", text.whole(), new=text.group(found, "new"), old=text.group(found, "old"), loose=True)


def _shift_moved(text: Typed, found: _Found) -> Step | None:
    """ "Move the handicap up by 3": the direction stands behind what is moved."""
    said = found["verb"]
    start = found.start("verb") + said.index(" ")
    end = found.start("verb") + said.rindex(" ")
    amount = shift("increase" if said.lower().endswith("up") else "decrease", found["new"])
    return (
        None if amount is None else Step("shift", text.whole(), old=_named(text.at(start, end)), shift=amount)
    )


def _named(words: str) -> str:
    """The words, unless they only say "it"."""
    return "" if re.fullmatch(_IT, words.strip(), re.IGNORECASE) else words


_HEADS = re.compile(r"^(\s*)(?:(?:only|just|to|be|for|exactly for)\s+)+", re.IGNORECASE)


def _plain(words: str) -> str:
    """The words of a new condition without the "only" before it, which are no part of it."""
    found = _HEADS.match(words)
    return words if found is None else " " * found.end() + words[found.end() :]


_FORMS: tuple[tuple[re.Pattern[str], _Maker], ...] = (
    (
        _pattern(
            rf"{verbs.DROP} (?:everything|all|anything|(?:all |all of |every )?(?:the |these |those )?(?:other )?(?:conditions?|filters?|criteria|rules?))(?: else)?,? {verbs.BUT} (?P<old>.+?)"
        ),
        _keep_named,
    ),
    (
        _pattern(r"(?:(?:keep|leave) (?:only|just|nothing but)|(?:only|just) (?:keep|leave)) (?P<old>.+?)"),
        _keep,
    ),
    (
        _pattern(
            r"(?:undo|revert|roll back|go back|take that back|restore)\b(?! the \w+ (?:condition|filter)).*"
        ),
        _bare("undo"),
    ),
    (
        _pattern(r"(?:reset|start over|start again|start afresh|begin again)(?: everything| it all| all)?"),
        _bare("restart"),
    ),
    (
        _pattern(
            r"(?:start over|start again|start afresh|begin again|new segment|from scratch|a new segment|forget (?:all that|everything|it all))(?: with| from|:|,)? (?P<new>.+?)"
        ),
        _restart,
    ),
    (
        _pattern(
            r"(?:remove|drop|delete|clear|forget|reset|ditch|scrap|lose|take away|get rid of) (?:everything|all|it all|them all|all of (?:it|them)|(?:all|every)(?: of)?(?: the| these| those| my)? (?:conditions?|filters?|criteria|criterion|rules?|restrictions?|requirements?))"
        ),
        _bare("everyone"),
    ),
    (
        _pattern(
            r"(?:everyone|everybody|anyone|anybody|all the people|all customers|all) (?:else|but (?:them|those|these))"
        ),
        _bare("negate", whole=True),
    ),
    (
        _pattern(
            r"(?:the |all the )(?:rest|others|other ones|remaining ones|complement)(?: of them)?(?: instead)?"
        ),
        _bare("negate", whole=True),
    ),
    (
        _pattern(
            r"(?:invert|negate|reverse|flip) (?:everything|all|it all|all of it|the (?:whole|entire) (?:thing|segment|selection))"
        ),
        _bare("negate", whole=True),
    ),
    (_pattern(r"(?:invert|negate|reverse|flip)(?: (?:it|that|this|them))?"), _negate),
    (_pattern(r"(?:invert|negate|reverse|flip) (?P<old>.+?)"), _negate),
    (
        _pattern(
            r"(?:exactly )?the (?:opposite|reverse|inverse)(?: of (?:that|it|this|those))?(?: instead)?"
        ),
        _negate,
    ),
    (_pattern(r"the (?:opposite|reverse|inverse) of (?P<old>.+?)"), _negate),
    (_pattern(r"(?:not|but not) (?:those|these|them|that|this)(?: ones)?"), _negate),
    # amounts that depend on what is there
    (_pattern(r"(?P<verb>double|triple|quadruple|halve|half) (?P<old>.+?)"), _shift),
    (
        _pattern(
            rf"(?P<verb>{verbs.UP}|{verbs.DOWN}|{verbs.MOVE}) (?P<old>.+?) (?:up |down )?by (?P<new>.+?)"
        ),
        _shift,
    ),
    (
        _pattern(r"(?P<verb>(?:move|push|bring|shift|take|turn) .+? (?:up|down)) by (?P<new>.+?)"),
        _shift_moved,
    ),
    (
        _pattern(
            rf"(?P<verb>add|subtract|take) (?P<new>{_AMOUNT}(?: \w+)?) (?:to|from|off|onto) (?P<old>.+?)"
        ),
        _shift,
    ),
    (
        _pattern(
            rf"(?:make it )?(?P<new>{_AMOUNT}(?: (?:days?|weeks?|months?|years?))?) (?P<verb>more|higher|less|fewer|lower|longer|shorter)"
        ),
        _shift,
    ),
    # one thing for another
    (_pattern(rf"{verbs.SWAP} in (?P<new>.+?) for (?P<old>.+?)"), _change),
    (_pattern(r"substitute (?P<new>.+?) for (?P<old>.+?)"), _change),
    (_pattern(rf"{verbs.SWAP} (?P<old>.+?) (?:with|by|for|against) (?P<new>.+?)"), _change),
    (_pattern(r"(?:change|switch|go|move) from (?P<old>.+?) to (?P<new>.+?)"), _change),
    (_pattern(rf"(?:{verbs.SET}|{verbs.SWAP}) (?P<old>.+?) {_TO} (?P<new>.+?)(?: instead)?"), _change),
    (
        _pattern(
            rf"(?:{verbs.UP}|{verbs.DOWN}|{verbs.MOVE}) (?P<old>.+?) {_TO} {verbs.NUMBER}(?P<new>.+?)(?: instead)?"
        ),
        _change,
    ),
    (
        _pattern(
            rf"(?:{verbs.UP}|{verbs.DOWN}|{verbs.MOVE}|change|set|switch|go){'(?: down| up| back| out)?'} to {verbs.NUMBER}(?P<new>.+?)(?: instead)?"
        ),
        _change,
    ),
    (_pattern(r"(?:change|set|switch) (?:it )?to (?P<new>.+?)(?: instead)?"), _change),
    (
        _pattern(
            rf"(?:instead of|rather than|in place of|not) (?P<old>.+?)(?:,| but) {verbs.USE} (?P<new>.+?)"
        ),
        _change,
    ),
    (_pattern(rf"(?:instead of|rather than|in place of) (?P<old>.+?),? {verbs.USE} (?P<new>.+?)"), _change),
    (_pattern(r"(?:instead of|rather than|in place of) (?P<old>.+?), (?P<new>.+?)"), _change),
    (
        _pattern(rf"(?:{verbs.USE} )?(?P<new>.+?),? (?:instead of|rather than|in place of) (?P<old>.+?)"),
        _change,
    ),
    (
        _pattern(
            r"(?:no, |actually,? |sorry,? |i meant |i mean |i said |it should be |should be |rather )+(?P<new>.+?),? (?:and )?not (?P<old>.+?)"
        ),
        _contrast,
    ),
    (_pattern(r"(?P<new>[^,]{1,40}), not (?P<old>[^,]{1,40})"), _contrast),
    (_pattern(r"not (?P<old>[^,]{1,40}?),? but(?: rather)? (?P<new>.{1,40})"), _contrast),
    (
        _pattern(
            r"(?:make|set|use|take|put|have) (?:it|that|this) (?:to |at (?!least|most))?(?P<new>.+?)(?: instead)?"
        ),
        _change,
    ),
    (_pattern(rf"(?:{verbs.USE} |but )?(?P<new>.+?),? instead"), _change),
    (_pattern(r"(?:make|set|put) (?P<new>.+)"), _contrast),
    (_pattern(r"use (?P<new>.+)"), _change),
    (
        _pattern(
            r"(?:no, |actually,? |sorry,? |i meant |i mean |i said |it should be |should be |rather )+(?P<new>.+?)"
        ),
        _change,
    ),
    (
        _pattern(
            r"(?:(?:the|do the) )?same(?: thing| again| segment| ones| people)?,? (?:but|only|just|except)(?: now| this time)?(?: for| with)? (?P<new>.+?)(?: instead)?"
        ),
        _contrast,
    ),
    (_pattern(r"(?:change|update|adjust|modify|edit|alter) (?P<old>.+?)"), _change_open),
    # what need not hold any more
    (
        _pattern(
            rf"(?:it |that )?(?:doesn't|does not|won't|need not|needn't) (?:really |even )?matter(?: any ?more| any longer| at all)?(?: to (?:me|us))?,? (?P<old>{verbs.ASKED}\b.+?){verbs.ANY_MORE}"
        ),
        _remove,
    ),
    (
        _pattern(
            rf"(?:i |we )?(?:don't|do not|no longer) (?:really )?care(?: any ?more| any longer)?,? (?P<old>{verbs.ASKED}\b.+?){verbs.ANY_MORE}"
        ),
        _remove,
    ),
    (
        _pattern(
            rf"(?:(?:they|these|those|people|customers|members) )?(?:all )?{verbs.NEED_NOT} {verbs.BEING} (?P<old>.+?)"
        ),
        _unneeded,
    ),
    (
        _pattern(
            rf"(?:there is |there's )?no (?:more )?need (?:for (?:them|people|customers) )?to {verbs.BEING} (?P<old>.+?)"
        ),
        _unneeded,
    ),
    (
        _pattern(
            rf"(?P<old>.+?) (?:doesn't|don't|does not|do not|isn't|aren't|is not|are not|is no longer|are no longer|no longer|not|needn't) (?:really |that |be )?{verbs.MATTERS}(?: any ?more| any longer| at all)?"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?P<old>.+?) (?:is|are) (?:irrelevant|unimportant|unnecessary|optional|not an issue)(?: now)?"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?P<old>.+?) (?:can|should|must|may|has to|have to|needs? to|could) (?:all )?(?:go(?: away)?|be (?:removed|dropped|deleted|ignored|taken out|skipped))"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?P<old>.+?) (?:should|must|can|have to|has to|need to) (?:all )?(?:be )?(?:left out|excluded|kept out|stay out|out)"
        ),
        _exclude,
    ),
    (
        _pattern(
            r"(?:regardless of|irrespective of|no matter|never mind|whatever|whichever|not only|not just|independent of|disregarding|ignoring)(?: what| which| about)?(?: the| their)? (?P<old>.+?)(?: is| are)?"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?:i|we) (?:don't|do not|no longer|didn't) (?:really )?(?:care(?: about)?|mind(?: about)?|need|want|require)(?: to (?:filter|check)(?: by| on)?)? (?P<old>.+?)(?: any ?more| any longer| at all)?"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?:there is |there's )?no (?:more )?need (?:for|to have|of|to check)(?: the| an?)? (?P<old>.+?)(?: any ?more)?"
        ),
        _remove,
    ),
    (
        _pattern(
            r"(?:without|no|no more|lift|remove|drop)(?: any| the| an?)? (?P<old>.+?(?: (?:conditions?|filters?|criteri(?:on|a)|requirements?|rules?|parts?|bits?|clauses?|restrictions?|limits?|limitations?|thing|constraints?)))"
        ),
        _remove,
    ),
    (_pattern(r"without the (?P<old>.+?)"), _remove),
    (
        _pattern(
            r"(?:any|all|whatever) (?P<old>.+?)(?: will do| is fine| goes| works| are fine| is ok| is okay| are ok)?"
        ),
        _remove_loosely,
    ),
    (_pattern(rf"{verbs.DROP} (?P<old>.+?)(?: any ?more| any longer| away)?"), _remove),
    (_pattern(r"take (?P<old>.+?) (?:out|away|off)"), _remove),
    (_pattern(r"(?:leave|kick|throw|filter|weed|keep) (?P<old>.+?) out"), _exclude),
    (_pattern(rf"(?:also )?{verbs.DENY} (?P<old>.+?)"), _exclude),
    # who else may come in
    (
        _pattern(
            r"(?P<new>.+?) (?:is|are|would be) (?:also |too )?(?:fine|ok|okay|good|welcome|allowed|acceptable|alright)(?: too| as well| also| with me| again)?"
        ),
        _widen,
    ),
    (_pattern(rf"(?:{verbs.GROW}|add|plus|and) (?P<new>.+?),? (?:too|as well|also|again)"), _widen),
    (_pattern(rf"(?:also )?{verbs.GROW} (?P<new>.+?)"), _widen),
    (_pattern(r"add (?P<new>.+?) to (?P<old>.+?)"), _add_to),
    (_pattern(r"(?P<new>.+?),? (?:too|as well|also)"), _widen_softly),
)
_ADDED = re.compile(
    rf"^{_LEAD}(?:(?P<only>{verbs.ONLY}\b)|(?P<also>{verbs.ALSO}\b))?(?:[,:]? (?:(?P<only2>{verbs.ONLY}\b)|(?P<also2>{verbs.ALSO}\b)|{verbs.PADDING}\b))*[,:]?",
    re.IGNORECASE,
)
_POLITE = re.compile(_TAIL, re.IGNORECASE)


def step(instruction: str, start: int, end: int) -> Step:
    """What the characters `[start, end)` of an instruction ask for."""
    text = Typed(instruction, start, end)
    for pattern, make in _FORMS:
        found = pattern.match(text.words)
        if found is not None:
            made = make(text, found)
            if made is not None:
                return made
    polite = _POLITE.search(text.words)
    end_at = len(text.words) if polite is None else polite.start()
    lead = _ADDED.match(text.words)
    manner: Manner = ""
    begin = 0
    if lead is not None:
        begin = lead.end() if lead.end() < end_at else 0
        manner = "only" if lead["only"] or lead["only2"] else "also" if lead["also"] or lead["also2"] else ""
    return Step("add", text.at(0, end_at), new=text.at(begin, end_at), manner=manner)
