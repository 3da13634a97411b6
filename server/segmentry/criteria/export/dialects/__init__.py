"""The SQL dialects, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.export.dialects.bigquery import BIGQUERY
from segmentry.criteria.export.dialects.clickhouse import CLICKHOUSE
from segmentry.criteria.export.dialects.dialect import Dialect
from segmentry.criteria.export.dialects.duckdb import DUCKDB
from segmentry.criteria.export.dialects.postgresql import POSTGRESQL
from segmentry.criteria.export.dialects.snowflake import SNOWFLAKE
from segmentry.criteria.export.dialects.spark import SPARK
from segmentry.criteria.export.dialects.sqlite import SQLITE

__all__ = [
    "BIGQUERY",
    "BY_NAME",
    "CLICKHOUSE",
    "DUCKDB",
    "POSTGRESQL",
    "SNOWFLAKE",
    "SPARK",
    "SQLITE",
    "Dialect",
]

BY_NAME: Mapping[str, Dialect] = {
    each.name: each for each in (POSTGRESQL, DUCKDB, SQLITE, CLICKHOUSE, SPARK, BIGQUERY, SNOWFLAKE)
}
