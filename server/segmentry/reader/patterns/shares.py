"""The top or bottom share by a field: "top 10 % by spend", "bottom quarter of gold members by visits"."""

from __future__ import annotations

from typing import Final, Literal

from segmentry.criteria.nodes import And, Everyone, Node, Not, Top
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.patterns.counter_periods import counts_over
from segmentry.reader.patterns.quantify import LOWER_IS_BETTER
from segmentry.reader.patterns.vague import ENDS
from segmentry.reader.scene import Fragment, Option, Scene, best, label

_HIGHEST: Final = word_set("top highest best upper most biggest largest greatest")
_BY: Final = word_set(
    "by in for of on based ranked ranking according their the with to our terms measured when"
)
_GENERIC: Final = word_set("customers customer members users clients people")
_SUPERLATIVES: Final = word_set(
    "highest lowest most least biggest smallest best worst largest fewest top bottom"
)
_CUES: Final = word_set("by terms based ranked according measured")
_NAMED: Final = {
    "quarter": 25, "quartile": 25, "decile": 10, "half": 50, "third": 33, "tenth": 10, "fifth": 20,
    "quintile": 20, "percentile": 1, "tercile": 33,
}  # fmt: skip
# these speak of better and worse, and the second ones perhaps of the number alone
_MERITS: Final = word_set("best worst top bottom")
_ENDS_OF_LISTS: Final = frozenset({"top", "bottom"})
_EITHER_END: Final = 0.85
_DURING: Final = frozenset({"over", "during", "for"})
_FURTHEST = 10
_GAP = 6
_WHOSE: Final = word_set("with who having whose by")
STARTS: Final = ENDS | {"best", "worst", "biggest", "smallest"} | _NAMED.keys()
# one of these stands in every query that speaks of a share
NEEDED: Final = STARTS | _SUPERLATIVES


def shares(scene: Scene, at: int) -> Fragment | None:
    """A share of the customers by rank, with the field by which they are ranked."""
    word = scene.word(at)
    if word in STARTS and word not in _NAMED:
        begin = at + 1 if scene.word(at + 1) != "-" else at + 2
        said = _percent(scene, begin)
        if said is None:
            return None
        return _ranked(scene, at, said[1], said[0], "highest" if word in _HIGHEST else "lowest")
    said = _percent(scene, at)
    if said is None:
        return None
    if scene.word(said[1]) == "of":
        return _of_group(scene, at, said[1] + 1, said[0])
    # the superlative stands last in "the 10 % with the highest spend"
    after = scene.skip(said[1], _BY | _GENERIC | scene.lexicon.entities | {"who", "have"}, 6)
    if scene.word(after) not in _SUPERLATIVES:
        return None
    order = "highest" if scene.word(after) in _HIGHEST else "lowest"
    found = _field(scene, scene.skip(after + 1, frozenset({"on", "in", "by"}), 1))
    return None if found is None else _fragment(scene, at, found[1], found[0], said[0], order)


def _of_group(scene: Scene, at: int, begin: int, percent: float) -> Fragment | None:
    """ "The 10 % of gold members with the highest spend", "of customers who spend most": the group first."""
    for step in range(begin, min(len(scene.tokens), begin + _FURTHEST)):
        if scene.word(step) not in _WHOSE:
            continue
        noun = scene.skip(step + 1, frozenset({"the", "our", "have", "has"}), 2)
        if scene.word(noun) in _SUPERLATIVES:
            found = _field(scene, noun + 1)
            end = 0 if found is None else found[1]
        else:
            found = _field(scene, noun)
            most = noun if found is None else scene.skip(found[1], frozenset({"the"}), 1)
            noun, end = most, most + 1
        if found is None or scene.word(noun) not in _SUPERLATIVES:
            continue
        order = "highest" if scene.word(noun) in _HIGHEST else "lowest"
        fragment = _fragment(scene, at, begin, found[0], percent, order)
        fragment.later = (step, end)
        fragment.extra = tuple(range(step, end))
        return fragment
    return None


def _percent(scene: Scene, at: int) -> tuple[float, int] | None:
    """The share that begins at token `at`, above 0 and below 100, and its end."""
    number = scene.numbers.get(at)
    if number is not None and number.percent and 0 < number.value < 100:
        return number.value, number.end
    if scene.word(at) in _NAMED:
        return _NAMED[scene.word(at)], at + 1
    return None


def _ranked(
    scene: Scene, at: int, end: int, percent: float, order: Literal["highest", "lowest"]
) -> Fragment | None:
    begin = end
    while begin < end + _GAP and scene.word(begin) in _BY | scene.lexicon.entities | _GENERIC:
        if scene.lists_value(begin):
            break  # "bottom 5 % of students by score", where one kind of people is the students
        begin += 1
    found = _field(scene, begin)
    if found is not None:
        return _fragment(scene, at, found[1], found[0], percent, order)
    if scene.word(end) in ("of", "among", "in"):
        # "top 5 % of gold members by spend": the group comes first, the field after it
        for step in range(end + 1, min(len(scene.tokens), end + _FURTHEST)):
            if scene.word(step) not in _CUES:
                continue
            later = _field(scene, scene.skip(step, _BY, 4))
            if later is None:
                return None
            fragment = _fragment(scene, at, end + 1, later[0], percent, order)
            fragment.later = (step, later[1])
            fragment.extra = tuple(range(step, later[1]))
            return fragment
    options = tuple(
        Option(label(node), node)
        for field in scene.lexicon.telling
        for node in (Top(field.name, percent, order),)
    )
    question = f"'{scene.words(at, end)}' by which field?"
    return Fragment("top", at, end, None, options=options[:4], cap=0.45, question=question)


def _field(scene: Scene, at: int) -> tuple[list[Entry], int] | None:
    """The fields that are named at token `at` and rank people, and the end of the name."""
    for match in scene.matches_at(at):
        entries = _ranking(scene, match.of("field"))
        if entries:
            doers = {entry.field for entry in _done_by(scene, match.end)}
            both = tuple(entry for entry in entries if entry.field in doers)
            return (best(both), match.end + 1) if both else (best(entries), match.end)
    entries = _done_by(scene, at)
    return (best(entries), at + 1) if entries else None


def _done_by(scene: Scene, at: int) -> tuple[Entry, ...]:
    """ "Top 10 % spenders", "biggest drinks spenders": the deed that the noun is made of."""
    word = scene.word(at)
    if not word.endswith(("ers", "er")):
        return ()
    root = word.removesuffix("s").removesuffix("er")
    return _ranking(scene, scene.lexicon.lookup(root) or scene.lexicon.lookup(root + "e"))


def _ranking(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if entry.kind == "field"
        and (scene.field(entry.field).type == "datetime" or entry.field in scene.lexicon.ranking)
    )


def _fragment(  # noqa: PLR0917 - the parts of a share
    scene: Scene,
    at: int,
    end: int,
    entries: list[Entry],
    percent: float,
    order: Literal["highest", "lowest"],
) -> Fragment:
    entries, end = _over_period(scene, entries, end)
    turned: Literal["highest", "lowest"] = "lowest" if order == "highest" else "highest"
    ends = scene.word(at) in _MERITS
    nodes = [
        Top(entry.field, percent, turned if ends and _is_low_best(scene, entry.field) else order)
        for entry in entries
    ]
    if len(nodes) == 1:
        among = scene.word(end) in ("among", "amongst", "within")
        fragment = Fragment("top", at, end, nodes[0], Not(nodes[0]), field=nodes[0].field)
        if among:
            fragment.later = (end, end + 1)
        if nodes[0].order != order and scene.word(at) in _ENDS_OF_LISTS:
            other = Top(nodes[0].field, percent, order)
            fragment.options, fragment.cap = (Option(label(other), other),), _EITHER_END
            fragment.note = f"The lower {other.field}, the better"
        return fragment
    options = tuple(Option(label(node), node) for node in nodes)
    question = f"By which field: {', '.join(node.field for node in nodes[:4])}?"
    return Fragment("top", at, end, None, options=options[:4], cap=0.45, question=question)


def _over_period(scene: Scene, entries: list[Entry], end: int) -> tuple[list[Entry], int]:
    """ "By spend in the last 12 months": the columns that count over the period said, and its end."""
    when = scene.when(end) or (scene.when(end + 1) if scene.word(end) in _DURING else None)
    if when is None:
        return entries, end
    fitting = [each for each in entries if counts_over(scene.lexicon.named[each.field], when) == "said"]
    return (fitting, when.end) if fitting else (entries, end)


def _is_low_best(scene: Scene, name: str) -> bool:
    """ "Best handicaps" are the lowest."""
    return not LOWER_IS_BETTER.isdisjoint(scene.lexicon.named[name].words)


def among(share: Fragment, group: list[Fragment]) -> None:
    """Rank only those who meet the group's conditions: the share is of them."""
    node: Node | None = share.node
    nodes = tuple(each.chosen for each in group if each.chosen is not None)
    if not isinstance(node, Top) or not isinstance(node.of, Everyone) or not nodes:
        return
    of = nodes[0] if len(nodes) == 1 else And(nodes)
    share.node = Top(node.field, node.percent, node.order, of)
    share.negative = Not(share.node)
    share.extra = (*share.extra, *(at for each in group for at in range(each.start, each.end)))
