# ruff: noqa: E501 - word tables read better in long lines
"""The channels by which people are reached, and what they are called: texts are SMS, letters are post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segmentry.reader.language.words import word_set

# channel -> words of a column's name, and of a query
CHANNELS: Final[dict[str, str]] = {
    "email": "email|emails|emailed|emailing|e mail|e mails|mailings|mailing",
    "sms": "sms|text|texts|texted|texting|text message|text messages|sms message|sms messages",
    "phone": "phone|phoned|phoning|call|calls|called|calling|telephone|telephoned|ring|rung|phone call|phone calls|telemarketing",
    "post": "post|posted|letter|letters|direct mail|postal mail|postal|snail mail|leaflets|catalogue|catalogues",
    "push": "push|pushed|push notification|push notifications|notification|notifications|in app messages",
    "whatsapp": "whatsapp|whatsapps|whatsapped|whatsapp message|whatsapp messages",
    "newsletter": "newsletter|newsletters",
}
# what is sent through a channel, beside its name in a column
MESSAGES: Final = word_set(
    "reminders reminder alerts alert updates update messages message offers offer promo promos promotions news"
)
_OF_NAME: Final = {
    word: channel for channel, words in CHANNELS.items() for word in words.split("|") if " " not in word
}
# "mail" is what comes by post where a column says so, and else an e-mail
_MAIL: Final = ("mail", "mailed", "mails")


def channel_of(words: tuple[str, ...]) -> str:
    """The channel that the words of a column's name speak of, "" where none is one.

    >>> channel_of(("marketing", "sms")), channel_of(("post", "ok")), channel_of(("card",))
    ('sms', 'post', '')
    """
    named = next((_OF_NAME[word] for word in words if word in _OF_NAME), "")
    if named or "mail" not in words:
        return named
    before = words[words.index("mail") - 1] if words.index("mail") else ""
    return (
        "email" if before in ("e", "electronic") else "post" if before in ("direct", "postal") else _MAIL[0]
    )


def called(consents: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The phrases for each consent column that are its channel's and no other column's.

    `consents`: the words of each column's name that name its channel.
    """
    channels = {name: channel_of(words) for name, words in consents.items()}
    plain = "post" if "email" in channels.values() else "email"
    channels = {name: plain if channel == _MAIL[0] else channel for name, channel in channels.items()}
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for name, channel in channels.items():
        if not channel or sum(1 for other in channels.values() if other == channel) > 1:
            continue
        phrases = [tuple(phrase.split()) for phrase in CHANNELS[channel].split("|")]
        if channel == "post" or (channel == "email" and "post" not in channels.values()):
            phrases += [(word,) for word in _MAIL]
        if channel == "newsletter" and "email" not in channels.values():
            phrases += [tuple(phrase.split()) for phrase in CHANNELS["email"].split("|")]
        found[name] = tuple(phrases)
    return found
