"""Nothing outside the folder is read or written without the user's word, whatever a name is and whoever swaps links."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.tools.calling import NO, Tools
from tui.tools import openat
from tui.tools.paths import Folders
from tui.tools.tool import Failed

pytestmark = pytest.mark.anyio
SECRET = "what nobody may see"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, beside a file that is not in it."""
    inside = tmp_path / "project"
    (inside / "src").mkdir(parents=True)
    (inside / "src" / "a.txt").write_text("inside\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text(f"{SECRET}\n")
    return inside


OUTSIDE = [
    "../outside/secret.txt",
    "src/../../outside/secret.txt",
    "link.txt",
    "away/secret.txt",
    "src/deep/secret.txt",
    "chain/secret.txt",
    "away/../outside/secret.txt",
    "./src/./../../outside//secret.txt",
]


def with_links(folder: Path) -> None:
    (folder / "link.txt").symlink_to("../outside/secret.txt")
    (folder / "away").symlink_to(folder.parent / "outside")
    (folder / "src" / "deep").symlink_to("../../outside")
    (folder / "chain").symlink_to("src/deep")


@pytest.mark.parametrize("name", OUTSIDE)
async def test_what_lies_outside_asks_with_its_real_path(folder: Path, name: str) -> None:
    with_links(folder)
    tools = Tools(folder, answer=NO)
    assert SECRET not in await tools.failure("read_file", path=name)
    (question,) = tools.asked
    assert (question.kind, question.title) == ("path", "Read outside the folder")
    assert question.detail == str(folder.parent / "outside" / "secret.txt")
    assert f"1\t{SECRET}" == await Tools(folder).text("read_file", path=name)


async def test_an_absolute_path_and_the_home_folder_ask_too(folder: Path) -> None:
    home = Path.home()
    home.mkdir()
    (home / "notes.txt").write_text(SECRET)
    tools = Tools(folder, answer=NO)
    await tools.failure("read_file", path=str(folder.parent / "outside" / "secret.txt"))
    await tools.failure("read_file", path="~/notes.txt")
    await tools.failure("list_files", path="..")
    await tools.failure("search_files", pattern="nobody", path="../outside")
    assert [question.detail for question in tools.asked] == [
        str(folder.parent / "outside" / "secret.txt"),
        str(home / "notes.txt"),
        str(folder.parent),
        str(folder.parent / "outside"),
    ]


async def test_a_link_that_stays_inside_is_a_name_like_any_other(folder: Path) -> None:
    (folder / "b.txt").symlink_to("src/a.txt")
    (folder / "sources").symlink_to("src")
    tools = Tools(folder, answer=NO)
    assert await tools.text("read_file", path="b.txt") == "1\tinside"
    assert await tools.text("read_file", path="sources/a.txt") == "1\tinside"
    assert await tools.text("read_file", path=str(folder / "src" / "a.txt")) == "1\tinside"
    assert tools.asked == []


async def test_a_folder_that_the_user_added_is_inside(folder: Path) -> None:
    tools = Tools(folder, more=[folder.parent / "outside"], answer=NO)
    assert await tools.text("read_file", path="../outside/secret.txt") == f"1\t{SECRET}"
    assert tools.asked == []


async def test_lists_and_searches_never_follow_links(folder: Path) -> None:
    with_links(folder)
    tools = Tools(folder, answer=NO)
    assert "secret" not in await tools.text("list_files", pattern="*")
    assert await tools.text("search_files", pattern="nobody") == "No matches."
    assert "away  (link)" in await tools.text("list_files")


async def test_a_folder_that_begins_with_the_same_letters_is_another_one(folder: Path) -> None:
    twin = folder.with_name("project-old")
    twin.mkdir()
    (twin / "x").write_text(SECRET)
    tools = Tools(folder, answer=NO)
    await tools.failure("read_file", path="../project-old/x")
    assert len(tools.asked) == 1


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/1/maps", "/sys"])
async def test_what_the_system_makes_up_is_never_opened(folder: Path, name: str) -> None:
    (folder / "link").symlink_to(name)
    tools = Tools(folder)
    for path in (name, "link"):
        for tool in ("read_file", "list_files"):
            text = await tools.failure(tool, path=path)
            assert "PATH=" not in text
    assert not any("/proc" in question.detail or "/dev" in question.detail for question in tools.asked)


async def test_pipes_and_sockets_are_named_and_nobody_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        tools = Tools(folder)
        assert "is a pipe, not a file" in await tools.failure("read_file", path="pipe")
        assert "is a socket, not a file" in await tools.failure("read_file", path="socket")
        assert "is a pipe, not a file" in await tools.failure("write_file", path="pipe", content="x")
        assert "is a pipe, not a file" in await tools.failure("search_files", pattern="x", path="pipe")
        assert "is a socket, not a file" in await tools.failure("search_files", pattern="x", path="socket")
        assert "is a folder" in await tools.failure("read_file", path="src")
        assert "pipe  (no file)" in await tools.text("list_files")
        assert await tools.text("search_files", pattern="x") == "No matches."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
async def test_a_device_anywhere_is_not_opened(folder: Path) -> None:
    for name, kind, device in (("zero", stat.S_IFCHR, os.makedev(1, 5)), ("disk", stat.S_IFBLK, os.makedev(250, 250))):
        try:
            os.mknod(folder / name, kind | 0o666, device)
        except PermissionError:
            pytest.skip("devices cannot be made here")
        tools = Tools(folder)
        assert "is a device, not a file" in await tools.failure("read_file", path=name)
        assert "is a device, not a file" in await tools.failure("write_file", path=name, content="x")
        assert "is a device, not a file" in await tools.failure("search_files", pattern="x", path=name)
        assert await tools.text("search_files", pattern="x") == "No matches."


async def test_a_file_without_end_is_not_read(folder: Path) -> None:
    with (folder / "huge").open("wb") as file:
        file.truncate(3 * 2**30)
    tools = Tools(folder)
    assert "3,072 MB" in await tools.failure("read_file", path="huge")
    assert await tools.text("search_files", pattern="x") == "No matches."


async def test_names_are_shown_safely(folder: Path) -> None:
    (folder / "red\x1b[31m\nx").write_text("")
    (folder / os.fsdecode(b"caf\xe9")).write_text("")
    text = await Tools(folder).text("list_files")
    assert "red\\x1b[31m\\nx  0" in text.splitlines()
    assert "caf\\xe9  0" in text.splitlines()


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800"])
async def test_names_that_no_file_can_have_are_told(folder: Path, name: str) -> None:
    result = await Tools(folder).call("read_file", path=name)
    assert result.is_error


PRIVATE = [
    ".env",
    ".env.local",
    "deploy.pem",
    ".ssh/config",
    "keys/id_ed25519",
    ".ENV",
    "config/credentials.json",
    *(".netrc", ".npmrc", ".pypirc", ".git-credentials", ".docker/config.json", ".aws/credentials", ".kube/config"),
    *(".git/config", ".git/modules/tides/config", ".hg/hgrc"),
]


@pytest.mark.parametrize("name", PRIVATE)
async def test_what_holds_secrets_asks_even_inside(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(SECRET)
    (folder / "plain").symlink_to(name)
    tools = Tools(folder, answer=NO, rules=["read_file(**)", "edit_file(**)", "write_file(**)"])
    for path in (name, "plain"):
        assert SECRET not in await tools.failure("read_file", path=path)
    assert SECRET not in await tools.failure("edit_file", path=name, old=SECRET, new="")
    assert SECRET not in await tools.failure("write_file", path=name, content="x")
    assert await tools.text("search_files", pattern="nobody") == "No matches."
    assert [question.title for question in tools.asked] == ["Read a private file"] * 2 + ["Change a file"] * 2
    exact = Tools(folder, answer=NO, rules=[f"read_file({name})"])
    assert await exact.text("read_file", path=name) == f"1\t{SECRET}"


@pytest.mark.parametrize(
    "name", [".env.example", "id_ed25519.pub", "environment.py", "src/a.txt", ".git/HEAD", "src/config"]
)
async def test_what_only_sounds_like_it_does_not(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("plain\n")
    tools = Tools(folder, answer=NO)
    await tools.text("read_file", path=name)
    assert tools.asked == []


async def test_our_own_files_ask(folder: Path) -> None:
    ours = folder / "prx" / "data"
    ours.mkdir(parents=True)
    (ours / "credentials.txt").write_text(SECRET)
    tools = Tools(folder, answer=NO, ours=[ours])
    await tools.failure("read_file", path="prx/data/credentials.txt")
    await tools.failure("list_files", path="prx/data")
    assert len(tools.asked) == 2


def test_our_own_files_are_known_in_capitals_too(folder: Path) -> None:
    """Some systems take Prx for prx."""
    folders = Folders(folder, ours=[folder / "prx"])
    assert folders.place(folder / "PRX" / "chats.db").is_private
    assert not folders.place(folder / "prx2" / "chats.db").is_private


async def test_in_the_home_folder_dot_folders_ask() -> None:
    home = Path.home()
    (home / ".config" / "x").mkdir(parents=True)
    (home / ".config" / "x" / "y").write_text(SECRET)
    tools = Tools(home, answer=NO)
    await tools.failure("read_file", path=".config/x/y")
    assert len(tools.asked) == 1
    given = Tools(home / ".config" / "x", answer=NO)
    assert await given.text("read_file", path="y") == f"1\t{SECRET}"


async def test_hooks_of_git_are_changed_by_no_wildcard(folder: Path) -> None:
    (folder / ".git" / "hooks").mkdir(parents=True)
    tools = Tools(folder, answer=NO, rules=["write_file(**)"])
    await tools.failure("write_file", path=".git/hooks/pre-commit", content="#!/bin/sh\n")
    await tools.text("write_file", path="src/b.txt", content="x")
    assert [question.rules for question in tools.asked] == [("write_file(.git/hooks/pre-commit)",)]


async def test_an_edit_outside_tells_nothing_before_it_was_allowed(folder: Path) -> None:
    tools = Tools(folder, answer=NO)
    for old in (SECRET, "not there"):
        await tools.failure("edit_file", path="../outside/secret.txt", old=old, new="x")
    there, missing = tools.asked
    assert there.title == "Change a file outside the folder"
    assert missing.title == "Read outside the folder"
    (folder.parent / "outside" / "secret.txt").unlink()
    text = await tools.failure("edit_file", path="../outside/secret.txt", old="x", new="y")
    assert "There is no" not in text


_SWAPS = """
import os, sys
os.chdir(sys.argv[1])
os.symlink("../outside/secret.txt", "link_f")
os.symlink("../outside", "link_d")
print("swapping", flush=True)
while True:
    for name in "fd":
        os.rename(name, "real_" + name)
        os.rename("link_" + name, name)
        os.rename(name, "link_" + name)
        os.rename("real_" + name, name)
"""


@contextmanager
def swapping(folder: Path) -> Iterator[None]:
    """Meanwhile a program puts a link in the place of a file, and of a folder, and takes it away again, all the time."""
    program = [sys.executable, "-I", "-S", "-c", _SWAPS, str(folder)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"swapping\n"
        try:
            yield
            assert process.poll() is None
        finally:
            process.kill()


def swapped(folder: Path) -> None:
    (folder / "f").write_text("inside\n")
    (folder / "d").mkdir()
    (folder / "d" / "secret.txt").write_text("inside\n")


def for_a_while(done: Counter[str], **enough: int) -> Iterator[str]:
    """The names to race for: over and over for a second, and on a slow machine until there was enough of everything."""
    start = time.monotonic()
    while (span_s := time.monotonic() - start) < 1 or any(done[what] < count for what, count in enough.items()):
        assert span_s < 60, f"it never came to a race: {done}"
        yield from ("f", "d/secret.txt")


def test_no_race_reads_what_lies_outside(folder: Path) -> None:
    swapped(folder)
    folders = Folders(folder)
    done: Counter[str] = Counter()
    with swapping(folder):
        for name in for_a_while(done, read=100, refused=1):
            try:
                place = folders.find(name)
                if place.is_inside:
                    assert openat.read(place.path) == b"inside\n"
                    done["read"] += 1
            except Failed:
                done["refused"] += 1


def test_no_race_writes_what_lies_outside(folder: Path) -> None:
    swapped(folder)
    folders = Folders(folder)
    done: Counter[str] = Counter()
    with swapping(folder):
        for name in for_a_while(done, written=1):
            with suppress(Failed):
                place = folders.find(name)
                if place.is_inside:
                    openat.replace(place.path, b"inside\n", b"inside\n")
                    done["written"] += 1
    assert [path.name for path in (folder.parent / "outside").iterdir()] == ["secret.txt"]
    assert (folder.parent / "outside" / "secret.txt").read_text() == f"{SECRET}\n"


@pytest.mark.parametrize(
    "name", [".ENV", ".env.", ".env ", ".e\u200dnv", "．env", "ID_RSA", "GIT~1/config", ".ｇit/config"]
)
async def test_a_name_that_some_disks_take_for_a_private_one_asks(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(SECRET)
    tools = Tools(folder, rules=["read_file(**)"], answer=NO)
    assert SECRET not in await tools.failure("read_file", path=name)
    assert [question.title for question in tools.asked] == ["Read a private file"]
