"""Customer tables as settings: files and relations, their engines, and secrets that show nowhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from segmentry import config
from segmentry.config import ConfigError, Secret, TableSettings

DSN = "postgresql://crm:hunter2@db/crm"


def load(folder: Path, text: str, **environ: str) -> tuple[TableSettings, ...]:
    path = folder / "segmentry.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(environ, path).tables


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    return [line.removeprefix(f"{folder / 'segmentry.toml'}: ") for line in caught.value.problems]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[table]]\n", "table entry 1 needs a path or a dsn"),
        (
            '[[table]]\npath = "a.csv"\nshema = "x"\n',
            "table entry 1: unknown key 'shema'; did you mean schema?",
        ),
        ("[[table]]\npath = 3\n", "table entry 1: path = 3: needs text"),
        (
            '[[table]]\npath = "a.csv"\n[[table]]\npath = "b/a.csv"\n',
            "table names schema 'a' of tenant 'demo' twice",
        ),
        ('table = "a.csv"\n', "table needs [[table]] entries, each with a path or a dsn"),
        ("a = [\n", "is not TOML"),
        ('[[table]]\npath = "a.csv"\ndefault = 1\n', "default = 1: needs true or false"),
        (
            '[[table]]\npath = "a.csv"\nrefresh_s = 0.5\n',
            "refresh_s = 0.5: is outside 1 to 2.592e+06 (0 is never)",
        ),
        ('[[table]]\npath = "a.csv"\nrefresh_s = "1h"\n', "refresh_s = '1h': needs a number"),
        ('[[table]]\npath = "a.csv"\nengine = "postgresql"\n', "a file is served by 'snapshot' or 'duckdb'"),
        ('[[table]]\npath = "a.csv"\nengine = "duckdb"\ncatalog = "c"\n', "engine 'duckdb' reads .parquet"),
        ('[[table]]\npath = "a.duckdb"\n', 'a DuckDB file needs engine = "duckdb"'),
        (
            '[[table]]\npath = "a.duckdb"\nengine = "duckdb"\ncatalog = "c"\n',
            "needs a relation: the table in the DuckDB file",
        ),
        ('[[table]]\npath = "a.csv"\nrelation = "x"\n', "relation is for a dsn"),
        ('[[table]]\npath = "a.csv"\ntenant_column = "x"\n', "tenant_column is for relations"),
        ('[[table]]\npath = "a.csv"\ndsn_env = "CRM"\n', "has path and dsn_env; keep one"),
        ('[[table]]\ndsn_env = "CRM"\n', 'needs a relation, such as "crm.customers"'),
        ('[[table]]\ndsn_env = "CRM"\nrelation = "a.b.c"\n', "needs table or schema.table"),
        ('[[table]]\ndsn_env = "CRM"\nrelation = "a"\nengine = "duckdb"\n', "by 'postgresql' or 'snapshot'"),
    ],
)
def test_a_bad_table_entry_is_named(tmp_path: Path, toml: str, said: str) -> None:
    (problem,) = problems(tmp_path, toml, CRM=DSN)
    assert said in problem


def test_the_faults_of_all_entries_come_together_with_their_numbers(tmp_path: Path) -> None:
    text = """
max_reads = 0
[[table]]
path = "a.csv"
[[table]]
path = "b.duckdb"
refresh_s = -1
[[table]]
dsn = "mysql://crm:hunter2@db/crm"
tenent = "x"
"""
    assert problems(tmp_path, text) == [
        "max_reads = 0: is outside 1 to 100000",
        "table entry 2: refresh_s = -1: is outside 1 to 2.592e+06 (0 is never)",
        "table entry 2: path = 'b.duckdb': a DuckDB file needs engine = \"duckdb\"",
        "table entry 3: unknown key 'tenent'; did you mean tenant?",
        'table entry 3: needs a relation, such as "crm.customers"',
        "table entry 3: dsn needs postgresql://user@host/database",
    ]


def test_each_kind_of_table_is_read(tmp_path: Path) -> None:
    text = f"""
[[table]]
path = "members.csv"
refresh_s = 60
[[table]]
path = "big/*.parquet"
schema = "big"
engine = "duckdb"
catalog = "big.toml"
[[table]]
path = "shop.duckdb"
relation = "main.buyers"
engine = "duckdb"
catalog = "shop.toml"
[[table]]
dsn = "{DSN}"
relation = "crm.customers"
tenant = "acme"
tenant_column = "tenant_id"
[[table]]
dsn_env = "CRM_DSN"
relation = "customers"
engine = "snapshot"
refresh_s = 900
"""
    tables = load(tmp_path, text, CRM_DSN=DSN)
    assert [(each.schema_id, each.engine, each.refresh_s, each.source) for each in tables] == [
        ("members", "snapshot", 60, str(tmp_path / "members.csv")),
        ("big", "duckdb", 300, str(tmp_path / "big/*.parquet")),
        ("buyers", "duckdb", 300, f"main.buyers in {tmp_path / 'shop.duckdb'}"),
        ("customers", "postgresql", 300, "crm.customers in PostgreSQL"),
        ("customers", "snapshot", 900, "customers in PostgreSQL"),
    ]
    assert [each.dsn for each in tables] == [None, None, None, Secret(DSN), Secret(DSN)]
    assert tables[3].tenant_column == "tenant_id"


@pytest.mark.parametrize("variable", ["CRM_DSN", "SEGMENTRY_CRM_DSN"])
def test_a_dsn_comes_from_the_variable_that_the_entry_names(tmp_path: Path, variable: str) -> None:
    text = f'[[table]]\ndsn_env = "{variable}"\nrelation = "crm.customers"\n'
    (table,) = load(tmp_path, text, **{variable: DSN})
    assert table.dsn == Secret(DSN)
    assert problems(tmp_path, text) == [f"table entry 1: the variable {variable} is not set"]
    assert problems(tmp_path, text, **{variable: "hunter2"}) == [
        f"table entry 1: the variable {variable} needs postgresql://user@host/database"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'[[table]]\ndsn = "{DSN}"\nrelation = "a"\npath = "b"\n',
        f'[[table]]\ndsn_env = "{DSN}"\nrelation = "a"\n',
        f'[[table]]\ndsn = ["{DSN}"]\nrelation = "a"\n',
        '[[table]]\ndsn = "crm:hunter2"\nrelation = "a"\n',
    ],
)
def test_a_bad_dsn_is_not_repeated(tmp_path: Path, text: str) -> None:
    assert "hunter2" not in " ".join(problems(tmp_path, text))


def test_a_dsn_shows_nowhere(tmp_path: Path) -> None:
    tables = load(tmp_path, f'[[table]]\ndsn = "{DSN}"\nrelation = "crm.customers"\n')
    assert "hunter2" not in repr(tables) + str(dataclasses.asdict(tables[0])) + tables[0].source


def test_a_dsn_in_the_list_of_files_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        config.load({"SEGMENTRY_TABLES": f"crm={DSN}"})
    assert "dsn_env" in str(caught.value)
    assert "hunter2" not in str(caught.value)
