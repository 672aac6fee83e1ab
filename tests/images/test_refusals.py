"""What cannot be attached: one sentence that names the file, and never a wait or a crash."""

from __future__ import annotations

import os
import socket
import struct
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from drawing import corners, file, page, photo
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.anthropic.models import find
from tui.chat.tokens import HIGH, STANDARD
from tui.images.attach import attach_bytes, attach_file
from tui.images.errors import CannotAttach
from tui.images.kinds import kind_of
from tui.images.pixels import prepare
from tui.images.sources import read_file

# pytest puts its own filters in the place of those that `pixels` sets.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

MODEL = find("claude-sonnet-5-5")


@pytest.mark.parametrize(("end", "kind"), [(b"<p>Hello", "text"), (b"<svg>", "SVG")])
def test_comments_before_a_page_take_no_time(end: bytes, kind: str) -> None:
    """Where each of them could end at a later one's end, thirty of them would take minutes."""
    found = kind_of(b"<!-- tides -->\n" * 60 + end)
    assert found is not None
    assert kind in found.name


IMAGES = {
    "JPEG": file(photo(300, 200), "JPEG"),
    "progressive JPEG": file(photo(300, 200), "JPEG", progressive=True),
    "PNG": file(photo(300, 200), "PNG"),
    "GIF": file(photo(300, 200, "P"), "GIF"),
    "WEBP": file(photo(300, 200), "WEBP"),
    "BMP": file(photo(300, 200), "BMP"),
    "TIFF": file(photo(300, 200), "TIFF", compression="tiff_lzw"),
    "AVIF": file(photo(300, 200), "AVIF"),
}


def refusal(path, **options):
    with pytest.raises(CannotAttach) as caught:
        attach_file(path, MODEL, **options)
    assert caught.value.hint, "what happened, and then what to do"
    return caught.value.message


def test_a_folder(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path} is a folder"


def test_a_pipe_that_nobody_writes_to(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert refusal(tmp_path / "a.png") == f"{tmp_path}/a.png is a pipe, not a file"


def test_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("a.png")
        assert refusal(tmp_path / "a.png") == f"{tmp_path}/a.png is a socket, not a file"


def test_a_device():
    with pytest.raises(CannotAttach) as caught:
        read_file(Path(os.devnull))
    assert caught.value.sentences == (
        "/dev/null is a device, not a file. Save what it delivers to a file, and attach that."
    )
    assert refusal(Path(os.devnull)) == "/dev/null is a device, not a file"


def test_a_file_that_vanished(tmp_path):
    assert refusal(tmp_path / "gone.png") == f"{tmp_path}/gone.png does not exist"
    (tmp_path / "link.png").symlink_to("gone.png")
    assert refusal(tmp_path / "link.png") == f"{tmp_path}/link.png does not exist"
    (tmp_path / "round.png").symlink_to("round.png")
    assert refusal(tmp_path / "round.png").startswith(f"{tmp_path}/round.png cannot be read: ")


@pytest.fixture
def somebody():
    """Somebody who may not read everything, as root may."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield
    if is_root:
        os.seteuid(0)


def test_a_file_of_somebody_else(tmp_path, request):
    (tmp_path / "a.png").write_bytes(IMAGES["PNG"])
    (tmp_path / "a.png").chmod(0)
    request.getfixturevalue("somebody")
    assert refusal(tmp_path / "a.png") == f"You do not have permission to read {tmp_path}/a.png"


def test_an_empty_file(tmp_path):
    (tmp_path / "a.png").touch()
    assert refusal(tmp_path / "a.png") == f"{tmp_path}/a.png is empty"


def test_a_file_too_large_to_read(tmp_path):
    with (tmp_path / "a.png").open("wb") as large:
        large.truncate(300 * 2**20)
    assert refusal(tmp_path / "a.png") == f"{tmp_path}/a.png has 300 MB; the limit is 200 MB"


def test_names_that_no_system_takes(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "a\0b")
    assert "cannot be read" in refusal(tmp_path / ("long" * 100))


def test_a_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"content")
    assert read_file(Path("~/a.png")) == b"content"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg>",
            "an SVG drawing",
        ),
        (b"PK\x03\x04" + bytes(30), "a ZIP archive or office file"),
        (b"\0\0\0\x20ftypisom\0\0\0\0isomiso2avc1mp41", "a video"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_other_kinds_are_named(data, what):
    with pytest.raises(CannotAttach) as caught:
        prepare(data, STANDARD, name="it.jpg")
    assert caught.value.message == f"it.jpg is {what}, not an image"
    assert caught.value.hint or what == "a PDF"


@pytest.mark.parametrize("data", [b"\0\1\2\3", bytes(1000), b"\xff\xfe\xfd", b"caf\xe9 au lait", b""])
def test_unknown_bytes(data):
    with pytest.raises(CannotAttach, match=r"^it\.jpg is not an image of a supported type$"):
        attach_bytes(data, "it.jpg", MODEL)


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("target", [HIGH, STANDARD])
def test_files_cut_short(kind, share, target):
    data = IMAGES[kind]
    with pytest.raises(CannotAttach, match=r"^it\.jpg is damaged or incomplete \(.*\)$"):
        prepare(data[: int(len(data) * share)], target, long_edge=100 if target == HIGH else None, name="it.jpg")


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(IMAGES)), st.data())
def test_damaged_files_are_sent_whole_or_refused(kind, data):
    damaged = bytearray(IMAGES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        # Most of the structure stands in the beginning.
        at = data.draw(st.integers(12, min(len(damaged), 700) - 1) | st.integers(12, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    with suppress(CannotAttach):
        prepared = prepare(bytes(damaged), STANDARD)
        assert prepare(prepared.data, STANDARD).data == prepared.data


def bomb(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_a_small_file_that_claims_to_be_huge():
    with pytest.raises(CannotAttach) as caught:
        prepare(bomb(60_000, 60_000), STANDARD, name="it.png")
    assert caught.value.message == "it.png has 3,600 megapixels; the limit is 200"
    with pytest.raises(CannotAttach, match="incomplete"):  # 199 megapixels would be read
        prepare(bomb(19_900, 1), STANDARD, name="it.png")


def test_a_photo_of_an_iphone_without_the_extra(monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    data = file(corners(), "HEIF")
    assert prepare(data, STANDARD).media_type in ("image/png", "image/jpeg")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(CannotAttach) as caught:
        prepare(data, STANDARD, name="it.heic")
    assert caught.value.message == "it.heic is a HEIC image, which this installation cannot read"
    assert "prx-tui[heic]" in caught.value.hint


def test_one_that_is_refused_leaves_the_others(tmp_path):
    (tmp_path / "good.png").write_bytes(file(page(100, 80), "PNG"))
    assert refusal(tmp_path / "bad.png")
    block = attach_file(tmp_path / "good.png", MODEL)
    assert (block.name, block.width, block.height) == ("good.png", 100, 80)


@pytest.mark.parametrize("name", ["it.png", "it.JPG", "it.pdf"])
def test_a_renamed_text(name, tmp_path):
    (tmp_path / name).write_text("only words")
    with pytest.raises(CannotAttach) as caught:
        attach_file(tmp_path / name, MODEL)
    assert caught.value.message == f"{name} is a text file, whatever its name says"
    assert attach_bytes(b"only words", "it.txt", MODEL).media_type == "text/plain"
    with pytest.raises(CannotAttach) as caught:
        prepare(b"only words", STANDARD, name=name)
    assert caught.value.message == f"{name} is a text file, not an image"
