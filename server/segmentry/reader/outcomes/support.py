"""How far the words bear out the column and the value of each condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Top
from segmentry.reader.clauses import Clauses
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.places import country_at
from segmentry.reader.language.thesaurus import BEGINNING, ENDING
from segmentry.reader.language.words import PEOPLE, STOP, word_set
from segmentry.reader.lexicon import kinds
from segmentry.reader.lexicon.names import Named
from segmentry.reader.lexicon.phrases import EXACT, PART
from segmentry.reader.lexicon.units import keeps_in
from segmentry.reader.outcomes.doubt import Doubt
from segmentry.reader.quantities.numbers import MONEY_WORDS
from segmentry.reader.scene import Fragment, Scene

_QUALIFIERS: Final = word_set("""
predicted expected estimated forecast potential projected previous prior first min max minimum maximum
secondary second other partner spouse gift pending target planned best worst
""")
# What says how a column is kept rather than which one it is: "the fee" for monthly_fee.
_ADDED: Final = word_set("""
total overall lifetime current amount number count score rate level value average avg mean monthly annual
yearly weekly daily year month week last recent customer client member user account active open own net
gross all time percent share index points days hours star stars
""")
# What a sum of money or a size is called where the noun before says what it is of.
_HOLDS: Final = word_set("balance value worth used held amount holdings")
# What begins or ends where a table says no more: "expired" is about the contract.
_SPANS: Final = word_set("""
member membership contract policy subscription subscriptions plan account customer client card service
agreement user signed sign up date
""")
_TURNS: Final = BEGINNING | ENDING
_ALL_TIME: Final = word_set("total altogether ever lifetime overall")
_SPENT: Final = word_set("spent spend spends spending blew splashed paid pay pays paying")
_ALTOGETHER: Final = word_set("spent spending blew blown splashed dropped")
_PRICES: Final = word_set("price fee rate tariff rent")
_OF_TIME: Final = word_set(
    "recent recently latest newest oldest earliest last first date time longest shortest ago since next"
)
# whose a text is, beside the person's own
_OF_OTHERS: Final = word_set("guardian emergency parent partner spouse referrer manager agent next")
# what begins or ends, and is one thing or another
_RUNNING: Final = word_set("contract policy subscription account card agreement membership plan lease")
_SPEAKING: Final = word_set("speak speaks speaking speaker speakers language languages fluent spoken tongue")
_NATIONALITIES: Final = word_set("nationality")
_LANGUAGES: Final = word_set("language languages locale tongue")
_SAID_OF: Final = word_set("who that whose with without in from on over under")
_BESIDE: Final = word_set("or and but no , a an without")
_KEPT: Final = word_set("average avg balance limit credit debt saving savings income salary wealth budget")
_ASKS: Final = word_set("is has have had can does did owns own accepts allows wants")
_NUMBERS: Final = frozenset({"measure", "counter"})
_NAMING: Final = kinds.FIELD | kinds.COMPARATIVE | kinds.MOMENT
_KEYS: Final = frozenset({"id", "code", "key", "uuid"})
_ABOUT_VALUES: Final = frozenset({Operator.EQ, Operator.NEQ, Operator.IN, Operator.NIN, Operator.CONTAINS})
_TEXTS: Final = frozenset({"string", "enum", "array"})
# What people have or lack, so that its presence is the question; other columns answer a yes or a no.
_HAD: Final = word_set("""
email mail phone mobile telephone cell address name postcode zip contact number website url code id date
manager csm rep agent company employer guild partner spouse city town country
""")
# These words ask whether something is known, whatever its type.
_RECORDED: Final = word_set("""
known unknown missing recorded set unset empty blank null file record available provided given filled
present specified stated assigned never yet
""")
_GRANTS: Final = word_set("consent permission approval agreement opt optin")
_GIVEN: Final = word_set("given provided")
_PERIODS: Final = word_set("""
day days week weeks month months quarter quarters year years fortnight monthly weekly yearly annual annually
daily quarterly ytd d w m y today yesterday lately recently recent
""")


def doubts(scene: Scene, found: Clauses) -> Iterator[Doubt]:
    """One doubt for each condition that the words bear out only in part."""
    fragments = [
        item.fragment
        for item in found.items
        if item.fragment is not None and item.fragment.chosen is not None
    ]
    for fragment in fragments:
        yield from _of_kind(scene, fragment)
    for before, after in pairwise(fragments):
        yield from _of_neighbours(scene, before, after)


def _of_kind(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    match fragment.kind:
        case "measure" | "counter":
            yield from _of_measure(scene, fragment)
        case "top":
            yield from _of_share(scene, fragment)
            yield from _of_values(scene, fragment)
        case "value" | "place":
            yield from _of_values(scene, fragment)
        case "text":
            yield from _of_text(scene, fragment)
        case "exists" | "flag":
            yield from _of_presence(scene, fragment)
        case "moment":
            yield from _of_moment(scene, fragment)
        case _:
            return


def _of_measure(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    named = scene.lexicon.named.get(fragment.field)
    if named is None:
        return
    said = scene.words(fragment.start, fragment.end)
    strength = _strength(scene, fragment)
    if strength < EXACT:
        stems = {token.stem for token in scene.tokens}
        unsaid = [word for word in named.words if word in _QUALIFIERS and stem(word) not in stems]
        if unsaid:
            yield Doubt("unsaid qualifier", f"'{said}' does not say {unsaid[0]}, which {fragment.field} does")
        elif (
            strength == PART or (fragment.field not in scene.lexicon.ages and _is_part(named.core, stems))
        ) and not _says_what_is_kept(scene, fragment, named):
            yield Doubt("part of a name", f"'{said}' says only a part of the name {fragment.field}")
        elif fragment.source == "assumed" and strength < PART:
            yield Doubt("assumed column", f"That '{said}' means {fragment.field} is assumed")
        elif _is_other_money(scene, fragment, named.words, strength):
            yield Doubt("assumed column", f"'{said}' speaks of all that was spent, {fragment.field} does not")
    if (named.window_days or named.to_date) and not _says_period(scene, fragment):
        yield Doubt("unsaid period", f"{fragment.field} counts over a period that '{said}' does not say")
    node = fragment.chosen
    if (
        isinstance(node, Leaf)
        and node.operator is Operator.EQ
        and scene.word(fragment.end) in scene.lexicon.entities
    ):
        yield Doubt("number of people", f"'{said}' may count the {scene.word(fragment.end)} behind it")
    if strength <= PART and named.field.integer and _is_period_only(scene, fragment):
        yield Doubt("period as number", f"'{said}' is a time, and {fragment.field} a number")


def _is_other_money(scene: Scene, fragment: Fragment, words: tuple[str, ...], strength: int) -> bool:
    """ "Spent over 300" is no balance, and without a period no price either."""
    if strength < PART and scene.word(fragment.start) in _SPENT and not _KEPT.isdisjoint(words):
        return True
    spent = any(scene.word(at) in _ALTOGETHER for at in range(fragment.start, fragment.end))
    return spent and not _PRICES.isdisjoint(words) and not _says_period(scene, fragment)


def _of_share(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    named = scene.lexicon.named.get(fragment.field)
    if named is not None and named.field.type == "datetime" and _OF_TIME.isdisjoint(scene.said):
        said = scene.words(fragment.start, fragment.end)
        yield Doubt("assumed column", f"'{said}' may rank by how many, and {fragment.field} is a time")
        return
    yield from _of_measure(scene, fragment)


def _strength(scene: Scene, fragment: Fragment) -> int:
    """How directly the words of a condition name its column; 0 where nothing in them does."""
    most = 0
    for at in range(fragment.start, fragment.end):
        for match in scene.matches_at(at):
            if match.end > fragment.end or not match.senses.bits & _NAMING:
                continue
            for entry in match.of("field", "comparative", "moment"):
                if entry.field == fragment.field and entry.strength > most:
                    most = entry.strength
    return most


def _is_part(core: tuple[str, ...], stems: set[str]) -> bool:
    """ "Seats" for seat_utilization, "balance" for savings_balance: a word that tells it apart is unsaid."""
    own = [stem(word) for word in core if word not in _ADDED and word not in STOP]
    return any(word in stems for word in own) and not all(word in stems for word in own)


def _says_what_is_kept(scene: Scene, fragment: Fragment, named: Named) -> bool:
    """ "2 euros in their wallet" for wallet_balance_eur: its own noun, with its money or unit."""
    stems = {token.stem for token in scene.tokens[fragment.start : fragment.end]}
    own = [stem(word) for word in named.core if word not in _ADDED | _HOLDS | STOP and len(word) > 1]
    if named.field.integer or not stems.issuperset(own) or not own:
        return False
    others = (each for name, each in scene.lexicon.named.items() if name != named.field.name)
    if any(stem(word) in own for each in others for word in each.words):
        return False
    tokens = scene.tokens[fragment.start : fragment.end]
    return any(
        token.money or token.norm in MONEY_WORDS or token.norm == "worth" or keeps_in(named, token.norm)
        for token in tokens
    )


def _says_period(scene: Scene, fragment: Fragment) -> bool:
    """Whether a period stands within the condition or right behind it, and "ever" does not."""
    around = range(max(0, fragment.start - 1), min(fragment.end + 2, len(scene.tokens)))
    if any(scene.word(at) in _ALL_TIME for at in around):
        return False
    if any(scene.when(at) is not None or scene.word(at) in _PERIODS for at in around):
        return True
    return not _ALL_TIME & scene.said and not _PERIODS.isdisjoint(scene.said)


def _is_period_only(scene: Scene, fragment: Fragment) -> bool:
    at = fragment.start
    while at < fragment.end and scene.numbers.get(at) is None and scene.when(at) is None:
        at += 1
    when = scene.when(at)
    return when is not None and when.end >= fragment.end


def _of_values(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    for leaf in _leaves(fragment.chosen):
        field = scene.field(leaf.field)
        if leaf.operator not in _ABOUT_VALUES or field.type not in _TEXTS:
            continue
        known = scene.lexicon.known[leaf.field].folded
        words = scene.lexicon.named[leaf.field].words
        people = scene.word(fragment.end) in scene.lexicon.entities | PEOPLE
        if people and not _LANGUAGES.isdisjoint(words) and _SPEAKING.isdisjoint(scene.said):
            said = scene.words(fragment.start, fragment.end + 1)
            yield Doubt("assumed column", f"'{said}' may come from there as well as speak it")
            continue
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        unseen = [str(value) for value in values if str(value).casefold() not in known]
        if not unseen:
            continue
        if leaf.field in scene.lexicon.countries:
            # A country is one whether or not the table shows it, a nationality "German", "Germany" or "DE".
            if not _NATIONALITIES.isdisjoint(words):
                yield Doubt("unseen value", f"How {leaf.field} writes '{unseen[0]}' is not known")
            continue
        if known:
            yield Doubt("unseen value", f"'{unseen[0]}' is not among the known values of {leaf.field}")
        elif len(words) > 1 and words[0] in _ASKS:
            yield Doubt("presence", f"{leaf.field} seems to hold yes or no, and not '{unseen[0]}'")
        elif not _KEYS.isdisjoint(words[-1:]) and any(char.isspace() for char in unseen[0]):
            yield Doubt("assumed column", f"'{unseen[0]}' looks like a name, and {leaf.field} holds keys")
        elif _is_country(scene, fragment):
            yield Doubt("country elsewhere", f"'{unseen[0]}' is a country, and {leaf.field} holds none")


def _of_text(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    unsaid = [word for word in scene.lexicon.named[fragment.field].words if word in _OF_OTHERS - scene.said]
    if unsaid:
        said = scene.words(fragment.start, fragment.end)
        yield Doubt("unsaid qualifier", f"'{said}' does not say {unsaid[0]}, which {fragment.field} does")


def _is_country(scene: Scene, fragment: Fragment) -> bool:
    return any(
        scene.tokens[at].capitalised and country_at(scene.tokens, at) is not None
        for at in range(fragment.start, fragment.end)
    )


def _of_presence(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    for leaf in _leaves(fragment.chosen):
        if leaf.operator is not Operator.EXISTS:
            continue
        field = scene.field(leaf.field)
        words = scene.lexicon.named[leaf.field].words
        if not _RECORDED.isdisjoint(scene.said) and not _is_granted(scene, words):
            continue
        if field.type == "number":
            yield Doubt("unset number", f"Having no {leaf.field} may mean 0 as well as not known")
        elif field.type in _TEXTS and not _values(field) and _HAD.isdisjoint(words):
            yield Doubt("presence", f"{leaf.field} is a text, and which of its values mean yes is not known")


def _is_granted(scene: Scene, words: tuple[str, ...]) -> bool:
    """ "Consent given": a yes was given, and not any answer."""
    return not _GRANTS.isdisjoint(words) and _RECORDED & scene.said <= _GIVEN


def _values(field: Field) -> bool:
    return bool(field.values or field.samples)


def _of_moment(scene: Scene, fragment: Fragment) -> Iterator[Doubt]:
    named = scene.lexicon.named.get(fragment.field)
    if named is None or not (named.beginning or named.ending):
        return
    told = {scene.word(at) for at in range(fragment.start, fragment.end)} & _RUNNING
    if told and not _RUNNING.isdisjoint(named.words) and told.isdisjoint(named.words):
        yield Doubt("part of a name", f"'{told.pop()}' is not what {fragment.field} is about")
        return
    own = [stem(word) for word in named.event_nouns if word not in _SPANS]
    own = [word for word in own if word not in _TURNS and word not in scene.lexicon.entities]
    if not own or any(token.stem in own for token in scene.tokens):
        return
    if _strength(scene, fragment) < EXACT:
        said = scene.words(fragment.start, fragment.end)
        yield Doubt("part of a name", f"'{said}' does not say {own[0]}, which {fragment.field} does")


def _of_neighbours(scene: Scene, before: Fragment, after: Fragment) -> Iterator[Doubt]:
    adjacent = before.kind == "value" and before.end == after.start and after.kind in _NUMBERS
    if adjacent and any(match.of("field") for match in scene.matches_at(after.start)):
        said = scene.words(before.start, after.end)
        yield Doubt("value before a name", f"'{said}' may name one column and not two conditions")
    if before.kind == "value" and _is_said_of_the_last(scene, before):
        said = scene.words(before.start, before.end)
        yield Doubt("choice", f"What follows '{said}' may be said of the last of them alone")
    if {before.kind, after.kind} == {"consent", "exists"} and _is_one_list(scene, before, after):
        said = scene.words(before.start, after.end)
        yield Doubt("presence", f"'{said}' may ask both times whether it is there")
    if before.kind == "counter" and after.kind == "moment" and before.end > after.start:
        yield Doubt("one period twice", f"'{scene.words(after.start, after.end)}' was used twice")
    if isinstance(before.chosen, Event) and after.kind == "moment" and scene.when(after.start) is not None:
        yield Doubt(
            "one period twice", f"'{scene.words(after.start, after.end)}' may belong to what was done"
        )


def _is_said_of_the_last(scene: Scene, before: Fragment) -> bool:
    """ "Experts, and beginners who took lessons": the comma sets the first apart, or a noun said twice."""
    inside = [scene.word(at) for at in range(before.start, before.end)]
    nouns = scene.lexicon.entities
    if "and" in inside and not nouns.isdisjoint(inside) and scene.word(before.end) in nouns:
        return scene.word(before.end + 1) in _SAID_OF
    apart = any(one == "," and other in ("and", "or") for one, other in pairwise(inside))
    return apart and inside.count(",") == 1 and scene.word(before.end) in _SAID_OF


def _is_one_list(scene: Scene, before: Fragment, after: Fragment) -> bool:
    """ "A postcode but no e-mail", "email or mobile missing": a consent is one word long there."""
    beside = all(scene.word(at) in _BESIDE for at in range(before.end, after.start))
    short = min(before.end - before.start, after.end - after.start) == 1
    return beside and short and after.start > before.end


def _leaves(node: Node | None) -> Iterable[Leaf]:
    match node:
        case Leaf():
            yield node
        case And(items) | Or(items):
            for item in items:
                yield from _leaves(item)
        case Not(inner) | Top(of=inner):
            yield from _leaves(inner)
        case _:
            return
