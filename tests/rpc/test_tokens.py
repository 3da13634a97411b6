"""A token is taken only as it was given out, letter by letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from segmentry.errors import InvalidPageToken, InvalidResumeToken
from segmentry.rpc.tokens import Tokens
from segmentry.runs.tokens import Position, ResumeTokens

KEY = b"0123456789abcdef0123456789abcdef"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def other_spellings(token: str) -> Iterator[str]:
    """Texts that a lenient decoder reads as the same bytes."""
    yield from (token + "=", token + "==", token + "====", token + "\n", f" {token}")
    yield token.replace("-", "+").replace("_", "/") + "="
    last = ALPHABET.index(token[-1])
    if len(token) % 4:
        # The last letter has bits that belong to no byte.
        yield token[:-1] + ALPHABET[last ^ 1]


def issued(make: Callable[[int], str]) -> list[str]:
    """Tokens of each length modulo 4 that whole bytes have."""
    tokens = {len(token) % 4: token for token in map(make, (1, 10, 100))}
    assert set(tokens) == {0, 2, 3}
    return list(tokens.values())


def test_a_page_token_in_another_spelling_is_refused() -> None:
    tokens = Tokens(KEY)
    for token in issued(lambda at: tokens.seal("page", "t", {"at": at})):
        assert tokens.open("page", "t", token)["at"] in {1, 10, 100}
        for other in other_spellings(token):
            with pytest.raises(InvalidPageToken):
                tokens.open("page", "t", other)


def test_a_resume_token_in_another_spelling_is_refused() -> None:
    tokens = ResumeTokens(KEY)
    for token in issued(lambda at: tokens.issue("t", "run_x", at)):
        assert tokens.read("t", token) in {Position("run_x", each) for each in (1, 10, 100)}
        for other in other_spellings(token):
            with pytest.raises(InvalidResumeToken):
                tokens.read("t", other)
