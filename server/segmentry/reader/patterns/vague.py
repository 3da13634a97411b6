"""Bands of the catalog, the top N percent, and words that only a person can settle."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import VAGUE, word_set
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.patterns.periods import looks_ahead
from segmentry.reader.patterns.quantify import LOWER_IS_BETTER
from segmentry.reader.scene import Fragment, Option, Scene, best, label, top

_HIGH = word_set("""
high big large great top heavy strong good highest most biggest largest best better higher rich old
older long
""")
_LOW = word_set("""
low small poor weak few bad light lowest least smallest worst lower cheap young little fewest short
""")
_JUDGING = word_set("best worst good bad great poor top weak strong better elite excellent")
_OF = frozenset({"in", "of", "from", "during", "for"})
_THE = frozenset({"the", "a", "this", "our", "last"})
ENDS = frozenset(["top", "bottom", "highest", "lowest", "best", "worst", "upper", "lower"])
_BORN = frozenset({"birth", "born", "dob", "birthday", "birthdate"})
_LAST = frozenset({"last", "latest", "recent"})
_MOMENTS = ("{{30_DAYS_AGO}}", "{{90_DAYS_AGO}}", "{{1_YEARS_AGO}}")
_RECENCY = frozenset(["recent", "recently", "lately", "lapsed", "dormant", "active", "inactive"])


def bands(scene: Scene, at: int) -> Fragment | None:
    """A phrase that the catalog gives a threshold to; reported as assumed."""
    for match in scene.matches_at(at):
        entries = match.of("band")
        if not entries:
            continue
        strongest = max(entry.strength for entry in entries)
        entries = tuple(entry for entry in entries if entry.strength == strongest)
        if len({(entry.field, entry.band) for entry in entries}) > 1:
            options = tuple(Option(label(_leaf(entry)), _leaf(entry)) for entry in entries)
            return Fragment(
                "band",
                at,
                match.end,
                None,
                options=options[:4],
                cap=0.45,
                question=f"What counts as '{scene.words(at, match.end)}'?",
            )
        entry = entries[0]
        leaf = _leaf(entry)
        phrase = entry.band.phrases[0] if entry.band else ""
        said = scene.words(at, match.end)
        return Fragment(
            "band",
            at,
            match.end,
            leaf,
            Not(leaf),
            field=entry.field,
            source="assumed",
            band=phrase,
            cap=0.9,
            note=f"'{said}' was read as {label(leaf)}",
        )
    return None


def _leaf(entry: Entry) -> Leaf:
    assert entry.band is not None
    return Leaf(entry.field, entry.band.operator, entry.band.value)


def unsettled(scene: Scene, at: int) -> Fragment | None:
    """A vague word, alone or beside a field, or a field without any condition: a question with options."""
    word = scene.word(at)
    vague = word in VAGUE
    beside = scene.skip(at + 1, frozenset({"-"}), 1)
    for match in scene.matches_at(beside) if vague else ():
        entries = _rateable(scene, match.of("field"))
        if entries:
            field = scene.field(best(entries)[0].field)
            return _question(scene, at, match.end, _options(field, word))
    for match in scene.matches_at(at):
        entries = _rateable(scene, match.of("field"))
        entries = tuple(entry for entry in entries if entry.strength >= GENERAL and entry.bare)
        if not entries:
            continue
        field = scene.field(best(entries)[0].field)
        end = scene.skip(match.end, frozenset({"is", "are", "was", "very", "too"}), 2)
        if scene.word(end) in VAGUE:
            return _question(scene, at, end + 1, _options(field, scene.word(end)))
        return _question(scene, at, match.end, _options(field, "high"))
    if not vague:
        return None
    end = at + 1
    while scene.word(end) in VAGUE and not scene.matches_at(end):
        end += 1  # "big spenders" is one thing to ask about
    options: list[Option] = []
    for field in _akin(scene, word):
        options += _options(field, word)
    if not options:
        options = (
            _recency(scene, word)
            if word in _RECENCY
            else [option for field in scene.lexicon.telling for option in _options(field, word)[:1]]
        )
    return _question(scene, at, end, options)


SPAN_WORDS = frozenset({"new", "recent", "newer"})


def is_tenure(scene: Scene, name: str) -> bool:
    """True for fields that say how long somebody has been a customer."""
    named = scene.lexicon.named.get(name)
    return named is not None and (named.beginning or bool({"tenure", "seniority"} & set(named.words)))


def plain_noun(scene: Scene, vague: Fragment) -> bool:
    """ "Success in the previous campaign": field names as plain nouns after a value; its confidence drops."""
    before = scene.previous
    if before is None or before.kind != "value" or vague.end - vague.start > 1:
        return False
    words = [scene.word(step) for step in range(before.end, vague.start)]
    named = {vague.start, *(step for step in range(before.end, vague.start) if scene.matches_at(step))}
    loose = [scene.word(step) for step in range(before.end, vague.start) if step not in named]
    if not words or words[0] not in _OF or scene.word(vague.start) in VAGUE or set(loose) - _OF - _THE:
        return False
    before.cap = min(before.cap, 0.85)
    return True


def _rateable(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    ranking = scene.lexicon.ranking
    return tuple([entry for entry in entries if entry.field in ranking])


def _question(scene: Scene, start: int, end: int, options: list[Option]) -> Fragment:
    words = scene.words(start, end)
    kept = tuple(dict.fromkeys(options))[:4]
    text = f"What counts as '{words}'?"
    if kept:
        text += " For example: " + " / ".join(option.label for option in kept)
    negative = tuple(Option(f"not {option.label}", Not(option.node)) for option in kept)
    return Fragment(
        "vague", start, end, None, options=kept, negative_options=negative, cap=0.45, question=text
    )


def _options(field: Field, word: str) -> list[Option]:
    """Bands first, then shares of the customers: both need no look at the data."""
    low = word in _LOW
    if word in _JUDGING and not LOWER_IS_BETTER.isdisjoint(name_words(field.name)):
        low = not low  # the best handicap is the lowest
    side = (Operator.LT, Operator.LTE) if low else (Operator.GT, Operator.GTE)
    found = [
        Option(label(leaf), leaf)
        for band in field.bands
        for leaf in (Leaf(field.name, band.operator, band.value),)
        if band.operator in side
    ]
    order = "lowest" if low else "highest"
    for percent in (10, 25):
        node = top(field.name, percent, order)
        found.append(Option(label(node), node))
    return found


def _akin(scene: Scene, word: str) -> list[Field]:
    """Fields whose name begins as the word does: engaged - engagementScore, loyal - loyaltyPoints."""
    root = word[:5]
    if len(root) < 5:
        return []
    return [
        field
        for field in scene.catalog.visible
        if field.name in scene.lexicon.ranking
        and any(
            part.startswith(root)
            for part in (
                *scene.lexicon.named[field.name].words,
                *(w for s in field.synonyms for w in s.split()),
            )
        )
    ]


def guesses(scene: Scene) -> tuple[Option, ...]:
    """Two conditions on the fields that say most about customers, for words that nothing explains."""
    ranked = [_options(field, "high") for field in scene.lexicon.telling[:2]]
    found = [options[0] for options in ranked]
    if len(found) < 2:
        found += [option for options in ranked for option in options[1:]] + _recency(scene, "recent")
    for field in scene.catalog.visible if len(found) < 2 else ():
        if field.role != "id":
            found.append(Option(f"with a known {field.name}", Leaf(field.name, Operator.EXISTS, value=True)))
    return tuple(found[:2])


def _recency(scene: Scene, word: str) -> list[Option]:
    """Thirty and ninety days and a year on the dates that say what somebody did, the last deed first."""
    operator = Operator.LT if word in ("inactive", "dormant", "lapsed") else Operator.GTE
    dated = sorted(activities(scene), key=lambda field: scene.lexicon.named[field.name].beginning)
    leaves = [Leaf(field.name, operator, moment) for field in dated[:1] for moment in _MOMENTS]
    leaves += [Leaf(field.name, operator, _MOMENTS[1]) for field in dated[1:2]]
    return [Option(label(leaf), leaf) for leaf in leaves]


def activities(scene: Scene) -> list[Field]:
    """Dates of what people did; neither births nor times to come, and the last deed before the first."""
    dated = [
        field
        for field in scene.catalog.visible
        if field.type == "datetime"
        and not looks_ahead(scene, field)
        and not _BORN & set(scene.lexicon.named[field.name].words)
    ]
    return sorted(dated, key=lambda field: _LAST.isdisjoint(scene.lexicon.named[field.name].words))
