"""A value that nobody listed, after the name of its field: quoted, capitalised, an address or a code."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.reader.language.places import country_at
from segmentry.reader.language.words import word_set
from segmentry.reader.scene import Scene

_CODES: Final = word_set("zip postcode postal code number no id reference sku plz area version release")


def open_value(scene: Scene, at: int, field: Field) -> tuple[str, int] | None:
    """The value that begins at `at` and the token after it; never for a closed list."""
    if field.type not in ("string", "array") and not (field.type == "enum" and not field.values):
        return None
    if field in scene.lexicon.country_fields and country_at(scene.tokens, at) is not None:
        return None  # the pattern for places knows how the table writes it
    token = scene.tokens[at]
    if field.format in ("email", "e164") and token.kind != "quoted":
        return _address(scene, at, field)
    if token.kind == "quoted":
        return token.text, at + 1
    if token.kind == "number" and _CODES & set(scene.lexicon.named[field.name].words):
        return _code(scene, at)
    if not token.capitalised or (scene.word(at - 1) not in ("is", "=", ":") and scene.lists_value(at)):
        return None
    if _inside(scene, at):
        return None
    end = _glued(scene, at)
    while end < len(scene.tokens) and scene.tokens[end].capitalised and not scene.matches_at(end):
        end = _glued(scene, end)
    return scene.words(at, end), end


def _glued(scene: Scene, at: int) -> int:
    """The token after a word with what is written to it without a space: "GOLD12", "AB-120"."""
    end = at + 1
    while end < len(scene.tokens) and scene.tokens[end].glued:
        joint = (
            scene.word(end) in ("-", "_", "/") and end + 1 < len(scene.tokens) and scene.tokens[end + 1].glued
        )
        if scene.tokens[end].kind not in ("word", "number") and not joint:
            break
        end += 1
    return end


def _inside(scene: Scene, at: int) -> bool:
    """Whether a listed value runs over `at`: the "Central" of the hotel "City Central" is no city."""
    return any(
        match.end > at and match.of("value")
        for start in range(max(0, at - 3), at)
        for match in scene.matches_at(start)
    )


def _code(scene: Scene, at: int) -> tuple[str, int] | None:
    """ "Zip code 90210": digits as they are written, with what is glued to them."""
    if not scene.tokens[at].text.isdigit():
        return None
    end = at + 1
    while (
        end < len(scene.tokens) and scene.tokens[end].glued and scene.tokens[end].kind in ("word", "number")
    ):
        end += 1
    return scene.words(at, end), end


def _address(scene: Scene, at: int, field: Field) -> tuple[str, int] | None:
    """An e-mail address or a phone number: everything up to the next space."""
    end = at + 1
    while end < len(scene.tokens) and scene.tokens[end].glued:
        end += 1
    said = scene.words(at, end)
    fits = "@" in said[1:-1] if field.format == "email" else said.startswith("+") and said[1:].isdigit()
    return (said, end) if fits else None
