"""The golf club's catalog on a day in December."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.customers import golf as demo

AS_OF = datetime(2025, 12, 16, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def golf() -> Catalog:
    return demo.catalog()


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock.at(AS_OF)
