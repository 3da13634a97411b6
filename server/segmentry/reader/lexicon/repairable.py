"""The words of our own grammar that a slip of the hand may hide: whatever the reader itself knows."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from segmentry.reader.dates.bounds import BOUND_FIRST
from segmentry.reader.language import places
from segmentry.reader.language.thesaurus import COMPARATIVES, UNIT_WORDS
from segmentry.reader.language.words import ENTITY, FRAME, NEGATORS, STOP, VAGUE, word_set
from segmentry.reader.quantities.comparator_phrases import WORDS
from segmentry.reader.quantities.numbers import MONEY_WORDS, SCALE_WORDS

# Shorter words have too many neighbours.
SHORTEST: Final = 5
_CALENDAR: Final = word_set("""
january february march april june july august september october november december monday tuesday wednesday
thursday friday saturday sunday today yesterday tomorrow month months quarter quarters fortnight fortnights
weeks years weekend previous current recent recently since before after until between during through second
third fourth fifth beginning
""")
_NUMBERS: Final = word_set("""
three seven eight eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
forty fifty sixty seventy eighty ninety hundred thousand million dozen couple twice percent percentage
single-digit teens twenties thirties forties fifties sixties seventies eighties
""")
# Verbs that build a condition, and those that change one.
_VERBS: Final = word_set("""
starts starting begins ending contains containing expire expires expired expiring renew renews renewing
subscribed unsubscribed opted joined registered booked ordered bought purchased visited logged signed
raise lower remove forget include exclude excluding instead widen narrow extend change replace restrict
apart except missing known unknown condition conditions bottom average monthly yearly annual single
altogether something anything nothing either neither whose where which
""")
# What people have done, are willing to do or have, as the patterns know it.
_DEEDS: Final = word_set("""
accept accepted agree agreed agrees allow allowed allows blocked contacted declined denied disabled enabled
object permission permitted reached refuse refused rejected switched turned wanted willing withdrawn
attended collected completed earned enjoy enjoys filed gives given holding holds marked played plays raised
receive received running started stays submitted taken chosen entered posted reported selected watched
created enrolled opened paying billed checked moved began begun become grown written owing costing leaving
filled stored supplied provided recorded specified captured donated closed failed missed resolved returned
drove spoke wrote arriving scheduled planned upcoming expected assigned pending outstanding overdue
writing write writes sitting travelling traveling averaging averages totalling taking takes lasting spends
somewhere switch costs worth
begin begins contain leave among anywhere whole entire first least fewest fewer
""")
_THINGS: Final = word_set("""
appointment appointments arrival birth birthday booking bookings cancellation checkout claim claims
complaint complaints delivery departure deposit donation donations exams flight flights installation
invoice invoices lesson lessons login order orders payment payments purchase purchases referral renewal
reservation response score session shipment spend spending spent transaction transactions travel visit
visits category country income level rating salary balance budget commission discount grade price revenue
value blank empty phone email mobile digits daily weekly hourly quarterly annually
christmas easter halloween thanksgiving ramadan diwali hanukkah sixth seventh eighth ninth tenth twentieth
adults candidates children citizens couples families friends learners patrons residents sellers vendors
volunteers workers decile quartile quintile tenth thirds
""")
# The rest of what the patterns listen to: ties of a sentence, and what is sent, kept or done.
_TIES: Final = word_set("""
against almost although another approximately around combined different earlier everything excluded including
mainly mostly numerous regarding regardless remaining separate sooner together throughout unless various
whereas whether within
""")
_SPOKEN: Final = word_set("""
called carried charged clicked connected delayed delivered downgraded dropped earned earning eighteenth ended
expiration expiry finished fitted granted installed invited keeping labelled lasted limited lived messages
mailing mailings newsletter notification notifications obtained offers opening owned owning picked promotions
ranging ranked reached receives refunded reminders rented renting reserved reviewed reviews reward
sending shared skipped somebody someone speaker speakers spender standing started stating stopped subscribe
subscribes texting texts totalled travelled upgraded voucher vouchers watching weekends women woman ladies
gentlemen females males fifteenth eleventh twelfth thirtieth nineties anniversary campaign unpaid unused valid
""")


@lru_cache(maxsize=1)
def grammar() -> frozenset[str]:
    """Every word of at least `SHORTEST` letters that the reader knows without a catalog."""
    listed: frozenset[str] = (
        STOP | FRAME | NEGATORS | VAGUE | ENTITY | WORDS | BOUND_FIRST | MONEY_WORDS | SCALE_WORDS
    )
    listed |= (
        UNIT_WORDS
        | _CALENDAR
        | _NUMBERS
        | _VERBS
        | _DEEDS
        | _THINGS
        | _TIES
        | _SPOKEN
        | frozenset(COMPARATIVES)
    )
    return frozenset(word for word in listed if len(word) >= SHORTEST and word.isalpha())


@lru_cache(maxsize=1)
def places_of_the_world() -> frozenset[str]:
    """The words of countries and peoples, for tables that have a country."""
    return frozenset(word for word in places.first_words() if len(word) >= SHORTEST and word.isalpha())
