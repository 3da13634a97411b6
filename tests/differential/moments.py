"""Instants, zones and placeholders at which date arithmetic goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from segmentry.errors import JsonValue

ZONES = [
    "UTC",
    "Africa/Johannesburg",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
]
MOMENTS = [
    datetime(2025, 12, 16, 10, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2024, 3, 31, 22, 30, tzinfo=UTC),
    datetime(2023, 3, 1, tzinfo=UTC),
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2018, 11, 5, 12, tzinfo=UTC),
    datetime(2025, 11, 2, 4, tzinfo=UTC),
    datetime(2025, 11, 2, 5, tzinfo=UTC),
    datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2025, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
]
PLACEHOLDERS = st.one_of(
    st.tuples(
        st.sampled_from([0, 1, 2, 3, 12, 30, 60, 365]),
        st.sampled_from(["DAYS", "WEEKS", "MONTHS", "YEARS"]),
        st.sampled_from(["AGO", "AGO", "FROM_NOW"]),
    )
    .filter(lambda parts: parts[1] != "YEARS" or parts[0] <= 60)
    .map(lambda parts: f"{{{{{parts[0]}_{parts[1]}_{parts[2]}}}}}"),
    st.tuples(
        st.sampled_from(["", "LAST_", "NEXT_"]), st.sampled_from(["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"])
    ).map(lambda parts: f"{{{{START_OF_{parts[0]}{parts[1]}}}}}"),
    st.just("{{NOW}}"),
)
TIMES: st.SearchStrategy[JsonValue] = st.one_of(
    PLACEHOLDERS,
    PLACEHOLDERS,
    st.sampled_from(["2025-10-17", "2024-02-29", "2018-11-04", "2025-11-02", "0001-01-02", "9999-12-30"]),
    st.sampled_from(
        [
            "2025-12-16T10:00:00Z",
            "2024-02-29T14:00:00+02:00",
            "2025-11-02T00:30:00-04:00",
            "1969-12-31T23:59:59.999999Z",
        ]
    ),
    st.tuples(st.sampled_from(MOMENTS), st.sampled_from([-1, 0, 1])).map(
        lambda parts: (parts[0] + timedelta(microseconds=parts[1])).isoformat()
    ),
)
