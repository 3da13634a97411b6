"""What one attempt at a run takes over from an earlier one, and what it leaves for a later one.

A sweep has two stages that take long: starts on a sample, and polish on all rows. After each of them the
centroids are kept; another worker, or another server, goes on from there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segmentry.analysis.table import Floats, Matrix
from segmentry.errors import JsonValue

Stage = Literal["sample", "polish"]

SAMPLE_ROWS = 20_000
# The likely cause of a death is memory: the next attempt takes half of it for the sample.
SAMPLE_ROWS_AFTER_DEATH = SAMPLE_ROWS // 2
KEYED_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The centroids after a stage: of each k one array (k, columns), or several that are still rivals.

    `key` names the matrix and the question, so that nothing goes on from centroids of another one.
    """

    stage: Stage
    key: str
    centroids: tuple[tuple[Floats, ...], ...]

    def to_json(self) -> dict[str, JsonValue]:
        """Numbers as little-endian float64 in base64: exact, and a third of their size as text."""
        of_ks: list[JsonValue] = [[_packed(each) for each in of_k] for of_k in self.centroids]
        return {"stage": self.stage, "key": self.key, "centroids": of_ks}

    @classmethod
    def of_json(cls, body: JsonValue) -> Checkpoint | None:
        """The checkpoint of an encoded one; None for what this version cannot read."""
        match body:
            case {"stage": "sample" | "polish" as stage, "key": str(key), "centroids": list(of_ks)}:
                pass
            case _:
                return None
        found: list[tuple[Floats, ...]] = []
        for of_k in of_ks:
            arrays = [_unpacked(each) for each in of_k] if isinstance(of_k, list) else []
            whole = tuple(each for each in arrays if each is not None)
            if not whole or len(whole) < len(arrays):
                return None
            found.append(whole)
        return cls(stage, key, tuple(found))


@dataclass(frozen=True, eq=False)
class Attempt:
    """`kept` is what an earlier attempt finished; `keep` is given what this one finished."""

    kept: Checkpoint | None = None
    keep: Callable[[Checkpoint], None] = lambda _checkpoint: None
    sample_rows: int = SAMPLE_ROWS

    def after(self, stage: Stage, key: str) -> tuple[tuple[Floats, ...], ...] | None:
        """The centroids that were kept after that stage of this very question, else None."""
        kept = self.kept
        return kept.centroids if kept is not None and (kept.stage, kept.key) == (stage, key) else None


FIRST = Attempt()


def key_of(X: Matrix, ks: Sequence[int], seed: int, kernel: str) -> str:
    """What a sweep is about, from its question and a thousand of its rows."""
    digest = hashlib.sha256(repr((X.shape, list(ks), seed, kernel)).encode())
    digest.update(np.ascontiguousarray(X[:: max(1, len(X) // KEYED_ROWS)], dtype="<f8").tobytes())
    return digest.hexdigest()


def _packed(centroids: Floats) -> JsonValue:
    raw = np.ascontiguousarray(centroids, dtype="<f8").tobytes()
    return {"columns": centroids.shape[1], "values": base64.b64encode(raw).decode()}


def _unpacked(body: JsonValue) -> Floats | None:
    match body:
        case {"columns": int(columns), "values": str(values)} if columns > 0:
            pass
        case _:
            return None
    try:
        flat = np.frombuffer(base64.b64decode(values, validate=True), dtype="<f8")
    except (binascii.Error, ValueError):
        return None
    whole = flat.size > 0 and flat.size % columns == 0 and bool(np.isfinite(flat).all())
    return flat.reshape(-1, columns).astype(np.float64) if whole else None
