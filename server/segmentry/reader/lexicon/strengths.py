"""How directly a phrase names its field: by the catalog, from the name, by general English, by one word."""

from __future__ import annotations

from typing import Final

EXACT: Final = 4
DERIVED: Final = 3
GENERAL: Final = 2
PART: Final = 1
