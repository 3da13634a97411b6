"""The conformance cases on a local Spark session, where pyspark and a JVM are at hand.

pyspark is no test dependency (hundreds of megabytes, half a minute to start); CONTRIBUTING.md says how to
run it.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from segmentry.criteria.export.dialects import SPARK
from segmentry.criteria.matchline import answer

from tests.conformance.cases import CASES, LATER, Case, line
from tests.exports.sql_runners import SqlEngine, exported
from tests.exports.sql_tables import Storage, Table

KINDS = ("string", "integer", "float", "boolean", "datetime", "array")


def missing() -> str:
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed"
    return "" if shutil.which("java") else "there is no JVM for Spark"


class OneName(Storage):
    """Views have no spaces in their names."""

    @property
    def relation(self) -> str:
        return "customers"


class Spark:
    """A local session; tables are temporary views."""

    storage: Storage = OneName(SPARK, {kind: kind for kind in KINDS}, {"float": float}, schema=False)

    def __init__(self) -> None:
        # pyspark may not be there, so it has no types here.
        session: Any = importlib.import_module("pyspark.sql").SparkSession
        types: Any = importlib.import_module("pyspark.sql.types")
        self._types = types
        text = types.StringType()
        self._kinds: dict[str, Any] = dict(
            zip(
                KINDS,
                (
                    text,
                    types.LongType(),
                    types.DoubleType(),
                    types.BooleanType(),
                    types.TimestampType(),
                    types.ArrayType(text),
                ),
                strict=True,
            )
        )
        made = session.builder.master("local[1]").config("spark.ui.enabled", "false")
        made = made.config("spark.sql.session.timeZone", "UTC").config("spark.sql.ansi.enabled", "true")
        self._session: Any = made.config("spark.sql.shuffle.partitions", "1").getOrCreate()

    def load(self, tables: Sequence[Table]) -> None:
        for table in tables:
            fields = [
                self._types.StructField(_plain(name), self._kinds[kind]) for name, kind in table.columns
            ]
            rows = [tuple(row) for row in table.rows]
            frame = self._session.createDataFrame(rows, self._types.StructType(fields))
            if " " not in table.name:
                # Spark takes no other name for a view, and no case asks about events of such a one.
                frame.createOrReplaceTempView(_plain(table.name))

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]:
        return [row[0] for row in self._session.sql(query, args=list(parameters)).collect()]

    def close(self) -> None:
        self._session.stop()


def _plain(name: str) -> str:
    return name[1:-1].replace("``", "`")


# One skip that says why, rather than one for each case.
if _WHY := missing():
    pytest.skip(_WHY, allow_module_level=True)


@pytest.fixture(scope="module")
def spark() -> Generator[SqlEngine]:
    runner = Spark()
    yield SqlEngine(lambda: runner, exported)
    runner.close()


# The first case waits for the session.
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "case", [each for each in CASES if "error" not in each], ids=lambda case: str(case["id"])
)
def test_spark_selects_the_customers_worked_out_by_hand(case: Case, spark: SqlEngine) -> None:
    found = answer(line(case, case["criteria"]), 1, LATER, spark)
    assert found == {"id": case["id"], "ids": case["expect"]}
