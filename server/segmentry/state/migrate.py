"""Bring a database to the schema this code knows: numbered files, each applied once.

`migrations/NNNN_name.sql` runs in one transaction together with its row in `schema_migration`. An applied
file never changes afterwards (its checksum is compared), so two servers of one version agree.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources

from segmentry.errors import Unavailable
from segmentry.postgresql.driver import Connection

# Any number that no other program on the same server takes; "sgmt" in ASCII.
ADVISORY_LOCK = 0x73676D74
_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class SchemaMismatch(Unavailable):
    """The database was written by another version of segmentry; waiting does not help."""


def migrations() -> tuple[Migration, ...]:
    """All migrations of this code, numbered 1, 2, 3 ... without a gap."""
    found: list[Migration] = []
    for entry in resources.files("segmentry.state").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(entry.name)
        if match is not None:
            found.append(Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    numbers = [each.version for each in found]
    assert numbers == list(range(1, len(found) + 1)), "migrations must be numbered 1, 2, 3"
    return tuple(found)


async def migrate(connection: Connection, known: tuple[Migration, ...]) -> int:
    """Apply what is missing, in order; return how many were applied. Safe from several servers at once.

    Raises: SchemaMismatch if the database is newer than this code, or an applied file differs.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration ("
            "version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.fetch("SELECT version, name, checksum FROM schema_migration ORDER BY version")
        applied = {row["version"]: (row["name"], row["checksum"]) for row in rows}
        newest = max((version for version in applied if isinstance(version, int)), default=0)
        if newest > len(known):
            raise SchemaMismatch(
                f"the database has schema version {newest}, this segmentry knows {len(known)}; "
                "start the newer segmentry, or give another database",
                databaseVersion=newest,
                knownVersion=len(known),
            )
        for migration in known[:newest]:
            name, checksum = applied[migration.version]
            if checksum != migration.checksum:
                raise SchemaMismatch(
                    f"migration {migration.version:04d} of the database ({name}) is not the one of this "
                    "segmentry; it was written by a version that was never released",
                    databaseVersion=newest,
                    knownVersion=len(known),
                )
        for migration in known[newest:]:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
                migration.version,
                migration.name,
                migration.checksum,
            )
        return len(known) - newest
