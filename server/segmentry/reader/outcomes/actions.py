"""Verbs that ask for something to be done, where a clause begins: nothing is done here but describing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Final

from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import ENTITY, word_set

# Verbs in the base form; none of them begins a description of customers.
VERBS: Final = word_set("""
delete erase wipe purge truncate insert alter execute cancel suspend deactivate reactivate activate ban
unban mute kick expel fire hire dismiss send resend forward notify inform remind alert invite congratulate
thank apologise apologize refund reimburse reward compensate credit debit transfer move assign reassign
migrate merge upgrade downgrade promote demote approve reject grant revoke unsubscribe subscribe enrol
enroll export download upload import publish launch schedule reschedule trigger deploy install run execute
draw plot chart graph visualise visualize translate summarise summarize explain describe compose draft
write rewrite paraphrase recommend suggest advise predict forecast calculate compute estimate solve prove
cook sing buy sell order book reserve play open close shut archive freeze unfreeze lock unlock encrypt
decrypt hack scrape crawl ping reboot restart stop kill pause resume renew extend expire charge bill invoice
donate offer apply mark flag label rename edit modify fix repair update overwrite replace reset set drop
remove print save store backup copy paste dump ask call phone ring mail post contact message text email sms
dm whatsapp tag block give hand ship deliver dispatch survey interview warn punish fine evict anonymise
anonymize mask hide redact obfuscate teach help log train tune optimise optimize debug refactor commit
schedule plan organise organize arrange prepare produce generate create make build design compile
put let turn raise lower increase decrease double halve reduce waive compare contrast analyse analyze
benchmark cluster add topup cut issue
""")
# ... but these are nouns or values as well: they ask for something only before a determiner or a pronoun
_NOUNS_TOO: Final = word_set("""
email text sms message mail post call phone ring dm whatsapp tag block ban order book play offer mark flag
label credit charge bill run export download upload import launch schedule
update reset set drop open close lock stop pause mute kick fire fine survey contact plan log train
fix store copy dump paste ship design lower double reward alert credit debit hand
fix move put let turn help subscribe
forward save buy sell add issue
""")
# done to people and accounts alone, so that a noun for them is enough of an object: "block accounts"
_TO_PEOPLE: Final = word_set("block ban mute kick fire lock warn fine pause stop charge")
_PEOPLE: Final = word_set("accounts members customers users people clients subscribers players")
_ALWAYS: Final = word_set(
    "upgrade cancel suspend refund remove reward promote apply ask extend renew activate"
)
_CONTACTING: Final = word_set("""
email text sms message mail call phone contact invite notify remind survey interview thank reward ring
whatsapp dm inform post offer congratulate send
""")
_DETERMINERS: Final = word_set("""
all the them every everyone everybody our my these those each a an this it him her us me some their his
both any that anyone anybody status
""")
_PRONOUNS: Final = word_set("them it him her these those everyone everybody all each both this that")
_POLITE: Final = word_set("""
please can could you would will kindly now just hey hi hello ok okay then also so go ahead finally
immediately quickly next first secondly lastly and afterwards lets let's us me help
""")
_PURPOSE: Final = word_set("i we i'd we'd want need would like to wish plan planning going am are 'd")
_BREAKS: Final = frozenset([",", ";", ".", ":", "!", "-", "?", "\n"])
_JOINS: Final = word_set("and then so")
_CLAUSES: Final = word_set("who that which whose")
# what may be created, given or made: it is a description of customers
_OF_CUSTOMERS: Final = word_set("""
segment segments list lists audience audiences group groups cohort cohorts selection query filter view
subset sublist target set count number total overview names everyone everybody all those people base
breakdown report database
""")
_CREATING: Final = word_set("create make build generate produce prepare compile design give put set draw run")
_COMPARING: Final = word_set("""
below above over under is are was between more less fewer at > < = >= <= == of equals greater higher exactly
due
""")
_SKIPPED: Final = word_set("a an the me us my our new another some one up together of for small big")
_ABOUT: Final = word_set("for of to in at on by from with into")
_NO_THINGS: Final = word_set("times days weeks months years hours minutes is was plus less items")
_OFTEN: Final = word_set("a per each every or and than times weekly monthly yearly daily")
_SHARED: Final = frozenset({"both", "all"})
_ANSWERS: Final = word_set("fine ok okay yes allowed good permitted enabled accepted")
_ORDINALS: Final = frozenset({"first", "last", "latest", "next", "previous"})
_PERIODS: Final = word_set("day week month quarter year season morning afternoon evening weekend")
_HANDED: Final = word_set("a an free some extra another")


def asked_action(
    tokens: tuple[Token, ...], named: Callable[[int], bool], begun: frozenset[int] = frozenset()
) -> tuple[tuple[int, int], ...] | None:
    """The verbs that ask for an action as `[start, end)` of the raw query, or None.

    `named(at)` says whether the catalog gives a meaning to the word there: then it is one only before an
    object ("export the ..." is, "export customers" may be a kind of customer). Nothing is asked at the
    tokens of `begun`, where a longer name begins ("cancel rate").
    """
    found: list[tuple[int, int]] = []
    for at, direct in _beginnings(tokens):
        if direct and _tops_up(tokens[at : at + 3]):
            found.append((tokens[at].start, tokens[at + 1].end))
        elif at not in begun and _asks(tokens, at, direct, named):
            first, last = at, _last(tokens, at)
            while first and tokens[first - 1].norm in _JOINS:
                first -= 1
            if last + 1 < len(tokens) and tokens[last + 1].norm in _PRONOUNS and at:
                last += 1
            found.append((tokens[first].start, tokens[last].end))
    return tuple(found) or None


def _tops_up(tokens: tuple[Token, ...]) -> bool:
    """ "Top up all ..."; "top-up amount over 10" is a field's name."""
    return any(
        (first.norm, second.norm) == ("top", "up") and third.norm in _DETERMINERS
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )


def _beginnings(tokens: tuple[Token, ...]) -> list[tuple[int, bool]]:
    """Where a clause may begin with a verb; False after "and", where a description may go on as well."""
    found = [(_after_manners(tokens, 0), True)]
    for at, token in enumerate(tokens):
        hyphen = token.norm == "-" and token.glued
        if token.norm in _BREAKS and token.kind == "punct" and not hyphen:
            if at + 1 < len(tokens):
                found.append((_after_manners(tokens, at + 1), True))
        elif token.norm == "also" and at and tokens[at - 1].norm in _CLAUSES:
            continue  # "who also donate" goes on describing
        elif token.norm in _JOINS or token.norm in ("please", "also"):
            found.append((_after_manners(tokens, at + 1), False))
    return list(dict(reversed(found)).items())


def _after_manners(tokens: tuple[Token, ...], at: int) -> int:
    while at < len(tokens) and (tokens[at].norm in _POLITE or tokens[at].norm in _PURPOSE):
        at += 1
    return at


def _asks(tokens: tuple[Token, ...], at: int, direct: bool, named: Callable[[int], bool]) -> bool:
    if at >= len(tokens) or tokens[at].norm not in VERBS:
        return False
    verb = tokens[at].norm
    after = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    if named(at) and after not in _DETERMINERS and _compared(tokens, at + 2):
        return False  # "refund rate above 5 %"
    if after in _SHARED and any(token.norm in _ANSWERS for token in tokens[at + 2 : at + 4]):
        return False  # "email and SMS both fine"
    if verb in _NOUNS_TOO and (_is_ordinal(tokens, at - 1) or _dates(tokens, at + 1)):
        return False  # "first order this year", "purchase this month"
    if after in _COMPARING or (verb in ("thank", "help") and after in ("you", "us", "me")):
        return False  # "ping below 40"
    if not after:
        return verb not in _NOUNS_TOO and not named(at)
    return _asks_of(tokens, at, direct, named)


def _asks_of(tokens: tuple[Token, ...], at: int, direct: bool, named: Callable[[int], bool]) -> bool:
    """Whether the verb at `at` asks for something to be done to what follows it."""
    verb, after = tokens[at].norm, tokens[at + 1].norm
    wanting = any(token.norm in ("i", "we", "i'd", "we'd") for token in tokens[max(0, at - 5) : at])
    if wanting and (verb in _CONTACTING or (verb, after) == ("write", "to")):
        return False  # "I want to email members who ..." says what the list is for
    if verb in _CREATING and _describes(tokens, at, named):
        return False
    if verb == "send" and after in ("me", "us") and _handed_list(tokens, at + 2):
        return False
    if verb == "cut" and after != "off":
        return False
    if not direct and after not in _PRONOUNS and any(token.norm in _CLAUSES for token in tokens[:at]):
        return False  # "who open emails and send messages"
    if verb in ("give", "hand"):
        return _gives(tokens, at)
    if verb not in _NOUNS_TOO and not (named(at) and verb not in _ALWAYS):
        return True
    if verb in _TO_PEOPLE and direct and after in _PEOPLE and not named(at):
        return True
    booked = verb == "book" and tokens[at + 1].capitalised and not named(at + 1)
    if direct and (booked or _so_many(tokens, at + 1)):
        return True  # "book Maria in for Friday"
    if verb == "add" and _person(tokens, at + 1) and any(token.norm in ("as", "to") for token in tokens[at:]):
        return True
    if after in _DETERMINERS or (verb in _ALWAYS and not named(at)):
        return True
    if verb in ("call", "phone", "contact", "ring", "email", "text", "message") and _person(tokens, at + 1):
        return True
    return verb in _CONTACTING and _with_message(tokens, at)


def _is_ordinal(tokens: tuple[Token, ...], at: int) -> bool:
    return at >= 0 and tokens[at].norm in _ORDINALS


def _dates(tokens: tuple[Token, ...], at: int) -> bool:
    """ "This year", "this past week": no thing that something is done to."""
    said = [token.norm for token in tokens[at : at + 3]]
    return bool(said) and said[0] == "this" and not _PERIODS.isdisjoint(said[1:])


def _so_many(tokens: tuple[Token, ...], at: int) -> bool:
    """ "Order 40 chairs", "book 2 more seats": so many of a thing, and no "3 times a week", "2 or more"."""
    if at >= len(tokens) or tokens[at].kind != "number" or tokens[at].money or tokens[at].percent:
        return False
    words = [token.norm for token in tokens[at + 1 : at + 6]]
    things = [*takewhile(lambda word: word.isalpha() and word not in _ABOUT, words)]
    thing = things[-1] if things else ""
    return thing.endswith("s") and thing not in _NO_THINGS and _OFTEN.isdisjoint(words)


def _handed_list(tokens: tuple[Token, ...], at: int) -> bool:
    """ "Send me everyone who ...", "send us a list of ...": what is wanted is the list that we make."""
    while at < len(tokens) and tokens[at].norm in _SKIPPED:
        at += 1
    return at < len(tokens) and tokens[at].norm in (_OF_CUSTOMERS | ENTITY) - {"report", "database", "number"}


def _compared(tokens: tuple[Token, ...], at: int) -> bool:
    return any(token.norm in _COMPARING for token in tokens[at : at + 2])


def _describes(tokens: tuple[Token, ...], at: int, named: Callable[[int], bool]) -> bool:
    """ "Create a segment of ...", "give me gold members": what is made is the list that we make."""
    step = at + 1
    while step < len(tokens) and tokens[step].norm in _SKIPPED:
        step += 1
    if step < len(tokens) and tokens[step].kind == "number":
        return tokens[at].norm == "give" and tokens[at + 1].norm in ("me", "us")
    head = tokens[step].norm if step < len(tokens) else ""
    if tokens[at].norm == "give":
        return tokens[at + 1].norm in ("me", "us", "back") or head in _OF_CUSTOMERS - {"all", "everyone"}
    if tokens[at].norm == "set":
        return False
    plain = {head, tokens[step + 1].norm if step + 1 < len(tokens) else ""}
    return bool(plain & (_OF_CUSTOMERS | ENTITY)) or (step < len(tokens) and named(step))


def _gives(tokens: tuple[Token, ...], at: int) -> bool:
    """ "Give all gold members a discount": somebody gets something."""
    receiver = False
    for step in range(at + 1, len(tokens)):
        token = tokens[step]
        if token.norm in _CLAUSES:
            return False
        if receiver and (token.norm in _HANDED or (token.kind == "number" and token.percent)):
            return True
        receiver = receiver or token.norm in _PRONOUNS or token.norm in ENTITY
    return False


def _person(tokens: tuple[Token, ...], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at].capitalised and tokens[at + 1].capitalised


def _with_message(tokens: tuple[Token, ...], at: int) -> bool:
    """ "Email gold members about the cup": what is said to them follows."""
    words = [token.norm for token in tokens[at + 1 :]]
    return any(
        word in ("about", "saying", "asking", "telling")
        or (word in _HANDED and step and tokens[at + step].norm in ENTITY)
        for step, word in enumerate(words)
    )


def _last(tokens: tuple[Token, ...], at: int) -> int:
    """ "Delete and remove the gold members": an action said with two verbs ends with the second."""
    last = at
    for step in range(at + 1, len(tokens)):
        if tokens[step].norm in VERBS:
            last = step
        elif tokens[step].norm not in ("and", "or", ",", "then", "&"):
            break
    return last
