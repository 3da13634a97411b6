"""Which sign parts the thousands: `1.000,50` and `1,000.50` are one number, by its shape or by the locale."""

from __future__ import annotations

import re

from segmentry.reader.language.words import word_set

# languages that write 1.000,50
_DECIMAL_COMMA = word_set("de fr es it pt nl da sv nb no fi pl cs sk sl hr hu ro bg el tr ru uk id")
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![\d.,/\w-])([€$£R]?\s?)", r"(?![\d/]|[.,]\d)"
# no other way to read it, whatever the locale
_SURE = re.compile(
    rf"{_ALONE_BEFORE}(\d{{1,3}}(?:\.\d{{3}})+,\d+|\d{{1,3}}(?:\.\d{{3}}){{2,}}){_ALONE_AFTER}"
)
_LOCAL = re.compile(rf"{_ALONE_BEFORE}(\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?|\d+,\d+){_ALONE_AFTER}")
_PARTED = re.compile(r"\d[.,]\d")
_SWAP = str.maketrans(".,", ",.")


def unify(text: str, locale: str) -> str:
    """The text with every such number written the English way; its length stays the same.

    >>> unify("over €1.000,50", "en"), unify("over 2,5", "de-DE"), unify("over 2,5", "en-GB")
    ('over €1,000.50', 'over 2.5', 'over 2,5')
    """
    if ("," not in text and "." not in text) or _PARTED.search(text) is None:
        return text
    shape = _LOCAL if locale.replace("_", "-").split("-")[0].lower() in _DECIMAL_COMMA else _SURE
    return shape.sub(lambda found: found[1] + found[2].translate(_SWAP), text)
