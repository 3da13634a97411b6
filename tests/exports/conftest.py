"""The server that PostgreSQL's tests of this folder talk to."""

from tests.conformance.conftest import postgres_server

__all__ = ["postgres_server"]
