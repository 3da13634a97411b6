"""Names that a misspelt name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def nearest(name: str, candidates: Sequence[str], limit: int = 5) -> list[str]:
    """Up to `limit` candidates that resemble `name`, best first, whatever their case."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name[:200].casefold(), list(by_folded), n=limit, cutoff=0.6)
    return [by_folded[folded] for folded in close]
