"""A private file is the old one or the new one, whatever happens in between, and one program writes it at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tui.private_file import Occupied, locked, read_unfinished, write_private

OLD, NEW = b"old " * 1000, b"new " * 5000

# Kills itself before or after the given system call of the writing, counted from 1; without a number it lists them.
WRITER = """
import os, signal, sys
from pathlib import Path
from tui.private_file import write_private
path, content, at, when = Path(sys.argv[1]), sys.argv[2].encode() * 5000, int(sys.argv[3]), sys.argv[4]
calls = 0
def watch(frame, event, what):
    global calls
    if getattr(what, "__module__", "") != "posix":
        return
    calls += event == "c_call"
    if calls == at and (event == "c_call") == (when == "before"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(watch)
write_private(path, content)
sys.setprofile(None)
print(calls)
"""


def write_elsewhere(file: Path, at: int, when: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(file), "new ", str(at), when], capture_output=True, text=True, check=False
    )


def test_the_content_is_replaced_and_only_the_user_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "made" / "secret"
    write_private(file, OLD)
    file.chmod(0o644)
    write_private(file, NEW)
    assert file.read_bytes() == NEW
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["secret"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "real"
    target.write_bytes(OLD)
    link = tmp_path / "link"
    link.symlink_to(target)
    write_private(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


def test_what_a_killed_writer_left_is_never_written_through(tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "secret", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    (tmp_path / "secret.prx-new").symlink_to(elsewhere)
    write_private(file, NEW)
    assert (file.read_bytes(), elsewhere.read_bytes()) == (NEW, b"mine")


def test_where_it_cannot_be_written_it_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.mkdir()  # nothing can take the place of a folder
    with pytest.raises(OSError, match="folder"):
        write_private(file, NEW)
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == []


def test_killed_at_any_step_it_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(OLD)
    steps = int(write_elsewhere(file, 0, "before").stdout)
    assert file.read_bytes() == NEW
    assert steps >= 8  # two paths resolved, unlink, open, write, fsync, close, replace and the folder
    seen = []
    for at in range(1, steps + 1):
        for when in ("before", "after"):
            file.write_bytes(OLD)
            assert write_elsewhere(file, at, when).returncode == -signal.SIGKILL
            assert file.read_bytes() in (OLD, NEW)
            seen.append(file.read_bytes() == NEW)
    assert seen == sorted(seen), "once it is the new one, it stays so"
    assert set(seen) == {True, False}
    write_private(file, b"next")  # and whatever was left is in nobody's way
    assert file.read_bytes() == b"next"
    assert read_unfinished(file) == b""


def test_the_lock_is_one_for_every_name_of_the_file(tmp_path: Path) -> None:
    file, link = tmp_path / "secret", tmp_path / "link"
    file.write_bytes(OLD)
    link.symlink_to(file)
    outcome = []

    def elsewhere() -> None:
        try:
            with locked(link, 0.0):
                outcome.append("entered")
        except Occupied:
            outcome.append("occupied")

    with locked(file, 1.0):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    elsewhere()
    assert outcome == ["occupied", "entered"]
    assert (tmp_path / "secret.prx-lock").stat().st_mode & 0o777 == 0o600


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\nfrom tui.private_file import locked\n"
            "with locked(Path(sys.argv[1]), 5):\n    print('held', flush=True)\n    sys.stdin.read()",
            str(file),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Occupied), locked(file, 0.0):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    with locked(file, 0.0):
        pass
