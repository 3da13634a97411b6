"""Parts of a server that are made from its settings."""

from __future__ import annotations

import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from segmentry.agents.asking import Asker
from segmentry.agents.counters import Counters
from segmentry.agents.experiments import Experiment
from segmentry.analysis.advisor import Advisor
from segmentry.analysis.defaults import Defaults
from segmentry.analysis.parameters import ALGORITHMS, Parameters
from segmentry.analysis.service import PRELOAD, AnalysisService
from segmentry.builder.panel import Panel, Split, Strategy
from segmentry.canaries.service import Canaries
from segmentry.config import Settings, TenantSettings
from segmentry.customers.stores import Stores
from segmentry.errors import FailedPrecondition, StorageFull
from segmentry.insights.expert_counts import ExpertCounts
from segmentry.insights.model_versions import Heard, ModelVersions
from segmentry.llm.budget import Budget, Ledger, Limits
from segmentry.llm.guarded import GuardedModel, VendorState
from segmentry.rpc.groups import Group
from segmentry.rpc.interceptors.admission import Limit
from segmentry.rpc.interceptors.deadline import Allowance
from segmentry.rpc.outcomes import Learning
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
    panel: Panel | None = None

    def vendor(self) -> VendorState | None:
        """Which model is asked, and whether now; None without one."""
        model = None if self.panel is None else self.panel.asker.model
        return model.vendor if isinstance(model, GuardedModel) else None


def panel(settings: Settings, counters: Counters | None = None, ledger: Ledger | None = None) -> Panel | None:
    """The experts of this server; None where neither a key nor an address of a model is configured.

    `ledger` keeps what tenants spend; without it nothing bounds them.
    """
    if settings.ai_openai_key is None and not settings.ai_base_url:
        return None
    # The vendor's package takes most of a second to load, which a server without a model need not wait for.
    from segmentry.llm.openai import OpenAIModel  # noqa: PLC0415

    key = None if settings.ai_openai_key is None else settings.ai_openai_key.reveal()
    model = OpenAIModel(
        model=settings.ai_model, key=key, base_url=settings.ai_base_url, temperature=settings.ai_temp
    )
    return Panel(
        Asker(GuardedModel(model), counters),
        max_tokens=settings.ai_max_tokens,
        strategy=cast("Strategy", settings.ai_strategy),
        tenants={
            each.tenant: cast("Strategy", each.strategy)
            for each in settings.ai_tenants
            if each.strategy is not None
        },
        split=next(
            (
                Split(each.id, cast("Strategy", each.strategy), each.share)
                for each in settings.ai_trials
                if each.strategy
            ),
            None,
        ),
        experiments=tuple(
            Experiment(each.id, each.expert, each.versions) for each in settings.ai_trials if each.expert
        ),
        budget=None if ledger is None else budget(settings, ledger),
    )


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


def heard(panel: Panel | None) -> Heard | None:
    """What the vendor said of the model that a panel asks; None without one."""
    model = None if panel is None else panel.asker.model
    return Heard(model.provider, model.model, model.versions) if isinstance(model, GuardedModel) else None


def budget(settings: Settings, ledger: Ledger) -> Budget | None:
    """What tenants may spend on the model; None where nobody is bounded, so that nothing is kept."""
    common = Limits(settings.ai_requests_per_minute, settings.ai_tokens_per_day, settings.ai_cost_per_day_usd)
    own = {each.tenant: limits_of(each, common) for each in settings.ai_tenants}
    bounded = common.bounded or any(each.bounded for each in own.values())
    return Budget(ledger, common, own) if bounded else None


def limits_of(tenant: TenantSettings, common: Limits) -> Limits:
    """The bounds of one tenant: its own, and those of all where it has none."""
    return Limits(
        common.requests_per_minute if tenant.requests_per_minute is None else tenant.requests_per_minute,
        common.tokens_per_day if tenant.tokens_per_day is None else tenant.tokens_per_day,
        common.cost_per_day_usd if tenant.cost_per_day_usd is None else tenant.cost_per_day_usd,
    )


def database(settings: Settings) -> Database:
    if settings.database_dsn is not None:
        return Database(settings.database_dsn.reveal(), pool_size=settings.database_pool)
    return Database(directory=settings.data_dir / "postgres", pool_size=settings.database_pool)


def analyses(
    settings: Settings, store: Stores, state: Database, panel: Panel | None = None
) -> AnalysisService:
    """The analyses of this server; nothing starts before the first one. They ask the model of the `panel`."""
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
        advisor=None if panel is None else Advisor(panel.asker, panel.max_tokens, panel.budget),
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
