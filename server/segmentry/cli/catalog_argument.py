"""A catalog named on the command line: the packaged one, a catalog file, or an inline schema."""

from pathlib import Path
from typing import TYPE_CHECKING

from segmentry.cli.problems import usage

if TYPE_CHECKING:
    from segmentry.criteria.catalog import Catalog
    from segmentry.customers.inline import Inline

PACKAGED = "golf"


def load(argument: str, *, option: str = "--catalog") -> "Catalog":
    """The catalog `golf`, or that of a file. Raises: CommandError, OSError, InvalidParameters."""
    from segmentry.customers import golf

    return golf.catalog() if argument == PACKAGED else file(argument, option=option).catalog


def file(argument: str, *, option: str = "--catalog") -> "Inline":
    """The catalog of a .toml or .json file with its notes. Raises: as `load`."""
    from segmentry.criteria import catalog_toml, strict_json
    from segmentry.customers import inline
    from segmentry.customers.inline import Inline

    path = Path(argument)
    if path.suffix.casefold() not in (".toml", ".json"):
        raise usage(
            f"there is no catalog {argument!r}; give {PACKAGED}, a catalog file (.toml) or an "
            "inline schema (.json); `segmentry catalog infer TABLE` writes one",
            path=option,
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise usage(f"{path} is no file of UTF-8 text", path=option) from error
    if path.suffix.casefold() == ".toml":
        return Inline(catalog_toml.loads(text))
    decoded = strict_json.decode(text, table=True)
    if not isinstance(decoded, dict) or "schema" not in decoded:
        return inline.read(decoded)
    rows, events = decoded.get("rows"), decoded.get("events")
    return inline.read(decoded["schema"], rows, head=decoded, events=events)
