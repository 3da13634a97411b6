"""What a server is made of when its data folder is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry.config import Settings
from segmentry.rpc import parts
from segmentry.rpc.parts import UnusableFolder


def test_the_key_of_page_tokens_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    first = parts.tokens(settings).seal("page", "demo", {"n": 1})
    assert parts.tokens(settings).open("page", "demo", first) == {"n": 1}
    assert (settings.data_dir / "token.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["a file", "below a file", "a folder for the key", "an empty key"])
def test_a_data_folder_that_cannot_be_used_is_named_with_what_would_work(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "data"
    match place:
        case "a file":
            folder.touch()
        case "below a file":
            folder.touch()
            folder /= "deeper"
        case "a folder for the key":
            (folder / "token.key").mkdir(parents=True)
        case _:
            folder.mkdir()
            (folder / "token.key").touch()
    with pytest.raises(UnusableFolder) as caught:
        parts.tokens(Settings(data_dir=folder))
    assert str(folder) in caught.value.message
    assert "SEGMENTRY_DATA_DIR" in caught.value.message
