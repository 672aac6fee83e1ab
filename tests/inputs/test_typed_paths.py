"""A typed path means the file that looks like it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tui.inputs.typed_paths import find_path, normalized, url_in

SHOT = "Screenshot 2026-01-02 at 3.04.05\u202fPM.png"


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        (SHOT, SHOT.replace("\u202f", " ")),
        (SHOT, SHOT.replace("\u202f", "\u00a0")),
        ("plain 1 PM.png", "plain 1\u202fPM.png"),
        ("two  blanks.txt", "two blanks.txt"),
        ("full\u3000width.txt", "full width.txt"),
        (unicodedata.normalize("NFD", "Snímek.png"), unicodedata.normalize("NFC", "Snímek.png")),
        (unicodedata.normalize("NFC", "Żółw ñ.txt"), unicodedata.normalize("NFD", "Żółw ñ.txt")),
        (unicodedata.normalize("NFD", "한글.txt"), unicodedata.normalize("NFC", "한글.txt")),
    ],
)
def test_blanks_and_forms_of_letters_do_not_count(tmp_path: Path, there: str, typed: str) -> None:
    folder = tmp_path / there.rpartition(".")[0]
    folder.mkdir()
    (folder / there).write_text("x")
    (folder / "other.png").write_text("x")
    assert there != typed
    assert find_path(tmp_path / typed.rpartition(".")[0] / typed) == folder / there


def test_the_exact_name_goes_first_and_two_that_look_alike_are_none(tmp_path: Path) -> None:
    for name in ("a b", "a\u00a0b", "c\u00a0d", "c\u202fd"):
        (tmp_path / name).touch()
    assert find_path(tmp_path / "a b") == tmp_path / "a b"
    assert find_path(tmp_path / "a\u202fb") is None
    assert find_path(tmp_path / "c d") is None


@pytest.mark.parametrize("typed", ["gone", "gone/deeper", "a\0b", "x" * 300, "file/below"])
def test_what_is_not_there_is_none(tmp_path: Path, typed: str) -> None:
    (tmp_path / "file").touch()
    assert find_path(tmp_path / typed) is None


def test_a_relative_path_begins_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a\u202fb").touch()
    monkeypatch.chdir(tmp_path)
    assert find_path(Path("a b")) == Path("a\u202fb")
    assert find_path(Path("../") / tmp_path.name / "a b") == Path("../") / tmp_path.name / "a\u202fb"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (Path("https://x.example/a.png"), "https://x.example/a.png"),
        (Path("HTTP://x.example/a"), "HTTP://x.example/a"),
        ("ftp://x.example/a", "ftp://x.example/a"),
        (Path("https"), ""),
        (Path("a/https://x"), ""),
        (Path("http:"), ""),
    ],
)
def test_an_address_is_known_by_its_scheme(path: Path, address: str) -> None:
    assert url_in(path) == address


def test_folding_is_done_after_once() -> None:
    assert normalized(normalized(SHOT)) == normalized(SHOT) == SHOT.replace("\u202f", " ")
