# ruff: noqa: E501 - word tables and patterns read better in long lines
"""What English says about customer tables in general: other words for what a column name means.

Each row ties words of a column's *name* to phrases of a query. It belongs to no schema: a catalog's own
synonyms come first, and a row counts only when a column of such a name exists.
"""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.words import word_set

# words in a column's name (all of them, stemmed at build) -> phrases that may stand for it
SYNONYMS: Final[tuple[tuple[str, str], ...]] = (
    ("age", "aged|years old|year old|years of age|old"),
    ("income", "earn|earning|earnings|salary|make a year|household income"),
    ("salary", "earn|earning|income|wage|paid"),
    ("ltv", "lifetime value|customer lifetime value|clv"),
    ("lifetime value", "ltv|clv|customer lifetime value"),
    ("clv", "lifetime value|ltv|customer lifetime value"),
    ("tenure", "customer for|with us for|with us|stayed|been with us|been customer|been a customer|loyalty"),
    ("churn", "churned|left us|have left|left|attrited|quit|cancelled their contract"),
    ("exited", "churned|left us|left|churn"),
    ("attrition", "churned|churn|left"),
    ("senior", "senior|seniors|elderly|pensioner|pensioners|senior citizen"),
    ("senior citizen", "senior|seniors|elderly|pensioner|pensioners"),
    ("partner", "spouse"),
    ("dependents", "children|kids|dependants|dependent|family"),
    ("children", "kids|child|kid"),
    ("kids", "children|child|kid"),
    ("loan", "personal loan"),
    ("housing", "housing loan|mortgage|home loan"),
    ("mortgage", "home loan|housing loan"),
    ("default", "defaulted|in default|credit in default|credit default"),
    ("insured", "insurance|an insurance|cover|covered"),
    ("smoker", "smoke|smokes|smoking|smoked"),
    ("smoke", "smoker|smokers|smoking"),
    ("drink", "drinker|drinkers|drinking"),
    ("drive", "driver|drivers|driving"),
    ("drinker", "drink|drinks|drinking"),
    ("driver", "drive|drives|driving"),
    ("renew", "renewal|renews|renewing"),
    ("premium", "pay|paying|insurance premium"),
    ("marital", "marital status"),
    ("marital status", "marital"),
    ("job", "occupation|profession|work as|employed as|jobs"),
    ("occupation", "job|profession|work as"),
    ("profession", "job|occupation"),
    ("education", "educated|schooling|education level|degree"),
    ("last name", "surname|family name"),
    ("surname", "last name|family name"),
    ("first name", "given name|forename"),
    ("gender", "sex"),
    ("sex", "gender"),
    ("nps", "net promoter score|promoter score"),
    ("rating", "rated|stars|star|rate us|rates us|rated us|rating us|scored us|score us|scores us"),
    ("stars", "rated|rating"),
    ("satisfaction", "satisfied|csat"),
    ("csat", "satisfaction"),
    ("visits", "visited|visit|times visited"),
    ("orders", "ordered|placed orders|purchases"),
    ("order count", "orders|ordered"),
    ("purchases", "purchased|bought|orders|purchase"),
    ("spend", "spent|spending|spend"),
    ("donated", "donations|donation|gave|given|giving"),
    ("referred", "referrals|referral"),
    ("spent", "spend|spending"),
    ("total spent", "spent|spend|total spend"),
    ("total spend", "spent|spend|total spent"),
    ("revenue", "spend|spent|turnover|sales"),
    ("amount", "spent|spend|paid"),
    ("charges", "pay|paying|charge|bill|billed|charged|spend"),
    (
        "monthly charges",
        "pay month|pay monthly|monthly bill|spend month|pay per month|monthly fee|bill month",
    ),
    ("monthly fee", "pay month|monthly charges|pay"),
    ("fee", "pay|paying"),
    ("price", "pay|paid|cost|paying|priced"),
    ("mrr", "monthly recurring revenue|monthly revenue|pay month|pay"),
    ("arr", "annual recurring revenue|annual revenue"),
    ("seats", "seat|licences|licenses"),
    ("nights", "stayed|night|nights stayed"),
    ("balance", "account balance|in their account"),
    ("credit score", "credit rating"),
    ("payment method", "paying by|pay by|paying with|paid by|paid with|pay with|payment by|pay via"),
    ("payment", "paying by|pay by|pay with"),
    ("contract", "contract type"),
    ("internet", "internet"),
    ("phone number", "phone|mobile|mobile number|telephone|telephone number|cell number"),
    ("phone", "phone number|telephone|mobile"),
    ("email", "e mail|email address|mail address|email addresses"),
    ("email address", "email|e mail|mail address"),
    ("country", "nation|from country"),
    ("nationality", "country|national"),
    ("city", "town"),
    ("state", "province"),
    ("post code", "postcode|postal code|zip code|zip"),
    ("postcode", "postal code|post code|zip code|zip"),
    ("postal code", "postcode|post code|zip code|zip"),
    ("referred friends", "referrals|referral"),
    ("zip", "zip code|postal code|postcode"),
    ("campaign", "campaign contacts|times contacted this campaign"),
    ("duration", "call duration|lasted|long"),
    ("tickets", "support tickets|ticket"),
    ("complaints", "complained|complaint"),
    (
        "no shows",
        "missed|skipped|no shows|failed to show|failed to turn up|didn't show up|didn't turn up|stood us up|missed appointments|missed bookings|missed sessions|missed classes|missed visits|missed reservations",
    ),
    (
        "no show",
        "missed|skipped|no shows|failed to show|failed to turn up|didn't show up|didn't turn up|missed appointments",
    ),
    ("outstanding", "unpaid bills|unpaid invoices|unpaid balance|amount due|open bills|in unpaid bills"),
    ("balance due", "unpaid bills|unpaid invoices|outstanding"),
    ("checkins", "visits|visited|times visited|visit|check ins"),
    ("attendances", "visits|attended|visited|visit"),
    ("returns", "returned|return"),
    ("sessions", "session"),
    ("device", "using|use"),
    (
        "acquisition channel",
        "acquired through|acquired via|acquired by|came from|came through|came via|found us through",
    ),
    (
        "source",
        "signed up through|signed up via|came from|came through|came via|found us through|found us via|joined through|joined via",
    ),
    ("channel", "came through|via|through"),
    ("plan", "subscription plan|on plan|tier"),
    ("tier", "level|tier|membership level|loyalty tier"),
    ("level", "tier"),
    ("weight", "weigh|weighing"),
    ("height", "tall"),
    ("birth", "birthday|birth date|date of birth|dob"),
    ("dob", "birthday|birth date|date of birth"),
    ("birthday", "birth date|date of birth|dob"),
    ("basket", "basket value|basket size|order value|cart value"),
    ("average order value", "average basket|basket value|basket size|order value"),
    ("aov", "average basket|basket value|basket size|order value"),
    ("signup", "sign up date|signup date|registration date|joining date|join date"),
    ("join", "sign up date|signup date|registration date|joining date|join date"),
    ("registration", "sign up date|signup date|joining date|join date"),
    ("last seen", "last activity|last active|last visit"),
    ("occupants", "residents|people in the home"),
    ("stay", "length of stay"),
    ("department", "team|division"),
    ("salary", "pay"),
    ("language", "speaks|speaking|speak"),
    ("mileage", "miles|odometer"),
    ("odometer", "miles|mileage"),
    ("distance", "away|kilometres away|km away|miles away"),
    ("beds", "bedrooms|bedroom"),
    ("bedrooms", "beds|bed"),
    ("baths", "bathrooms|bathroom"),
    ("bathrooms", "baths|bath"),
    ("kwh", "usage|consumption|energy use|electricity use|energy usage"),
    ("gb", "data|data usage"),
    ("points", "loyalty points|reward points"),
    ("discount", "discounts|discounted"),
    ("newsletter", "newsletter subscription|subscribed newsletter"),
    ("subscribed", "subscriber|subscription|subscribe"),
    ("vip", "vips"),
    ("freeze", "frozen"),
    ("cancel", "cancelled|canceled|cancellation|cancellations|cancellation count"),
    ("donor", "donate|donates|donating|donated"),
    ("fraud", "fraudulent|fraudsters"),
    ("club", "home club"),
)

# stems of a datetime column's noun -> verbs and phrases for the same event
EVENT_VERBS: Final[dict[str, str]] = {
    "book": "booked|book|booking|reserved|made a booking|made booking",
    "reservation": "reserved|booked|reservation",
    "purchas": "purchased|bought|buy|made a purchase|shopped|ordered|purchase|made purchase",
    "order": "ordered|order|bought|purchased|placed an order|placed order|shopped|buy",
    "transaction": "transacted|bought|purchased|transaction|made transaction",
    "pay": "paid|pay",
    "payment": "paid|pay|payment",
    "login": "logged in|log in|logged on|signed in|sign in|login",
    "log": "logged in|log in|login",
    "sign": "signed in",
    "signin": "signed in|logged in",
    "seen": "seen|been seen|online|active|been active",
    "visit": "visited|visit|came in|been in|came|been here|been to|come in|come by|dropped by|dropped in|stopped by|popped in|turned up|showed up|been back|seen|last seen",
    "activity": "active|been active|activity|were active|was active|done anything|did anything",
    "activ": "active|been active|activity",
    "click": "clicked|click",
    "open": "opened|open",
    "contact": "contacted|contact|been contacted|spoken to",
    "session": "session|logged in|active",
    "stay": "stayed|stay|stayed with us",
    "checkin": "checked in|stayed|check in|visited|visit|been in|been here|came in|been to|been at|went to|come in|turned up",
    "check": "checked in|stayed|check in",
    "start": "started|start|starts|starting|began|begin|begins|begun|commenced|commences",
    "begin": "began|begin|begins|begun|started|start|starts",
    "attendanc": "attended|came|come|been to|been in|visited",
    "entry": "entered|visited|been in|came in",
    "swip": "swiped|visited|been in|checked in",
    "attend": "attended|attend|been to|came to|come to|went to|gone to|took part in|taken part in",
    "checkout": "checked out",
    "pickup": "picked up|pick up|pickup",
    "dropoff": "dropped off|drop off|dropoff",
    "renewal": "renewed|renew|renewing|up for renewal|renewal due",
    "renew": "renewed|renew|renewing|renewal|up for renewal",
    "cancellation": "cancelled|canceled|cancel",
    "cancel": "cancelled|canceled|cancel|cancellation",
    "churn": "churned|left",
    "donation": "donated|gave|donate",
    "return": "returned|return",
    "birth": "born|birthday",
    "birthday": "born|birthday",
    "birthdat": "born|birthday",
    "dob": "born|birthday|date of birth",
    "upgrad": "upgraded|upgrade",
    "downgrad": "downgraded|downgrade",
    "trial": "trial",
    "play": "played|play",
    "round": "played|played a round",
    "call": "called|call|been called|been phoned",
    "watch": "watched|watch",
    "stream": "streamed|watched",
    "travel": "travelled|traveled",
    "flight": "flew|flown|flight",
    "flown": "flew|flown|flight",
    "ship": "shipped|ship",
    "shipment": "shipped|ship",
    "event": "attended|attended an event|came to an event|been to an event|event",
    "deliver": "delivered|deliver",
    "refund": "refunded|refund",
    "loan": "borrowed|borrow|taken out|loan",
    "complet": "completed|complete|finished|finish",
    "finish": "finished|finish|completed",
    "receiv": "received|receive|got|gotten|been given|been sent|obtained",
    "issu": "issued|received|receive|got|obtained|earned",
    "gift": "gave|given|give|donated|gift",
    "reservations": "reserved|reservation",
    "post": "posted|post",
    "update": "updated|update",
    "updat": "updated|update",
    "topup": "topped up|top up|topup|recharged",
    "appointment": "appointment|had an appointment",
    "complaint": "complained|complaint",
}

# words of the name that say "when somebody became a customer"
BEGINNING: Final = word_set("""
creat created create signup registr registration register join joined since start enrol enroll enrolled
enrolment enrollment onboard onboarded opened begin began acquisition acquired activation activated subscribed
member
""")
BEGINNING_PHRASES: Final = (
    "joined|join|signed up|sign up|signup|signups|registered|register|became a member|became member|became a customer|"
    "became customer|enrolled|enroll|onboarded|new|newly joined|recently joined|created an account|created account|"
    "opened an account|started|member since|members since|customer since|customers since|been a member|been member|"
    "been members|been a customer|been customers|been customer|with us|been with us|subscribed|a member|a customer|"
    "joiner|joiners|sign ups|acquired|registrations|user since|users since|came on board|been a user|been users"
)
ENDING: Final = word_set("expiry expir expiration expires end ends valid until due termination terminat")
ENDING_PHRASES: Final = (
    "expire|expires|expired|expiring|expiry|run out|runs out|running out|ran out|end|ends|ending|ended|lapse|lapses|"
    "lapsing|finish|finishes|finishing|finished|due to expire|up for renewal|about to expire|lapsed|due|valid until|"
    "valid|valid till|valid through|coming to an end|come to an end|comes to an end|came to an end|terminate|terminates|"
    "terminated|runs|running|run until|runs until|run till|runs till|set to expire|will expire"
)

# comparative adjective -> (words of a column's name, direction of "more")
COMPARATIVES: Final[dict[str, tuple[str, str]]] = {
    "older": ("age|birth|dob|birthdate|birthday", "more"),
    "younger": ("age|birth|dob|birthdate|birthday", "less"),
    "taller": ("height", "more"),
    "shorter": ("height|duration|length|tenure", "less"),
    "heavier": ("weight", "more"),
    "lighter": ("weight", "less"),
    "longer": ("tenure|duration|length|stay|nights", "more"),
    "richer": ("income|salary|balance|wealth", "more"),
    "poorer": ("income|salary|balance|wealth", "less"),
    "wealthier": ("income|salary|balance|wealth", "more"),
    "lengthier": ("duration|length|stay", "more"),
    "costlier": ("price|cost|charges|fee", "more"),
    "pricier": ("price|cost|charges|fee", "more"),
    "faster": ("speed", "more"),
    "slower": ("speed", "less"),
    "quicker": ("duration|wait", "less"),
    "farther": ("distance", "more"),
    "further": ("distance", "more"),
    "closer": ("distance", "less"),
    "nearer": ("distance", "less"),
    "better": ("handicap|rank|ranking", "less"),
    "worse": ("handicap|rank|ranking", "more"),
    "cheaper": ("price|cost|charges|fee", "less"),
    "dearer": ("price|cost|charges|fee", "more"),
}

# the same for a number without such a name that is kept in a unit: "longer" on minutes
COMPARED_UNITS: Final[dict[str, frozenset[str]]] = {
    "longer": word_set("seconds minutes hours days weeks months years"),
    "shorter": word_set("seconds minutes hours days weeks months years"),
    "heavier": word_set("kg g lb"),
    "lighter": word_set("kg g lb"),
    "farther": word_set("km miles m"),
    "further": word_set("km miles m"),
    "closer": word_set("km miles m"),
    "nearer": word_set("km miles m"),
    "faster": word_set("Mbps Gbps"),
    "slower": word_set("Mbps Gbps"),
    "quicker": word_set("seconds minutes hours days weeks months years"),
}

# words for a value that nearly every table spells in its own way: value (folded) -> phrases
VALUE_WORDS: Final[dict[str, str]] = {
    "jan": "january",
    "feb": "february",
    "mar": "march",
    "apr": "april",
    "jun": "june",
    "jul": "july",
    "aug": "august",
    "sep": "september",
    "oct": "october",
    "nov": "november",
    "dec": "december",
    "male": "men|man|male|males|guys|gentlemen|boys|boy",
    "female": "women|woman|female|females|ladies|lady|girls|girl",
    "m": "men|man|male|males|boys|boy",
    "f": "women|woman|female|females|ladies|girls|girl",
    "social": "social media",
    "dd": "direct debit|direct debits",
    "cc": "credit card|credit cards",
    "chq": "cheque|cheques",
    "macos": "mac|macs|os x",
    "ios": "iphone|iphones",
    "active": "active",
    "inactive": "inactive|dormant",
    "churned": "churned|lost",
    "blue-collar": "blue collar workers|manual workers",
    "retired": "retirees|pensioners|retired",
    "self-employed": "self employed|freelancers",
    "unemployed": "jobless|unemployed|out of work",
    "married": "married",
    "divorced": "divorcees|divorced",
    "single": "singles|unmarried",
    "widowed": "widows|widowers|widow|widower",
    "cellular": "cell phone|mobile|cellular|cell",
    "telephone": "telephone|landline",
    "month-to-month": "monthly|rolling|month by month",
    "one year": "annual|yearly|1 year|one-year|12 month|12 months",
    "two year": "two years|2 year|2 years|two-year|biennial|24 month",
    "fiber optic": "fibre|fiber|fibre optic",
    "credit card": "card",
    "tertiary": "university|tertiary educated|university educated|degree",
    "basic": "basic",
    "student": "students",
    "admin.": "administrators|admins|admin",
    "housemaid": "housemaids|maids",
}

MONEY_NAMES: Final = word_set("""
charge charg spend spent price pric revenue cost amount balanc balance income salary fee ltv value valu
payment pay bill mrr arr clv wage budget deposit credit basket donation turnover sale sal premium subscription rent
""")
MONEY_VERBS: Final = word_set("""
blew blown splashed splurged forked shelled dropped lashed
pay paying pays paid spend spending spends spent cost costs earn earns earning bill billed
owe owes owing owed
""")
# What somebody owes stands in a column of these words, never in one of income or spending.
OWING: Final = word_set(
    "fine fines outstand outstanding debt due owe owed arrear arrears overdue unpaid balanc balance receivable"
)
RATES: Final[dict[str, str]] = {
    "month": "month", "monthly": "month", "mo": "month", "year": "year", "yearly": "year", "annually": "year",
    "annum": "year", "week": "week", "weekly": "week", "day": "day", "daily": "day", "night": "night", "quarter": "quarter",
    "order": "order", "visit": "visit", "stay": "stay", "transaction": "transaction",
}  # fmt: skip
RATE_NAMES: Final[dict[str, str]] = {
    "month": "month monthly mrr pm", "year": "year yearly annual arr", "week": "week weekly", "day": "day daily",
    "night": "night nightly", "quarter": "quarter quarterly", "order": "order aov basket", "visit": "visit", "stay": "stay",
    "transaction": "transaction",
}  # fmt: skip
# a column with such a word holds what may come, not what was
FORECAST: Final = word_set("predicted expected forecast projected estimated")
UNIT_WORDS: Final = word_set("""
kilogram kilograms centimetre centimetres hr hrs
day days week weeks month months year years hour hours minute minutes min mins second seconds night
nights point points time times item items unit units star stars kg kilo kilos km miles mile cm metres
meters seat seats yr yrs gb mb tb kb gig gigs gigabyte gigabytes terabytes megabytes kwh mwh mbps gbps megabits
feet foot ft inch inches lb lbs pounds stone grams gram kgs kms tons tonnes metre meter kilometre kilometres
kilometer kilometers ms millisecond milliseconds g t
""")
