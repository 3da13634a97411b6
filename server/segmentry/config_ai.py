"""Settings of single tenants and of trials: which way their requests go, and what they may spend."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

from segmentry.config_kinds import Problem, Secret, Url

STRATEGIES: Final = ("offline", "experts", "one_shot")
MOST_REQUESTS, MOST_TOKENS, MOST_USD = 1_000_000, 1_000_000_000_000, 1_000_000.0
_MODEL_KEYS: Final = ("model", "base_url", "key_env")
_TENANT_KEYS: Final = (
    "tenant",
    "strategy",
    "requests_per_minute",
    "tokens_per_day",
    "cost_per_day_usd",
    *_MODEL_KEYS,
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TRIAL_KEYS: Final = ("id", "strategy", "share", "expert", "versions")


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """What differs for one tenant; None is as for all others, and a bound of 0 is none.

    `key` is what the variable `key_env` holds. With a `base_url` and without a key none is sent there.
    """

    tenant: str
    strategy: str | None = None
    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    cost_per_day_usd: float | None = None
    model: str | None = None
    base_url: str | None = None
    key_env: str | None = None
    key: Secret | None = None

    @property
    def own_model(self) -> bool:
        """Whether the tenant's requests ask another model, address or account than those of all others."""
        return bool(self.model or self.base_url or self.key_env)


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """A sticky trial: a `share` (0-1) of requests goes by another `strategy`, or by `versions` of a prompt.

    The same tenant and words are always on the same side.
    """

    id: str
    strategy: str = ""
    share: float = 0.0
    expert: str = ""
    versions: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class TenantList:
    """Tenants with a way or a budget of their own."""

    @property
    def range(self) -> str:
        return "tenants"

    def from_text(self, text: str) -> object:
        found: list[TenantSettings] = []
        problems: list[str] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            tenant, equals, strategy = (part.strip() for part in entry.partition("="))
            if not tenant or not equals:
                problems.append(f"= {entry!r}: needs tenant=strategy, separated by commas")
            elif fault := _strategy(strategy):
                problems.append(f"{tenant}: {fault}")
            else:
                found.append(TenantSettings(tenant, strategy))
        if problems:
            raise Problem(*problems)
        return self.check(tuple(found))

    def from_toml(self, raw: object, folder: Path) -> object:
        del folder
        found: list[TenantSettings] = []
        problems: list[str] = []
        for number, entry in _entries(raw, "[[ai.tenant]]", problems):
            faults = _unknown(entry, _TENANT_KEYS)
            if not _text(entry.get("tenant")):
                faults.append("needs a tenant")
            if "strategy" in entry and (fault := _strategy(entry["strategy"])):
                faults.append(fault)
            faults += _number(entry, "requests_per_minute", MOST_REQUESTS, whole=True)
            faults += _number(entry, "tokens_per_day", MOST_TOKENS, whole=True)
            faults += _number(entry, "cost_per_day_usd", MOST_USD)
            faults += _model(entry)
            problems += [f"entry {number}: {fault}" for fault in faults]
            if not faults:
                found.append(TenantSettings(**cast("dict[str, str]", dict(entry))))  # pyright: ignore[reportArgumentType]  # each key was checked
        if problems:
            raise Problem(*problems)
        return self.check(tuple(found))

    def check(self, value: object) -> object:
        tenants = [each.tenant for each in cast("tuple[TenantSettings, ...]", value)]
        if twice := _twice(tenants):
            raise Problem(*(f"names tenant {name!r} twice" for name in twice))
        return value


@dataclass(frozen=True, slots=True)
class TrialList:
    """Trials of a strategy or of prompts."""

    @property
    def range(self) -> str:
        return "trials"

    def from_text(self, text: str) -> object:
        found: list[TrialSettings] = []
        problems: list[str] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            try:
                found.append(_trial_of(entry))
            except Problem as problem:
                problems.extend(problem.lines)
        if problems:
            raise Problem(*problems)
        return self.check(tuple(found))

    def from_toml(self, raw: object, folder: Path) -> object:
        del folder
        found: list[TrialSettings] = []
        problems: list[str] = []
        for number, entry in _entries(raw, "[[ai.trial]]", problems):
            faults = _trial_faults(entry)
            problems += [f"entry {number}: {fault}" for fault in faults]
            if not faults:
                found.append(TrialSettings(**cast("dict[str, str]", dict(entry))))  # pyright: ignore[reportArgumentType]  # each key was checked
        if problems:
            raise Problem(*problems)
        return self.check(tuple(found))

    def check(self, value: object) -> object:
        trials = cast("tuple[TrialSettings, ...]", value)
        problems = [f"names trial {name!r} twice" for name in _twice(each.id for each in trials)]
        by_strategy = [each.id for each in trials if each.strategy]
        if len(by_strategy) > 1:
            problems.append(f"has several trials of the strategy ({', '.join(by_strategy)}); keep one")
        experts = [each.expert for each in trials if each.expert]
        problems += [f"has several trials of expert {name!r}; keep one" for name in _twice(experts)]
        for each in trials:
            problems += [f"trial {each.id!r}: {fault}" for fault in _prompt_faults(each)]
        if problems:
            raise Problem(*problems)
        return trials


def _trial_of(entry: str) -> TrialSettings:
    """`id:one_shot=0.1`, or `id:specialist.v2=0.2` for a version of a prompt. Raises: Problem."""
    name, colon, rest = (part.strip() for part in entry.partition(":"))
    what, equals, share = (part.strip() for part in rest.partition("="))
    try:
        part = float(share)
    except ValueError:
        part = math.nan
    if not (name and colon and what and equals) or not 0 <= part <= 1:
        raise Problem(f"= {entry!r}: needs id:strategy=share or id:expert.version=share, a share of 0 to 1")
    expert, dot, version = what.partition(".")
    if dot:
        return TrialSettings(name, expert=expert, versions={version: part})
    if fault := _strategy(what):
        raise Problem(f"trial {name!r}: {fault}")
    return TrialSettings(name, strategy=what, share=part)


def _trial_faults(entry: Mapping[str, object]) -> list[str]:
    faults = _unknown(entry, _TRIAL_KEYS)
    if not _text(entry.get("id")):
        faults.append("needs an id")
    if ("strategy" in entry) == ("expert" in entry):
        return [*faults, "needs either a strategy with its share, or an expert with its versions"]
    if "strategy" in entry:
        if fault := _strategy(entry["strategy"]):
            faults.append(fault)
        if "versions" in entry:
            faults.append("versions are for a trial of an expert")
        return faults + ([] if "share" in entry else ["needs a share, 0 to 1"]) + _number(entry, "share", 1)
    versions = entry.get("versions")
    if not _text(entry["expert"]):
        faults.append(f"expert = {entry['expert']!r}: needs text")
    if "share" in entry:
        faults.append("share is for a trial of a strategy; give shares in versions")
    if not isinstance(versions, Mapping) or not versions:
        return [*faults, "needs versions, such as { v2 = 0.2 }"]
    shares = cast("Mapping[str, object]", versions)
    return faults + [fault for key in shares for fault in _number(shares, key, 1)]


def _prompt_faults(trial: TrialSettings) -> list[str]:
    """What is wrong with a trial of prompts: experts, versions or shares that do not exist."""
    if not trial.expert:
        return []
    # The registry of experts is loaded only where it is asked.
    from segmentry.agents.experiments import Experiment  # noqa: PLC0415
    from segmentry.errors import InvalidParameters  # noqa: PLC0415

    try:
        Experiment(trial.id, trial.expert, trial.versions)
    except InvalidParameters as error:
        return [error.message.partition(": ")[2]]
    return []


def _entries(raw: object, shown: str, problems: list[str]) -> Iterable[tuple[int, Mapping[str, object]]]:
    if not isinstance(raw, list):
        raise Problem(f"needs {shown} entries")
    for number, entry in enumerate(cast("Sequence[object]", raw), start=1):
        if isinstance(entry, Mapping):
            yield number, cast("Mapping[str, object]", entry)
        else:
            problems.append(f"entry {number} needs keys and values")


def _unknown(entry: Mapping[str, object], known: Sequence[str]) -> list[str]:
    faults: list[str] = []
    for key in entry:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"it may have {', '.join(known)}"
            faults.append(f"unknown key {key!r}; {hint}")
    return faults


def _strategy(value: object) -> str:
    return "" if value in STRATEGIES else f"strategy = {value!r}: needs {', '.join(STRATEGIES)}"


def _model(entry: Mapping[str, object]) -> list[str]:
    """What is wrong with the model that a tenant is to have of its own."""
    given = [key for key in _MODEL_KEYS if key in entry]
    faults = [f"{key} = {entry[key]!r}: needs a text" for key in given if not _text(entry[key])]
    if faults:
        return faults
    if "base_url" in entry:
        try:
            Url().check(entry["base_url"])
        except Problem as problem:
            faults += [f"base_url {line}" for line in problem.lines]
    if "key_env" in entry and not _VARIABLE.fullmatch(str(entry["key_env"])):
        # Not shown: it may be the key itself.
        faults.append("key_env needs the name of an environment variable that holds the key")
    return faults


def with_keys(tenants: tuple[TenantSettings, ...], environ: Mapping[str, str]) -> tuple[TenantSettings, ...]:
    """The tenants with the keys that they name by `key_env`.

    Raises: Problem naming the variables that are not set.
    """
    missing = [each.key_env for each in tenants if each.key_env and not environ.get(each.key_env, "").strip()]
    if missing:
        raise Problem(*(f"the variable {name} is not set or empty" for name in missing))
    return tuple(
        replace(each, key=Secret(environ[each.key_env].strip())) if each.key_env else each for each in tenants
    )


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _number(entry: Mapping[str, object], key: str, most: float, *, whole: bool = False) -> list[str]:
    if key not in entry:
        return []
    value, kind = entry[key], "a whole number" if whole else "a number"
    typed = isinstance(value, int) or (isinstance(value, float) and not whole and math.isfinite(value))
    if isinstance(value, bool) or not typed or not 0 <= cast("float", value) <= most:
        return [f"{key} = {value!r}: needs {kind}, 0 to {most:g}"]
    return []


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def unpriced(
    model: str, cost_per_day_usd: float, tenants: Sequence[TenantSettings], *, asked: bool
) -> list[str]:
    """Budgets in US dollars that cannot be kept, because nobody knows the price of the model."""
    # The table of models is loaded only where it is asked.
    from segmentry.llm.profiles import profile  # noqa: PLC0415

    bounded: dict[str, list[str]] = {}
    if cost_per_day_usd and asked:
        bounded[model] = ["ai.cost_per_day_usd"]
    for each in tenants:
        bound = each.cost_per_day_usd
        if each.own_model and bound is None:
            bound = cost_per_day_usd
        if bound and (asked or each.own_model):
            bounded.setdefault(each.model or model, []).append(f"ai.tenant {each.tenant!r} cost_per_day_usd")
    return [
        f"{', '.join(names)}: the price of model {name!r} is not known, so that a budget in US dollars "
        "cannot be kept; give tokens_per_day instead"
        for name, names in bounded.items()
        if profile(name).price is None
    ]
