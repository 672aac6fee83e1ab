"""Image markers in text: found wherever they stand, and nothing else taken for one."""

from __future__ import annotations

import base64
import itertools
import time

import pytest
from drawing import corners, file
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.transcript import Image, Text
from tui.images.markers import markers_in, resolve

FILES = {
    "image/png": file(corners(), "PNG"),
    "image/jpeg": file(corners(), "JPEG"),
    "image/gif": file(corners(), "GIF"),
    "image/webp": file(corners(), "WEBP"),
}
PNG = FILES["image/png"]


def b64(data):
    return base64.b64encode(data).decode()


def marker(data=PNG, label="image/png"):
    return f"[IMAGE:data:{label};base64,{b64(data)}]"


def image(data=PNG, media_type="image/png"):
    return Image(media_type, b64(data))


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        (marker(), (image(),)),
        (f"What is {marker()} this?", (Text("What is "), image(), Text(" this?"))),
        (f"{marker()}{marker()}", (image(), image())),
        (f"{marker()} \n {marker()}\n", (image(), image())),
        (f"a{marker()}b{marker()}c", (Text("a"), image(), Text("b"), image(), Text("c"))),
        (f"{marker(label='')}x", (image(), Text("x"))),
        (marker(label="image/png;charset=utf-8;name=a.png"), (image(),)),
        ("no image", (Text("no image"),)),
        ("  ", (Text("  "),)),
        ("", ()),
    ],
)
def test_images_stand_where_their_markers_stood(text, blocks):
    assert resolve(text) == blocks


@pytest.mark.parametrize("media_type", FILES)
@pytest.mark.parametrize("label", ["image/png", "image/jpeg", "text/plain", "application/octet-stream"])
def test_the_media_type_is_that_of_the_bytes(media_type, label):
    assert resolve(marker(FILES[media_type], label)) == (image(FILES[media_type], media_type),)


def test_base64_may_be_broken_into_lines_and_lack_its_padding():
    wrapped = "\r\n".join(b64(PNG)[at : at + 76] for at in range(0, len(b64(PNG)), 76))
    for written in (wrapped, b64(PNG).rstrip("="), b64(PNG) + "\n"):
        assert resolve(f"[IMAGE:data:image/png;base64,{written}]") == (image(),)


BROKEN = [
    "[IMAGE:",
    "[IMAGE:data:image/png;base64,",
    f"[IMAGE:data:image/png;base64,{b64(PNG)}",
    f"[IMAGE:data:image/png;base64,{b64(PNG)} ",
    f"[IMAGE:data:image/png;base64,{b64(PNG)[:9]}*{b64(PNG)[9:]}]",
    f"[IMAGE:data:image/png,{b64(PNG)}]",
    f"[IMAGE:{b64(PNG)}]",
    f"IMAGE:data:image/png;base64,{b64(PNG)}]",
    f"[IMAGE data:image/png;base64,{b64(PNG)}]",
    "[IMAGE:https://example.com/a.png]",
    "[IMAGE:data:image/png;base64,]",
    "[IMAGE:data:image/png;base64,AAAAA]",
    "[IMAGE:data:image/png;base64,AAA=AAAA]",
    marker(b"plain text"),
    marker(b"%PDF-1.7 and so on"),
    marker(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    marker(b"\0\1\2\3"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_stays_text_and_takes_nothing_along(broken):
    assert resolve(broken) == (Text(broken),)
    assert resolve(f"{broken}{marker()} and {broken}") == (Text(broken), image(), Text(f" and {broken}"))


def test_one_that_cannot_be_made_an_image_stays_text():
    text = f"a {marker()} b {marker(FILES['image/gif'])} c"
    made = resolve(text, lambda one: None if one.media_type == "image/png" else image())
    assert made == (Text(f"a {marker()} b "), image(), Text(" c"))


pieces = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(
        ["[", "]", "[IMAGE:", "[IMAGE:data:image/png;base64,", ";base64,", "data:", "=", " ", "\n", *BROKEN]
    ),
    st.sampled_from([marker(data) for data in FILES.values()]),
)


@given(st.lists(pieces, max_size=12))
def test_nothing_is_lost_whatever_stands_around(parts):
    text = "".join(parts)
    found = markers_in(text)
    whole = [part for part in parts if part in {marker(data) for data in FILES.values()}]
    assert len(found) >= len(whole)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    told = "".join(block.text if isinstance(block, Text) else "\0" for block in resolve(text))
    between, at = [], 0
    for one in found:
        between += [text[at : one.start], "\0"]
        at = one.end
    between.append(text[at:])
    assert told == "".join(piece for piece in between if not found or piece.strip())


@pytest.mark.parametrize(
    "piece",
    ["[IMAGE:", "[IMAGE:data:", "[IMAGE:data:;base64,", "[IMAGE:data:;base64,A", "[", ";base64,", "[IMAGE:data:;"],
)
def test_hostile_text_takes_time_in_proportion(piece):
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    assert markers_in(text) == ()
    assert time.process_time() - began < 1


@pytest.mark.parametrize("fill", [" ", "A", "=", "A ", "= ", ";base64", ";"])
def test_so_does_one_marker_that_never_ends(fill):
    text = "[IMAGE:data:image/png;base64," + fill * (1_000_000 // len(fill))
    began = time.process_time()
    assert markers_in(text) == markers_in(text + "[") == ()
    assert time.process_time() - began < 1
