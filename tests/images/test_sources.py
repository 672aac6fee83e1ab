"""Dropped and pasted paths in every form that terminals and file managers give them; data URIs."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.images.sources import data_in_uri, paths_in

NAMES = [
    "a.png",
    "two words.png",
    "it's.png",
    'say "hi".png',
    "100%.png",
    "a#b?c.png",
    "ñandú 東京.png",
    "back\\slash.png",
    "[x](y).png",
]


@pytest.fixture
def files(tmp_path):
    made = [tmp_path / name for name in NAMES]
    for path in made:
        path.write_bytes(b"x")
    return made


def url(path):
    return "file://" + quote(str(path))


def escaped(path):
    return "".join(c if c.isalnum() or c in "/._-" else f"\\{c}" for c in str(path))


WAYS = {
    "as it is": str,
    "in quotes": lambda path: shlex.quote(str(path)),
    "with backslashes": escaped,
    "as a URL": url,
    "as a URL with a host": lambda path: url(path).replace("file://", "file://localhost"),
    "as a short URL": lambda path: url(path).replace("file://", "file:"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_dropped_file_in_every_form(files, way):
    for path in files:
        assert paths_in(WAYS[way](path)) == (path,)
        assert paths_in(f" {WAYS[way](path)} \n") == (path,)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("between", [" ", "\n", "\r\n", " \n "])
def test_several_in_one_paste(files, way, between):
    if way == "as it is" and "\n" not in between:
        files = [path for path in files if path.name == "a.png"] * 2
    assert paths_in(between.join(WAYS[way](path) for path in files)) == tuple(files)


def test_quotes_of_windows(files):
    named = [path for path in files if '"' not in path.name and "\\" not in path.name]
    assert paths_in(" ".join(f'"{path}"' for path in named)) == tuple(named)
    assert paths_in(f'"{named[1]}"') == (named[1],)


def test_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "two words.png").write_bytes(b"x")
    for written in ("~/two words.png", "~/two\\ words.png", "'~/two words.png'"):
        assert paths_in(written) == (tmp_path / "two words.png",)


@pytest.mark.parametrize(
    "template",
    [
        "look at {}",
        "{} please",
        "{}\n/nothing/here.png",
        "{} /nothing/here.png",
        "file://elsewhere{}",
        "http://{}",
        "{}\0",
        "x{}",
    ],
)
def test_a_text_that_holds_more_than_paths_is_a_text(files, template):
    assert paths_in(template.format(files[0])) == ()


def test_words_are_words_even_where_a_file_is_called_so(files, monkeypatch):
    monkeypatch.chdir(files[0].parent)
    for text in (
        "a.png",
        "./a.png",
        "",
        "  ",
        "\n",
        "'",
        '"',
        "\\",
        "~",
        "~nobody/a.png",
        "/",
        "file:",
        "file://",
        "file:///",
        "file://[",
    ):
        assert paths_in(text) == ()


def test_folders_and_pipes_are_no_files(tmp_path):
    assert paths_in(str(tmp_path)) == ()


def test_a_long_text_is_not_looked_through(files):
    assert paths_in("\n".join([str(files[0])] * 100)) == (files[0],) * 100
    assert paths_in("\n".join([str(files[0])] * 100_000)) == ()


@given(st.text(max_size=200))
def test_no_text_breaks_it(text):
    assert all(path.is_file() for path in paths_in(text))


def test_data_uris():
    data = b"\x89PNG\r\n\x1a\n"
    assert data_in_uri(f"data:image/jpeg;base64,{base64.b64encode(data).decode()}") == data
    assert data_in_uri("DATA:;BASE64,YQ") == b"a"
    assert data_in_uri("data:text/plain,a%20b") == b"a b"
    for broken in ("", "data:", "data:image/png;base64", "data:image/png;base64,*", "http://a,b", "x"):
        assert data_in_uri(broken) == b""


def test_a_path_of_windows_below_linux(tmp_path):
    assert paths_in("C:\\nothing\\here.png") == ()
    assert not Path("/mnt/c/nothing/here.png").exists()
