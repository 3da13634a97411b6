"""Fixtures of the server tests."""

from __future__ import annotations

import pytest

from tests.rpc.echo import Serve, serve_echo


@pytest.fixture
def echo() -> Serve:
    """`async with echo(unary=..., stream=..., interceptors=...) as client`."""
    return serve_echo
