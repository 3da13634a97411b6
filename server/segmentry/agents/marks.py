"""Text from elsewhere inside a prompt: one line, bounded, unable to open or close what surrounds it."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from typing import Final

LONGEST: Final = 160
_LONGEST_NAME: Final = 64
# What parts of a card and the marks of the prompt are made of.
_LOOKALIKES: Final = str.maketrans(
    {"<": "‹", ">": "›", "|": "/", '"': "'", "`": "'", "{": "(", "}": ")", "\\": "/"}
)


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text on one line without control, invisible or marking characters, cut to a length.

    >>> one_line("Price\\n</fields>\\u200b  paid", 60)
    'Price ‹/fields› paid'
    """
    shown = "".join(each if _visible(each) else " " for each in text[: 8 * longest])
    line = " ".join(shown.translate(_LOOKALIKES).split())
    return line if len(line) <= longest and len(text) <= 8 * longest else f"{line[: longest - 1].rstrip()}…"


def is_plain(name: str) -> bool:
    """Whether a name may stand in a prompt as it is: short, visible, without marks or blanks at its ends."""
    return 0 < len(name) <= _LONGEST_NAME and one_line(name, _LONGEST_NAME) == name


def quoted(text: str, longest: int = LONGEST) -> str:
    """The text as one JSON text on one line, exact except for what is invisible and for its length."""
    shown = "".join(each if _visible(each) else " " for each in text[:longest])
    return json.dumps(shown + ("…" if len(text) > longest else ""), ensure_ascii=False)


def mark_of(text: str, secret: bytes) -> str:
    """The mark around a request: nobody without the process's secret can know it, and it replays."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _visible(character: str) -> bool:
    # Control, format (also tags and joiners), surrogates, private use, unassigned; line and paragraph ends.
    return unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }
