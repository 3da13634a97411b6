"""Yes and no: email subscribers, opted out of SMS, with a partner, no housing loan, senior citizens."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Node, Operator, Scalar
from segmentry.reader.phrases import EXACT, GENERAL
from segmentry.reader.scene import Fragment, Option, Scene
from segmentry.reader.words import word_set

_HAVING = frozenset(
    {"with", "have", "has", "having", "without", "no", "haven't", "hasn't", "don't", "lacking"}
)
_YES = frozenset(["yes", "true", "y", "set", "on", "checked"])
_NO = frozenset(["no", "false", "n", "off", "unchecked"])
_HEAD_ALONE = 0.8
_IS = word_set("is are was = == : equals to set")
_POSITIVE_CUES: tuple[tuple[str, ...], ...] = (
    ("opt", "in"),
    ("opt", "into"),
    ("opted", "into"),
    ("opted", "in"),
    ("opts", "in"),
    ("opt", "-", "in"),
    ("opted", "-", "in"),
    ("optin",),
    ("optins",),
    ("opt", "ins"),
    ("opt", "-", "ins"),
    ("subscribed",),
    ("subscribers",),
    ("subscriber",),
    ("subscribe",),
    ("subscription",),
    ("subscriptions",),
    ("consent",),
    ("consented",),
    ("consents",),
    ("consenting",),
    ("permission",),
    ("marketing", "consent"),
    ("marketing", "permission"),
    ("marketing",),
    ("reachable",),
    ("contactable",),
    ("agreed",),
    ("accept",),
    ("accepts",),
    ("accepted",),
    ("allow",),
    ("allows",),
    ("allowed",),
    ("enabled",),
    ("signed", "up"),
    ("sign", "ups"),
    ("notifications", "enabled"),
    ("notifications", "on"),
    ("notifications",),
    ("list",),
)
_NEGATIVE_CUES: tuple[tuple[str, ...], ...] = (
    ("opt", "out"),
    ("opted", "out"),
    ("opt", "-", "out"),
    ("opted", "-", "out"),
    ("opts", "out"),
    ("opt", "outs"),
    ("unsubscribed",),
    ("unsubscribers",),
    ("unsubscribe",),
    ("disabled",),
    ("optout",),
    ("optouts",),
)
# by first word; the negative ones first, as written
_CUES: dict[str, tuple[tuple[bool, tuple[str, ...]], ...]] = {
    first: tuple(
        (positive, cue)
        for positive, cues in ((False, _NEGATIVE_CUES), (True, _POSITIVE_CUES))
        for cue in cues
        if cue[0] == first
    )
    for first in {cue[0] for cue in (*_NEGATIVE_CUES, *_POSITIVE_CUES)}
}
_PERMISSION = frozenset({"can", "may", "could", "allowed"})
# the words with which a consent begins, when no channel does
CONSENT_WORDS = frozenset(_CUES) | _PERMISSION
# cues that mean a consent even when no channel follows and the table has exactly one
_STRONG = word_set("opt opted opts optin optins optout unsubscribed consented consent consents")
_JOINING = word_set("""
to in for of from by via on the into receive receiving our marketing our any with communications
messages
""")
_JOINING_CHANNELS = frozenset({"and", ",", "or", "/", "&", "nor"})


def flags(scene: Scene, at: int) -> Fragment | None:
    """A flag that is named: the field alone, or with yes or no said after it."""
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            if not entry.bare and match.words == 1 and entry.strength < GENERAL:
                continue
            truth = scene.lexicon.known[field.name].truth
            if truth is None:
                found = (
                    _none_value(scene, at, match.end, field)
                    if entry.strength >= GENERAL and entry.bare
                    else None
                )
                if found is not None:
                    return found
                continue
            alone = not entry.bare and match.words == 1
            if alone and _names_another(scene, match.end, field.name):
                continue
            fragment = _flag(scene, at, match.end, field, truth, inverted=entry.negated)
            if alone:
                fragment.cap = _HEAD_ALONE  # a "card" need not be the credit card that the flag is about
            return fragment
    return None


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
    switched = _switched(scene, end)
    if switched is not None and not inverted:
        on, stop = switched
        return Fragment(
            "flag", at, stop, positive if on else negative, negative if on else positive, field=field.name
        )
    explicit = after > end or scene.word(at - 1) in ("whose", "where")
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
    step = scene.skip(at, _IS, 2)
    denied = scene.word(step) in ("not", "isn't", "aren't", "wasn't")
    step = scene.skip(step + 1 if denied else step, frozenset({"turned", "switched", "set", "to"}), 2)
    if scene.word(step) in ("on", "enabled", "activated"):
        # "with auto-renew on the basic plan": the word is a preposition there
        if scene.word(step) == "on" and scene.word(step + 1) in ("the", "a", "an", "our", "any"):
            return None
        return not denied, step + 1
    return (denied, step + 1) if scene.word(step) in ("off", "disabled", "deactivated") else None


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


def consents(scene: Scene, at: int) -> Fragment | None:
    """A consent to be contacted through a channel, in either order, or the channel alone after one."""
    if not scene.lexicon.consents:
        return None
    cue = _cue(scene, at)
    if cue is not None:
        return _after_cue(scene, at, *cue)
    contact = _contact(scene, at)
    if contact is not None:
        return contact
    for match in scene.matches_at(at):
        for entry in match.of("channel"):
            following = _cue(scene, _past(scene, match.end))
            if following is not None and not _plain_word(scene, _past(scene, match.end)):
                positive, end = following
                again = _cue(scene, end)
                if again is not None and scene.word(end) in (
                    "consent",
                    "list",
                    "subscribers",
                    "opt",
                    "enabled",
                ):
                    end = again[1]
                return _consent(scene, at, end, entry.field, positive)
            if _elliptic(scene, at, match.end, entry.field):
                return _consent(scene, at, match.end, entry.field, positive=True)
            later = _shared_cue(scene, match.end)
            if later is not None:
                return _consent(scene, at, match.end, entry.field, later)
    return None


def _past(scene: Scene, at: int) -> int:
    return at + 1 if scene.word(at) in ("-", "marketing", "list", "communications") else at


def _plain_word(scene: Scene, at: int) -> bool:
    return scene.word(at) in ("list", "accepted") and scene.word(at - 1) not in ("email", "sms", "mailing")


def _shared_cue(scene: Scene, at: int) -> bool | None:
    """In "email and SMS subscribers" the cue stands after the last channel."""
    for _ in range(3):
        at = scene.skip(at, _JOINING_CHANNELS, 2)
        channel = next((match for match in scene.matches_at(at) if match.of("channel")), None)
        if channel is None:
            return None
        cue = _cue(scene, _past(scene, channel.end))
        if cue is not None:
            return cue[0]
        at = channel.end
    return None


def _cue(scene: Scene, at: int) -> tuple[bool, int] | None:
    """Whether a cue of consent begins at `at`: (positive, the token after it)."""
    for positive, cue in _CUES.get(scene.word(at), ()):
        if all(scene.word(at + step) == word for step, word in enumerate(cue)):
            return positive, at + len(cue)
    return None


def _after_cue(scene: Scene, at: int, positive: bool, end: int) -> Fragment | None:
    begin = scene.skip(end, _JOINING, 4)
    # "marketing" joins in "email marketing" and is the channel itself in "opted in to marketing"
    starts = (begin, *range(begin - 1, end - 1, -1))
    channel = next((match for at_ in starts for match in scene.matches_at(at_) if match.of("channel")), None)
    if channel is not None:
        entry = channel.of("channel")[0]
        after = channel.end
        if scene.word(after) in (
            "marketing",
            "messages",
            "notifications",
            "communications",
            "list",
            "newsletter",
        ):
            after += 1
        return _consent(scene, at, after, entry.field, positive)
    if scene.word(at) not in _STRONG and scene.word(at) != "unsubscribed":
        return None
    names = tuple(scene.lexicon.consents)
    if len(names) == 1:
        return _consent(scene, at, end, names[0], positive)
    options = tuple(
        Option(f"{name} is {'true' if positive else 'false'}", _node(scene, name, positive)) for name in names
    )
    return Fragment(
        "consent",
        at,
        end,
        None,
        options=options[:4],
        negative_options=options[:4],
        cap=0.45,
        question=f"Which channel does '{scene.words(at, end)}' mean: {', '.join(names)}?",
    )


def _contact(scene: Scene, at: int) -> Fragment | None:
    """ "That we can email", "who can be texted": a permission, not a command."""
    if scene.word(at) not in _PERMISSION:
        return None
    begin = scene.skip(at + 1, frozenset({"be", "i", "we", "to"}), 2)
    if begin == at + 1 and scene.word(at - 1) not in ("we", "i"):
        return None
    verbs = {
        "email": "email",
        "emailed": "email",
        "mail": "email",
        "e-mail": "email",
        "text": "sms",
        "texted": "sms",
        "sms": "sms",
        "whatsapp": "whatsapp",
        "whatsapped": "whatsapp",
        "push": "push",
        "call": "phone",
        "called": "phone",
        "phone": "phone",
        "phoned": "phone",
        "mailed": "email",
    }
    channel = verbs.get(scene.word(begin))
    end = begin + 1
    if scene.word(begin) in ("contact", "contacted", "reach", "reached", "message", "messaged"):
        begin = scene.skip(begin + 1, frozenset({"by", "via", "on", "through", "with", "them"}), 2)
        channel, end = scene.word(begin), begin + 1
    if channel is None:
        return None
    for name, words in scene.lexicon.consents.items():
        if channel in words:
            return _consent(scene, at, end, name, positive=True)
    return None


def _elliptic(scene: Scene, at: int, end: int, name: str) -> bool:
    """A channel alone counts beside a consent ("SMS but not email") or when it can mean nothing else."""
    previous = scene.previous
    if previous is not None and previous.kind == "consent":
        return all(
            scene.word(step)
            in ("but", "not", "and", "or", ",", "also", "nor", "without", "no", "&", "/", "to", "by", "via")
            for step in range(previous.end, at)
        )
    if any(
        match.of("field") and match.of("field")[0].strength == EXACT and match.of("field")[0].field != name
        for match in scene.matches_at(at)
    ):
        return False
    following = scene.word(end)
    return following in (
        "",
        "but",
        "and",
        ",",
        "or",
        ".",
        "members",
        "customers",
        "users",
        "only",
        "not",
        "people",
    ) and (
        scene.word(at - 1)
        in ("", ",", "and", "but", "with", "not", "by", "via", "no", "without", "or", "on", "accept", "both")
    )


def _node(scene: Scene, name: str, positive: bool) -> Node:
    field, known = scene.field(name), scene.lexicon.known[name]
    truth = known.truth or (True, False)
    if known.denies:
        return Leaf(name, Operator.EQ, truth[0]) if not positive else no(field, truth)
    return Leaf(name, Operator.EQ, truth[0] if positive else truth[1])


def _consent(scene: Scene, start: int, end: int, name: str, positive: bool) -> Fragment:
    field, known = scene.field(name), scene.lexicon.known[name]
    truth = known.truth or (True, False)
    node = _node(scene, name, positive)
    if known.denies:
        negative = _node(scene, name, not positive)
    elif positive:
        negative = no(field, truth)
    else:
        negative = Leaf(name, Operator.NEQ, truth[1])
    return Fragment("consent", start, end, node, negative, field=name)
