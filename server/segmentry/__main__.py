"""The command `segmentry`. The version is printed before anything is imported that takes time."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `cli/exit_codes.py`)."""
    # Before anything imports gRPC, whose fork handlers crash PostgreSQL's start (docs/decisions/0204).
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    # What its C core has to say is raised as well, and told in our words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["version"]):
        from segmentry import __version__

        sys.stdout.write(f"segmentry {__version__}\n")
        return 0
    from segmentry.cli.app import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
