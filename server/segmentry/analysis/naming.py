"""Template names, descriptions and suggestions: what a card says when no model words it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from segmentry.analysis import words
from segmentry.analysis.events import Characteristic, ValueShare
from segmentry.analysis.profile import FieldTraits
from segmentry.analysis.table import Levels
from segmentry.criteria.catalog import Catalog

NAME_LENGTH = 60
TOP_CHARACTERISTICS = 5
# Below this a field hardly tells members from others, and a name made of it would mislead.
TELLING = 0.1
# From here on the share without a value sets members apart, whatever the others' average is.
UNSET_TELLS = 0.1

_BITS = frozenset({"0", "1"})
_VALUE = re.compile(
    r"spend|value|basket|revenue|ltv|amount|charge|balance|income|sales|price|turnover|paid|order value"
)
_RISK = re.compile(r"churn|risk|attrition")
_ACTIVITY = re.compile(
    r"engage|activity|visit|booking|open|click|session|order|purchase|login|usage|count|frequency"
)
_LOYALTY = re.compile(r"tenure|member since|age of account|months as|years as|loyalty")
_CONSENTS = re.compile(r"consent|agreed|permission|opt(ed)?[- ]?in", re.IGNORECASE)
_CONSENT = re.compile(r"(e ?mail|sms|push|whatsapp|phone) ?(opt ?in|consent|permission)")


def names(per_cluster: Sequence[Sequence[FieldTraits]]) -> list[str]:
    """One name per cluster, all different, at most 60 characters, from its most important fields.

    Where two clusters would share a name, both get a further field; then the average that tells them
    apart, and at last a number.
    """
    phrases = [
        _telling([said for each in traits if each.importance >= TELLING and (said := _phrase(each))])
        for traits in per_cluster
    ]
    found: list[str] = []
    taken: set[str] = set()
    for position, mine in enumerate(phrases):
        others = [each for index, each in enumerate(phrases) if index != position]
        for n_phrases in range(2, max(3, len(mine) + 1)):
            name = _joined(mine, n_phrases)
            if all(_joined(other, n_phrases) != name for other in others):
                break
        else:
            name = _measured(_joined(mine, 2), per_cluster[position])
        found.append(numbered(name, taken))
        taken.add(found[-1])
    return found


def _telling(phrases: list[str]) -> list[str]:
    """Without those that call members typical in something, where others say more."""
    return [each for each in phrases if not each.startswith("typical ")] or phrases


def _measured(name: str, traits: Sequence[FieldTraits]) -> str:
    """The name with the most telling average behind it, where that fits."""
    for each in traits:
        if each.typical is not None and each.column.field.type == "number":
            longer = (
                f"{name} ({words.label(each.column.field)} {words.amount(each.column.field, each.typical)})"
            )
            return longer if len(longer) <= NAME_LENGTH else name
    return name


def numbered(name: str, taken: set[str]) -> str:
    """The name, with the least number behind it that makes it new."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name[: NAME_LENGTH - len(str(number)) - 1]} {number}"
    return candidate


def _joined(phrases: Sequence[str], at_most: int) -> str:
    name = ""
    for phrase in phrases[:at_most]:
        longer = f"{name}, {phrase}" if name else phrase
        if len(longer) > NAME_LENGTH:
            break
        name = longer
    name = name or "Typical customers"
    return name[0].upper() + name[1:]


def _phrase(traits: FieldTraits) -> str:
    """Such as "high lifetime value" or "channel Email"; empty when nothing can be said."""
    field = traits.column.field
    said = words.cut(words.label(field), 28)
    if isinstance(traits.column, Levels):
        if traits.top is None:
            return f"no {said}" if traits.missing_share > 0.5 else ""
        if traits.top.share < 0.5 or traits.top.lift < 1.05:
            return ""
        if field.type == "boolean":
            return said if traits.top.level == "true" else f"no {said}"
        return f"{said} {words.cut(traits.top.level, 20)}"
    if traits.missing_share > 0.5 and traits.missing_share > traits.population_missing_share:
        return f"no {said}"
    if traits.rank is None:
        return ""
    if field.type == "datetime":
        return f"{'recent' if traits.rank > 0.5 else 'early'} {said}"
    if nothing := _nothing(traits):
        return f"{nothing} {said}"
    degree = _degree(traits)
    if words.counts(field):
        degree = degree.replace("high", "many").replace("low", "few")
    return f"{degree} {said}"


def _nothing(traits: FieldTraits) -> str:
    """Such as "no", where all members have 0, and "almost no", where they have at most 1 % of what everyone
    has; empty where they have more, or where values are below 0."""
    typical, everyone, column = traits.typical, traits.population_typical, traits.column
    if typical is None or everyone is None or isinstance(column, Levels) or column.field.type != "number":
        return ""
    if not (everyone > 0 and 0 <= typical <= 0.01 * everyone) or float(column.present.min(initial=0.0)) < 0:
        return ""
    return "no" if traits.all_zero else "almost no"


def _degree(traits: FieldTraits) -> str:
    """How high members stand among everyone."""
    rank = traits.rank or 0.0
    if 0.4 <= rank <= 0.6:
        # Where most values are equal, as in counts, only the average shows the difference.
        if traits.median != traits.population_median or traits.mean is None or traits.population_mean is None:
            return "typical"
        if traits.mean_misleads:
            return "typical"
        if abs(traits.mean - traits.population_mean) <= 0.1 * abs(traits.population_mean):
            return "typical"
        return "high" if traits.mean > traits.population_mean else "low"
    if rank < 0.4:
        return "very low" if rank < 0.1 else "low"
    return "very high" if rank > 0.9 else "high"


def characteristic(traits: FieldTraits) -> Characteristic:
    """The trait as a card shows it: the members against all customers."""
    return replace(_characteristic(traits), comparison=comparison(traits), level=_told_level(traits))


def _told_level(traits: FieldTraits) -> str:
    """The stored value that `comparison` names; the two of a yes-or-no field are nobody's."""
    if not isinstance(traits.column, Levels) or traits.top is None:
        return ""
    yes_or_no = traits.column.field.type == "boolean" or _BITS.issuperset(traits.column.levels)
    return "" if yes_or_no else traits.top.level


def _characteristic(traits: FieldTraits) -> Characteristic:
    field = traits.column.field
    if isinstance(traits.column, Levels):
        shown = tuple(
            ValueShare(words.cut(each.level), round(100 * each.share, 1), each.count)
            for each in traits.levels
        )
        text, top = _unset(traits), traits.top
        if top is not None:
            # A code and a share side by side would read as one number.
            between = ":" if field.type == "number" else ""
            text = f"{words.cut(top.level)}{between} {words.share(100 * top.share)}"
            text += f" ({words.share(100 * top.population_share)} in all, {words.number(top.lift)}x)"
        return Characteristic(field.name, text, traits.importance, top_values=shown, unit=field.unit)
    if traits.median is None:
        text = _unset(traits) if traits.population_missing_share < 1 else "not set"
        return Characteristic(field.name, text, traits.importance, unit=field.unit)
    if field.type == "datetime":
        text = (
            f"mostly around {words.day(traits.median)} ({words.day(traits.population_median or 0.0)} in all)"
        )
        return Characteristic(field.name, text, traits.importance)
    mean, everyone = traits.mean, traits.population_mean
    if mean is None or everyone is None or traits.mean_misleads:
        typical = words.amount(field, traits.population_median or 0.0)
        text = f"median {words.amount(field, traits.median)} (vs {typical} in all)"
    else:
        text = f"average {words.amount(field, mean)} (vs {words.amount(field, everyone)} in all)"
    if abs(traits.missing_share - traits.population_missing_share) >= UNSET_TELLS:
        text += f"; {_unset(traits)}"
    return Characteristic(
        field.name,
        text,
        traits.importance,
        segment_average=mean,
        population_average=everyone,
        unit=field.unit,
    )


def _unset(traits: FieldTraits) -> str:
    members, everyone, verb = traits.missing_share, traits.population_missing_share, "not set"
    if members < everyone:
        members, everyone, verb = 1 - members, 1 - everyone, "set"
    return f"{verb} for {words.share(100 * members)} ({words.share(100 * everyone)} in all)"


def comparison(traits: FieldTraits) -> str:
    """The trait as a phrase: `spend 1,250 vs 480`, `channel Email 72 % vs 31 %`; empty when undefined."""
    field = traits.column.field
    said = words.label(field)
    if isinstance(traits.column, Levels):
        top = traits.top
        if top is None:
            return f"{said} {_unset(traits)}"
        both = f"{words.share(100 * top.share)} vs {words.share(100 * top.population_share)}"
        between = ":" if traits.column.field.type == "number" else ""
        return f"{said} {words.cut(top.level, 20)}{between} {both}"
    if traits.column.field.type == "datetime":
        if traits.median is None or traits.population_median is None:
            return ""
        return f"{said} {words.day(traits.median)} vs {words.day(traits.population_median)}"
    if traits.missing_share - traits.population_missing_share >= UNSET_TELLS:
        return f"{said} {_unset(traits)}"
    if traits.typical is None or traits.population_typical is None:
        return ""
    median = "median " if traits.mean_misleads else ""
    everyone = words.amount(field, traits.population_typical)
    if nothing := _nothing(traits):
        return f"{nothing} {said} vs {median}{everyone}"
    return f"{said} {median}{words.amount(field, traits.typical)} vs {everyone}"


def headline(size: int, percentage: float, traits: Sequence[FieldTraits]) -> str:
    """Such as `2,340 customers (18 %) · spend 1,250 vs 480`."""
    start = f"{words.customers(size)} ({words.share(percentage)})"
    told = next((text for each in traits if (text := comparison(each))), "")
    return f"{start} · {told}" if told else start


def description(size: int, percentage: float, traits: Sequence[FieldTraits]) -> str:
    """Who belongs to it: one sentence on the size, one on what sets the members apart. Every number is
    one of the profile."""
    start = f"{words.customers(size)}, {words.share(percentage)} of all."
    told = [text for each in traits[:3] if (text := comparison(each))]
    return f"{start} Members against everyone: {'; '.join(told)}." if told else start


def suggested_uses(
    per_cluster: Sequence[Sequence[FieldTraits]], named: Sequence[str], catalog: Catalog
) -> list[str]:
    """Per cluster one sentence on how to address the members, and what consent a channel needs. Clusters
    of equal advice get the name of their segment with it, so that no two sentences are alike."""
    best = _most_valuable(per_cluster)
    advice = [_advice(traits, most_valuable=index == best) for index, traits in enumerate(per_cluster)]
    return [
        f"{said}{f' ({name})' if advice.count(said) > 1 else ''}; {channel(catalog)}."
        for said, name in zip(advice, named, strict=True)
    ]


def _most_valuable(per_cluster: Sequence[Sequence[FieldTraits]]) -> int | None:
    """The cluster with the highest typical value of the value field that tells the clusters apart best."""
    telling: dict[str, float] = {}
    means: dict[str, dict[int, float]] = {}
    for index, traits in enumerate(per_cluster):
        for each in traits:
            field = each.column.field
            if each.typical is not None and _VALUE.search(words.field_words(field)):
                telling[field.name] = max(telling.get(field.name, 0.0), each.importance)
                means.setdefault(field.name, {})[index] = each.typical
    if not telling:
        return None
    of_field = means[max(telling, key=lambda name: telling[name])]
    return max(of_field, key=lambda index: of_field[index])


def _advice(traits: Sequence[FieldTraits], *, most_valuable: bool) -> str:
    value = _direction(traits, _VALUE)
    if most_valuable and value is False:
        # Best in one value and low in another: neither praise nor an entry offer would be right.
        value = None
    risk = _direction(traits, _RISK)
    activity = _direction(traits, _ACTIVITY)
    loyalty = _direction(traits, _LOYALTY)
    if risk and value:
        return "Retention first: personal contact and a reason to stay, before any upselling"
    if risk:
        return "Win-back: ask what is missing and make the next visit easy"
    if value and activity is False:
        return "Premium offers with a personal reason to come back now"
    if value:
        return "Loyalty and premium offers, early access, and a lower contact frequency"
    if activity is False and most_valuable:
        return "A clear reason to come back soon, and few messages"
    if activity is False:
        return "Reactivation with one clear entry offer, and few messages"
    if activity:
        return "Cross-sell and referral offers while interest is high"
    if value is False and loyalty is False:
        return "Onboarding and a second-purchase offer"
    if value is False:
        return "Entry offers and bundles that raise the value of an order"
    if loyalty:
        return "Thanks for loyalty: status benefits and renewal offers"
    if loyalty is False:
        return "Onboarding: show what others use most, then a second-purchase offer"
    return "A message of its own that speaks to what sets this group apart"


def _direction(traits: Sequence[FieldTraits], about: re.Pattern[str]) -> bool | None:
    """Whether the most telling numeric field of that subject is high; None when no telling one is."""
    for each in traits[:TOP_CHARACTERISTICS]:
        named = about.search(words.field_words(each.column.field))
        if (
            named
            and each.importance >= TELLING
            and each.rank is not None
            and each.column.field.type == "number"
        ):
            degree = _degree(each)
            return None if degree == "typical" else degree.endswith("high")
    return None


def renamed(use: str, old: str, new: str) -> str:
    """A suggestion whose segment is called otherwise by now; only where two are alike it says the name."""
    return use.replace(f" ({old});", f" ({new});")


def with_consent(use: str, catalog: Catalog) -> str:
    """A suggestion that somebody else worded, with the consent that a channel needs where it names none."""
    return use if _CONSENTS.search(use) else f"{use.rstrip(' .')}; {channel(catalog)}."


def channel(catalog: Catalog) -> str:
    """A sentence that names a channel names the consent it needs."""
    for field in catalog.visible:
        consent = _CONSENT.search(words.field_words(field))
        if field.type == "boolean" and consent:
            channel = {"sms": "SMS", "push": "push message", "whatsapp": "WhatsApp"}.get(
                consent[1], consent[1]
            )
            channel = "e-mail" if channel in ("email", "e mail") else channel
            return f"by {channel} only to those who consented ({field.name})"
    return "only through channels the customer consented to"
