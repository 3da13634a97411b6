"""Words for how often, said of an amount: a yearly premium, a monthly fee."""

from __future__ import annotations

from segmentry.reader.language.thesaurus import RATE_NAMES, RATES
from segmentry.reader.scene import Scene


def rates_amount(scene: Scene, at: int) -> bool:
    """ "Yearly premium" beside a list of how often people pay: the word belongs to `premium_annual`."""
    names = RATE_NAMES.get(RATES.get(scene.word(at), ""), "").split()
    return bool(names) and any(
        scene.field(entry.field).type == "number"
        and not set(names).isdisjoint(scene.lexicon.named[entry.field].words)
        for match in scene.matches_at(at + 1)
        for entry in match.of("field")
    )
