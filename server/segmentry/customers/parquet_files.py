"""Which files a path means."""

from __future__ import annotations

from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """The files that a path names now, in their order; its last part may hold `*`.

    Hidden files are not meant: so a file is often called while it is written. A path without `*` is
    given back as it is, whether there is such a file or not.
    """
    if "*" not in path.name or path.is_file():
        return [path]
    return sorted(each for each in path.parent.glob(path.name) if each.is_file() and each.name[0] != ".")
