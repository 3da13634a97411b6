"""A connection that was cut while it was idle is an outage, which callers may retry, and no bug of ours."""

from __future__ import annotations

import pytest
from asyncpg import exceptions
from segmentry.postgresql.faults import ConnectionLost, translated


@pytest.mark.parametrize(
    "error",
    [
        exceptions.InternalClientError("cannot switch to state 13; another operation (2) is in progress"),
        exceptions.InterfaceError("connection is closed"),
        ConnectionResetError("reset by peer"),
    ],
    ids=["state of the protocol", "closed", "reset"],
)
def test_a_cut_connection_is_unavailable(error: Exception) -> None:
    with pytest.raises(ConnectionLost), translated():
        raise error
