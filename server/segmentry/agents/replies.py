"""From the JSON value of a model's answer to pieces: every shape is checked, every fault has its place.

A fault of one condition costs that condition alone. Nothing of the answer stands in a fault's message or
place: keys and values of a model are not ours to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from segmentry.agents.expression import BadLogic, parse
from segmentry.agents.marks import one_line
from segmentry.agents.pieces import (
    OPS,
    Condition,
    Edit,
    EditAnswer,
    Fault,
    FieldAnswer,
    LogicAnswer,
    NameAnswer,
    ProposedRule,
    ProposedSegment,
    StatisticsAnswer,
    WordingAnswer,
)
from segmentry.agents.registry import Expert
from segmentry.errors import JsonValue
from segmentry.llm.model import NO_USAGE, Usage

if TYPE_CHECKING:
    from pydantic import BaseModel

    from segmentry.agents import shapes

MOST_CONDITIONS: Final = 12
MOST_EDITS: Final = 8
MOST_UNHANDLED: Final = 12
MOST_SEGMENTS: Final = 50
LONGEST_NAME: Final = 60

_Shape = TypeVar("_Shape", bound="BaseModel")
_Faults = tuple[Fault, ...]


def field_answer(value: JsonValue, expert: Expert, usage: Usage = NO_USAGE) -> tuple[FieldAnswer, _Faults]:
    """The conditions of a specialist, and what was wrong with the others.

    Fields come back by their name. A field or a value that the catalog does not have is not looked for here:
    an operation that nobody knows is OP_NOT_ALLOWED, any other fault BAD_SHAPE.
    """
    faults: list[Fault] = []
    root = _read(_shapes().Conditions, value, "", faults)
    group = expert.group
    assert group is not None, f"{expert.name} answers for fields"
    found: list[Condition] = []
    if root is not None:
        for place, each in _bounded(root.conditions, "conditions", MOST_CONDITIONS, faults):
            shape = _read(_shapes().Condition, each, place, faults)
            if shape is None:
                continue
            if shape.op not in OPS:
                faults.append(Fault("OP_NOT_ALLOWED", f"{place}.op", "there is no such operation", group.ops))
                continue
            found.append(
                Condition(
                    shape.evidence,
                    group.named.get(shape.field, shape.field),
                    shape.op,
                    tuple(shape.values),
                    shape.unit,
                    shape.direction,
                    shape.negated,
                    shape.assumed,
                )
            )
    unhandled = () if root is None else _texts(root.unhandled, "unhandled", faults)
    answer = FieldAnswer(expert.name, expert.version, tuple(found), unhandled, usage)
    return answer, tuple(faults)


def logic_answer(
    value: JsonValue, expert: Expert, n_phrases: int, usage: Usage = NO_USAGE
) -> tuple[LogicAnswer | None, _Faults]:
    """The expression, if it is one and names each of the `n_phrases` that were shown."""
    faults: list[Fault] = []
    shape = _read(_shapes().Logic, value, "", faults)
    if shape is None:
        return None, tuple(faults)
    numbers = range(1, n_phrases + 1)
    try:
        expression = parse(shape.expr, n_phrases)
    except BadLogic as error:
        return None, (Fault("BAD_LOGIC", "expr", str(error), tuple(map(str, numbers))),)
    # To join it with "and" unasked would be a guess that nobody sees.
    left = sorted(set(numbers) - set(expression.numbers()))
    if left:
        return None, (Fault("BAD_LOGIC", "expr", "leaves out these phrases", tuple(map(str, left))),)
    return LogicAnswer(expression, shape.order_uncertain, expert.version, usage), ()


def edit_answer(
    value: JsonValue, expert: Expert, n_leaves: int, usage: Usage = NO_USAGE
) -> tuple[EditAnswer, _Faults]:
    """The edits whose leaves are among the `n_leaves` that were shown."""
    faults: list[Fault] = []
    root = _read(_shapes().Edits, value, "", faults)
    found: list[Edit] = []
    if root is not None:
        for place, each in _bounded(root.edits, "edits", MOST_EDITS, faults):
            shape = _read(_shapes().Edit, each, place, faults)
            if shape is None:
                continue
            outside = [at for at, leaf in enumerate(shape.leaves) if not 1 <= leaf <= n_leaves]
            if outside:
                numbers = tuple(str(number) for number in range(1, n_leaves + 1))
                faults.append(Fault("BAD_LOGIC", f"{place}.leaves[{outside[0]}]", "was not shown", numbers))
                continue
            leaves = tuple(dict.fromkeys(shape.leaves))
            found.append(Edit(shape.evidence, shape.do, leaves, shape.words))
    unhandled = () if root is None else _texts(root.unhandled, "unhandled", faults)
    return EditAnswer(tuple(found), expert.version, unhandled, usage), tuple(faults)


def wording_answer(
    value: JsonValue, expert: Expert, n_options: int, usage: Usage = NO_USAGE
) -> tuple[WordingAnswer | None, _Faults]:
    """The wording, if it has a line for each of our options."""
    faults: list[Fault] = []
    shape = _read(_shapes().Wording, value, "", faults)
    if shape is None:
        return None, tuple(faults)
    if len(shape.options) != n_options:
        return None, (Fault("BAD_SHAPE", "options", f"needs {n_options} lines, one per option"),)
    lines = tuple(one_line(each) for each in (shape.question, *shape.options))
    if not all(lines) or len(set(lines[1:])) < n_options:
        return None, (Fault("BAD_SHAPE", "options", "each line has to say something of its own"),)
    return WordingAnswer(lines[0], lines[1:], expert.version, usage), ()


def name_answer(
    value: JsonValue, expert: Expert, taken: Sequence[str] = (), usage: Usage = NO_USAGE
) -> tuple[NameAnswer | None, _Faults]:
    """The name, if it is short plain text that no other segment has."""
    faults: list[Fault] = []
    shape = _read(_shapes().Name, value, "", faults)
    if shape is None:
        return None, tuple(faults)
    name = shape.name.strip()
    if not is_name(name):
        message = f"needs 1 to {LONGEST_NAME} letters, digits, blanks and - & % ' ( ) , . + / on one line"
        return None, (Fault("BAD_SHAPE", "name", message),)
    if name.casefold() in {each.casefold() for each in taken}:
        return None, (Fault("BAD_SHAPE", "name", "another segment has this name"),)
    return NameAnswer(name, expert.version, usage), ()


def statistics_answer(
    value: JsonValue, expert: Expert, usage: Usage = NO_USAGE
) -> tuple[StatisticsAnswer, _Faults]:
    """The proposed segments of known fields; whether their rules hold anybody is counted elsewhere."""
    faults: list[Fault] = []
    root = _read(_shapes().Proposal, value, "", faults)
    group = expert.group
    assert group is not None, f"{expert.name} answers for fields"
    found: list[ProposedSegment] = []
    for place, each in () if root is None else _bounded(root.segments, "segments", MOST_SEGMENTS, faults):
        shape = _read(_shapes().Segment, each, place, faults)
        if shape is None:
            continue
        unknown = [at for at, rule in enumerate(shape.rules) if rule.field not in group.named]
        if unknown:
            where = f"{place}.rules[{unknown[0]}].field"
            faults.append(Fault("UNKNOWN_FIELD", where, "there is no such field", tuple(group.named)))
            continue
        rules = tuple(
            ProposedRule(group.named[rule.field], rule.op, tuple(rule.values)) for rule in shape.rules
        )
        texts = (one_line(shape.name, LONGEST_NAME), one_line(shape.description, 240))
        found.append(ProposedSegment(*texts, rules, one_line(shape.suggested_use, 240)))
    return StatisticsAnswer(tuple(found), expert.version, usage), tuple(faults)


# --- shapes


@cache
def _shapes() -> type[shapes.Shapes]:
    # pydantic takes a tenth of a second to import: only who asks a model pays for it.
    from segmentry.agents.shapes import Shapes  # noqa: PLC0415

    return Shapes


def _read(shape: type[_Shape], value: object, place: str, faults: list[Fault]) -> _Shape | None:
    """The value in its shape, or None with one fault per thing that is wrong."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    try:
        return shape.model_validate(value, strict=True)
    except ValidationError as error:
        seen: dict[str, Fault] = {}
        for each in error.errors(include_url=False, include_context=False, include_input=False)[:8]:
            fault = _fault(place, each["type"], each["loc"])
            seen.setdefault(fault.place + fault.message, fault)
        faults += seen.values()
        return None


# By the kind of pydantic's error; its own messages may repeat what they found.
_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "has a key that was not asked for",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "too_long": "has too many elements",
    "string_type": "needs a text",
    "list_type": "needs a list",
    "bool_type": "needs true or false",
    "int_type": "needs a whole number",
    "literal_error": "is none of the words to choose from",
    "model_type": "needs an object",
    "model_attributes_type": "needs an object",
}


def _fault(place: str, kind: str, location: tuple[int | str, ...]) -> Fault:
    # The last step of a key that was not asked for is the model's own word.
    steps = location[:-1] if kind == "extra_forbidden" else location
    path = place
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return Fault("BAD_SHAPE", path, _MESSAGES.get(kind, "has the wrong shape"))


def _bounded(items: Sequence[object], name: str, most: int, faults: list[Fault]) -> list[tuple[str, object]]:
    if len(items) > most:
        faults.append(Fault("BAD_SHAPE", f"{name}[{most}]", f"has more than {most} elements"))
    return [(f"{name}[{at}]", each) for at, each in enumerate(items[:most])]


def _texts(items: Sequence[object], name: str, faults: list[Fault]) -> tuple[str, ...]:
    """The texts of a list that may be left out one by one."""
    found: list[str] = []
    for place, each in _bounded(items, name, MOST_UNHANDLED, faults):
        if not isinstance(each, str) or len(each) > 200:
            faults.append(Fault("BAD_SHAPE", place, "needs a text of at most 200 characters"))
        elif each.strip():
            found.append(each)
    return tuple(found)


def is_name(name: str) -> bool:
    """Whether a text is short and plain enough for a name: letters, digits and a few marks on one line."""
    return (
        0 < len(name) <= LONGEST_NAME
        and one_line(name, LONGEST_NAME).replace("'", "") == name.replace("'", "")
        and any(each.isalpha() for each in name)
        and all(each.isalnum() or each in " -&%'(),.+/" for each in name)
    )
