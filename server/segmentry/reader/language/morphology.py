"""Words made of words: management - managers, retired - retirees, arrival - arrived."""

from __future__ import annotations

from collections.abc import Iterator

_FIXED = {
    "retired": "retiree",
    "nursing": "nurse",
    "accounting": "accountant",
    "accountancy": "accountant",
    "law": "lawyer",
    "legal": "lawyer",
    "medicine": "doctor",
    "politics": "politician",
    "music": "musician",
    "divorced": "divorcee",
    "unemployment": "unemployed",
    "retirement": "retiree",
    "art": "artist",
    "technology": "technologist",
    "agriculture": "farmer",
    "design": "designer",
    "research": "researcher",
    "development": "developer",
    "writing": "writer",
    "photography": "photographer",
    "science": "scientist",
    "journalism": "journalist",
}


def people_of(value: str) -> Iterator[str]:
    """Nouns for the people whom a one-word value describes ("management" -> "manager").

    >>> list(people_of("management"))
    ['manager']
    >>> list(people_of("engineering"))
    ['engineer']
    """
    word = value.casefold()
    if word in _FIXED:
        yield _FIXED[word]
    elif word.endswith("ment") and len(word) > 7 and word[-5] == "e":
        yield word[:-4] + "r"
    elif word.endswith("eering"):
        yield word[:-3]
    elif word.endswith("ing") and len(word) > 6:
        yield word[:-3] + "er"


_VERBS = {
    "visit": "visited",
    "shot": "had a shot",
    "sale": "bought",
    "seen": "seen",
    "hire": "hired",
    "move": "moved",
    "entry": "entered",
    "exit": "left",
    "departure": "departed|left",
    "inquiry": "inquired|asked",
    "enquiry": "enquired|asked",
    "complaint": "complained",
    "service": "serviced|had a service",
    "response": "responded|replied",
    "deposit": "deposited",
    "withdrawal": "withdrew|withdrawn",
    "review": "reviewed|been reviewed",
    "workout": "worked out|trained",
    "training": "trained|been trained",
    "trip": "taken a trip|took a trip|travelled",
    "ride": "ridden|rode|taken a ride|took a ride",
    "rental": "rented",
    "claim": "claimed|made a claim|filed a claim",
    "quote": "quoted|asked for a quote",
    "download": "downloaded",
    "upload": "uploaded",
    "reply": "replied",
    "listing": "listed",
    "sell": "sold",
    "win": "won",
    "loss": "lost",
    "meal": "eaten|ate",
    "swim": "swum|swam",
    "run": "run|ran",
    "bet": "bet",
}
# ending of the noun -> ending of its verb's past
_NOUN_ENDINGS = (
    ("ization", "ized"),
    ("isation", "ised"),
    ("ication", "ied"),
    ("ation", "ated"),
    ("ition", "ited"),
    ("iption", "ibed"),
    ("uction", "uced"),
    ("ction", "cted"),
    ("ption", "pted"),
    ("tion", "ted"),
    ("ension", "ended"),
    ("ssion", "ssed"),
    ("ival", "ived"),
    ("ewal", "ewed"),
    ("usal", "used"),
    ("sal", "sed"),
    ("vement", "ved"),
    ("gement", "ged"),
    ("ment", "ed"),
    ("ttance", "tted"),
    ("dance", "ded"),
    ("ance", "ed"),
    ("very", "vered"),
)


def verbs_of(noun: str) -> tuple[str, ...]:
    """What people did, from the noun for it; empty where no rule knows its verb.

    >>> verbs_of("arrival"), verbs_of("attendance"), verbs_of("inspection")
    (('arrived',), ('attended',), ('inspected',))
    """
    if noun in _VERBS:
        return tuple(_VERBS[noun].split("|"))
    for ending, past in _NOUN_ENDINGS:
        if noun.endswith(ending) and len(noun) - len(ending) >= 2:
            made = noun[: -len(ending)] + past
            # "registration" and "cancellation" are in the table of events, which comes first
            return (made,)
    return ()
