"""The engines that every case of this folder runs through. A new engine is one row here."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.matchline import Engine, reference
from segmentry.customers import rows

ENGINES: Mapping[str, Engine] = {"reference": reference, "snapshot": rows.select}
