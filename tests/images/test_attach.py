"""From files to blocks, and on to the pretend Anthropic, which takes what was prepared and refuses what was not."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from drawing import corners, file, opened, page, photo

from tui.anthropic.models import find
from tui.anthropic.request import Options, build_body, encode
from tui.chat.tokens import STANDARD
from tui.chat.transcript import Image, Message, Text, Transcript
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.images.api_limits import MAX_BYTES
from tui.images.attach import attach_bytes, attach_file, resolve_markers

SONNET, HAIKU = find("claude-sonnet-5-5"), find("claude-haiku-4-5")
HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
WIDE = file(photo(2500, 100), "JPEG", quality=70)


def told(*blocks, model=SONNET):
    """What the pretend Anthropic answers to these blocks: the status, and the body as text."""
    return told_of(Transcript(messages=(Message(role="user", blocks=(*blocks, Text("What is it?"))),)), model)


def told_of(transcript, model=SONNET):
    body = build_body(transcript, Options(model=model))
    reply = FakeAnthropic().respond("POST", "/v1/messages", HEADERS, encode(body))
    return reply.status, reply.read().decode()


def raw(data, media_type):
    return Image(media_type, base64.b64encode(data).decode())


GOOD = {
    "a photo": (file(photo(4000, 3000), "JPEG"), None),
    "a page": (file(page(1800, 900), "PNG"), None),
    "a very wide one": (file(page(9000, 40), "PNG"), "8000 pixels"),
    "a very high one": (file(photo(30, 9000), "JPEG"), "8000 pixels"),
    "a heavy one": (file(photo(1700, 1600), "PNG", compress_level=0), "10 MB maximum"),
    "for print": (file(photo(500, 400, "CMYK"), "JPEG"), None),
    "an icon": (file(corners(), "GIF"), None),
    "a scan": (file(page(500, 400), "TIFF"), "media_type"),
    "a bitmap": (file(page(500, 400), "BMP"), "media_type"),
}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("model", [SONNET, HAIKU], ids=["high", "standard"])
def test_what_was_prepared_is_taken_and_what_was_not_is_refused(name, model, tmp_path):
    data, complaint = GOOD[name]
    (tmp_path / name).write_bytes(data)
    block = attach_file(tmp_path / name, model)
    assert block.name == name
    assert opened(base64.b64decode(block.data)).size == (block.width, block.height)
    assert told(block, model=model)[0] == 200
    if complaint:
        media_type = {b"\x89P": "image/png", b"\xff\xd8": "image/jpeg"}.get(data[:2], "image/tiff")
        status, answer = told(raw(data, media_type), model=model)
        assert status == 400
        assert complaint in answer
    else:
        assert len(data) <= MAX_BYTES


def test_a_pdf_is_taken():
    data = file(page(300, 400), "PDF", save_all=True, append_images=[page(300, 400)])
    block = attach_bytes(data, "a.pdf", SONNET)
    assert block.pages == 2
    assert told(block)[0] == 200
    assert told(attach_bytes(b"some words", "a.txt", SONNET))[0] == 200


def test_markers_become_images_as_the_model_sees_them():
    large, bitmap = (base64.b64encode(data).decode() for data in (WIDE, file(page(90, 60), "BMP")))
    broken = f"[IMAGE:data:image/jpeg;base64,{large[:4000]}]"
    text = f"First [IMAGE:data:image/png;base64,{large}] then {broken} and [IMAGE:data:image/bmp;base64,{bitmap}]"
    blocks = resolve_markers(text, STANDARD)
    assert [type(block) for block in blocks] == [Text, Image, Text, Image]
    assert (blocks[0].text, blocks[2].text) == ("First ", f" then {broken} and ")
    assert (blocks[1].media_type, blocks[1].width) == ("image/jpeg", 1568)
    assert (blocks[3].media_type, blocks[3].width, blocks[3].height) == ("image/png", 90, 60)
    assert told(*blocks, model=HAIKU)[0] == 200


def test_the_chosen_edge_is_kept(tmp_path):
    (tmp_path / "a.jpg").write_bytes(WIDE)
    block = attach_file(tmp_path / "a.jpg", SONNET, long_edge=500)
    assert (block.width, block.height) == (500, 20)
    assert attach_file(tmp_path / "a.jpg", SONNET, many=True).width == 2000


@dataclass(frozen=True)
class Gateway:
    """Any value that says as much of a model will do."""

    high_vision: bool = False
    context: int = 32_000


def test_other_servers_models_are_described_in_two_words():
    assert attach_bytes(WIDE, "a.jpg", Gateway()).width == 1568


def test_pillow_is_loaded_by_the_first_image_and_not_before():
    script = """
import sys
import tui.images.attach, tui.images.clipboard, tui.images.documents, tui.images.markers, tui.images.sources
from tui.anthropic.models import find
tui.images.attach.resolve_markers("no image", tui.images.attach.Target.of(find("sonnet")))
tui.images.attach.attach_bytes(b"words", "a.txt", find("sonnet"))
assert "PIL" not in sys.modules
"""
    root = Path(__file__).parent.parent.parent
    run = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
