# ruff: noqa: E501 - patterns read better in long lines
"""Text that tries to give orders to the machine behind the reader: role play, markup, code, encoded words."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from typing import Final

from segmentry.reader.language.text import Text, normalise
from segmentry.reader.language.words import word_set

Span = tuple[int, int]

_SETTING_ASIDE = r"(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|neglect\w*|overlook\w*|discard\w*|suspend\w*|disable\w*|do\s+not\s+follow|don't\s+follow|stop\s+following|pay\s+no\s+attention\s+to)"
_ORDERS = r"(?:instructions?|rules?|prompts?|filters?|directions?|directives?|restrictions?|guidelines?|constraints?|safeguards?|safety|policies|policy|settings|training|limits|limitations|guardrails?|checks)"
_PROSE: Final = re.compile(
    rf"\b{_SETTING_ASIDE}\b.{{0,40}}\b(?:previous|prior|above|earlier|preceding|before|all|your|any|the|these|those|every|my|system)\b.{{0,30}}\b{_ORDERS}\b"
    rf"|\b{_SETTING_ASIDE}\b.{{0,30}}\b(?:you\s+(?:were|are|have\s+been|know)|said\s+(?:before|above|earlier)|told|everything\s+(?:above|before|you)|(?:all\s+)?(?:of\s+)?(?:the|what\s+is|what\s+was\s+said)\s+(?:above|foregoing)|all\s+(?:above|before|previous))\b"
    r"|\bset\s+(?:the\s+|your\s+)?(?:confidence|temperature)\b"
    rf"|\b(?:all|your|the)\s+(?:\w+\s+)?{_ORDERS}\s+(?:are|is)\s+(?:now\s+)?(?:disabled|off|void|lifted|suspended|removed)\b"
    r"|\b(?:system|hidden|initial|secret|original|internal)\s+(?:prompts?|instructions?|messages?)\b|\b(?:developer|debug|admin|god|sudo|maintenance|dan)\s+mode\b"
    r"|\bjail\s?break\w*|\bdo\s+anything\s+now\b|\bprompt\s+injection\b|\bunrestricted\b|\buncensored\b"
    r"|\byou\s+(?:are\s+now|are\s+an?\b|are\s+no\s+longer|must|may|shall|should\s+now|will\s+(?:now|act|answer|obey|be)|have\s+to|have\s+been)\b"
    r"|\bact\s+(?:as|like)\s+(?:an?|the|if|my)\b|\bpretend\b|\brole[\s-]?play\w*|\bimagine\s+(?:you|that\s+you|being)\b|\bsimulate\b"
    r"|\bend\s+of\s+(?:the\s+|this\s+|my\s+|user\s+)?(?:query|prompt|input|instructions?|messages?|request|context)\b"
    r"|\byour\s+(?:instructions?|rules?|prompt|training|guidelines|source\s+code|system|api\s+key|secret|secrets|configuration|password|memory|creators?)\b"
    r"|\bfrom\s+now\s+on\b|\b(?:repeat|print|reveal|show|output|return|echo|leak|dump|tell)\s+(?:me\s+|us\s+|back\s+)?(?:the\s+|everything\s+|all\s+|your\s+)?(?:text\s+|words\s+|messages?\s+)?(?:above|before\s+this|system\s+prompt|environment\s+variables?|api\s+keys?|secrets?|passwords?|credentials)\b"
    r"|\b(?:answer|reply|respond|speak|say)\s+(?:\w+\s+){0,3}(?:only|always|with\s+the|with\s+(?:yes|no)|in\s+plain)\b|\b(?:reply|respond)\s+with\b"
    r"|\bgrant\s+(?:me|us|yourself|him|her|them)\b|\b(?:admin|root|superuser)\s+(?:rights?|access|privileges?)\b"
    r"|\bother\s+tenants?\b|\b(?:skip|without|turn\s+off|switch\s+off)\s+(?:the\s+|all\s+|any\s+)?(?:validation|validator|authentication|authori[sz]ation|permission\s+checks?|access\s+checks?)\b"
    rf"|\b{_SETTING_ASIDE}\s+(?:all\s+|everything\s+|what\s+is\s+)?(?:of\s+)?(?:the\s+)?above\b(?!\s+[\d$€£])"
    rf"|\b{_ORDERS}\s+(?:above\s+)?(?:no\s+longer|do\s+not|don't|does\s+not|doesn't)\s+(?:apply|count|matter|hold|bind)\b"
    rf"|\b(?:if|as\s+though|like)\s+(?:you|there)\s+(?:had|have|were|are)\s+(?:no|without)\s+(?:\w+\s+)?{_ORDERS}\b|\bregardless\s+of\s+(?:the\s+|any\s+|your\s+|all\s+)*{_ORDERS}\b"
    r"|\b(?:set|give|put|raise|report)\s+(?:the\s+|your\s+|a\s+)?confidence\b|\b(?:mark|treat|consider|flag)\s+(?:your|the|this|that)\s+(?:\w+\s+)?(?:answer|reply|result|response|output)\s+as\b"
    r"|\b(?:do\s+not|don't|never|without)\s+ask(?:ing)?\s+(?:me\s+|us\s+|any\s+|for\s+)*(?:questions?|confirmation)\b|\bstop\s+being\b|\bdo\s+(?:what|as)\s+i\s+(?:say|tell)\b"
    r"|\bnote\s+to\s+(?:the\s+)?(?:model|ai|assistant|system|reader|machine|bot|llm)\b|\b(?:i\s+am|i'm)\s+(?:the\s+|an?\s+|your\s+)(?:admin|administrator|developer|operator|root)\b|\bas\s+(?:the|your|an?)\s+(?:admin|administrator|developer|operator)\s*,?\s+i\b"
    r"|%0[ad]|\b(?:list|give|send|get)\s+(?:me\s+|us\s+)?(?:all\s+|the\s+|your\s+)*(?:api\s+keys?|passwords|credentials|access\s+tokens)\b",
    re.IGNORECASE | re.DOTALL,
)
_ROLE: Final = re.compile(
    r"(?:^|[\n.;!?\"'\[<|#*]|\bmembers\b|\bcustomers\b)\s*(?:#+\s*)?(?:system|assistant|developer|ai|bot|instruction|instructions|new\s+instructions?|override|admin)\s*(?:\]|>|\|)?\s*:",
    re.IGNORECASE,
)
# a speaker's name before a colon on a line of its own
_SPEAKER: Final = re.compile(r"\n\s*(?:system|assistant|user|human|developer|ai|bot)\s*:", re.IGNORECASE)
_CODE: Final = re.compile(
    r"</?\s*[a-z!][\w:-]*(?:\s[^<>]*)?/?>|<\s*(?:script|img|svg|iframe)\b|<\||\|>|\[/?INST\]|<<\s*/?sys\s*>>"
    r"|\{\{(?!\s*[A-Z0-9_]+\s*\}\}).*?\}\}|\$\{|\{%|<%|#\{|\$\("
    r"|\$(?:where|function|accumulator|expr|regex|ne|gt|gte|lt|lte|eq|in|nin|or|and|not|exists|lookup|out|merge)\b"
    r"|\b(?:drop|truncate|alter)\s+(?:table|database|schema)\b|\bdelete\s+from\s+\w+\b|\binsert\s+into\s+\w+\b|\bunion\s+(?:all\s+)?select\b|\bselect\s+\*\s+from\b|\bselect\s+.{1,80}?\s+from\s+\w+(?:\s+where\b|\s*;|\s*$|\s+limit\b)|\bupdate\s+\w+\s+set\s+\w+\s*="
    r"|;\s*(?:drop|delete|update|insert|select|alter|truncate|exec|shutdown|create|grant)\b|\bexec(?:ute)?\s+(?:xp_|sp_)\w*|\bwaitfor\s+delay\b|\b(?:pg_)?sleep\s*\(|\bbenchmark\s*\(|\binformation_schema\b"
    r"|(?:'|\"|\b)\s*or\s*(?:'|\")?\s*(\w+)\s*(?:'|\")?\s*=\s*(?:'|\")?\s*\1\b|'\s*;?\s*--|/\*.*?\*/"
    r"|\bos\.system\b|\bsubprocess\b|__import__|\beval\s*\(|\bexec\s*\(|\brm\s+-rf?\b|\bcat\s+/etc/|\.\./\.\./|\bcurl\s+\S*://|\bwget\s+\S*://|\bpowershell\b|\|\s*(?:sh|bash)\b|\bjavascript:|\bonerror\s*=|\bjndi:",
    re.IGNORECASE | re.DOTALL,
)
# a query without one of these words or signs cannot match, and is not searched
_PROSE_SIGNS: Final = word_set("""
your you pretend unrestricted uncensored simulate mode prompt prompts instruction instructions rules grant
now above imagine role roleplay jailbreak jailbreaking tenant tenants validation validator authentication
authorization authorisation checks rights access privileges privilege reply respond answer speak say repeat
reveal echo leak dump told system directives guidelines restrictions constraints guardrails jail act
everything before earlier previous disregard ignore secret secrets passwords credentials keys variables
filters limits safety safeguards training injection end confidence ask asking being note model ai admin
administrator developer operator policy policies tell apply matter regardless credentials tokens temperature foregoing
""")
_CODE_MARKS: Final = re.compile(r"[<>{}$;|=#(/\\]|--")
_CODE_WORDS: Final = word_set(
    "union select drop truncate alter insert delete rm waitfor information os subprocess powershell jndi onerror"
)
_WORDS: Final = re.compile(r"[a-z]+")
_CODE_SIGNS: Final = re.compile(
    r"[<>{}$;|=#]|--|/\*|\(|/|\\|\bunion\b|\bselect\b|\bdrop\b|\btruncate\b|\balter\b|\binsert\b|\bdelete\s+from\b|\brm\b|\bexec|\bwaitfor\b"
    r"|information_schema|os\.system|subprocess|powershell|jndi|onerror",
    re.IGNORECASE,
)
_ENCODED: Final = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_SPACED: Final = re.compile(r"(?:\b\w[\s.\-_*]){6,}\w\b")
_LEET: Final = re.compile(r"[a-z][013457@$]+[a-z]|\b[013457@$]+[a-z]{3}", re.IGNORECASE)
# a search for one of these takes a fifth of the search for the whole
_LEET_SIGN: Final = re.compile(r"[013457@$](?:[a-zA-Z]|[^\x00-\x7f])")
_SPACED_SIGN: Final = re.compile(r"[\s.\-_*]\w[\s.\-_*]\w[\s.\-_*]")
_LEAST_ENCODED: Final = 16
_LEET_LETTERS: Final = str.maketrans("013457@$", "oieastas")
# letters of other scripts that look like Latin ones
_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕԁһӏνοαιρτυκμАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlvoaiptukmABEKMHOPCTXIJSABEZHIKMNOPTYX",
)


def injected(query: str) -> Span | None:
    """Where the query talks to the machine or holds code, as `[start, end)` in the raw query, or None."""
    text = normalise(query)
    norm = text.norm
    if not norm.isascii():
        norm = _one_script(norm)
    spoken = _SPEAKER.search(query) if "\n" in query else None
    if spoken is not None:
        return spoken.span()
    found = _search(norm)
    if found is None:
        found = _disguised(norm)
    return None if found is None else _raw(text, found)


def _search(norm: str) -> Span | None:
    lowered = norm.casefold()
    words = _WORDS.findall(lowered)
    if not _PROSE_SIGNS.isdisjoint(words) or "%0" in lowered:
        found = _PROSE.search(norm)
        if found is not None:
            return found.span()
    if ":" in norm:
        found = _ROLE.search(norm)
        if found is not None:
            return found.span()
    if _may_be_code(norm, lowered, words):
        found = _CODE.search(norm)
        if found is not None:
            return found.span()
    return None


def _may_be_code(norm: str, lowered: str, words: list[str]) -> bool:
    """Whether a sign or a word of code stands there; looking up is a fifth of searching for them."""
    if not norm.isascii():
        return _CODE_SIGNS.search(norm) is not None
    return _CODE_MARKS.search(norm) is not None or not _CODE_WORDS.isdisjoint(words) or "exec" in lowered


def _disguised(norm: str) -> Span | None:
    """Orders written with figures for letters, with a space after every letter, or in base 64."""
    longest = max(map(len, norm.split()), default=0)
    if _LEET_SIGN.search(norm) and _LEET.search(norm):
        found = _PROSE.search(norm.translate(_LEET_LETTERS))
        if found is not None:
            return found.span()
    spaced = _SPACED.search(norm) if _SPACED_SIGN.search(norm) else None
    if spaced is not None:
        joined = re.sub(r"[\s.\-_*]", "", spaced.group()).casefold()
        if re.search(r"ignore|disregard|instructions|systemprompt|pretend|override", joined):
            return spaced.span()
    for found in _ENCODED.finditer(norm) if longest >= _LEAST_ENCODED else ():
        if _decodes(found.group()):
            return found.span()
    return None


def _decodes(piece: str) -> bool:
    """True for base 64 of several words; a long name or an identifier decodes to no text."""
    mixed = any(char.isupper() for char in piece) and any(char.islower() for char in piece)
    if not mixed:
        return False
    try:
        decoded = base64.b64decode(piece.rstrip("=") + "=" * (-len(piece.rstrip("=")) % 4), altchars=b"-_")
        text = decoded.decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return " " in text and all(char.isprintable() for char in text)


def _one_script(norm: str) -> str:
    """Latin letters for their doubles, in words that mix both; a wholly Cyrillic word stays as it is."""
    pieces = re.split(r"(\s+)", norm)
    return "".join(piece.translate(_LOOKALIKES) if _mixed(piece) else piece for piece in pieces)


def _mixed(piece: str) -> bool:
    if piece.isascii():
        return False
    latin = any(char.isascii() and char.isalpha() for char in piece)
    other = any(
        not char.isascii() and char.isalpha() and not unicodedata.name(char, "LATIN").startswith("LATIN")
        for char in piece
    )
    return latin and other


def _raw(text: Text, found: Span) -> Span:
    return text.to_raw[found[0]], text.to_raw[found[1]]
