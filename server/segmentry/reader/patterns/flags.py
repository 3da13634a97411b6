"""Yes and no: with a partner, no housing loan, senior citizens, auto renewal off."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Node, Operator, Scalar
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.lexicon import Match
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.scene import Fragment, Option, Scene, label

_HAVING = frozenset(
    {"with", "have", "has", "having", "without", "no", "haven't", "hasn't", "don't", "lacking"}
)
_YES = frozenset(["yes", "true", "y", "set", "on", "checked"])
_NO = frozenset(["no", "false", "n", "off", "unchecked"])
_ANSWERS = frozenset({"yes", "no"})
_CLOSING = frozenset({"", ",", ";", ".", "and", "but", "or"})
_STATING = frozenset({"has", "have", "is", "are"})
_HEAD_ALONE = 0.8
_GRANTED = word_set("given granted obtained")
_GRANTS = word_set("consent permission approval agreement")
_BEEN = frozenset({"has", "have", "been"})
_IS = word_set("is are was = == : equals to set")


# where people are written to, which is no consent
ADDRESSES = frozenset({"address", "addresses"})


def flags(scene: Scene, at: int) -> Fragment | None:
    """A flag that is named: the field alone, or with yes or no said after it."""
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            if not entry.bare and match.words == 1 and entry.strength < GENERAL:
                continue
            if entry.strength < GENERAL and any(
                other.strength > GENERAL and other.field != entry.field for other in match.of("field")
            ):
                continue  # "no e-mail" is about `e_mail` before it is about `email_ok`
            truth = scene.lexicon.known[field.name].truth
            if match.words > 1 and scene.word(match.end - 1) in ADDRESSES:
                continue  # "no email address" is where to write, and not whether one may
            if truth is None:
                found = (
                    _none_value(scene, at, match.end, field)
                    if entry.strength >= GENERAL
                    and (entry.bare or scene.word(at - 1) == "no" or "without" in _two_before(scene, at))
                    else None
                )
                if found is not None:
                    return found
                continue
            alone = not entry.bare and match.words == 1
            if alone and (
                scene.word(at) in scene.lexicon.own_nouns  # "guests" are all, whatever hotel_guest says
                or (scene.word(match.end) == "no" and scene.word(at).endswith("ed"))
                or _names_another(scene, match.end, field.name)
                or any(other.bare and other.strength > entry.strength for other in match.of("field"))
            ):
                continue  # "photos" are those of photos_count before they are those of photos_verified
            fragment = _flag(scene, at, match.end, field, truth, inverted=entry.negated)
            others = _sharing(scene, match, entry)
            if others:
                return _which_flag(scene, fragment, [field.name, *others])
            if alone:
                fragment.cap = _HEAD_ALONE  # a "card" need not be the credit card that the flag is about
            return fragment
    return None


def _sharing(scene: Scene, match: Match, entry: Entry) -> list[str]:
    """The other flags that the same word names just as well: "reminders" by mail and by post."""
    if scene.lexicon.named[entry.field].words[0] in _STATING:
        return []  # "kids" are those of has_kids before those of wants_kids
    return list(
        dict.fromkeys(
            each.field
            for each in match.of("field")
            if each.strength == entry.strength
            and each.field != entry.field
            and scene.lexicon.known[each.field].truth is not None
        )
    )


def _which_flag(scene: Scene, found: Fragment, names: list[str]) -> Fragment:
    options: list[Option] = []
    denied: list[Option] = []
    for name in names[:4]:
        truth = scene.lexicon.known[name].truth or (True, False)
        positive = Leaf(name, Operator.EQ, truth[0])
        options.append(Option(label(positive), positive))
        negative = no(scene.field(name), truth)
        denied.append(Option(label(negative), negative))
    said = scene.words(found.start, found.end)
    return Fragment(
        "flag",
        found.start,
        found.end,
        None,
        options=tuple(options),
        negative_options=tuple(denied),
        cap=0.45,
        question=f"Which column does '{said}' mean: {', '.join(names[:4])}?",
    )


def _two_before(scene: Scene, at: int) -> tuple[str, str]:
    """ "Without a degree": the article may stand between."""
    return scene.word(at - 2), scene.word(at - 1)


def _names_another(scene: Scene, at: int, name: str) -> bool:
    """ "Meter reading" beside has_smart_meter: the word belongs to the noun after it."""
    entries = [entry for match in scene.matches_at(at) for entry in match.of("field", "moment")]
    return bool(entries) and all(entry.field != name for entry in entries)


def _flag(
    scene: Scene, at: int, end: int, field: Field, truth: tuple[Scalar, Scalar], *, inverted: bool
) -> Fragment:
    after = scene.skip(end, _IS, 2)
    said = scene.word(after)
    positive = Leaf(field.name, Operator.EQ, truth[0])
    negative: Node = no(field, truth)
    switched = _switched(scene, end) or _granted(scene, end, field)
    if switched is not None and not inverted:
        on, stop = switched
        return Fragment(
            "flag", at, stop, positive if on else negative, negative if on else positive, field=field.name
        )
    answered = after == end and said in _ANSWERS and scene.word(end + 1) in _CLOSING
    explicit = after > end or answered or scene.word(at - 1) in ("whose", "where")
    if explicit and (said in _YES or said in _NO or said in ("0", "1")):
        false = Leaf(field.name, Operator.EQ, truth[1])
        node = false if said in _NO or said == "0" else positive
        return Fragment(
            "flag", at, after + 1, node, positive if node is false else negative, field=field.name
        )
    if inverted:
        denied = scene.lexicon.named[field.name].denies
        unset = no(field, truth) if denied else Leaf(field.name, Operator.EQ, truth[1])
        return Fragment("flag", at, end, unset, positive, field=field.name)
    return Fragment("flag", at, end, positive, negative, field=field.name)


def _switched(scene: Scene, at: int) -> tuple[bool, int] | None:
    """ "SSO is not enabled", "auto renew off": whether it is on, and the token after."""
    step = scene.skip(at, _IS | _BEEN, 3)
    denied = scene.word(step) in ("not", "isn't", "aren't", "wasn't")
    step = scene.skip(step + 1 if denied else step, frozenset({"turned", "switched", "set", "to"}), 2)
    if scene.word(step) in ("on", "enabled", "activated"):
        # "with auto-renew on the basic plan": the word is a preposition there
        if scene.word(step) == "on" and scene.word(step + 1) in ("the", "a", "an", "our", "any"):
            return None
        return not denied, step + 1
    return (denied, step + 1) if scene.word(step) in ("off", "disabled", "deactivated") else None


def _granted(scene: Scene, at: int, field: Field) -> tuple[bool, int] | None:
    """ "Photo consent given", "permission was not granted": whether it was, and the token after."""
    step = scene.skip(at, _IS | _BEEN, 3)
    denied = scene.word(step) in ("not", "never")
    step = scene.skip(step + 1 if denied else step, frozenset({"been"}), 1)
    if scene.word(step) not in _GRANTED or _GRANTS.isdisjoint(scene.lexicon.named[field.name].words):
        return None
    return not denied, step + 1


def no(field: Field, truth: tuple[Scalar, Scalar]) -> Node:
    """What "without" means: the stored no of a two-valued column, everything but true of a boolean one."""
    if field.type == "boolean":
        return Leaf(field.name, Operator.NEQ, True)
    return Leaf(field.name, Operator.EQ, truth[1])


def _none_value(scene: Scene, at: int, end: int, field: Field) -> Fragment | None:
    """ "Without internet" on a list of kinds in which one value says that there is none.

    Where another says yes ("Yes", "No", "No internet service"), the column is a flag for all but the third.
    """
    if field.type not in ("enum", "string"):
        return None
    known = {str(item.value).casefold(): item.value for item in field.values}
    none = next((known[word] for word in ("no", "none", "never") if word in known), None)
    if none is None:
        return None
    negative = Leaf(field.name, Operator.EQ, none)
    if "yes" in known:
        others = [str(value) for value in known.values() if value not in (known["yes"], none)]
        wider = Leaf(field.name, Operator.NEQ, known["yes"])
        also = Option(f"{field.name} is not {known['yes']} (also {', '.join(others[:3])})", wider)
        return Fragment(
            "flag",
            at,
            end,
            Leaf(field.name, Operator.EQ, known["yes"]),
            negative,
            field=field.name,
            negative_options=(also,) if others else (),
        )
    before = scene.word(at - 1) if scene.word(at - 1) not in ("a", "an", "any", "the") else scene.word(at - 2)
    if before not in _HAVING:
        return None
    return Fragment("flag", at, end, Leaf(field.name, Operator.NEQ, none), negative, field=field.name)
