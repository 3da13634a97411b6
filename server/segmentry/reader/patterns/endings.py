"""Events said without a period: expired, expiring soon, booked recently."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.scene import Fragment, Option, Scene, between

_NO_LONGER = frozenset({"not", "isn't", "longer"})
_OVER = frozenset({"expired", "lapsed", "ended", "overdue"})
_RECENT = (("30 days", "{{30_DAYS_AGO}}"), ("90 days", "{{90_DAYS_AGO}}"), ("year", "{{1_YEARS_AGO}}"))


def recently(scene: Scene, at: int, end: int, name: str) -> Fragment:
    """ "Booked recently" asks how recent."""
    options = tuple(Option(f"in the last {n}", Leaf(name, Operator.GTE, moment)) for n, moment in _RECENT)
    negative = tuple(Option(f"not in the last {n}", Leaf(name, Operator.LT, moment)) for n, moment in _RECENT)
    return Fragment(
        "moment",
        at,
        end + 1,
        None,
        field=name,
        options=options,
        negative_options=negative,
        cap=0.45,
        question=f"How recent does '{scene.words(at, end + 1)}' mean?",
    )


def ending(scene: Scene, at: int, end: int, name: str) -> Fragment | None:
    """An end without a period: expired, not yet expired; "expiring soon" asks how soon."""
    word = next((scene.word(step) for step in range(at, end) if scene.word(step) in _OVER), scene.word(at))
    expired = Leaf(name, Operator.LT, "{{NOW}}")
    current = Leaf(name, Operator.GTE, "{{NOW}}")
    if scene.word(end) in ("soon", "shortly") or scene.word(end - 1) == "soon":
        options = tuple(
            Option(
                f"in the next {days} days",
                between(name, ((Operator.GTE, "{{NOW}}"), (Operator.LT, f"{{{{{days}_DAYS_FROM_NOW}}}}"))),
            )
            for days in (30, 60, 90)
        )
        return Fragment(
            "moment",
            at,
            end + 1,
            None,
            field=name,
            options=options,
            cap=0.45,
            question=f"How soon does '{scene.words(at, end + 1)}' mean?",
        )
    if word in _OVER or scene.words(max(end - 3, 0), end).casefold() == "has run out":
        return Fragment("moment", at, end, expired, current, field=name)
    if end - at > 1 and "valid" in (scene.word(at), scene.word(end - 1)):
        denied = any(scene.word(step) in _NO_LONGER for step in range(at, end))
        pair = (expired, current) if denied else (current, expired)
        return Fragment("moment", at, end, *pair, field=name)
    return None
