"""The processes of this machine as `ps` tells them, with what explains one that should not be there."""

from __future__ import annotations

import subprocess
from pathlib import Path

_COLUMNS = "pid=,ppid=,sid=,stat=,lstart=,args="
_SESSION = 2


def processes_of(place: Path | str, session: int | None = None) -> list[str]:
    """Those with `place` in their arguments, and those of `session`.

    A line is: number, parent, session, state, start, arguments.
    """
    listing = subprocess.run(["ps", "-ww", "-eo", _COLUMNS], capture_output=True, text=True, check=True)
    return [
        line
        for line in listing.stdout.splitlines()
        if str(place) in line or (session is not None and line.split()[_SESSION] == str(session))
    ]
