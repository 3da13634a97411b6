"""A server in a process of its own, as `segmentry serve` starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import pytest


@contextmanager
def serving(environment: Mapping[str, str]) -> Generator[str]:
    """The address of a golf club's server, as long as the block lasts."""
    server = subprocess.Popen(
        [sys.executable, "-m", "segmentry", "serve", "--demo", "--address", "127.0.0.1:0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"serves gRPC on (\S+);", line):
                break
        else:
            pytest.fail(f"the server ended with {server.wait()}")
        yield found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()
