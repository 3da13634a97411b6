"""All settings as one table for the documents."""

from __future__ import annotations

from segmentry import config
from segmentry.config_ai import TenantList, TrialList
from segmentry.config_kinds import SecretText
from segmentry.config_sources import TableList


def as_markdown() -> str:
    """The table of all settings, as `docs/operations.md` holds it."""
    lines = ["| variable | TOML key | default | range | what it does |", "|---|---|---|---|---|"]
    defaults = config.Settings()
    for name, setting in config.settings_table().items():
        default = getattr(defaults, name)
        shown = str(default).lower() if isinstance(default, bool) else str(default) if default else ""
        secret = f", `{setting.env}_FILE`" if isinstance(setting.kind, SecretText) else ""
        listed = isinstance(setting.kind, TableList | TenantList | TrialList)
        key = f"`[[{setting.key}]]`" if listed else f"`{setting.key}`"
        lines.append(
            f"| `{setting.env}`{secret} | {key} | {f'`{shown}`' if shown else ''} "
            f"| {setting.kind.range} | {setting.about} |"
        )
    return "\n".join(lines) + "\n"
