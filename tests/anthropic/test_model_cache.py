"""The list of models on disk: what is kept is read again, and anything else counts for nothing."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from tui.anthropic.model_cache import FRESH_S, CachedModelList, cache_file, read_list, write_list
from tui.anthropic.models import MODELS


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = cache_file(tmp_path / "cache", "https://api.anthropic.com")
    write_list(file, MODELS, 1_000.0)
    listed = read_list(file)
    assert listed is not None
    assert (listed.models, listed.at_s) == (MODELS, 1_000.0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_server_has_a_list_of_its_own_and_none_shows_its_address(tmp_path: Path) -> None:
    one, other = cache_file(tmp_path, "https://me:secret@a.example"), cache_file(tmp_path, "https://b.example")
    assert one != other
    assert "secret" not in str(one)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"models": 3}', b'{"models": [], "at_s": 1, "table": "older"}']
)
def test_a_file_that_is_no_list_is_ignored(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "models.json"
    file.write_bytes(content)
    assert read_list(file) is None


def test_a_missing_file_is_no_list(tmp_path: Path) -> None:
    assert read_list(tmp_path / "none.json") is None


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    file = cache_file(tmp_path / "cache", "https://api.anthropic.com")
    write_list(file, MODELS, 1.0)
    assert read_list(file) is None


@pytest.mark.parametrize(("age_s", "fresh"), [(0, True), (FRESH_S - 1, True), (FRESH_S, False), (-60, False)])
def test_a_list_is_fresh_for_a_day(age_s: float, fresh: bool) -> None:
    assert CachedModelList(models=(), at_s=1e6, table="").is_fresh(1e6 + age_s) is fresh


def test_reading_it_costs_the_start_next_to_nothing(tmp_path: Path) -> None:
    file = cache_file(tmp_path, "https://api.anthropic.com")
    write_list(file, MODELS * 3, 1.0)
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        assert read_list(file)
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.002
