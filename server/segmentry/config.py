"""Settings: environment and TOML, read once, all problems reported together.

One dataclass field is one setting: its default, its environment variable, its TOML key, its range and its
line in `docs/operations.md` stand together below. The environment wins over the file.
"""

# ruff: noqa: RUF009  # `setting` makes a dataclass field, as `dataclasses.field` does

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from segmentry import config_reading
from segmentry.config_ai import (
    MOST_REQUESTS,
    MOST_TOKENS,
    MOST_USD,
    TenantList,
    TenantSettings,
    TrialList,
    TrialSettings,
    unpriced,
    with_keys,
)
from segmentry.config_kinds import (
    Choice,
    Day,
    File,
    Flag,
    Integer,
    Number,
    Problem,
    Secret,
    SecretText,
    Text,
    Url,
)
from segmentry.config_learning import LearningSettings
from segmentry.config_reading import ConfigError, Setting, setting
from segmentry.config_sources import TableList, TableSettings, with_dsns

__all__ = [
    "ConfigError",
    "Secret",
    "Setting",
    "Settings",
    "TableSettings",
    "TenantSettings",
    "TrialSettings",
    "load",
    "settings_table",
]

CONFIG_VARIABLE = "SEGMENTRY_CONFIG"
# Variables of the terminal and of the tests: ours, but no settings of a server.
OTHER_VARIABLES = (
    CONFIG_VARIABLE,
    "SEGMENTRY_TENANT",
    "SEGMENTRY_SCHEMA",
    "SEGMENTRY_NOW",
    "SEGMENTRY_TEST_DSN",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(LearningSettings):
    """Everything that can be set. Durations are in seconds; secrets never show in `repr`."""

    address: str = setting(
        "127.0.0.1:50051",
        "SEGMENTRY_ADDRESS",
        "address",
        Text(),
        "Where the server listens: `host:port` (port 0 takes a free one) or `unix:PATH`. Loopback only, "
        "because authentication and TLS are not built yet.",
    )
    auth: str = setting(
        "none",
        "SEGMENTRY_AUTH",
        "auth",
        Choice(("none",)),
        "Who may call. `none`: anyone who reaches the loopback address; the request names the tenant.",
    )
    reflection: bool = setting(
        True,
        "SEGMENTRY_REFLECTION",
        "reflection",
        Flag(),
        "Whether the server tells its contract to grpcurl and `buf curl`.",
    )
    log_level: str = setting(
        "info",
        "SEGMENTRY_LOG_LEVEL",
        "log_level",
        Choice(("debug", "info", "warning", "error")),
        "What is written to stderr. `info` writes one JSON line per RPC, without any customer's value.",
    )
    data_dir: Path = setting(
        Path(".segmentry"),
        "SEGMENTRY_DATA_DIR",
        "data_dir",
        File(),
        "Folder of the embedded database and of the key that signs tokens when none is given.",
    )
    database_dsn: Secret | None = setting(
        None,
        "SEGMENTRY_DATABASE_DSN",
        "database_dsn",
        SecretText(),
        "PostgreSQL that keeps runs and their logs. Without it the embedded one is started.",
    )
    database_pool: int = setting(
        10,
        "SEGMENTRY_DATABASE_POOL",
        "database_pool",
        Integer(1, 200),
        "Most connections to PostgreSQL for calls and runs; one more keeps leases.",
    )
    token_key: Secret | None = setting(
        None,
        "SEGMENTRY_TOKEN_KEY",
        "token_key",
        SecretText(minimum=16),
        "Key that signs resume and page tokens, at least 16 characters; the same on all servers that share "
        "a database. Without it keys are made once, in the database and in the data folder.",
    )
    demo: bool = setting(
        False,
        "SEGMENTRY_DEMO",
        "demo",
        Flag(),
        "Whether to load the golf club, for the tenants `demo` and `tenant_123`.",
    )
    demo_members: int = setting(
        100_000, "SEGMENTRY_DEMO_MEMBERS", "demo_members", Integer(1, 10_000_000), "How many members it has."
    )
    demo_date: date | None = setting(
        None, "SEGMENTRY_DEMO_DATE", "demo_date", Day(), "Day on which the club is shown; without it today."
    )
    tables: tuple[TableSettings, ...] = setting(
        (),
        "SEGMENTRY_TABLES",
        "table",
        TableList(),
        "Customer tables. In TOML one `[[table]]` each, with `path` or `dsn`; see Tables. In the environment "
        "`schema=path`, separated by commas; that replaces the file's list.",
    )
    max_analysis_rows: int = setting(
        2_000_000,
        "SEGMENTRY_MAX_ANALYSIS_ROWS",
        "max_analysis_rows",
        Integer(1, 100_000_000),
        "Most rows that an analysis copies into memory from a table that a database serves; of a larger one "
        "it is refused with DATASET_TOO_LARGE.",
    )
    deadline_read_s: float = setting(
        5.0,
        "SEGMENTRY_DEADLINE_READ_S",
        "deadline_read_s",
        Number(0.05, 30),
        "Deadline of lists, reads and counts when the caller sets none. Never longer than 30 s.",
    )
    deadline_build_s: float = setting(
        15.0,
        "SEGMENTRY_DEADLINE_BUILD_S",
        "deadline_build_s",
        Number(0.05, 60),
        "Deadline of Build and Refine and their streams when the caller sets none. Never longer than 60 s.",
    )
    deadline_write_s: float = setting(
        10.0,
        "SEGMENTRY_DEADLINE_WRITE_S",
        "deadline_write_s",
        Number(0.05, 30),
        "Deadline of all that changes something when the caller sets none. Never longer than 30 s.",
    )
    stream_length_s: float = setting(
        3600.0,
        "SEGMENTRY_STREAM_LENGTH_S",
        "stream_length_s",
        Number(1, 3600),
        "After this long a watched run's stream ends with a notice, and the caller resumes.",
    )
    heartbeat_s: float = setting(
        15.0,
        "SEGMENTRY_HEARTBEAT_S",
        "heartbeat_s",
        Number(0.05, 300),
        "A stream that is silent for so long says that it is alive.",
    )
    slow_consumer_s: float = setting(
        30.0,
        "SEGMENTRY_SLOW_CONSUMER_S",
        "slow_consumer_s",
        Number(0.05, 600),
        "A stream whose reader takes nothing for so long is ended with SLOW_CONSUMER.",
    )
    drain_s: float = setting(
        15.0,
        "SEGMENTRY_DRAIN_S",
        "drain_s",
        Number(0, 300),
        "After SIGTERM, running calls may take so long to finish.",
    )
    drain_notice_s: float = setting(
        0.0,
        "SEGMENTRY_DRAIN_NOTICE_S",
        "drain_notice_s",
        Number(0, 60),
        "After SIGTERM, still serve for so long while health says NOT_SERVING. Set 2 behind a load balancer.",
    )
    max_reads: int = setting(
        128,
        "SEGMENTRY_MAX_READS",
        "max_reads",
        Integer(1, 100_000),
        "Lists, reads and counts served at once; more are refused with OVERLOADED.",
    )
    max_builds: int = setting(
        32,
        "SEGMENTRY_MAX_BUILDS",
        "max_builds",
        Integer(1, 100_000),
        "Builds and refinements served at once; as many again wait up to 2 s.",
    )
    max_writes: int = setting(
        64,
        "SEGMENTRY_MAX_WRITES",
        "max_writes",
        Integer(1, 100_000),
        "Calls that change something, served at once.",
    )
    small_count: int = setting(
        0,
        "SEGMENTRY_SMALL_COUNT",
        "small_count",
        Integer(0, 1000),
        "Counts below this are kept back, others rounded to it. 0 and 1: every count is shown exactly.",
    )
    max_streams: int = setting(
        2000,
        "SEGMENTRY_MAX_STREAMS",
        "max_streams",
        Integer(1, 100_000),
        "Watched runs and discoveries open at once.",
    )
    ai_openai_key: Secret | None = setting(
        None,
        "AI_OPENAI_KEY",
        "ai.openai_key",
        SecretText(header=True),
        "The vendor's key. Without it and without `AI_BASE_URL` no language model is asked.",
    )
    ai_model: str = setting(
        "gpt-4o-mini",
        "AI_MODEL",
        "ai.model",
        Text(),
        "Name of the language model. Of a name that is not known only what every compatible service takes is "
        "used, and its cost is unknown.",
    )
    ai_max_tokens: int = setting(
        2048,
        "AI_MAX_TOKENS",
        "ai.max_tokens",
        Integer(1, 128_000),
        "Most tokens of one reply; most questions set a lower bound of their own.",
    )
    ai_temp: float = setting(
        0.2,
        "AI_TEMP",
        "ai.temp",
        Number(0, 1),
        "Temperature of the model. Models that reason take none and are not sent one.",
    )
    ai_base_url: str = setting(
        "",
        "AI_BASE_URL",
        "ai.base_url",
        Url(),
        "Address of an OpenAI-compatible service, as `http://127.0.0.1:11434/v1`; it may want no key. Empty "
        "means the vendor's own. Never taken from a request. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are kept.",
    )

    ai_strategy: str = setting(
        "experts",
        "SEGMENTRY_STRATEGY",
        "ai.strategy",
        Choice(("offline", "experts", "one_shot")),
        "How a configured model is used: never, by small experts in parallel about what is left open, or by "
        "one question about all fields, for comparison.",
    )
    ai_shadow_share: float = setting(
        0.02,
        "SEGMENTRY_SHADOW_SHARE",
        "ai.shadow_share",
        Number(0, 1),
        "Share of the requests answered without a model that are sent to it all the same, after the answer, "
        "to see whether it reads them alike. 0: none.",
    )
    ai_shadow_calls: int = setting(
        500,
        "SEGMENTRY_SHADOW_CALLS",
        "ai.shadow_calls",
        Integer(0, 1_000_000),
        "Most calls of a model a day (UTC) that this server makes for that comparison.",
    )
    ai_requests_per_minute: int = setting(
        0,
        "SEGMENTRY_AI_REQUESTS_PER_MINUTE",
        "ai.requests_per_minute",
        Integer(0, MOST_REQUESTS),
        "Most requests of a tenant a minute that a language model is asked about. 0: no bound. See Budgets.",
    )
    ai_tokens_per_day: int = setting(
        0,
        "SEGMENTRY_AI_TOKENS_PER_DAY",
        "ai.tokens_per_day",
        Integer(0, MOST_TOKENS),
        "Most tokens of one tenant a day (UTC), of prompts and answers together. 0: no bound.",
    )
    ai_cost_per_day_usd: float = setting(
        0.0,
        "SEGMENTRY_AI_COST_PER_DAY_USD",
        "ai.cost_per_day_usd",
        Number(0, MOST_USD),
        "Most US dollars of one tenant a day (UTC), of a model whose price is known. 0: no bound.",
    )
    ai_tenants: tuple[TenantSettings, ...] = setting(
        (),
        "SEGMENTRY_AI_TENANTS",
        "ai.tenant",
        TenantList(),
        "Tenants with a strategy or a budget of their own; see Strategies and trials. In the environment "
        "`tenant=strategy`, separated by commas; that replaces the file's list.",
    )
    ai_trials: tuple[TrialSettings, ...] = setting(
        (),
        "SEGMENTRY_AI_TRIALS",
        "ai.trial",
        TrialList(),
        "Trials of a strategy or of prompts. In the environment `id:one_shot=0.1` or `id:logic.v2=0.2`, "
        "separated by commas; that replaces the file's list.",
    )


def settings_table() -> dict[str, Setting]:
    """Every setting by its attribute name, in the order of the documentation."""
    inherited = {field.name for field in dataclasses.fields(LearningSettings)}
    fields = sorted(dataclasses.fields(Settings), key=lambda field: field.name in inherited)
    return {field.name: field.metadata["setting"] for field in fields}


def _named_variables(values: Mapping[str, Any]) -> list[str]:
    """The environment variables that a file takes DSNs of tables and keys of tenants from."""
    tables: tuple[TableSettings, ...] = values.get("tables", ())
    tenants: tuple[TenantSettings, ...] = values.get("ai_tenants", ())
    return list(filter(None, (*(each.dsn_env for each in tables), *(each.key_env for each in tenants))))


def load(environ: Mapping[str, str], config: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings: overrides (the command line) win over the environment, that over the file.

    `config` is the TOML file; without it `SEGMENTRY_CONFIG` names one, else there is none. A secret can come
    from a file named by its variable with `_FILE` added. An override of None means not given.

    Raises: ConfigError with every problem found, naming variable or key, value (never a secret) and range.
    """
    problems: list[str] = []
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    table = settings_table()
    values = config_reading.from_file(path, table, problems) if path else {}
    values |= config_reading.from_environment(
        environ, table, (*OTHER_VARIABLES, *_named_variables(values)), problems
    )
    values |= config_reading.checked(overrides, table, problems)
    for name, shown, named in (("tables", "table ", with_dsns), ("ai_tenants", "ai.tenant: ", with_keys)):
        try:
            values |= {name: named(values[name], environ)} if name in values else {}
        except Problem as problem:
            problems.extend(f"{shown}{line}" for line in problem.lines)
    settings = Settings(**values)
    problems.extend(
        unpriced(
            settings.ai_model,
            settings.ai_cost_per_day_usd,
            settings.ai_tenants,
            asked=settings.ai_openai_key is not None or bool(settings.ai_base_url),
        )
    )
    if settings.analysis_algorithm == "dbscan" and not settings.analysis_dbscan:
        problems.append("SEGMENTRY_ANALYSIS_ALGORITHM = 'dbscan': SEGMENTRY_ANALYSIS_DBSCAN switches it off")
    if problems:
        raise ConfigError(problems)
    return settings
