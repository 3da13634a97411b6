"""The models of a tenant's last runs in PostgreSQL, and their way to a worker and back: as files."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segmentry.analysis import codec
from segmentry.analysis.events import SegmentCard
from segmentry.analysis.identity import Customers, Model, Past, Remembered
from segmentry.errors import JsonValue
from segmentry.runs.run import object_of
from segmentry.runs.tokens import signing_key
from segmentry.state.database import Database

KEPT_RUNS = 10
MODEL, CUSTOMERS = "model.json", "customers"


@dataclass(frozen=True, slots=True)
class Stored:
    """One row as it lies in the database."""

    run_id: str
    model: JsonValue
    customers: bytes | None


@dataclass(frozen=True, slots=True)
class Left:
    """What a run leaves for later ones: its model as JSON text, and its customers."""

    model: str
    customers: bytes | None

    def called(self, cards: Sequence[SegmentCard]) -> Left:
        """The same with the segments called as the cards are."""
        names = {each.card_id: each for each in cards}
        model = codec.decode_value(Model, object_of(json.loads(self.model)))
        segments = tuple(
            replace(each, name=names[each.card_id].name, from_model=names[each.card_id].name_from_model)
            if each.card_id in names
            else each
            for each in model.segments
        )
        return replace(self, model=_text(replace(model, segments=segments)))


class SegmentMemory:
    """What runs leave for the next ones of the same tenant and table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recall(self, tenant: str, schema_id: str, before: str = "") -> tuple[Stored, ...]:
        """The last run of each ground, the newest first; never another tenant's, nor the run `before` which
        they are: it may have stored its own and been lost then.

        Raises: what the store raises.
        """
        rows = await self._database.fetch(
            "SELECT run_id, model, customers FROM (SELECT DISTINCT ON (model->>'ground') * "
            "FROM segment_model WHERE tenant = $1 AND scope = $2 AND run_id <> $3 "
            "ORDER BY model->>'ground', created_at DESC) AS last ORDER BY created_at DESC",
            tenant,
            schema_id,
            before,
        )
        return tuple(
            Stored(row.text("run_id"), row.decoded("model"), row.optional_blob("customers")) for row in rows
        )

    async def keep(self, tenant: str, schema_id: str, run_id: str, left: Left) -> None:
        """Store what a run left, and forget all but the last 10 runs.

        Raises: what the store raises.
        """
        await self._database.execute(
            "INSERT INTO segment_model (run_id, tenant, scope, model, customers) VALUES ($1, $2, $3, $4, $5) "
            "ON CONFLICT (run_id) DO UPDATE SET model = excluded.model, customers = excluded.customers",
            run_id,
            tenant,
            schema_id,
            left.model,
            left.customers,
        )
        await self._database.execute(
            "DELETE FROM segment_model WHERE tenant = $1 AND scope = $2 AND run_id NOT IN (SELECT run_id "
            "FROM segment_model WHERE tenant = $1 AND scope = $2 ORDER BY created_at DESC, run_id LIMIT $3)",
            tenant,
            schema_id,
            KEPT_RUNS,
        )

    async def secret(self, tenant: str) -> bytes:
        """The key of a tenant's hashes: nobody can compare customers of two tenants, or guess a key."""
        installed = await signing_key(self._database, "customers")
        return hmac.digest(installed, tenant.encode(), hashlib.sha256)


def hand_over(place: Path, stored: Sequence[Stored], secret: bytes) -> None:
    """Write what a worker may know of earlier runs into its folder."""
    for number, each in enumerate(stored):
        if each.customers is not None:
            (place / f"{CUSTOMERS}-{number}").write_bytes(each.customers)
    runs: JsonValue = [{"run_id": each.run_id, "model": each.model} for each in stored]
    (place / "past.json").write_text(json.dumps({"runs": runs, "secret": secret.hex()}))


def left_in(place: Path) -> Left | None:
    """What a worker left in its folder; None where it left nothing."""
    model, customers = place / MODEL, place / CUSTOMERS
    if not model.exists():
        return None
    return Left(model.read_text(), customers.read_bytes() if customers.exists() else None)


def past_of(place: Path) -> Past:
    """What `hand_over` wrote; nothing where it wrote nothing. A model of another version is skipped."""
    path = place / "past.json"
    if not path.exists():
        return Past()
    body = object_of(json.loads(path.read_text()))
    runs = body["runs"]
    assert isinstance(runs, list)
    found: list[Remembered] = []
    for number, each in enumerate(runs):
        row = object_of(each)
        held = place / f"{CUSTOMERS}-{number}"
        try:
            model = codec.decode_value(Model, object_of(row["model"]))
        except ValueError:
            continue
        customers = Customers.from_bytes(held.read_bytes()) if held.exists() else None
        found.append(Remembered(str(row["run_id"]), model, customers))
    return Past(tuple(found), bytes.fromhex(str(body["secret"])))


def leave(place: Path, past: Past) -> None:
    """Write what a run leaves for later ones."""
    if past.learnt is None:
        return
    if past.customers is not None:
        (place / CUSTOMERS).write_bytes(past.customers.to_bytes())
    (place / MODEL).write_text(_text(past.learnt))


def _text(model: Model) -> str:
    return json.dumps(codec.encode_value(model), allow_nan=False)
