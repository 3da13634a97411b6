"""Settings: where they come from, what is refused, and that each is documented."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from segmentry import config, config_table
from segmentry.config import ConfigError, Secret, Settings, TableSettings

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"


def problems(environ: dict[str, str], toml: Path | None = None, **overrides: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.load(environ, toml, **overrides)
    return caught.value.problems


def write(folder: Path, text: str) -> Path:
    path = folder / "segmentry.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_gives_the_defaults_of_the_contract() -> None:
    settings = config.load({})
    assert (settings.ai_model, settings.ai_max_tokens, settings.ai_temp) == ("gpt-4o-mini", 2048, 0.2)
    assert settings.ai_openai_key is None
    assert settings.address == "127.0.0.1:50051"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = write(tmp_path, 'address = "127.0.0.1:1"\nlog_level = "debug"\n[ai]\ntemp = 0.9\nmodel = "m"\n')
    settings = config.load(
        {"AI_TEMP": "0.5", "SEGMENTRY_ADDRESS": "127.0.0.1:2"}, file, address="127.0.0.1:3"
    )
    assert (settings.address, settings.ai_temp, settings.ai_model, settings.log_level) == (
        "127.0.0.1:3",
        0.5,
        "m",
        "debug",
    )


def test_the_file_is_named_by_its_variable(tmp_path: Path) -> None:
    file = write(tmp_path, "demo = true\n")
    assert config.load({"SEGMENTRY_CONFIG": str(file)}).demo is True


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert config.load({"AI_OPENAI_KEY": "", "SEGMENTRY_DEMO": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AI_TEMP", "1.01", "AI_TEMP = 1.01: is outside 0 to 1"),
        ("AI_TEMP", "-0.1", "AI_TEMP = -0.1: is outside 0 to 1"),
        ("AI_TEMP", "nan", "AI_TEMP = nan: needs a number, 0 to 1"),
        ("AI_TEMP", "warm", "AI_TEMP = 'warm': needs a number, 0 to 1"),
        ("AI_MAX_TOKENS", "0", "AI_MAX_TOKENS = 0: is outside 1 to 128000"),
        ("AI_MAX_TOKENS", "2e3", "AI_MAX_TOKENS = '2e3': needs a whole number, 1 to 128000"),
        ("AI_MAX_TOKENS", "٣", "AI_MAX_TOKENS = '٣': needs a whole number, 1 to 128000"),
        ("AI_OPENAI_KEY", "sk-ключ", "AI_OPENAI_KEY needs printable ASCII characters alone"),
        ("AI_OPENAI_KEY", "sk-a\nb", "AI_OPENAI_KEY needs printable ASCII characters alone"),
        ("AI_BASE_URL", "ftp://x", "AI_BASE_URL = 'ftp://x': needs an http or https address"),
        ("SEGMENTRY_AUTH", "jwt", "SEGMENTRY_AUTH = 'jwt': this version has none"),
        ("SEGMENTRY_DEMO", "maybe", "SEGMENTRY_DEMO = 'maybe': needs true or false"),
        ("SEGMENTRY_TABLES", "members=", "SEGMENTRY_TABLES = 'members=': needs schema=path"),
    ],
)
def test_a_bad_value_is_named_with_its_variable_and_range(variable: str, value: str, said: str) -> None:
    (problem,) = problems({variable: value})
    assert problem.startswith(said)


def test_all_problems_of_file_and_environment_come_together(tmp_path: Path) -> None:
    file = write(tmp_path, 'adress = "x"\nmax_reads = 0\n[ai]\ntemp = "hot"\n')
    found = problems({"AI_MAX_TOKENS": "x", "SEGMENTRY_ADRESS": "y"}, file, drain_s=-1.0)
    assert [line.removeprefix(f"{file}: ") for line in found] == [
        "unknown key 'adress'; did you mean address?",
        "max_reads = 0: is outside 1 to 100000",
        "ai.temp = 'hot': needs a number, 0 to 1",
        "AI_MAX_TOKENS = 'x': needs a whole number, 1 to 128000",
        "SEGMENTRY_ADRESS is no setting; did you mean SEGMENTRY_ADDRESS?",
        "--drain-s = -1: is outside 0 to 300",
    ]


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-from-file\n", encoding="utf-8")
    settings = config.load(
        {
            "AI_OPENAI_KEY_FILE": str(key),
            "SEGMENTRY_DATABASE_DSN": "postgresql://u:hunter2@db/x",
            "SEGMENTRY_TOKEN_KEY": "0123456789abcdef-token",
        }
    )
    shown = repr(settings) + str(dataclasses.asdict(settings))
    assert settings.ai_openai_key == Secret("sk-from-file")
    for secret in ("sk-from-file", "hunter2", "0123456789abcdef"):
        assert secret not in shown


def test_a_bad_secret_is_not_repeated(tmp_path: Path) -> None:
    found = problems(
        {"SEGMENTRY_TOKEN_KEY": "tooshort", "AI_BASE_URL": "https://user:hunter2@host/"},
        write(tmp_path, "[ai]\nopenai_key = 12345\n"),
    )
    assert len(found) == 3
    for secret in ("tooshort", "hunter2", "12345"):
        assert secret not in " ".join(found)


@pytest.mark.parametrize(
    "environ", [{"AI_OPENAI_KEY_FILE": "/nowhere/key"}, {"AI_OPENAI_KEY_FILE": "k", "AI_OPENAI_KEY": "v"}]
)
def test_a_secret_file_that_cannot_be_used_is_named(environ: dict[str, str]) -> None:
    (problem,) = problems(environ)
    assert "AI_OPENAI_KEY_FILE" in problem


def test_tables_in_a_file_are_found_beside_it(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[[table]]\npath = "members.csv"\n'
        '[[table]]\npath = "b.parquet"\nschema = "orders"\ntenant = "t"\n'
        'catalog = "c.toml"\ndefault = true\n',
    )
    assert config.load({}, file).tables == (
        TableSettings(tmp_path / "members.csv"),
        TableSettings(tmp_path / "b.parquet", "orders", "t", tmp_path / "c.toml", default=True),
    )
    assert config.load({}, file).tables[0].schema_id == "members"


def test_tables_of_the_environment_replace_those_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[[table]]\npath = "members.csv"\n')
    tables = config.load({"SEGMENTRY_TABLES": "a=x.csv, y.parquet"}, file).tables
    assert tables == (TableSettings(Path("x.csv"), "a"), TableSettings(Path("y.parquet")))


def test_a_missing_file_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (problem,) = problems({}, tmp_path / "absent.toml")
    assert "cannot be read" in problem


def test_every_setting_is_one_line_in_the_operations_page() -> None:
    documented = OPERATIONS.read_text(encoding="utf-8")
    assert config_table.as_markdown() in documented
