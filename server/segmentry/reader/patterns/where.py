"""Places: in South Africa, German customers, from Cape Town, based in Berlin."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Operator, Scalar
from segmentry.reader.heads import parts
from segmentry.reader.language import cities
from segmentry.reader.language.places import (
    CONTEXT_ONLY,
    PEOPLES,
    begins_country,
    code_of,
    country_at,
    spellings,
)
from segmentry.reader.language.regions import FIRST, region_at
from segmentry.reader.language.words import PEOPLE, STOP, VAGUE, word_set
from segmentry.reader.patterns.values import build, complement
from segmentry.reader.scene import Fragment, Option, Scene, label

_MISSPELT = 0.85
_LEAST_REPAIRED = 5
_COPULA = word_set("is are in = : of equals was ==")
_CITY = frozenset({"of", "at"})
_PREPOSITIONS = word_set("in from near at of around outside inside within")
_SEPARATORS = frozenset({"or", "and", ",", "/", "nor", "&"})
_VENUES = word_set("club branch store gym hotel shop venue school clinic campus restaurant course site")
_NOT_A_PLACE = word_set("""
january february march april may june july august september october november december q h monday tuesday
wednesday thursday friday saturday sunday i sms email
""")


# a capital alone says that it is a name, not of what
_GUESSED = 0.8
_SPOKEN = word_set("speaking speaker speakers")
_SPEAKING = word_set("speak speaks speaking spoke")


def places(scene: Scene, at: int) -> Fragment | None:
    """A country or a list of them, else a capitalised name after a preposition of place."""
    found = _countries(scene, at) if scene.lexicon.country_fields else None
    before = scene.word(at - 1)
    if found is not None:
        return found
    if before != "the" and before not in _PREPOSITIONS:
        # most words are in small letters, so that is asked first
        return _of_city(scene, at) if scene.tokens[at].capitalised else None
    return _city(scene, at) or _venue(scene, at)


def _placed(scene: Scene, at: int) -> bool:
    """True when the words before `at` speak of a place."""
    before = scene.word(at - 1)
    if before == "the":
        before = scene.word(at - 2)
    return before in _PREPOSITIONS


def _countries(scene: Scene, at: int) -> Fragment | None:
    word, matches = scene.word(at), scene.matches_at(at)
    begins = word == "the" or word in FIRST or begins_country(scene.tokens[at])
    if (not begins and not matches) or scene.word(at - 1) in _SPEAKING:
        return None  # "speaks Japanese" is no place
    begin, field = at, scene.lexicon.country_fields[0]
    named = False
    for match in matches:
        for entry in match.of("field"):
            if entry.field in scene.lexicon.countries:
                field, named = scene.field(entry.field), True
                begin = scene.skip(match.end, _COPULA, 3)
    if not named and not begins:
        return None
    negated = named and scene.word(begin) in ("not", "!=")
    begin += 1 if negated else 0
    codes: list[str] = []
    is_region = False
    end = begin
    while end < len(scene.tokens):
        after = scene.skip(end, _SEPARATORS, 2) if codes else end
        if codes and (after == end or parts(scene, end, after)):
            break
        after = (
            scene.skip(after, frozenset({"in", "from", "the"}), 2)
            if codes
            else scene.skip(after, frozenset({"the"}), 1)
        )
        region = region_at(scene.tokens, after) if after < len(scene.tokens) else None
        if region is not None:
            codes += region[0]
            end = region[1]
            is_region = True
            continue
        found = country_at(scene.tokens, after) if after < len(scene.tokens) else None
        if found is None or (not codes and not _believable(scene, after, found[1], named)):
            break
        codes.append(found[0])
        end = found[1]
    if not codes or scene.word(end + (scene.word(end) == "-")) in _SPOKEN:
        return None  # "Dutch or German speaking"
    stored: list[str] = []
    assumed = False
    for code in codes:
        value, known = stored_country(scene, field, code)
        stored.append(value)
        assumed = assumed or not known
    if is_region and field.type == "enum" and field.values:
        # a closed list refuses what it does not hold: of the region, the countries that it has
        listed = [value for value in stored if value.casefold() in scene.lexicon.known[field.name].folded]
        stored, assumed = listed or stored, assumed and not listed
    node = build(field, tuple(dict.fromkeys(stored)), False)
    negative = complement(node)
    if negated:
        node, negative = negative, node
    start = at
    return Fragment(
        "place",
        start,
        end,
        node,
        negative,
        field=field.name,
        source="assumed" if assumed else "said",
        factor=0.93 if assumed else 1.0,
    )


def _believable(scene: Scene, at: int, end: int, named: bool) -> bool:
    token = scene.tokens[at]
    if end == at + 1 and token.norm in CONTEXT_ONLY:
        # nobody who writes all in small letters says more by them
        written = token.capitalised or scene.query.islower()
        people = scene.word(end) in scene.lexicon.entities and token.norm in PEOPLES
        return written and (named or people or _placed(scene, at))
    if end == at + 1 and token.text.isupper() and len(token.text) <= 3:
        following = scene.word(end)
        shouted = all(item.text.isupper() for item in scene.tokens if item.kind == "word")
        return not shouted and (
            named
            or _placed(scene, at)
            or following in scene.lexicon.entities
            or following in ("", "only", "and", ")", "?", "-", "based", ",", "or")
        )
    return True


def stored_country(scene: Scene, field: Field, code: str) -> tuple[str, bool]:
    """The table's own spelling of a country; known is False when no value of the table shows it."""
    names = spellings(code)
    known = scene.lexicon.known[field.name].folded
    for name in names:
        if name in known:
            return str(known[name]), True
    if field.format == "iso3166-alpha2" or not known:
        return code, field.format == "iso3166-alpha2"
    lengths = {len(value) for value in known}
    if lengths == {2}:
        return code, True
    if lengths == {3} and len(names) > 1:
        return names[1].upper(), True
    return names[2].title() if len(names) > 2 else code, False


def _city(scene: Scene, at: int) -> Fragment | None:
    fields = scene.lexicon.city_fields
    if not fields or scene.word(at - 1) in _CITY:
        return None
    if not _placed(scene, at):
        return _of_city(scene, at)
    token = scene.tokens[at]
    field = fields[0]
    names: list[str] = []
    end = at
    if token.kind == "quoted":
        names, end = [token.text], at + 1
    else:
        while end < len(scene.tokens):
            after = scene.skip(end, _SEPARATORS, 2) if names else end
            if names and (after == end or parts(scene, end, after)):
                break
            stop = after
            while stop < len(scene.tokens) and _capital(scene, stop):
                stop += 1
            if stop == after:
                break
            names.append(scene.words(after, stop))
            end = stop
    if not names:
        return None
    samples = scene.lexicon.known[field.name].folded
    stored = tuple(str(samples.get(name.casefold(), name)) for name in names)
    unseen = sum(1 for name in names if name.casefold() not in samples)
    closed = field.type == "enum" and bool(field.values) and unseen
    if closed:
        return None
    node = build(field, stored, False)
    # a large city is a place whether or not somebody lives there; another name may be anything
    strange = sum(1 for name in names if name.casefold() not in samples and not _is_city(name, samples))
    found = Fragment("place", at, end, node, complement(node), field=field.name, factor=0.93**strange)
    if unseen:
        _doubt(scene, found, [name for name in names if name.casefold() not in samples])
    return found


def _is_city(name: str, samples: Mapping[str, Scalar]) -> bool:
    return not samples and name.casefold() in cities.names()


def _doubt(scene: Scene, found: Fragment, unseen: list[str]) -> None:
    """ "In Berin", "in South Afric": a name near a known city or country never answers alone.

    The one that it is near to is read, and the words as they were said are the other reading; with several
    or a short name it is the other way round.
    """
    meant = next((near for name in unseen if (near := cities.near(name.casefold()))), ())
    if not meant:
        return
    found.cap = _MISSPELT
    found.note = f"'{unseen[0]}' is near to {' or '.join(name.title() for name in meant)}"
    if not isinstance(found.node, Leaf) or found.node.operator is not Operator.EQ:
        return
    leaves = list(dict.fromkeys(_meant(scene, found.field, name) for name in meant))
    if len(leaves) == 1 and len(unseen[0]) >= _LEAST_REPAIRED and _fits(scene, meant[0]):
        leaves, found.node = [found.node], leaves[0]
        found.field, found.negative = found.node.field, complement(found.node)
    found.options = tuple(Option(label(leaf), leaf) for leaf in leaves)
    found.negative_options = tuple(Option(f"not {label(leaf)}", complement(leaf)) for leaf in leaves)


def _fits(scene: Scene, name: str) -> bool:
    """Whether a column of the table holds such places: a country is no city."""
    return name in cities.names() or bool(scene.lexicon.country_fields)


def _meant(scene: Scene, field: str, name: str) -> Leaf:
    code = code_of(name)
    if code is None or not scene.lexicon.country_fields or name in cities.names():
        return Leaf(field, Operator.EQ, name.title())
    of = scene.lexicon.country_fields[0]
    return Leaf(of.name, Operator.EQ, stored_country(scene, of, code)[0])


def _of_city(scene: Scene, at: int) -> Fragment | None:
    """ "All Austin tenants": a name that nothing else explains right before the noun for the people."""
    token, fields = scene.tokens[at], scene.lexicon.city_fields
    if (
        at == 0
        or len(fields) != 1
        or fields[0].type != "string"
        or scene.word(at + 1) not in scene.lexicon.entities
        or not _capital(scene, at)
        or scene.matches_at(at)
        or token.norm in STOP | VAGUE | PEOPLE
    ):
        return None
    leaf = Leaf(fields[0].name, Operator.EQ, token.text)
    note = f"'{token.text}' was taken for a {leaf.field}"
    return Fragment(
        "place",
        at,
        at + 1,
        leaf,
        complement(leaf),
        field=leaf.field,
        source="assumed",
        cap=_GUESSED,
        note=note,
    )


def _venue(scene: Scene, at: int) -> Fragment | None:
    """ "Members at Royal Cape": a name after "at" where one column holds clubs, branches or shops."""
    if scene.word(at - 1) != "at" or scene.when(at - 1) is not None:
        return None
    end = at
    while end < len(scene.tokens) and _capital(scene, end):
        end += 1
    if end == at:
        return None
    fields = [
        field
        for name, named in scene.lexicon.named.items()
        if _VENUES & set(named.words) and not {"id", "code", "type"} & set(named.words)
        for field in (scene.field(name),)
        if field.type in ("string", "enum") and not field.role and not field.values and not field.boolean_like
    ]
    if len(fields) != 1:
        return None
    node = Leaf(fields[0].name, Operator.EQ, scene.words(at, end))
    return Fragment("place", at, end, node, complement(node), field=node.field, source="assumed", cap=0.9)


def _capital(scene: Scene, at: int) -> bool:
    token = scene.tokens[at]
    if not token.capitalised or token.norm in _NOT_A_PLACE:
        return False
    if len(token.text) > 1 and token.text.isupper():
        return False
    cities = {field.name for field in scene.lexicon.city_fields}
    return not any(
        entry.field not in cities for match in scene.matches_at(at) for entry in match.of("value", "band")
    )
