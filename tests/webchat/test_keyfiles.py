"""Key files: made once, private, shared by processes that start at once, never silently replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webchat.keyfiles import KEY_BYTES, KeyFileError, load_or_create


def test_a_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.key"
    key = load_or_create(path)
    assert len(key) == KEY_BYTES
    assert load_or_create(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["a.key"]


def test_different_files_have_different_keys(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "a.key") != load_or_create(tmp_path / "b.key")


def test_those_who_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_or_create(tmp_path / "a.key"), range(64)))
    assert len(keys) == 1


def test_a_damaged_key_is_an_error_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match="5 bytes"):
        load_or_create(path)
    assert path.read_bytes() == b"short"


def test_a_directory_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.key").mkdir()
    with pytest.raises(KeyFileError, match="can't be used"):
        load_or_create(tmp_path / "a.key")
