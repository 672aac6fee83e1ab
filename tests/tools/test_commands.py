"""Commands, with real processes: what they say, when they are ended, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.calling import NO, Tools
from tui.tools.output import Output

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc"),
    pytest.mark.skipif(not (shutil.which("bash") and shutil.which("setsid")), reason="the family speaks bash"),
]
PROJECT = Path(__file__).parent.parent.parent

# Three generations: one in the group, one that has left it and the session, and one that ignores a polite request.
FAMILY = r"""
trap '' TERM
echo $$ >> pids
(trap '' TERM; echo $BASHPID >> pids; exec sleep 300) &
setsid bash -c 'trap "" TERM; echo $$ >> pids; setsid sleep 300 & echo $! >> pids; exec sleep 300' &
while [ $(wc -l < pids) -lt 4 ]; do :; done
echo ready
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # the second: it ended between opening and reading
        return False


def pids(folder: Path) -> list[int]:
    found = [int(line) for line in (folder / "pids").read_text().split()]
    assert len(set(found)) == 4
    return found


def gone(processes: list[int]) -> None:
    """Waits until none of them runs any more. The watcher takes up to a second."""
    until = time.monotonic() + 60
    while left := [pid for pid in processes if alive(pid)]:
        assert time.monotonic() < until, left
        os.sched_yield()


async def test_a_command_says_what_it_says(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    assert await tools.text("run_command", command="echo out; echo err >&2; pwd") == f"out\nerr\n{tmp_path}"
    assert await tools.text("run_command", command="true") == "(exit code 0, no output)"
    assert await tools.failure("run_command", command="echo no; exit 3") == "no\n\n(exit code 3)"
    assert await tools.failure("run_command", command="kill -9 $$") == "(exit code 137)"
    assert "not found" in await tools.failure("run_command", command="no-such-program")
    question = tools.asked[0]
    assert (question.kind, question.title, question.folder) == ("command", "Run a command", str(tmp_path))
    assert question.detail == "echo out; echo err >&2; pwd"


async def test_there_is_nothing_to_read_and_no_terminal(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    assert await tools.text("run_command", command="cat; [ -t 0 ] || echo none") == "none"
    await tools.failure("run_command", command="echo x > /dev/tty")


async def test_our_credentials_are_not_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"):
        monkeypatch.setenv(name, "PLANTED")
    monkeypatch.setenv("MINE", "kept")
    text = await Tools(tmp_path).text("run_command", command="env")
    assert "PLANTED" not in text
    assert "MINE=kept" in text


async def test_a_pipe_that_nobody_reads_ends_its_writer(tmp_path: Path) -> None:
    assert await Tools(tmp_path).text("run_command", command="yes | head -1; echo ${PIPESTATUS[0]}") == "y\n141"


async def test_output_is_told_while_it_comes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    tools = Tools(tmp_path)
    call = asyncio.create_task(tools.text("run_command", command="echo first; cat go; echo last"))
    while "first" not in "".join(tools.told):
        tools.fresh.clear()
        await tools.fresh.wait()
    assert not call.done()
    await asyncio.to_thread((tmp_path / "go").write_text, "middle\n")
    assert await call == "first\nmiddle\nlast"
    assert "".join(tools.told) == "first\nmiddle\nlast\n"


async def test_of_a_long_output_both_ends_stay(tmp_path: Path) -> None:
    text = await Tools(tmp_path).text("run_command", command="seq 1 100000")
    assert text.startswith("1\n2\n")
    assert text.endswith("99999\n100000")
    assert "bytes left out" in text
    assert len(text) < 31_000


async def test_a_flood_is_ended(tmp_path: Path) -> None:
    assert "it wrote more than 200 MB" in await Tools(tmp_path).failure("run_command", command="cat /dev/zero")


async def test_colours_and_progress_are_left_out(tmp_path: Path) -> None:
    command = r"printf '\033[31mred\033[0m\n10%%\r50%%\r100%%\ndone\r\n'"
    assert await Tools(tmp_path).text("run_command", command=command) == "red\n100%\ndone"


async def test_the_time_limit_ends_the_whole_family(tmp_path: Path) -> None:
    tools = Tools(tmp_path, timeout_s=6)
    text = await tools.failure("run_command", command=f"{FAMILY}\nsleep 300")
    assert text == "ready\n\n(ended: it ran longer than 6 seconds)"
    assert [pid for pid in pids(tmp_path) if alive(pid)] == []


async def test_what_is_left_in_the_background_ends_with_the_command(tmp_path: Path) -> None:
    assert await Tools(tmp_path).text("run_command", command=FAMILY) == "ready"
    assert [pid for pid in pids(tmp_path) if alive(pid)] == []


async def test_a_stop_ends_the_whole_family(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    call = asyncio.create_task(tools.call("run_command", command=f"{FAMILY}\nsleep 300"))
    while "ready" not in "".join(tools.told):
        tools.fresh.clear()
        await tools.fresh.wait()
    family = pids(tmp_path)
    assert all(alive(pid) for pid in family)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gone(family)


async def test_a_polite_program_may_tidy_up(tmp_path: Path) -> None:
    tools = Tools(tmp_path, timeout_s=4)
    await tools.failure("run_command", command="trap 'echo tidy > tidied; exit' TERM; while :; do sleep 0.05; done")
    assert (tmp_path / "tidied").read_text() == "tidy\n"


APP = """
import asyncio, json, sys
from pathlib import Path
from tests.tools.calling import NO, Tools

async def main():
    await Tools(Path(sys.argv[1])).call("run_command", command=sys.argv[2])

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_app_leaves_no_child(tmp_path: Path, number: signal.Signals) -> None:
    command = f"{FAMILY}\ntouch started; sleep 300"
    with subprocess.Popen([sys.executable, "-c", APP, str(tmp_path), command], cwd=PROJECT) as app:
        while not (tmp_path / "started").exists():
            assert app.poll() is None
            os.sched_yield()
        watchers = children(app.pid)
        assert watchers
        family = [*watchers, *pids(tmp_path)]
        assert all(alive(pid) for pid in family)
        app.send_signal(number)
    gone(family)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            if stat.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(stat.parent.name))
    return found


async def test_even_without_its_watcher_the_command_ends(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    text = await tools.failure("run_command", command="echo $$ > pid; kill -9 $PPID; sleep 300")
    assert text == "(exit code 137)"
    gone([int((tmp_path / "pid").read_text())])


async def test_many_at_once(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    texts = await asyncio.gather(*(tools.text("run_command", command=f"echo {number}") for number in range(8)))
    assert texts == [str(number) for number in range(8)]


async def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    tools = Tools(folder)
    folder.rmdir()
    assert "cannot be run: No such file" in await tools.failure("run_command", command="ls")


@pytest.mark.parametrize("command", ["", "a\0b", "x" * 30_000])
async def test_what_is_no_command_is_refused(tmp_path: Path, command: str) -> None:
    tools = Tools(tmp_path)
    await tools.failure("run_command", command=command)
    assert tools.asked == []


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=12), st.integers(2, 30))
def test_what_is_kept_is_the_beginning_and_the_end(pieces: list[bytes], keep: int) -> None:
    output = Output(keep, 10**6)
    for piece in pieces:
        output.take(piece)
    whole = b"".join(re.sub(rb"[^a-z]", b"x", piece) for piece in pieces)
    assert output.size_bytes == len(whole)
    plain = Output(keep, 10**6)
    for piece in pieces:
        plain.take(re.sub(rb"[^a-z]", b"x", piece))
    half = keep // 2
    if len(whole) <= 2 * half:
        assert plain.text() == whole.decode()
    else:
        count = len(whole) - 2 * half
        left_out = f"\n\n[… {count:,} byte{'s' * (count > 1)} left out …]\n\n"
        assert plain.text() == whole[:half].decode() + left_out + whole[len(whole) - half :].decode()


def test_a_long_line_and_what_it_was_written_over_by_take_no_time() -> None:
    """Seconds for each of these lines, and hours for this one, where each of its characters begins a search."""
    output = Output(6_000_000, 10**7)
    output.take(b"a" * 3_000_000 + b"\n1 %\r99 %\rdone\n5 %\r")
    assert output.text() == "a" * 3_000_000 + "\ndone\n5 %\r"


async def test_git_writes_no_file_under_a_rule_for_its_log(tmp_path: Path) -> None:
    """The real git, and a rule that a user would make."""
    folder = tmp_path / "project"
    await Tools(folder_with_a_commit(folder)).text("run_command", command="git log --oneline")
    tools = Tools(folder, rules=["run_command(git log *)"], answer=NO)
    assert "first" in await tools.text("run_command", command="git log --oneline -1")
    for option in ("--output=../x", "--outp=../x", "'--output'=../x", '--"output" ../x', "--output ../x"):
        await tools.failure("run_command", command=f"git log {option}")
    assert not (tmp_path / "x").exists()
    assert len(tools.asked) == 5
    assert tools.asked[0].rules == ("run_command(git log --output=../x)",)
    await (asked := Tools(folder, answer=NO)).failure("run_command", command="git log -3")
    assert asked.asked[0].rules[1] == "run_command(git log *)"
    assert "--output" in asked.asked[0].remarks[1]


def folder_with_a_commit(folder: Path) -> Path:
    folder.mkdir()
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for words in (("init", "-q"), (*author, "commit", "-q", "--allow-empty", "-m", "first")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder
