# ruff: noqa: E501 - word tables and patterns read better in long lines
"""The short forms, unit names and run-together nouns that column names are made of."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import FieldType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Short forms people put into column names; a longer list of words where a name uses initials.
LONG: Final[dict[str, str]] = {
    "acc": "account", "acct": "account", "accts": "accounts", "act": "active", "actv": "active", "addr": "address",
    "agt": "agent", "amnt": "amount", "amt": "amount", "ann": "annual",
    "appt": "appointment", "appts": "appointments", "attr": "attribute",
    "avg": "average", "bal": "balance", "bdate": "birth date", "bday": "birthday", "bldg": "building",
    "bkg": "booking", "bkgs": "bookings", "catg": "category", "cat": "category", "cd": "code",
    "cert": "certificate", "certs": "certificates", "chan": "channel", "chnl": "channel", "clm": "claim", "clms": "claims",
    "cmpgn": "campaign", "cnt": "count", "cntry": "country", "conv": "conversion",
    "cov": "coverage", "crd": "card", "ctg": "category", "ctry": "country",
    "cur": "current", "curr": "current", "cust": "customer", "custs": "customers", "dept": "department",
    "desc": "description", "dev": "device", "disc": "discount", "dist": "distance", "div": "division", "dl": "download",
    "dlv": "delivery", "dscnt": "discount", "dt": "date", "dte": "date", "dtm": "date", "dur": "duration",
    "edu": "education", "educ": "education", "emp": "employee", "empl": "employee", "enr": "enrolment",
    "enrl": "enrolment", "est": "estimated", "fam": "family", "fav": "favourite", "flg": "flag", "fname": "first name",
    "freq": "frequency", "gndr": "gender",
    "grp": "group", "hh": "household", "hr": "hour", "hrs": "hours", "ht": "height", "idx": "index",
    "insp": "inspection", "ins": "insurance", "intl": "international", "inv": "invoice", "invs": "invoices", "lang": "language",
    "lic": "license", "lname": "last name", "loc": "location", "loy": "loyalty", "lst": "last",
    "lvl": "level", "max": "maximum", "mbr": "member", "mbrs": "members", "memb": "member", "mgr": "manager",
    "mkt": "marketing", "mktg": "marketing", "mnth": "month", "mnths": "months", "mo": "month", "mob": "mobile", "mos": "months",
    "mrktg": "marketing", "msg": "message", "msgs": "messages", "mth": "month", "mthly": "monthly",
    "mths": "months", "mtd": "month to date", "nat": "nationality", "nb": "number", "nbr": "number", "notif": "notification",
    "notifs": "notifications", "num": "number", "nxt": "next", "occ": "occupation",
    "ord": "order", "ords": "orders", "org": "organisation", "orig": "original", "pax": "passengers", "pct": "percent",
    "perc": "percent", "ph": "phone", "pmnt": "payment", "pmt": "payment", "pmts": "payments", "pol": "policy", "pref": "preferred",
    "prem": "premium", "prev": "previous", "prc": "price", "prob": "probability", "prod": "product", "prods": "products", "prov": "province",
    "pts": "points", "purch": "purchase", "pymt": "payment", "qtd": "quarter to date", "qtr": "quarter",
    "qty": "quantity", "recv": "received", "reg": "region", "resv": "reservation", "rev": "revenue", "rgn": "region",
    "rnk": "rank", "rsv": "reservation", "rtg": "rating", "rtng": "rating", "rvw": "review", "rvws": "reviews", "rwd": "reward",
    "rx": "prescription", "sal": "salary", "scr": "score", "sec": "seconds", "secs": "seconds", "seg": "segment", "sess": "session",
    "spd": "speed", "sqft": "square feet", "sqm": "square metres", "src": "source", "stat": "status", "sts": "status",
    "stu": "student", "stud": "student", "sub": "subscription", "subs": "subscription", "subscr": "subscription", "svc": "service",
    "svcs": "services", "tel": "phone", "temp": "temperature", "tix": "tickets", "tkt": "ticket", "tkts": "tickets", "tot": "total",
    "tran": "transaction", "trans": "transaction", "trx": "transaction", "trxn": "transaction", "ts": "time",
    "tstamp": "time", "ttl": "total", "tx": "transaction", "txn": "transaction", "txns": "transactions", "txs": "transactions",
    "typ": "type", "ul": "upload", "unsub": "unsubscribed", "upd": "updated", "usr": "user", "usrs": "users", "util": "utilization",
    "vacc": "vaccination", "val": "value", "veh": "vehicle", "vol": "volume", "wk": "week", "wks": "weeks", "wkly": "weekly", "wt": "weight", "yr": "year",
    "yrs": "years", "ytd": "year to date", "yrly": "yearly", "mins": "minutes", "bev": "beverage", "ref": "referral", "refs": "referrals",
    "refd": "referred", "dep": "deposit", "ded": "deductible", "exp": "expiry",
    "inc": "income", "prop": "property", "comms": "communications", "sched": "scheduled", "perf": "performance",
    "rem": "remaining", "cont": "contract", "contr": "contract", "grad": "graduation",
    "lastname": "last name", "firstname": "first name", "ctc": "contact", "cntct": "contact", "pwd": "password", "cr": "credit",
    "flt": "flight", "flts": "flights", "upg": "upgrade", "chkout": "checkout", "chkin": "checkin", "upgs": "upgrades", "pers": "personal", "nm": "name", "fnm": "first name", "lnm": "last name",
    "chk": "check", "ckin": "checkin", "bk": "booking", "bks": "bookings", "canx": "cancelled", "cncl": "cancelled",
    "cmpl": "complaint", "cmpln": "complaint", "cmplt": "complaint", "dlvry": "delivery", "ret": "return", "rets": "returns",
    "rtn": "return", "rtns": "returns", "rfnd": "refund", "rfnds": "refunds", "mem": "member", "mbrshp": "membership",
    "mship": "membership", "purchs": "purchases", "prch": "purchase", "clk": "click", "clks": "clicks", "opn": "open",
    "sgmt": "segment", "segm": "segment", "sgnup": "signup", "regn": "registration", "ntf": "notification", "nl": "newsletter",
    "nwsltr": "newsletter", "newsltr": "newsletter", "prd": "product", "prdct": "product", "qlty": "quality",
    "rnwl": "renewal", "renewl": "renewal", "shp": "shipping", "shpmt": "shipment", "shipmt": "shipment", "spnd": "spend",
    "spt": "spent", "sz": "size", "tckt": "ticket", "tckts": "tickets", "tnr": "tenure", "upgr": "upgrade", "vis": "visit",
    "vst": "visit", "vsts": "visits", "wrnty": "warranty", "wtd": "week to date", "cty": "city", "sect": "sector",
    "indus": "industry", "indy": "industry", "lmt": "limit", "lim": "limit", "outst": "outstanding", "outstd": "outstanding",
    "ovd": "overdue", "pkg": "package", "pkgs": "packages", "recur": "recurring", "rcnt": "recent", "rwds": "rewards",
    "sls": "sales", "sat": "satisfaction", "satis": "satisfaction", "twn": "town", "vrfd": "verified", "zipcd": "zip code",
    "attnd": "attended", "abnd": "abandoned", "aband": "abandoned", "evt": "event", "evts": "events", "inact": "inactive",
    "susp": "suspended", "blk": "blocked", "blkd": "blocked", "dlq": "delinquent", "delq": "delinquent",
    "delinq": "delinquent", "mtg": "meeting", "mtgs": "meetings", "mort": "mortgage", "mtge": "mortgage", "natl": "national",
    "opp": "opportunity", "opps": "opportunities", "qte": "quote", "rdmd": "redeemed", "rdm": "redeemed", "redm": "redeemed",
    "sbscr": "subscription", "spons": "sponsor", "trnr": "trainer", "wght": "weight", "wgt": "weight", "hgt": "height",
    "lnth": "length", "len": "length", "spclty": "specialty", "treatm": "treatment", "trt": "treatment", "trtmt": "treatment",
    "diag": "diagnosis", "dx": "diagnosis", "insur": "insurance", "empd": "employed", "emplr": "employer", "annl": "annual",
    "qtrly": "quarterly", "hrly": "hourly", "dly": "daily",
    "bdt": "birth date", "verif": "verified", "compl": "completion", "eps": "episodes", "yob": "birth year",
    "ep": "episode", "avail": "available", "appr": "approved", "dlvd": "delivered", "bskt": "basket",
    "bskts": "baskets", "langs": "languages", "ordr": "order", "ordrs": "orders", "bkng": "booking", "bkngs": "bookings",
    "evnt": "event", "evnts": "events", "hhld": "household", "pnts": "points", "cus": "customer", "lgn": "login", "lgns": "logins", "cxl": "cancelled", "canc": "cancelled",
}  # fmt: skip
# Initials that people say as they are written; both forms count.
INITIALS: Final[dict[str, str]] = {
    "aov": "average order value", "arpu": "average revenue per user", "arr": "annual recurring revenue", "bmi": "body mass index",
    "cltv": "customer lifetime value", "clv": "customer lifetime value", "csat": "customer satisfaction", "dob": "date of birth",
    "emi": "monthly instalment", "gmv": "gross merchandise value", "gpa": "grade point average", "hhi": "household income",
    "ltv": "lifetime value", "mrr": "monthly recurring revenue", "nps": "net promoter score", "pto": "paid time off",
}  # fmt: skip
# A short form that means one thing in a date and another in a number or in text.
BY_TYPE: Final[dict[tuple[str, FieldType], str]] = {
    ("arr", "datetime"): "arrival", ("dep", "datetime"): "departure", ("term", "datetime"): "termination",
    ("reg", "datetime"): "registration", ("reg", "boolean"): "registered", ("ren", "datetime"): "renewal",
    ("prop", "number"): "propensity", ("exp", "number"): "experience", ("dep", "string"): "department", ("dep", "enum"): "department",
    ("grad", "boolean"): "graduate", ("cert", "boolean"): "certified", ("cc", "string"): "country code", ("cc", "enum"): "country code",
    ("cc", "boolean"): "credit card", ("cc", "number"): "credit card", ("sub", "boolean"): "subscribed",
    ("pc", "string"): "postcode", ("rev", "datetime"): "review", ("est", "datetime"): "established", ("temp", "boolean"): "temporary", ("mob", "boolean"): "mobile",
    ("perc", "string"): "perc", ("ord", "datetime"): "order", ("val", "string"): "val", ("inc", "string"): "inc",
    ("sec", "string"): "sec", ("act", "datetime"): "activity", ("act", "number"): "activity", ("act", "string"): "activity",
    ("cont", "string"): "contract", ("div", "number"): "dividend", ("cat", "boolean"): "cat", ("cat", "number"): "cat",
    ("inv", "number"): "investment", ("acc", "number"): "account", ("opt", "datetime"): "opt", ("ref", "boolean"): "referred",
}  # fmt: skip
# At the end of a text's name: `mobile_no`, `cust_ref`, `seat_pref`.
LAST: Final[dict[str, str]] = {
    "no": "number",
    "num": "number",
    "nr": "number",
    "ref": "reference",
    "pref": "preference",
}
# Prefixes that only repeat the type: `strCity`, `dt_joined`, `int_age`, `b_active`.
OF_TYPE: Final[dict[str, frozenset[FieldType]]] = {
    "str": frozenset({"string", "enum"}), "txt": frozenset({"string", "enum"}), "chr": frozenset({"string", "enum"}),
    "int": frozenset({"number"}), "flt": frozenset({"number"}), "dbl": frozenset({"number"}), "dec": frozenset({"number"}),
    "bool": frozenset({"boolean", "number"}), "bln": frozenset({"boolean", "number"}), "bl": frozenset({"boolean"}),
    "b": frozenset({"boolean"}), "f": frozenset({"boolean"}), "fl": frozenset({"boolean"}), "flg": frozenset({"boolean", "number"}),
    "flag": frozenset({"boolean", "number"}), "dt": frozenset({"datetime"}), "ts": frozenset({"datetime"}), "dte": frozenset({"datetime"}),
    "date": frozenset({"datetime"}), "d": frozenset({"datetime"}), "arr": frozenset({"array"}), "lst": frozenset({"array"}),
    "enum": frozenset({"enum", "string"}), "cat": frozenset({"enum"}),
}  # fmt: skip
COUNTS: Final = frozenset({"n", "nb", "nbr", "num", "no", "nr", "cnt", "count", "number"})
LIMITED: Final = _words("""
age price budget rate salary income amount amt spend order fee bid height weight value score size
""")
UNITS: Final[dict[str, str]] = {
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD", "dollar": "USD", "dollars": "USD",
    "gbp": "GBP", "zar": "ZAR", "rand": "ZAR", "rands": "ZAR", "chf": "CHF", "cad": "CAD", "aud": "AUD", "nzd": "NZD",
    "jpy": "JPY", "inr": "INR", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "brl": "BRL", "mxn": "MXN", "sgd": "SGD",
    "hkd": "HKD", "cny": "CNY", "aed": "AED", "kes": "KES", "ngn": "NGN", "cents": "cents", "cent": "cents", "pence": "cents",
    "percent": "percent", "percentage": "percent", "seconds": "seconds", "minutes": "minutes", "hours": "hours", "days": "days",
    "weeks": "weeks", "months": "months", "years": "years", "ms": "milliseconds", "millis": "milliseconds",
    "km": "km", "kms": "km", "kilometres": "km", "kilometers": "km", "miles": "miles", "metres": "m", "meters": "m", "cm": "cm", "mm": "mm",
    "kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb", "grams": "g", "litres": "litres", "liters": "litres",
    "kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "kwh": "kWh", "mwh": "MWh", "kw": "kW", "mbps": "Mbps", "gbps": "Gbps",
}  # fmt: skip
# Nouns that are written together without a sign between them: `lastlogin`, `TOTALSPENT`.
TOGETHER: Final = _words("""
account active activity address age amount annual average avg balance birth bill booking bookings budget card
category channel charge charges city claim claims client code consent contact contract cost count country
created credit customer date day days debt device discount email employee enabled end event expiry fee first
flag gender gift gifts group home hours household income internet invoice job joined key language last level lifetime
limit loan login marital member method mobile month monthly months name next nights number opened order orders
paid payment payments percent phone plan points policy position postal price primary product profile purchase
purchases rate rating region registration renewal revenue risk salary score segment service session sessions
sign signup size source spend spent start state status store subscription tenure ticket tickets time total
transaction transactions trial type updated user value visit visits week year years zip
aid donation donations pet pets vet listen game games play played item items cart return returns seen shipment
shipments delivery reminder reminders check class lesson lessons call calls review reviews stay stays night
ride rides trip trips flight flights meal meals book books course courses login logins seat seats driver
inspection repair repairs wash watch watched listened read donated shopped contacted activity brand shoe
""")
# one word, though it looks like two of those
WHOLE: Final = _words(
    "birthday birthdate lifetime username nickname postcode zipcode checkout checkin timestamp income download playtime watchtime"
)
