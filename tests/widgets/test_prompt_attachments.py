"""Attachments go with their prompt: they are waited for, sent, stashed and refused. Chips are the test's own; no screen."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from drawing import corners, file

from tui.chat.transcript import Document, Image
from tui.errors import TuiError
from tui.widgets.hint_line import HintLine
from tui.widgets.prompt_attachments import PromptAttachments, PromptPorts

pytestmark = pytest.mark.anyio

A, B = Image("image/png", "", "a.png"), Image("image/png", "", "b.png")


class Chips:
    has_refused = False
    is_busy = False

    def __init__(self) -> None:
        self.blocks: tuple[Image | Document, ...] = ()
        self.files: list[Path] = []

    def show_blocks(self, blocks: Sequence[Image | Document]) -> None:
        self.blocks = tuple(blocks)

    def attach_files(self, paths: Sequence[Path]) -> None:
        self.files += paths
        self.is_busy = True

    def attach_data(self, data: bytes, name: str) -> None:
        raise AssertionError("no test of this file pastes an image")


class Timer:
    def stop(self) -> None: ...


class Bench:
    def __init__(self, text: str = "") -> None:
        self.text = text
        self.sent = 0
        self.shown: list[str] = []
        self.chips = Chips()
        hints = HintLine(self.shown.append, text=lambda: self.text, set_timer=lambda *_: Timer())
        ports = PromptPorts(lambda: self.text, self._send, self._paste, lambda: "")
        self.attached = PromptAttachments(self.chips, hints, ports)

    def _send(self) -> None:
        self.sent += 1

    def _paste(self, text: str) -> None:
        self.text += text

    def be_ready(self) -> None:
        self.chips.is_busy = False
        self.attached.changed()


def test_a_prompt_is_sent_once_its_attachments_are_ready() -> None:
    bench = Bench()
    bench.chips.is_busy = True
    bench.attached.send_when_ready()
    bench.attached.changed()
    assert bench.sent == 0
    bench.be_ready()
    bench.be_ready()
    assert bench.sent == 1


@pytest.mark.parametrize("why", ["key", "refused"])
def test_it_is_not_sent_after_a_key_or_a_refusal(why: str) -> None:
    bench = Bench()
    bench.chips.is_busy = True
    bench.attached.send_when_ready()
    if why == "key":
        bench.attached.cancel_sending()
    else:
        bench.chips.has_refused = True
    bench.be_ready()
    assert bench.sent == 0


def test_sending_brings_back_the_attachments_of_the_draft() -> None:
    bench = Bench()
    bench.chips.show_blocks([A])
    bench.attached.replace([B])
    assert (bench.chips.blocks, bench.attached.stashed) == ((B,), (A,))
    assert bench.attached.take() == (B,)
    assert (bench.chips.blocks, bench.attached.stashed) == ((A,), ())


def test_attachments_that_are_stashed_are_not_replaced_by_none() -> None:
    bench = Bench()
    bench.chips.show_blocks([A])
    bench.attached.replace([])
    bench.attached.replace([B])
    assert bench.attached.stashed == (A,)
    bench.attached.restore()
    assert bench.chips.blocks == (A,)


def test_refusals_are_added_up_as_far_as_there_is_room() -> None:
    bench = Bench()
    bench.attached.refuse(TuiError("a.txt is no image", "Convert it"), 80)
    assert bench.shown[-1] == "a.txt is no image. Convert it"
    bench.attached.refuse(TuiError("b.txt is no image", "Convert it"), 80)
    assert bench.shown[-1] == "a.txt is no image · b.txt is no image"
    bench.attached.refuse(TuiError("c.txt is no image"), 50)
    assert bench.shown[-1] == "3 files are not attached; c.txt is no image"
    bench.attached.send_when_ready()
    bench.attached.refuse(TuiError("d.txt is no image", "A hint that has no room here"), 20)
    assert bench.shown[-1] == "d.txt is no image"


async def test_mentioned_files_are_attached_before_the_prompt_is_sent(tmp_path: Path) -> None:
    image = tmp_path / "fjord.png"
    image.write_bytes(file(corners(), "PNG"))
    bench = Bench(f"what is @{image} ?")
    assert bench.attached.has_mentions
    await bench.attached.send_with_mentioned()
    assert (bench.chips.files, bench.sent) == ([image], 0)
    assert not bench.attached.has_mentions
    bench.be_ready()
    assert bench.sent == 1


async def test_mentions_of_nothing_are_sent_as_text(tmp_path: Path) -> None:
    bench = Bench(f"what is @{tmp_path}/none.png ?")
    await bench.attached.send_with_mentioned()
    assert (bench.chips.files, bench.sent) == ([], 1)
    bench.attached.take()
    assert "none.png" in bench.shown[-1]


async def test_pasted_paths_of_images_become_attachments_and_other_text_is_pasted(tmp_path: Path) -> None:
    image = tmp_path / "the fjord.png"
    image.write_bytes(file(corners(), "PNG"))
    bench = Bench()
    await bench.attached.paste(shlex.quote(str(image)))
    assert (bench.chips.files, bench.text) == ([image], "")
    await bench.attached.paste("plain words")
    assert (bench.chips.files, bench.text) == ([image], "plain words")
