# ruff: noqa: E501 - word tables and patterns read better in long lines
"""An instruction and the criteria it changes: add, remove, replace, widen; everything else stays as it is."""

from __future__ import annotations

import dataclasses
import re

from segmentry.criteria import canonical, walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node
from segmentry.reader import clashes, edits
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, LeafOrigin
from segmentry.reader.edits import AnyLeaf
from segmentry.reader.read import lay, read
from segmentry.reader.scope import MAX_CHARACTERS

_LEAD = r"^\s*(?:please\s+|can you\s+|could you\s+|now\s+|also\s+|ok(?:ay)?[,\s]+)*"
_REMOVE = re.compile(
    _LEAD
    + r"(?:remove|drop|delete|forget(?:\s+about)?|ignore|take\s+out|get\s+rid\s+of|lose|without\s+the|skip|clear|any)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_EXCLUDE = re.compile(
    _LEAD + r"(?:exclude|excluding|leave\s+out|but\s+not|not|except(?:\s+for)?|no)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_CHANGE = re.compile(
    _LEAD
    + r"(?:change|set|update|replace|swap|switch|increase|decrease|raise|lower|extend|reduce|widen|adjust|move)\s+(?P<old>.+?)\s+(?:to|with|for|by|into)\s+(?P<new>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_MAKE = re.compile(
    _LEAD
    + r"(?:make\s+(?:it|that)|use|set\s+it\s+to|change\s+it\s+to|change\s+to)\s+(?P<new>.+?)(?:\s+instead)?[.!]?$",
    re.IGNORECASE | re.DOTALL,
)
_INSTEAD_OF = re.compile(
    _LEAD + r"(?P<new>.+?)\s+(?:instead\s+of|rather\s+than)\s+(?P<old>.+)$", re.IGNORECASE | re.DOTALL
)
_USE = r"(?:use|take|have|show|put|make\s+(?:it|that)|choose|pick|select)"
_INSTEAD_FIRST = re.compile(
    _LEAD + r"(?:instead\s+of|rather\s+than)\s+(?P<old>.+?)(?:\s*,\s*|\s+)" + _USE + r"\s+(?P<new>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_INSTEAD = re.compile(_LEAD + r"(?P<new>.+?)\s+instead[.!]?$", re.IGNORECASE | re.DOTALL)
_OR = re.compile(
    _LEAD
    + r"(?:or|and\s+also\s+include|also\s+include|include|plus|widen\s+to|extend\s+to|add\s+also)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN = re.compile(
    _LEAD
    + r"(?:start\s+over(?:\s+with)?|start\s+again(?:\s+with)?|new\s+segment:?|from\s+scratch:?)\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_UNDO = re.compile(
    _LEAD + r"(?:undo|revert|go\s+back|the\s+opposite|not\s+those|invert(?:\s+it)?)\b", re.IGNORECASE
)
_ADD = re.compile(
    _LEAD
    + r"(?:(?:require|only|just|but(?:\s+only)?|and|who|must|must\s+be|must\s+have|should|add|narrow(?:\s+it|\s+down)*\s+to|limit(?:\s+it)?\s+to|"
    r"restrict(?:\s+it)?\s+to|filter(?:\s+by|\s+to|\s+on)?|keep\s+only|with|those|they|also|as\s+well|in\s+addition|further|additionally|"
    r"a\s+condition(?:\s+that|\s+for)?|condition|filter|the)\b[,:]?\s*)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:condition|conditions|filter|criterion|criteria|requirement|rule|part|bit|clause|restriction|clauses|limit|as\s+well|too)s?\s*[.!]?\s*$",
    re.IGNORECASE,
)


def refine(instruction: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    """Change `current` as the instruction says. What it does not name stays equal in canonical form.

    A change that would change nothing, names what is not there, or leaves nobody, comes back as a question
    that says so.
    """
    return clashes.asked(_refined(instruction, current, catalog, clock), current, catalog, clock)


def _refined(instruction: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    if len(instruction) > MAX_CHARACTERS or not any(char.isalnum() for char in instruction):
        return read(instruction, catalog, clock)
    if _UNDO.match(instruction):
        return _ask(
            current,
            "Undo and 'the opposite' need to know which change is meant; say what should be different",
        )
    again = _AGAIN.match(instruction)
    if again is not None and again["rest"].strip():
        return read(_at(instruction, again, "rest"), catalog, clock)
    gone = _REMOVE.match(instruction)
    if gone is not None:
        return _remove(_at(instruction, gone, "rest"), current, catalog, clock)
    excluded = _EXCLUDE.match(instruction)
    if excluded is not None:
        return _exclude(instruction, _at(instruction, excluded, "rest"), current, catalog, clock)
    for pattern in (_CHANGE, _INSTEAD_FIRST, _INSTEAD_OF, _MAKE, _INSTEAD):
        found = pattern.match(instruction)
        if found is not None:
            old = _at(instruction, found, "old") if "old" in pattern.groupindex else ""
            return _replace(old, _at(instruction, found, "new"), current, catalog, clock)
    widened = _OR.match(instruction)
    if widened is not None and re.match(
        _LEAD + r"(?:or|and\s+also\s+include|also\s+include|include|widen\s+to|extend\s+to)\b",
        instruction,
        re.IGNORECASE,
    ):
        return _widen(_at(instruction, widened, "rest"), current, catalog, clock)
    return _add(instruction, current, catalog, clock)


def _at(instruction: str, found: re.Match[str], group: str) -> str:
    """A part of the instruction at its own place: what stands before it is blank, so that spans stay true."""
    return " " * found.start(group) + instruction[found.start(group) : found.end(group)]


# --- add ---------------------------------------------------------------------------------------------


def _add(instruction: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    lead = _ADD.match(instruction)
    stripped = instruction[lead.end() :] if lead is not None else instruction
    draft = read(instruction, catalog, clock)
    if stripped.strip() and stripped != instruction:
        # "Require" and "only" are no words of a query; the origin's spans stay those of the raw instruction.
        blank = " " * (len(instruction) - len(stripped)) + stripped
        again = read(blank, catalog, clock)
        if (again.outcome == "ok", again.confidence) > (draft.outcome == "ok", draft.confidence):
            draft = again
    if draft.outcome != "ok" or draft.node is None or isinstance(draft.node, Everyone):
        return _carried(draft, current)
    items = draft.node.items if isinstance(draft.node, And) else (draft.node,)
    node = edits.appended(current, items)
    if canonical.text(node, catalog) == canonical.text(current, catalog):
        return _ask(current, "That condition is there already; nothing would change")
    return _done(draft, node, current, draft.origins)


# --- widen ---------------------------------------------------------------------------------------------


def _widen(rest: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    draft = read(rest, catalog, clock)
    if draft.outcome != "ok" or draft.node is None:
        return _carried(draft, current)
    grown = edits.grown(current, draft.node)
    if grown is not None:
        if canonical.text(grown, catalog) == canonical.text(current, catalog):
            return _ask(current, "That value is there already; nothing would change")
        return _done(draft, grown, current, draft.origins)
    node = edits.either(current, draft.node)
    within = edits.within_last(current, draft.node)
    readings = () if within is None else (DraftReading("or only within the last condition", within),)
    done = _done(draft, node, current, draft.origins)
    return edits.with_readings(done, readings)


# --- remove --------------------------------------------------------------------------------------------


def _remove(rest: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    rest = _TAIL.sub("", rest)
    draft = read(rest, catalog, clock)
    if draft.node is not None and isinstance(draft.node, Leaf):
        shrunk = edits.without_value(current, draft.node)
        if shrunk is not None:
            return _done(draft, shrunk, current, ())
    fields = edits.fields_named(lay(rest, catalog, clock))
    if draft.node is not None:
        fields = tuple(
            dict.fromkeys(
                (*fields, *(leaf.field for leaf in walk.leaves(draft.node) if isinstance(leaf, Leaf)))
            )
        )
    there = [leaf for leaf in walk.leaves(current) if edits.field_of(leaf) in fields]
    if not there:
        return _absent(rest, current)
    if len({edits.field_of(leaf) for leaf in there}) > 1:
        exact = edits.strongest_field(lay(rest, catalog, clock), {edits.field_of(leaf) for leaf in there})
        if exact is None:
            names = ", ".join(dict.fromkeys(edits.field_of(leaf) for leaf in there))
            return _ask(
                current, f"'{rest.strip()}' fits more than one condition: {names}. Which one should go?"
            )
        there = [leaf for leaf in there if edits.field_of(leaf) == exact]
    node = edits.removed(current, there)
    notes = ("EVERYONE: no condition is left",) if isinstance(node, Everyone) else ()
    return Draft("ok", node, 0.95, _kept(node, ()), notes=notes)


def _exclude(instruction: str, rest: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    draft = read(rest, catalog, clock)
    if draft.node is not None and isinstance(draft.node, Leaf):
        shrunk = edits.without_value(current, draft.node)
        if shrunk is not None:
            return _done(draft, shrunk, current, ())
    return _add(instruction, current, catalog, clock)


# --- replace ---------------------------------------------------------------------------------------------


def _replace(old: str, new: str, current: Node, catalog: Catalog, clock: Clock) -> Draft:
    leaves = list(walk.leaves(current))
    numbers = edits.numbers_in(lay(new, catalog, clock))
    draft = read(new, catalog, clock)
    targets: list[AnyLeaf] = []
    if old:
        targets = edits.meant(lay(old, catalog, clock), leaves)
        before = read(old, catalog, clock)
        if isinstance(before.node, Leaf) and draft.outcome == "ok" and isinstance(draft.node, Leaf):
            swapped = edits.value_swapped(current, before.node, draft.node)
            if swapped is not None:
                return _done(draft, swapped, current, draft.origins)
    if draft.outcome == "ok" and draft.node is not None and not isinstance(draft.node, Everyone):
        fields = {edits.field_of(leaf) for leaf in walk.leaves(draft.node)}
        same = targets or [leaf for leaf in leaves if edits.field_of(leaf) in fields]
        if same:
            node = edits.exchanged(current, same, draft.node)
            if canonical.text(node, catalog) == canonical.text(current, catalog):
                return _ask(current, "It says that already; nothing would change")
            return _done(draft, node, current, draft.origins)
    if len(numbers) == 1:
        candidates = targets or [leaf for leaf in leaves if edits.takes_number(leaf, numbers[0])]
        candidates = [leaf for leaf in candidates if edits.takes_number(leaf, numbers[0])]
        if len(candidates) == 1:
            changed = edits.with_number(candidates[0], numbers[0], catalog)
            node = edits.exchanged(current, candidates, changed)
            if canonical.text(node, catalog) == canonical.text(current, catalog):
                return _ask(current, "It says that already; nothing would change")
            return Draft("ok", node, 0.95, _kept(node, (), current))
        if len(candidates) > 1:
            names = ", ".join(edits.field_of(leaf) for leaf in candidates)
            return _ask(
                current, f"'{new.strip()}' fits more than one condition: {names}. Which one should change?"
            )
    if old and not targets:
        return _absent(old, current)
    return _ask(
        current,
        f"It is not clear what '{new.strip()}' should change; the conditions are: {edits.listed(current)}",
    )


# --- drafts ----------------------------------------------------------------------------------------------


def _done(draft: Draft, node: Node, current: Node, fresh: tuple[LeafOrigin, ...]) -> Draft:
    readings = tuple(
        DraftReading(
            reading.label,
            edits.appended(current, reading.node.items if isinstance(reading.node, And) else (reading.node,)),
        )
        for reading in draft.readings
    )
    return Draft(
        "ok",
        node,
        draft.confidence,
        _kept(node, fresh, current),
        readings,
        draft.questions,
        draft.ambiguities,
        draft.notes,
        draft.unexplained,
        draft.suggestions,
    )


def _kept(node: Node, fresh: tuple[LeafOrigin, ...], current: Node | None = None) -> tuple[LeafOrigin, ...]:
    """One origin per leaf of the new tree: the instruction's words where they made or changed it, else `kept`."""
    before = [
        repr(dataclasses.replace(leaf, path="")) for leaf in walk.leaves(node if current is None else current)
    ]
    spans = tuple(dict.fromkeys(span for origin in fresh for span in origin.spans))
    left = list(fresh)
    found: list[LeafOrigin] = []
    for leaf in walk.leaves(node):
        match = next(
            (origin for origin in left if origin.leaf == leaf and repr(origin.leaf) == repr(leaf)), None
        )
        if match is not None:
            left.remove(match)
            found.append(match)
        else:
            source = "kept" if repr(dataclasses.replace(leaf, path="")) in before else "said"
            found.append(
                LeafOrigin(leaf, source, () if source == "kept" else spans, 1.0 if source == "kept" else 0.95)
            )
    return tuple(found)


def _carried(draft: Draft, current: Node) -> Draft:
    """A question or refusal about the instruction, with its readings put onto the current criteria."""
    readings = tuple(
        DraftReading(
            reading.label,
            edits.appended(current, reading.node.items if isinstance(reading.node, And) else (reading.node,)),
        )
        for reading in draft.readings
    )
    outcome = "ambiguous" if draft.outcome == "ok" else draft.outcome
    return Draft(
        outcome,
        None,
        min(draft.confidence, 0.45),
        (),
        readings,
        draft.questions,
        draft.ambiguities,
        draft.notes,
        draft.unexplained,
        draft.suggestions,
        draft.reason or "AMBIGUOUS_QUERY",
        draft.message or "The instruction leaves open what should change",
    )


def _ask(current: Node, message: str) -> Draft:
    return Draft(
        "ambiguous",
        current,
        0.3,
        _kept(current, ()),
        (),
        (DraftQuestion(message, None),),
        (message,),
        reason="AMBIGUOUS_QUERY",
        message=message,
    )


def _absent(words: str, current: Node) -> Draft:
    return _ask(
        current, f"There is no condition about '{words.strip()}'; the conditions are: {edits.listed(current)}"
    )
