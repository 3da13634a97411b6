"""A customer file that changes: noticed, loaded anew, and its fields stay what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers import load
from segmentry.customers.table_file import TableFile
from segmentry.errors import Unavailable, UnreadableTable


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


async def test_a_file_is_loaded_again_when_it_has_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "age,city", "30,Cork")
    file = TableFile(path, "t")
    first = await file.load()
    assert await file.reload(first) is None
    written(path, "age,city", "30,Cork", "41,Lyon")
    second = await file.reload(first)
    assert second is not None
    assert (first.rows, second.rows) == (1, 2)
    assert second.snapshot_id != first.snapshot_id
    assert await file.reload(second) is None


async def test_a_catalog_that_has_changed_counts_too(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "age", "30")
    catalog = tmp_path / "t.toml"
    catalog.write_text(catalog_toml.dumps(Catalog("t", (Field("age", "number"),))), encoding="utf-8")
    file = TableFile(path, "t", catalog)
    first = await file.load()
    catalog.write_text(
        catalog_toml.dumps(Catalog("t", (Field("years", "number", column="age"),))), encoding="utf-8"
    )
    second = await file.reload(first)
    assert second is not None
    assert list(second.catalog.by_name) == ["years"]


async def test_what_was_asked_before_can_be_asked_again(tmp_path: Path) -> None:
    """An inferred catalog keeps names and types, takes new values and columns, and says what does not fit."""
    rows = [f"{number},GOLD,2025-01-01,x{number}" for number in range(300)]
    path = written(tmp_path / "t.csv", "age,tier,joined,code", *rows)
    file = TableFile(path, "t")
    first = await file.load()
    assert {name: field.type for name, field in first.catalog.by_name.items()} == {
        "age": "number", "tier": "enum", "joined": "datetime", "code": "string",
    }  # fmt: skip
    changed = [f"young,{'SILVER' if number % 2 else 'GOLD'},7,y" for number in range(300)]
    written(path, "age,tier,added,code", *changed)
    second = await file.reload(first)
    assert second is not None
    fields = second.catalog.by_name
    assert {name: field.type for name, field in fields.items()} == {
        "age": "number", "tier": "enum", "joined": "datetime", "code": "string", "added": "number",
    }  # fmt: skip
    assert {value.value for value in fields["tier"].values} == {"GOLD", "SILVER"}
    assert second.rows_as_mappings(1) == [
        {"age": None, "tier": "GOLD", "joined": None, "code": "y", "added": 7}
    ]
    said = " / ".join(second.notes)
    assert "age: stays a number; 300 values are none and are unset" in said
    assert "joined: the column is gone" in said


async def test_a_file_that_is_gone_or_broken_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "age,city", "30,Cork")
    file = TableFile(path, "t")
    first = await file.load()
    written(path, "age,city", "30,Cork", "41")
    with pytest.raises(UnreadableTable, match="line 3"):
        await file.reload(first)
    path.unlink()
    with pytest.raises(UnreadableTable, match=r"t\.csv cannot be read"):
        await file.reload(first)


async def test_a_file_that_is_written_to_while_it_is_read_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "t.csv", "age", "30")
    file = TableFile(path, "t")
    first = await file.load()
    written(path, "age", "30", "41")
    read = load.read_frame

    def read_and_grow(path: Path) -> object:
        frame = read(path)
        written(path, "age", "30", "41", "52")
        return frame

    monkeypatch.setattr(load, "read_frame", read_and_grow)
    with pytest.raises(Unavailable, match="written to while it was read"):
        await file.reload(first)
    monkeypatch.undo()
    second = await file.reload(first)
    assert second is not None
    assert second.rows == 3
