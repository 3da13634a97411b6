"""Small pieces of what the commands print."""

from __future__ import annotations

import pytest
from segmentry.cli.views.lines import many


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "0 customers"), (1, "1 customer"), (2, "2 customers"), (2000, "2,000 customers")]
)
def test_an_amount_of_one_has_its_noun_in_the_singular(amount: int, said: str) -> None:
    assert many(amount, "customer") == said
