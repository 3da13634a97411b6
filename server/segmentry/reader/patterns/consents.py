# ruff: noqa: E501 - tables of phrases read better in long lines
"""Consent to be contacted, as people say it: happy to get texts, said no to calls, SMS but not email."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Leaf, Node, Operator, Or
from segmentry.reader.language.channels import MESSAGES
from segmentry.reader.language.words import NEGATORS, word_set
from segmentry.reader.lexicon.phrases import DERIVED, EXACT, GENERAL
from segmentry.reader.patterns.flags import ADDRESSES, no
from segmentry.reader.scene import Fragment, Option, Scene

# phrases with which a consent begins; those of the first two tables name it, those of the third need a channel
_GIVEN = """
opt in|opt into|opted into|opted in|opts in|opt - in|opted - in|optin|optins|opt ins|opt - ins|subscribed|subscribers|
subscriber|subscribe|subscribes|subscription|subscriptions|consent|consented|consents|consenting|permission|marketing consent|
marketing permission|marketing|reachable|contactable|agreed|agree|agrees|agreeing|accept|accepts|accepted|accepting|allow|
allows|allowed|allowing|enabled|signed up|sign ups|notifications enabled|notifications on|notifications|list
"""
_REFUSED = """
opt out|opted out|opt - out|opted - out|opts out|opting out|opt outs|opt - outs|unsubscribed|unsubscribers|unsubscribe|unsubscribes|disabled|optout|
optouts|declined|declines|decline|refused|refuse|refuses|rejected|rejects|said no|say no|says no|saying no|withdrew consent|
withdrawn consent|withdrew permission|revoked consent|revoked|withdrew|withdrawn|objected|objects|object|muted|turned off|
switched off|blocked|refused consent|denied consent|don't allow
"""
_LIKED = """
happy|glad|keen on|keen|ok|okay|fine|comfortable|cool|willing|open to|pleased|said yes|say yes|says yes|yes|gave consent|given consent|give consent|
gave us consent|gave permission|given permission|give permission|gave us permission|gave their consent|given their consent|
gave their permission|given their permission|want|wants|wanted|wanting|wish|wishes|would like|take|takes|receive|receives|
receiving|get|gets|getting|permit|permits|permitted|welcome|welcomes|prepared|interested|like|likes
"""
_CAN = word_set("can may could")
_ASKERS = word_set("i we us me please you need show list find")
_STRONG = word_set("opt opted opts opting optin optins optout unsubscribed consented consent consents")
_BETWEEN = word_set("""
write written writing
to in for of from by via on the into receive receiving received our marketing any with communications messages us be being been
get getting got have having hear hearing contacted contact reached reach messaged message a an their about at take taking it them
both either all still more your sent send no neither promotional want wants accept over through informed approached using
""")
_AFTER = MESSAGES | word_set(
    "messages notifications communications list newsletter marketing consent contact too"
)
_JOINS = word_set("""
but not and or , also nor without no & / to by via be via on get getting receive receiving neither both either for the our any
with of from being accept contacted plus yes them
""")
_LEADS = word_set("but no not and with , by via no without or on accept both only neither either nor")
_ENDS = word_set("but and , or . members customers users people only not nor too either") | {""}
_ANY = {
    ("any", "channel"): False,
    ("at", "least", "one", "channel"): False,
    ("one", "channel"): False,
    ("some", "channel"): False,
}
_ALL = {
    ("all", "channels"): True,
    ("every", "channel"): True,
    ("everything",): True,
    ("all", "marketing"): True,
    ("each", "channel"): True,
}
_YES = frozenset({"yes", "ok", "okay", "allowed", "on", "fine", "good", "permitted", "enabled"})
_IS_NOT = frozenset({"isn't", "aren't", "isnt", "arent"})
_NO = frozenset({"no", "off"})
_BOTH = frozenset({"both", "are", "all", "is"})
_JOINING_CHANNELS = frozenset({"and", ",", "or", "/", "&", "nor"})
_PLAIN = word_set("list accepted object objects")

_OF_CHANNEL = MESSAGES | {"-", "marketing", "list", "communications"}
_BY = frozenset({"by", "via", "through", "over", "per"})

_Cue = tuple[bool, tuple[str, ...], bool]


def _listed(text: str, positive: bool, weak: bool) -> list[_Cue]:
    return [(positive, tuple(each.split()), weak) for each in text.replace("\n", "").split("|")]


def _by_first(cues: list[_Cue]) -> dict[str, tuple[_Cue, ...]]:
    found: dict[str, list[_Cue]] = {}
    for cue in sorted(cues, key=lambda each: -len(each[1])):
        found.setdefault(cue[1][0], []).append(cue)
    return {first: tuple(each) for first, each in found.items()}


_CUES = _by_first(
    [*_listed(_REFUSED, False, False), *_listed(_GIVEN, True, False), *_listed(_LIKED, True, True)]
)
# the words with which a consent begins, when no channel does
CONSENT_WORDS = frozenset(_CUES) | _CAN | MESSAGES | word_set("any all every don't doesn't at")


def consents(scene: Scene, at: int) -> Fragment | None:
    """A consent to be contacted through a channel, in either order, or the channel alone after one."""
    if not scene.lexicon.consents:
        return None
    can = _can(scene, at)
    if can is not None:
        return can
    if scene.word(at) in ("don't", "doesn't") and scene.word(at + 1) == "mind":
        return _after_cue(scene, at, True, at + 2, weak=True)
    cue = _cue(scene, at)
    if cue is not None:
        found = _after_cue(scene, at, *cue)
        if found is not None:
            return found
    return _channel_first(scene, at) or _message_by(scene, at)


def _message_by(scene: Scene, at: int) -> Fragment | None:
    """ "Reminders by post", "updates via SMS": what is sent, and then the channel."""
    if scene.word(at) not in MESSAGES or scene.word(at + 1) not in _BY:
        return None
    for name, end, _ in _channels(scene, at + 2):
        return _consent(scene, at, end, name, positive=True)
    return None


def _channel_first(scene: Scene, at: int) -> Fragment | None:
    """ "Email subscribers", "SMS opt-in", "push yes", or a channel alone beside another consent."""
    for name, end, bare in _channels(scene, at):
        past = end + 1 if scene.word(end) in _OF_CHANNEL else end
        following = _cue(scene, past)
        if following is not None and following[2]:
            following = None
        if following is not None and not _plain_word(scene, past):
            positive, stop, _ = following
            again = _cue(scene, stop)
            if again is not None and scene.word(stop) in ("consent", "list", "subscribers", "opt", "enabled"):
                stop = again[1]
            return _consent(scene, at, stop, name, positive)
        answered = _answered(scene, past)
        if answered is not None:
            fragment = _consent(scene, at, answered[1], name, answered[0] or answered[2])
            if answered[2]:
                fragment.node, fragment.negative = fragment.negative, fragment.node
            return fragment
        if _elliptic(scene, at, end, name, bare):
            return _consent(scene, at, _past_nouns(scene, end), name, positive=True)
        later = _shared_cue(scene, end, bare)
        if later is not None:
            return _consent(scene, at, end, name, later)
    return None


def _answered(scene: Scene, at: int) -> tuple[bool, int, bool] | None:
    """ "Push: yes", "push is fine", "whatsapp isn't": the answer after a channel, the token after, a denial."""
    at = scene.skip(at, _BOTH, 1) if scene.word(at + 1) in _YES else at
    denied = scene.word(at) in _IS_NOT
    said = at + 1 if denied else scene.skip(at, frozenset({":", "=", "is", "are"}), 1)
    if not denied and scene.word(said) == "not" and (said > at or scene.word(said + 1) in _YES):
        denied, said = True, said + 1
    end = said + 1 if scene.word(said) in _YES | _NO else said
    if scene.word(end) not in _ENDS or (end == said and not denied):
        return None
    return scene.word(said) in _YES and not denied, end, denied


def _can(scene: Scene, at: int) -> Fragment | None:
    """ "That we can email", "who may be texted", "can be reached by phone": a permission, not a command."""
    if scene.word(at) not in _CAN:
        return None
    begin = scene.skip(at + 1, frozenset({"be", "i", "we", "to"}), 2)
    if begin == at + 1 and scene.word(at - 1) not in ("we", "i"):
        return None
    return _after_cue(scene, at, True, begin, weak=True)


def _cue(scene: Scene, at: int) -> tuple[bool, int, bool] | None:
    """Whether a cue of consent begins at `at`: (positive, the token after it, whether it needs a channel)."""
    for positive, cue, weak in _CUES.get(scene.word(at), ()):
        if all(scene.word(at + step) == word for step, word in enumerate(cue)):
            if weak and (scene.word(at - 1) in _ASKERS or scene.word(at + 1) in _ASKERS - {"us", "you"}):
                return None  # "we want emails of ..." asks for a list
            return positive, at + len(cue), weak
    return None


def _channels(scene: Scene, at: int) -> list[tuple[str, int, bool]]:
    """The consent columns whose channel is named at `at`, each with the token after; the longest first.

    The last part says whether the words are the column's own, so that they may stand alone.
    """
    found: list[tuple[str, int, bool]] = []
    for match in scene.matches_at(at):
        if scene.word(match.end) in ADDRESSES:
            continue  # "no email address": where to write, and not whether one may
        for entry in match.entries:
            if entry.kind == "channel":
                found.append((entry.field, match.end, entry.strength == EXACT))
            elif (
                entry.kind == "field" and entry.strength >= DERIVED and entry.field in scene.lexicon.consents
            ):
                found.append((entry.field, match.end, False))
    return found


def _after_cue(scene: Scene, at: int, positive: bool, end: int, weak: bool) -> Fragment | None:
    begin = scene.skip(end, _BETWEEN, 6)
    every = _every(scene, at, positive, end, begin)
    if every is not None:
        return every
    # "marketing" joins in "email marketing" and is the channel itself in "opted in to marketing"
    for start in (begin, *range(begin - 1, end - 1, -1)):
        found = _channels(scene, start)
        if not found:
            continue
        name, after, _ = found[0]
        others = {each for each, stop, own in found if stop == after and own == found[0][2]}
        if len(others) > 1:
            return None
        fragment = _consent(scene, at, _past_nouns(scene, after), name, positive)
        if sum(1 for step in range(end, start) if scene.word(step) in NEGATORS) % 2:
            fragment.node, fragment.negative = fragment.negative, fragment.node
        return fragment
    if weak or scene.word(at) not in _STRONG:
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


def _every(scene: Scene, at: int, positive: bool, end: int, begin: int) -> Fragment | None:
    """ "By any channel", "opted out of all marketing"."""
    names = tuple(scene.lexicon.consents)
    if len(names) < 2:
        return None
    for start in range(end, min(begin, len(scene.tokens)) + 1):
        for words, every in (*_ANY.items(), *_ALL.items()):
            if any(scene.word(start + step) != word for step, word in enumerate(words)):
                continue
            nodes = tuple(_node(scene, name, positive) for name in names)
            unset = tuple(
                _consent(scene, at, end, name, positive).negative or _node(scene, name, not positive)
                for name in names
            )
            # opted out of any channel is opted out of all where nobody says "at least"
            joined = every or (not positive and words[0] == "any")
            node: Node = And(nodes) if joined else Or(nodes)
            negative: Node = Or(unset) if joined else And(unset)
            stop = start + len(words)
            return Fragment(
                "consent", at, stop, node, negative, source="assumed" if joined and not every else "said"
            )
    return None


def _past_nouns(scene: Scene, at: int) -> int:
    """The token after "messages", "from us" and the like, which add nothing to the channel."""
    for _ in range(3):
        if scene.word(at) in _AFTER and not (scene.word(at) == "contact" and scene.word(at + 1) == "us"):
            at += 1
    return at + 2 if scene.word(at) in ("from", "by") and scene.word(at + 1) == "us" else at


def _plain_word(scene: Scene, at: int) -> bool:
    return scene.word(at) in _PLAIN and scene.word(at - 1) not in ("email", "sms", "mailing")


def _shared_cue(scene: Scene, at: int, bare: bool) -> bool | None:
    """In "email and SMS subscribers" the cue stands after the last channel, in "phone and SMS ok" the answer."""
    for _ in range(3):
        at = scene.skip(at, _JOINING_CHANNELS, 2)
        channel = next((match for match in scene.matches_at(at) if match.of("channel")), None)
        if channel is None:
            return None
        past = (
            channel.end + 1
            if scene.word(channel.end) in ("-", "marketing", "communications")
            else channel.end
        )
        cue = _cue(scene, past)
        if bare and cue is not None and not cue[2]:
            return cue[0]
        answered = _answered(scene, past)
        if answered is not None and answered[0]:
            return True
        at = channel.end
    return None


def _elliptic(scene: Scene, at: int, end: int, name: str, bare: bool) -> bool:
    """A channel alone counts beside a consent ("SMS but not email") or when it can mean nothing else."""
    previous = scene.previous
    if previous is not None and previous.kind == "consent":
        return all(scene.word(step) in _JOINS for step in range(previous.end, at))
    if any(
        match.of("field")
        and match.of("field")[0].strength >= (EXACT if bare else GENERAL)
        and match.of("field")[0].field != name
        for match in scene.matches_at(at)
    ):
        return False
    after = scene.word(_past_nouns(scene, end))
    if not bare:
        return scene.word(at - 1) in ("not", "don't", "never", "neither") and after in _ENDS
    lead = scene.word(at - 2 if scene.word(at - 1) in ("the", "our") else at - 1)
    return after in _ENDS and (at == 0 or lead in _LEADS)


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
