"""Attaching by each way in, in a real terminal: the option, a dropped path, an @, the clipboard, the dialog."""

from __future__ import annotations

import base64
import io
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from terminal import Terminal

from tui.demo.server import Recorded, Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

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
        terminal.wait_for("pasted image  56×28")
        terminal.type("\x0f")  # Ctrl+O
        terminal.wait_for("2 tokens · <$0.001")
        terminal.type("\r")
        terminal.wait(lambda: terminal.text.count("one.png  56×28") == 2)
        terminal.type("\x7f")  # takes the last one out again
        terminal.wait(lambda: terminal.text.count("one.png  56×28") == 1)
        terminal.type("what are they?\r")
        terminal.wait(lambda: sent(server))
        content = sent(server)[0].json["messages"][0]["content"]
        assert [block["type"] for block in content] == ["image"] * 4 + ["text"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    for name in ("one.png", "two 2.png"):
        Image.new("RGB", (56, 28), "teal").save(folder / name)
    return folder


def kinds(server: Server[FakeAnthropic], number: int = 0) -> list[str]:
    content = sent(server)[number].json["messages"][-1]["content"]
    return [block["type"] for block in content]


def test_a_pasted_path_is_attached_however_it_is_written(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    one, two = str(folder / "one.png"), str(folder / "two 2.png")
    pasted = {
        one: ["one.png"],
        f"'{two}'": ["two 2.png"],
        f'"{one}"': ["one.png"],
        two.replace(" ", "\\ "): ["two 2.png"],
        (folder / "one.png").as_uri(): ["one.png"],
        f"'{one}' '{two}' ": ["one.png", "two 2.png"],
        f"{(folder / 'two 2.png').as_uri()}\n{one}\n": ["two 2.png", "one.png"],
    }
    with Terminal([sys.executable, "-m", "tui"], env, folder.parent, 100, 30) as terminal:
        terminal.wait_for("Talk to")
        for text, names in pasted.items():
            terminal.paste(text)
            terminal.wait(lambda names=names: all(f"{name}  56×28" in terminal.text for name in names))
            assert str(folder) not in terminal.text
            terminal.type("\x7f" * len(names))
            terminal.wait(lambda: "56×28" not in terminal.text)
        terminal.paste(str(folder / "gone.png"))
        terminal.wait_for("gone.png")
        terminal.wait(lambda: "▣" not in terminal.text)


def test_a_path_after_an_at_is_attached_when_it_is_typed_out(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    with Terminal([sys.executable, "-m", "tui"], env, folder, 100, 30) as terminal:
        terminal.wait_for("Talk to")
        terminal.type('is @"two 2.png" like @one.png ?\r')
        terminal.wait(lambda: sent(server))
        assert kinds(server) == ["image", "image", "text"]


def test_markers_in_the_prompt_are_pictures_where_they_stand(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    data = base64.b64encode((folder / "one.png").read_bytes()).decode()
    with Terminal([sys.executable, "-m", "tui"], env, folder, 100, 30) as terminal:
        terminal.wait_for("Talk to")
        terminal.paste(f"This [IMAGE:data:image/png;base64,{data}] or [IMAGE:data:image/png;base64,{data}] this?")
        terminal.type("\r")
        terminal.wait(lambda: sent(server))
        assert kinds(server) == ["text", "image", "text", "image", "text"]


_CLIPBOARDS = {
    "wl-paste": ("WAYLAND_DISPLAY", '[ "$1" = --list-types ] && echo image/png || cat "{file}"'),
    "xclip": ("DISPLAY", 'case "$*" in *TARGETS) echo TARGETS; echo image/png;; *image/png) cat "{file}";; esac'),
    "powershell.exe": ("WSL_DISTRO_NAME", 'printf "image\\r\\n"; base64 -w0 "{file}"'),
}


@pytest.mark.parametrize("program", _CLIPBOARDS)
def test_ctrl_v_asks_the_clipboard_of_the_system(
    program: str, env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    sign, script = _CLIPBOARDS[program]
    stand_in = Path(env["HOME"], program)
    stand_in.write_text("#!/bin/sh\n" + script.replace("{file}", str(folder / "one.png")) + "\n")
    stand_in.chmod(0o755)
    del env["WAYLAND_DISPLAY"]
    with Terminal([sys.executable, "-m", "tui"], {**env, sign: "there"}, folder, 100, 30) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("\x16")
        terminal.wait_for("pasted image  56×28")


def test_ctrl_v_without_a_clipboard_says_what_to_do(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    del env["WAYLAND_DISPLAY"]
    with Terminal([sys.executable, "-m", "tui"], env, folder, 100, 30) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("\x16")
        terminal.wait_for("The clipboard cannot be read here")


def test_one_answer_takes_files_and_markers_from_stdin(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    data = base64.b64encode((folder / "one.png").read_bytes()).decode()
    (folder / "in.txt").write_text(f"before [IMAGE:data:image/png;base64,{data}] after")
    command = f"{shlex.quote(sys.executable)} -m tui -p -a 'two 2.png' look < in.txt"
    with Terminal(["/bin/sh", "-c", command], env, folder, 100, 30) as terminal:
        assert terminal.wait_exit() == 0
        assert kinds(server) == ["image", "text", "image", "text"]


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
