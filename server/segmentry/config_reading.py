"""Reading settings from TOML, the environment and the command line: every problem is collected."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from segmentry.config_kinds import Kind, Problem, SecretText

PREFIX = "SEGMENTRY_"

T = TypeVar("T")


class ConfigError(Exception):
    """Every problem of the configuration, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known about one setting beside its value."""

    env: str
    key: str
    kind: Kind
    about: str


def setting(default: T, env: str, key: str, kind: Kind, about: str) -> T:
    """A dataclass field that is a setting."""
    return dataclasses.field(default=default, metadata={"setting": Setting(env, key, kind, about)})


def from_file(path: Path, table: Mapping[str, Setting], problems: list[str]) -> dict[str, Any]:
    """The values of a TOML file by the settings' names; what is wrong with others goes into `problems`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        problems.append(f"{path}: cannot be read ({err.strerror or type(err).__name__})")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        problems.append(f"{path}: is not TOML ({_without_values(err)})")
        return {}
    flat = _flatten(document)
    by_key = {setting.key: (name, setting) for name, setting in table.items()}
    values: dict[str, Any] = {}
    for key, raw in flat.items():
        if key not in by_key:
            problems.append(f"{path}: unknown key {key!r}{_nearest(key, by_key)}")
            continue
        name, setting = by_key[key]
        try:
            values[name] = setting.kind.from_toml(raw, path.parent)
        except Problem as problem:
            problems.extend(f"{path}: {key} {line}" for line in problem.lines)
    return values


def from_environment(
    environ: Mapping[str, str], table: Mapping[str, Setting], others: Iterable[str], problems: list[str]
) -> dict[str, Any]:
    """The values of environment variables. `others` are known variables that are no settings."""
    values: dict[str, Any] = {}
    known: set[str] = set(others)
    for name, setting in table.items():
        known.add(setting.env)
        secret = isinstance(setting.kind, SecretText)
        raw = environ.get(setting.env, "")
        where = setting.env
        if secret:
            known.add(f"{setting.env}_FILE")
            file = environ.get(f"{setting.env}_FILE", "")
            if file and raw:
                problems.append(f"{where} and {where}_FILE are both set; keep one")
                continue
            if file:
                where = f"{where}_FILE"
                try:
                    raw = Path(file).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as err:
                    problems.append(f"{where} = {file!r}: cannot be read ({type(err).__name__})")
                    continue
                if not raw:
                    problems.append(f"{where} = {file!r}: is empty")
                    continue
        # A variable that is set to nothing counts as not set: that is how shells and compose files unset.
        if not raw:
            continue
        try:
            values[name] = setting.kind.from_text(raw)
        except Problem as problem:
            problems.extend(f"{where} {line}" for line in problem.lines)
    problems.extend(
        f"{variable} is no setting{_nearest(variable, known)}"
        for variable in sorted(environ)
        if variable.startswith(PREFIX) and variable not in known
    )
    return values


def checked(
    overrides: Mapping[str, Any], table: Mapping[str, Setting], problems: list[str]
) -> dict[str, Any]:
    """Values that are typed already, such as the command line's; None means not given."""
    values: dict[str, Any] = {}
    for name, value in overrides.items():
        if value is None:
            continue
        if name not in table:
            raise TypeError(f"no setting is called {name!r}")
        try:
            values[name] = table[name].kind.check(value)
        except Problem as problem:
            problems.extend(f"--{name.replace('_', '-')} {line}" for line in problem.lines)
    return values


def _flatten(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            flat |= _flatten(cast("dict[str, Any]", value), f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _nearest(name: str, candidates: Mapping[str, object] | set[str]) -> str:
    found = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def _without_values(err: Exception) -> str:
    # The parser's text ends in a position and quotes at most a character, never a value.
    return str(err) if isinstance(err, tomllib.TOMLDecodeError) else "not UTF-8"
