"""Text and paths by each way in, as a user meets them: the request that is sent, the notice, the hint."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from terminal import Terminal

from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
SHOT = "Screenshot 2026-01-02 at 3.04.05\u202fPM.png"
FILES = {
    "gb.csv": ("日期,商户\n测试,1\n", "gb18030", "GBK"),
    "sjis.txt": ("これは日本語です。\n", "cp932", "Shift-JIS"),
    "win.csv": ("Größe;5€\n", "cp1252", "Windows-1252"),
    "wide.txt": ("name,city\nAnna,Ulm\n", "utf-16-le", "UTF-16"),
    "marked.csv": ("name,Éva\n", "utf-16", ""),
    "colours.txt": ("a \x1b[31mred\x1b[0m word \x07\n", "utf-8", ""),
}


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(tmp_path: Path, server: Server[FakeAnthropic]) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {
        "HOME": str(tmp_path / "home"),
        "PRX_HOME": str(tmp_path / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "ANTHROPIC_BASE_URL": server.url,
        "PATH": "/usr/bin:/bin",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, (text, encoding, _) in FILES.items():
        (folder / name).write_bytes(text.encode(encoding))
    (folder / ".env").write_text("KEY=1")
    (folder / "nul.log").write_bytes(b"one\n\0\0two\n")
    for name in ("pic.png", "b.jpg", SHOT, unicodedata.normalize("NFD", "Snímek 1.png")):
        Image.new("RGB", (56, 28), "teal").save(folder / name)
    return folder


def once(env: dict[str, str], folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tui", "-p", *arguments]
    return subprocess.run(command, env=env, cwd=folder, input=stdin, capture_output=True, timeout=60, check=False)


def content(server: Server[FakeAnthropic], number: int = -1) -> list[dict[str, object]]:
    sent = [request for request in server.requests if request.method == "POST"]
    return sent[number].json["messages"][-1]["content"]


def test_texts_are_attached_in_their_encodings_and_a_guess_is_named(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    attached = [option for name in FILES for option in ("-a", name)]
    done = once(env, folder, "--output-format", "json", *attached, "Read.")
    assert done.returncode == 0, done.stderr
    blocks = content(server)
    assert [block["source"]["data"] for block in blocks[:-1]] == [text for text, _, _ in FILES.values()]
    notices = json.loads(done.stdout)["notices"]
    named = [f"{name}: read as {guess}, which is a guess" for name, (_, _, guess) in FILES.items() if guess]
    assert sorted(notice for notice in notices if "guess" in notice) == sorted(named)


@pytest.mark.parametrize("name", ["gb.csv", "sjis.txt", "win.csv", "wide.txt", "marked.csv", "colours.txt"])
def test_stdin_is_read_as_an_attachment_is(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path, name: str
) -> None:
    text, encoding, guess = FILES[name]
    done = once(env, folder, "Read.", stdin=text.encode(encoding))
    assert done.returncode == 0, done.stderr
    assert content(server)[-1]["text"] == f"Read.\n\n{text.removesuffix(chr(10))}"
    said = f"stdin: read as {guess}, which is a guess".encode()
    assert (said in done.stderr) == bool(guess)


def test_a_system_prompt_is_read_as_an_attachment_is(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    done = once(env, folder, "--system-file", "gb.csv", "Hello.")
    assert done.returncode == 0, done.stderr
    assert b"prx: gb.csv: read as GBK, which is a guess" in done.stderr
    sent = next(request for request in server.requests if request.method == "POST").json
    assert FILES["gb.csv"][0].strip() in json.dumps(sent["system"], ensure_ascii=False).replace("\\n", "\n")
    assert once(env, folder, "--system-file", "nul.log", "Hello.").returncode == 2


def test_what_cannot_be_sent_is_called_what_it_is(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    for arguments, stdin, sentence in (
        (("-a", "nul.log"), b"", "nul.log is a binary file of an unsupported type"),
        ((), b"one\n\0\0two\n", "stdin is binary, not text"),
        (("-a", "https://x.example/a.png"), b"", "https://x.example/a.png is an address, not a file"),
        (("-a", "gone.png"), b"", "gone.png does not exist"),
    ):
        done = once(env, folder, *arguments, "Read.", stdin=stdin)
        assert done.returncode == 1
        assert sentence in done.stderr.decode()
        assert done.stderr.count(b"\n") == 2, "the sentence, and what to do"
    assert not server.requests


@pytest.mark.parametrize(
    "name", [SHOT.replace("\u202f", " "), unicodedata.normalize("NFC", "Snímek 1.png"), "./pic.png"]
)
def test_an_option_finds_a_name_that_looks_the_same(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path, name: str
) -> None:
    assert once(env, folder, "-a", name, "Look.").returncode == 0
    assert once(env, folder, "-a", (folder / name).as_uri(), "Look.").returncode == 0
    assert [block["type"] for block in content(server, 0) + content(server, 1)] == ["image", "text"] * 2


def test_a_mention_in_a_prompt_of_a_script_attaches_nothing_and_says_so(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    done = once(env, folder, "compare (@pic.png) with @x")
    assert done.returncode == 0
    assert [block["type"] for block in content(server)] == ["text"]
    assert "pic.png is mentioned but not attached. With -p, attach files with -a FILE." in done.stderr.decode()
    done = once(env, folder, "see", stdin=b"[IMAGE:pic.png]")
    assert "[IMAGE:…] contains no image" in done.stderr.decode()


def test_mentions_are_attached_wherever_they_stand_and_the_rest_is_said(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    prompts = {
        "compare (@pic.png) with @b.jpg.": (["image", "image", "text"], ""),
        "“@win.csv”, [@pic.png]; **@b.jpg**": (["document", "image", "image", "text"], ""),
        f'see @"{SHOT.replace(chr(0x202F), " ")}"': (["image", "text"], ""),
        "see @.env and @win.csv": (["document", "text"], "@.env is hidden and not attached"),
        "see @gone.png": (["text"], "@gone.png is not a file here; it stays text"),
        "(@pic.png) and @x.png, @y.png": (["image", "text"], "@x.png and 1 more are not files here; they stay text"),
        "see @https://x.example/a.png": (["text"], "@https://x.example/a.png is an address, not a file"),
        "see [IMAGE:pic.png] here": (["text"], "[IMAGE:…] contains no image"),
        "/modle opus": (["text"], "no command /modle; sent as text"),
    }
    with Terminal([sys.executable, "-m", "tui"], env, folder, 120, 40) as terminal:
        terminal.wait_for("Talk to")
        for number, (prompt, (kinds, hint)) in enumerate(prompts.items()):
            before = len(terminal.output)
            terminal.paste(prompt)
            terminal.type("\r")
            terminal.wait(lambda number=number: len([1 for one in server.requests if one.method == "POST"]) > number)
            assert [block["type"] for block in content(server)] == kinds
            terminal.wait(lambda before=before, hint=hint: hint in terminal.output[before:].decode(errors="replace"))
            terminal.wait(lambda: "esc stop" not in terminal.text.lower())


def test_a_dropped_path_is_the_file_that_looks_the_same_or_a_hint(
    env: dict[str, str], server: Server[FakeAnthropic], folder: Path
) -> None:
    with Terminal([sys.executable, "-m", "tui"], env, folder, 120, 40) as terminal:
        terminal.wait_for("Talk to")
        terminal.paste(str(folder / SHOT).replace("\u202f", " ").replace(" ", "\\ "))
        terminal.wait_for("▣ Screenshot")
        terminal.paste(f"'{folder}/{unicodedata.normalize('NFC', 'Snímek 1.png')}'")
        terminal.wait_for("▣ Sn")
        terminal.paste(str(folder / "gone\\ 1.png"))
        terminal.wait_for("no file gone 1.png; pasted as text")
        terminal.type("\x15")
        terminal.paste(str(folder / "win.csv"))
        terminal.wait_for("pasted as text; type @ before the path")
