"""The tables that cases are about: catalogs in TOML, the packaged golf club, and inline schemas in JSON."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.strict_json import decode
from segmentry.customers import inline

HERE = Path(__file__).parent
_GOLF = "golf"


def names() -> tuple[str, ...]:
    """Every table that a case may name."""
    found = {path.stem for path in (*HERE.glob("catalogs/*.toml"), *HERE.glob("schemas/*.json"))}
    return (_GOLF, *sorted(found - {_GOLF}))


@cache
def load(name: str) -> Catalog:
    """The catalog of a table. Raises: ValueError for an unknown name, InvalidParameters for a broken file."""
    if name == _GOLF:
        text = files("segmentry.customers").joinpath("catalogs/golf.toml").read_text(encoding="utf-8")
        return catalog_toml.loads(text)
    toml, schema = HERE / "catalogs" / f"{name}.toml", HERE / "schemas" / f"{name}.json"
    if toml.exists():
        return catalog_toml.loads(toml.read_text(encoding="utf-8"))
    if schema.exists():
        raw = decode(schema.read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            raise ValueError(f"schemas/{name}.json needs an object with 'schema' and 'rows'")
        return inline.catalog(raw.get("schema"), raw.get("rows"))
    raise ValueError(
        f"no catalog '{name}' in evals/catalogs or evals/schemas; there are {', '.join(names())}"
    )
