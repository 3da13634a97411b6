"""The closed word lists of the reader: stop words, nouns for people, negations, vague words."""

from __future__ import annotations

from functools import lru_cache
from typing import Final


@lru_cache(maxsize=512)
def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def word_tuple(text: str) -> tuple[str, ...]:
    """The words in the order in which they are written."""
    return tuple(text.split())


# Words that carry no condition of their own. Everything outside this list must be explained by a claim.
# At most 150, so that the audit stays an audit.
STOP: Final = word_set("""
a an the this that these those of to in on at by for from with and or is are was were be been being am i
me my we us our you your they them their he she his her it its who whom whose which what where when has
have had having do does did doing done can could should would will shall may might must as so also too
just really very please only any some all every each there here then than me'd i'd i'm we're they're who's
who've they've we've that's let's i'll into onto about per if not but both either while plus currently now
still yet ever already such like ones one s d actually basically kindly ok okay hi hello hey thanks thank
within via up out
""")

ENTITY: Final = word_set("""
membership memberships subscription subscriptions
customer customers client clients member members user users person people account accounts subscriber
subscribers contact contacts consumer consumers shopper shoppers buyer buyers guest guests visitor
visitors golfer golfers player players individual individuals everyone everybody anyone anybody folk folks
fans fan lovers lover enthusiasts enthusiast
guys audience segment record records row rows profile profiles base holder holders passenger passengers
patient patients student students owner owners household households lead leads donor donors employee
employees tenant tenants gamer gamers giver givers policyholder policyholders supporter supporters cardholder
cardholders traveller
travellers company companies those ones crowd
""")
# Always about everyone: they never carry a value, even where an enum has a label of that name.
ALWAYS_ENTITY: Final = word_set("""
customer customers client clients member members user users people person everyone everybody anyone
anybody account accounts golfer golfers folk folks ones those person record
records row rows
""")

# Nouns for people that say more than "customers": not understood, but no attribute either.
PEOPLE: Final = word_set("""
drivers driver riders rider renters sellers merchants vendors hosts residents pupils learners applicants
candidates prospects borrowers patrons diners viewers readers listeners fans volunteers citizens voters
businesses firms organisations organizations workers staff personnel colleagues commuters adopters adults
families couples households peeps guys dudes ladies
""")

# Words that ask for a list or a count and add no condition.
FRAME: Final = word_set("""
using use uses used made make placed living live lives based located came coming belong belonging comes
show list find get give tell count how many number select display fetch return retrieve see want need look
looking identify target segment segments create build make pull filter query search total names name me us
want please there exist exists interested report overview including include includes whoever anyone know
like would gimme lemme wanna gotta prefer prefers preferring speak speaks speaking went needs requires require
pls plz
""")

NEGATORS: Final = word_set("""
outside lacking lack lacks
not no never without non excluding exclude excludes except neither nor none minus isn't aren't
wasn't weren't hasn't haven't hadn't don't doesn't didn't won't can't cannot couldn't wouldn't shouldn't
isnt arent wasnt werent hasnt havent hadnt dont doesnt didnt wont cant n't ain't unless
""")
NEGATIVE_VERBS: Final = word_set(
    "haven't hasn't hadn't didn't don't doesn't havent hasnt hadnt didnt dont doesnt"
)

# Words a person means something by that only a person can settle.
VAGUE: Final = word_set("""
long short
best good great top loyal valuable engaged big large small high low recent recently soon frequent
frequently regular regularly new old vip premium rich wealthy young heavy lapsed dormant many few lots
several cheap expensive important interesting promising bad worst poor strong weak happy unhappy active
inactive light big-spending big spenders power whales lately
hardly barely scarcely occasionally sometimes seasoned longtime long-time long-term
frequent often rarely seldom hot cold warm biggest highest lowest largest smallest better worse higher
lower bigger typical average engaging older younger risky safe at-risk quality superb excellent decent
significant substantial elite ideal perfect favourite favorite key core whale
worn worn-out busy idle popular healthy unhealthy picky fussy demanding profitable lucrative
elderly youthful middle-aged faithful keen avid dedicated devoted thrifty frugal
""")

# Everyday words and attributes that must never be "repaired" into a neighbouring field name.
EVERYDAY: Final = word_set("""
height weight width length size colour color shoe shoes shirt hair eyes dog dogs cat cats pet pets car
cars bike house home horse mouse food drink coffee beer wine book books music film movie game games sport
sports team school college university work office boss staff friend friends mother father sister brother
baby kid kids child children boy girl man woman men women male female husband wife morning evening night
noon today yesterday tomorrow week month year day hour minute second time times date money cash card cards
bank shop store market price prices cost costs rate rates score scores point points level levels grade
plan plans type types kind kinds class group groups count counts sum than then when where while there
their they them these those thing things something anything nothing everything live lives living lived
love loves hate want wants need needs like likes take takes make makes give gives come comes goes went
send sends sent delete deletes drop export mail email phone call calls write read say says tell tells
weather rain snow sun joke jokes news story stories hello world water fire earth light dark black white
red green blue yellow pink brown grey gray orange purple long short tall small large fast slow hard soft
hot cold warm cool first last next same other another more most less least much many few little bit lot
lots half double single north south east west left right near far high low over under above below between
before after since until during good bad best worst better worse great nice fine poor rich cheap dear free
full empty open close closed about around again back even well away down off upon through against among
per each both either neither stay stays stayed spend spends spent paid pays buy buys bought sell sold
order orders ordered visit visits visited return returns returned cancel cancels cancelled canceled active
inactive join joins joined leave leaves churn churned state city country region area town street road
place address number name names word words line lines page least most will shall would could should might
must does done been being were have having table row rows field fields column columns data base sheet file
files record records list lists eat eats play plays watch use uses used using run runs ran walk drive
drives swim own owns owned wear wears hold holds
""")

FUNCTION_WORDS: Final[dict[str, frozenset[str]]] = {
    "German": word_set(
        "der die das und oder nicht mit ohne ist sind haben hat alle kunden die den dem ein eine "
        "zeige mir welche welchen aus über unter im am von vom zum zur für bei "
        "nach vor mitglieder mehr als seit letzten tagen wer keine"
    ),
    "French": word_set(
        "le la les des du et ou ne pas avec sans est sont ont tous clients qui que dans un une montre "
        "moi quels au du plus en pour chez depuis plus moins derniers jours dont aux sur"
    ),
    "Spanish": word_set(
        "el los las del y o no con sin es son tienen todos clientes que quienes en un una muestra "
        "muéstrame de la para por desde más menos últimos días cuyos mayores"
    ),
    "Italian": word_set(
        "il lo gli della delle e o non con senza sono hanno tutti clienti che chi nel un una mostra "
        "mostrami da più meno ultimi giorni di"
    ),
    "Portuguese": word_set(
        "os as dos das e ou não com sem são têm todos clientes que quem em um uma mostre desde mais "
        "menos últimos dias cujos"
    ),
    "Dutch": word_set(
        "de het een en of niet met zonder is zijn hebben heeft alle klanten die wie uit toon mij "
        "sinds meer dan minder laatste dagen geen van"
    ),
    "Afrikaans": word_set(
        "die en of nie met sonder is het alle kliënte wat wie uit wys my sedert meer as minder laaste "
        "dae geen van vir"
    ),
}
