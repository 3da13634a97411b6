"""Trials of prompts: which variant a request gets, the same one whenever it is asked again."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from segmentry.agents.prompt import DEFAULT, variants
from segmentry.agents.registry import ROWS
from segmentry.errors import InvalidParameters

_ARMS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Experiment:
    """A trial of one expert's prompt. `versions` are shares (0-1) by variant; the rest stays `default`."""

    id: str
    expert: str
    versions: Mapping[str, float]

    def __post_init__(self) -> None:
        """Raises: InvalidParameters for an expert or a variant that does not exist, or too large shares."""
        row = ROWS.get(self.expert)
        if row is None:
            raise InvalidParameters(
                f"experiment {self.id!r}: there is no expert {self.expert!r}; there are {', '.join(ROWS)}"
            )
        known = variants(row.prompt)
        for variant, share in self.versions.items():
            if variant not in known:
                raise InvalidParameters(
                    f"experiment {self.id!r}: {row.prompt} has no variant {variant!r}; "
                    f"it has {', '.join(known)}"
                )
            if not 0 <= share <= 1:
                raise InvalidParameters(f"experiment {self.id!r}: a share is 0 to 1, got {share:g}")
        if sum(self.versions.values()) > 1 + 1e-9:
            raise InvalidParameters(f"experiment {self.id!r}: the shares add up to more than 1")


def arm(experiment: str, tenant: str, query: str) -> int:
    """A number from 0 to 9,999 that is the same for the same experiment, tenant and words.

    >>> arm("a", "t", "Gold  members") == arm("a", "t", "gold members")
    True
    """
    said = " ".join(unicodedata.normalize("NFKC", query).casefold().split())
    # Lengths in front, so that no two different triples have the same bytes.
    parts = [each.encode("utf-8", "surrogatepass") for each in (experiment, tenant, said)]
    joined = b"".join(len(each).to_bytes(4, "big") + each for each in parts)
    return int.from_bytes(hashlib.sha256(joined).digest()[:8], "big") % _ARMS


def variant_of(experiment: Experiment, tenant: str, query: str) -> str:
    """The variant that a request gets."""
    at, end = arm(experiment.id, tenant, query), 0.0
    for variant, share in experiment.versions.items():
        end += share * _ARMS
        if at < round(end):
            return variant
    return DEFAULT


def chosen(experiments: Iterable[Experiment], tenant: str, query: str) -> tuple[dict[str, str], str]:
    """The variants by expert for `registry.experts`, and their label: `wording=v2`, empty without a trial.

    Of two trials of one expert the first counts.
    """
    found: dict[str, str] = {}
    labels: list[str] = []
    for each in experiments:
        if each.expert in found:
            continue
        found[each.expert] = variant_of(each, tenant, query)
        labels.append(f"{each.id}={found[each.expert]}")
    return found, ",".join(labels)
