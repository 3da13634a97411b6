"""The engines' own PostgreSQL, as in the conformance suite."""

from __future__ import annotations

from tests.conformance.conftest import postgres_server, server_of_the_engine

__all__ = ["postgres_server", "server_of_the_engine"]
