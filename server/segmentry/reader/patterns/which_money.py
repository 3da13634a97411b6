"""Which columns hold money: those of spending, of debt, and the question where none was named."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.column_words import CURRENCIES
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import FORECAST, MONEY_NAMES, OWING, RATE_NAMES
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import Named
from segmentry.reader.lexicon.units import stored
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.scene import Fragment, Option, Scene, between, label

_SUMS = frozenset({"total", "amount", "sum", "gross", "net"})
_PLURAL_MONEY = word_set("savings assets earnings holdings expenses investments winnings loans losses")


def is_money(named: Named) -> bool:
    """True for a column that is kept in a currency or named like an amount of money."""
    kept = named.field.unit in CURRENCIES or named.field.unit == "cents"
    return kept or bool(MONEY_NAMES & {stem(word) for word in named.words})


def counts_things(named: Named) -> bool:
    """True for a number of gifts, games or visits, which no currency measures."""
    last = named.core[-1] if named.core else ""
    plural = last.endswith("s") and last not in _PLURAL_MONEY
    return named.field.integer and plural and not is_money(named)


def which_money(scene: Scene, at: int, end: int, found: Comparison) -> Fragment:
    """ "Spent more than 1000 in bookings" where bookings are only counted: which money is meant is asked."""
    candidates = money_fields(scene, "") + _sums(scene)
    nodes = [
        between(
            field.name,
            tuple(
                (operator, stored(field, number, symbolic=False).value) for operator, number in found.bounds
            ),
        )
        for field in candidates[:4]
    ]
    options = tuple(Option(label(node), node) for node in nodes)
    text = f"Which money does '{scene.words(at, end)}' mean?"
    if options:
        text += " For example: " + " / ".join(option.label for option in options)
    return Fragment("measure", at, end, None, options=options, question=text, cap=0.45)


def _sums(scene: Scene) -> list[Field]:
    """Columns named "total" and no more, which may hold money."""
    return [
        scene.field(name)
        for name, named in scene.lexicon.named.items()
        if scene.field(name).type == "number" and len(named.core) == 1 and named.core[0] in _SUMS
    ]


def owed_fields(scene: Scene) -> list[Field]:
    """ "Owe us more than 100": the columns of debt, a mere balance only where nothing says debt."""
    owed = [
        (OWING & {*map(stem, named.words), *named.words}, scene.field(name))
        for name, named in scene.lexicon.named.items()
        if scene.field(name).type == "number" and not counts_things(named)
    ]
    sure = [field for words, field in owed if words - {"balanc", "balance"}]
    return sure or [field for words, field in owed if words]


def money_fields(scene: Scene, rate: str) -> list[Field]:
    """The columns whose names say money most clearly; with a rate those of that rate only."""
    scored: list[tuple[int, Field]] = []
    for name, named in scene.lexicon.named.items():
        field = scene.field(name)
        if field.type != "number" or FORECAST & set(named.words):  # nobody has spent a forecast
            continue
        stems = {stem(word) for word in named.words}
        score = (2 if stems & MONEY_NAMES else 0) + (1 if "cents" in field.unit else 0)
        rated = bool(rate) and bool(set(RATE_NAMES.get(rate, "").split()) & (stems | set(named.words)))
        if score and (rated or not rate):
            scored.append((score + (4 if rated else 0), field))
    if not scored:
        return []
    most = max(score for score, _ in scored)
    return [field for score, field in scored if score == most]
