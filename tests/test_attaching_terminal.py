"""Attaching by each way in, in a real terminal: the option, a dropped path, an @, the clipboard, the dialog."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from terminal import Terminal

from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.demo.shells import Recorded, Server

ROOT = Path(__file__).parent.parent


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(tmp_path: Path, server: Server[FakeAnthropic]) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PRX_HOME": str(tmp_path / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "ANTHROPIC_BASE_URL": server.url,
        "PATH": f"{home}:/usr/bin:/bin",
        "WAYLAND_DISPLAY": "wayland-0",
    }


def sent(server: Server[FakeAnthropic]) -> list[Recorded]:
    return [request for request in server.requests if request.method == "POST"]


def test_a_picture_is_attached_by_each_way_in(
    env: dict[str, str], server: Server[FakeAnthropic], tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("one.png", "two 2.png", "three.png"):
        Image.new("RGB", (56, 28), "teal").save(folder / name)
    clipboard = Path(env["HOME"], "wl-paste")
    clipboard.write_text(f'#!/bin/sh\n[ "$1" = --list-types ] && echo image/png || cat "{folder / "one.png"}"\n')
    clipboard.chmod(0o755)
    command = [sys.executable, "-m", "tui", "-a", "one.png"]
    with Terminal(command, env, folder, 100, 30) as terminal:
        terminal.wait_for("one.png  56×28 · 2 tokens")
        terminal.paste(str(folder / "two 2.png").replace(" ", "\\ "))
        terminal.wait_for("two 2.png  56×28")
        terminal.type("@th")
        terminal.wait_for("› three.png")
        terminal.type("\t")
        terminal.wait_for("three.png  56×28")
        terminal.type("\x16")  # Ctrl+V
        terminal.wait_for("pasted picture  56×28")
        terminal.type("\x0f")  # Ctrl+O
        terminal.wait_for("2 tokens · <$0.001 with")
        terminal.type("\r")
        terminal.wait(lambda: terminal.text.count("one.png  56×28") == 2)
        terminal.type("\x7f")  # takes the last one out again
        terminal.wait(lambda: terminal.text.count("one.png  56×28") == 1)
        terminal.type("what are they?\r")
        terminal.wait(lambda: sent(server))
        content = sent(server)[0].json["messages"][0]["content"]
        assert [block["type"] for block in content] == ["image"] * 4 + ["text"]


def test_a_damaged_tiff_writes_nothing_over_the_screen(
    env: dict[str, str], server: Server[FakeAnthropic], tmp_path: Path
) -> None:
    data = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(data, "TIFF", compression="tiff_lzw")
    damaged = bytearray(data.getvalue())
    damaged[200:240] = b"\xff" * 40
    (tmp_path / "scan.tiff").write_bytes(damaged)
    with Terminal([sys.executable, "-m", "tui", "-a", "scan.tiff"], env, tmp_path, 100, 30) as terminal:
        terminal.wait_for("scan.tiff")
        terminal.wait_for("is damaged")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
        assert b"not yet in table" not in terminal.output
        assert terminal.settings_restored
    log = Path(env["PRX_HOME"], "state", "stderr.log")
    assert "not yet in table" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
