"""What a call will have used, by the length of its texts: for calls that end before the vendor says it."""

from __future__ import annotations

from segmentry.llm.model import ModelCall, Usage

# English and JSON run at about four characters a token in the vendors' own vocabularies.
CHARACTERS_PER_TOKEN = 4


def estimated(call: ModelCall, content: str = "") -> Usage:
    """The tokens of one call, marked as estimated; its price is not known."""
    asked = sum(len(each.content) for each in call.messages)
    return Usage(
        asked // CHARACTERS_PER_TOKEN,
        len(content) // CHARACTERS_PER_TOKEN,
        calls=1,
        cost_usd=None,
        estimated=True,
    )
