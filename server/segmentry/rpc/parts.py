"""Parts of a server that are made from its settings."""

from __future__ import annotations

import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from segmentry.agents.counters import Counters
from segmentry.analysis.defaults import Defaults
from segmentry.analysis.parameters import ALGORITHMS, Parameters
from segmentry.analysis.service import PRELOAD, AnalysisService
from segmentry.canaries.service import Canaries
from segmentry.config import Settings
from segmentry.customers.stores import Stores
from segmentry.errors import FailedPrecondition, StorageFull
from segmentry.insights.expert_counts import ExpertCounts
from segmentry.insights.model_versions import ModelVersions
from segmentry.rpc.groups import Group
from segmentry.rpc.interceptors.admission import Limit
from segmentry.rpc.interceptors.deadline import Allowance
from segmentry.rpc.outcomes import Learning
from segmentry.rpc.panels import NOBODY, Panels
from segmentry.rpc.relay import StreamLimits, Streams
from segmentry.rpc.tokens import Tokens
from segmentry.runs.queue import RunQueue
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """What servicers are made of."""

    settings: Settings
    store: Stores
    database: Database
    streams: Streams
    tokens: Tokens
    analyses: AnalysisService
    counters: Counters
    counts: ExpertCounts
    learning: Learning
    versions: ModelVersions
    canaries: Canaries
    panels: Panels


def analysis_defaults(settings: Settings) -> Defaults:
    """What the server's settings say for runs whose tenant says nothing; what they leave alone is None."""
    product, said = Parameters(), settings
    chosen = {
        "min_clusters": said.analysis_min_clusters,
        "max_clusters": said.analysis_max_clusters,
        "algorithm": said.analysis_algorithm,
        "preferred_tier": said.analysis_tier.upper(),
        "confirm_rows": said.analysis_confirm_rows,
    }
    return Defaults.of_json(
        {name: value for name, value in chosen.items() if value != getattr(product, name)}
    )


def algorithms(settings: Settings) -> tuple[str, ...]:
    """The ways to group customers that the operator allows."""
    return tuple(each for each in ALGORITHMS if each != "dbscan" or settings.analysis_dbscan)


def database(settings: Settings) -> Database:
    if settings.database_dsn is not None:
        return Database(settings.database_dsn.reveal(), pool_size=settings.database_pool)
    return Database(directory=settings.data_dir / "postgres", pool_size=settings.database_pool)


def analyses(settings: Settings, store: Stores, state: Database, panels: Panels = NOBODY) -> AnalysisService:
    """The analyses of this server; nothing starts before the first one. They ask the `panels`' models."""
    key = settings.token_key.reveal().encode() if settings.token_key is not None else None
    slots = settings.max_runs or os.cpu_count() or 1
    supervisor = Supervisor(
        preload=PRELOAD,
        spares=slots if settings.spare_workers < 0 else settings.spare_workers,
        memory_bytes=settings.worker_memory_mb * 1024**2,
        deadline_s=settings.run_deadline_s,
    )
    return AnalysisService(
        state,
        store,
        supervisor,
        folder=settings.data_dir / "work",
        queue=RunQueue(slots, settings.max_runs_per_tenant, settings.max_queued_runs),
        token_key=key,
        advisors=panels.advisors(),
    )


class UnusableFolder(FailedPrecondition):
    """The data folder is none, or not ours to use."""

    reason = "INVALID_STATE"


def tokens(settings: Settings) -> Tokens:
    """What signs the tokens of pages: with the settings' key, else with one that the data folder keeps.

    Raises: UnusableFolder; StorageFull.
    """
    if settings.token_key is not None:
        return Tokens(settings.token_key.reveal().encode())
    path = settings.data_dir / "token.key"
    try:
        return Tokens(_kept_key(path))
    except OSError as err:
        if err.errno == errno.ENOSPC:
            raise StorageFull(f"no space left for the key that signs tokens in {settings.data_dir}") from err
        fault = "this is a file" if isinstance(err, FileExistsError) else err.strerror
        why = f"{fault}: {err.filename or path}"
    except ValueError:
        why = f"{path} holds no key; remove it and a new one is made"
    raise UnusableFolder(
        f"the data folder {settings.data_dir} cannot be used ({why}); "
        "set SEGMENTRY_DATA_DIR to a folder that this user can write to",
        path=str(settings.data_dir),
    )


def _kept_key(path: Path) -> bytes:
    """The key in that file, which is made if there is none. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Exclusive, so that of two servers on one folder one makes the key and the other reads it.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()


def limits(settings: Settings) -> dict[Group, Limit]:
    return {
        "read": Limit(settings.max_reads),
        "build": Limit(settings.max_builds, waiting=settings.max_builds, wait_s=2.0),
        "write": Limit(settings.max_writes),
        "stream": Limit(settings.max_streams),
    }


def allowances(settings: Settings) -> dict[Group, Allowance]:
    return {
        "read": Allowance(settings.deadline_read_s, 30),
        "build": Allowance(settings.deadline_build_s, 60),
        "write": Allowance(settings.deadline_write_s, 30),
    }


def stream_limits(settings: Settings) -> StreamLimits:
    return StreamLimits(
        heartbeat_s=settings.heartbeat_s,
        stall_s=settings.slow_consumer_s,
        length_s=settings.stream_length_s,
    )
