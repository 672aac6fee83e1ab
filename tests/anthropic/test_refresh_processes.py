"""Real programs that renew one login at the same time, or are killed while they do. Nobody may end up logged out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from login_file import VERSION, SignedIn

from tui.anthropic.token_endpoint import ReplyLost
from tui.demo.oauth import Trouble
from tui.demo.reply import Gate, Pause

# Waits for a line on stdin, so that all begin together; then it asks as the program does, and prints the status.
ASKER = """
import asyncio, sys
from pathlib import Path
import httpx
from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import discover
from tui.anthropic.token_refresh import TokenRefresher

url, home, now = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
login = discover("", {}, home, now_s=now).require()
auth = auth_for(login, url, token_url=url + "/v1/oauth/token", now=lambda: now)
FAULT

async def ask():
    async with httpx.AsyncClient(trust_env=False, auth=auth, timeout=60) as client:
        return await client.get(url + "/v1/models", headers={"anthropic-version": "2023-06-01"})

print("ready", flush=True)
sys.stdin.readline()
print(asyncio.run(ask()).status_code, flush=True)
"""

# Kills the program before the given one of all the system calls by which it keeps the answer.
FAULT = """
import os, signal, threading
at, calls = int(sys.argv[4]), 0
CHANGING = {"open", "write", "fsync", "close", "replace", "rename", "unlink"}
def watch(frame, event, what):
    global calls
    if event == "c_call" and what.__name__ in CHANGING and getattr(what, "__module__", "") == "posix":
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
keep = TokenRefresher._store
def watched(self, login, grant):
    sys.setprofile(watch)
    keep(self, login, grant)
    sys.setprofile(None)
    print(calls, flush=True)
TokenRefresher._store = watched
"""


def start(place: SignedIn, *, kill_at: int | None = None) -> subprocess.Popen:
    code = ASKER.replace("FAULT", "" if kill_at is None else FAULT)
    arguments = [place.server.url, str(place.home), str(place.clock.now), str(kill_at)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(*programs: subprocess.Popen) -> None:
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()


class Reader:
    """Reads the file over and over while the block runs, and counts what it saw. What is no login is an error."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._over = threading.Event()
        self.seen: set[str] = set()
        self.broken: list[str] = []
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._over.is_set():
            try:
                login = json.loads(self._file.read_text())
                self.seen.add(login["claudeAiOauth"]["accessToken"])
                assert login["mcpOAuth"] == {}
            except Exception as error:  # noqa: BLE001 - every way of being no login
                self.broken.append(repr(error))

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("life_s", [0, 60])
def test_programs_that_renew_at_once_renew_once(tmp_path: Path, count: int, life_s: float) -> None:
    with SignedIn(tmp_path, life_s=life_s) as place:
        place.endpoint.trouble(Trouble(before=(Pause(0.3),)))  # slow enough for all of them to come meanwhile
        with Reader(place.file) as reader:
            programs = [start(place) for _ in range(count)]
            go(*programs)
            outcomes = [program.communicate(timeout=60) for program in programs]
        assert [out for out, _ in outcomes] == ["200\n"] * count, outcomes
        assert (place.endpoint.posts, place.endpoint.reuses) == (1, 0)
        assert reader.broken == []
        assert reader.seen == {place.access, place.in_file()["accessToken"]}
        assert set(place.tokens_sent()) == {place.in_file()["accessToken"]}
        assert len(place.tokens_sent()) == count


def test_killed_at_any_step_of_keeping_the_new_tokens_the_login_lives(tmp_path: Path) -> None:
    at, survived = 0, False
    fates: list[str] = []
    while not survived:
        at += 1
        home = tmp_path / str(at)
        with SignedIn(home, life_s=0) as place:
            program = start(place, kill_at=at)
            go(program)
            _, err = program.communicate(timeout=60)
            survived = program.returncode == 0
            assert survived or program.returncode == -signal.SIGKILL, err
            assert place.in_file()["accessToken"], "always a login"
            is_written = json.loads(written_down(place.file) or "{}") != {}
            is_renewed = place.in_file()["accessToken"] != place.access
            fates.append("kept" if is_renewed else "written down" if is_written else "lost")
            # Another run goes on with what there is, or says that the answer was lost; it never asks a second time.
            with httpx.Client(trust_env=False, auth=place.auth(), headers=VERSION) as client:
                if fates[-1] == "lost":
                    with pytest.raises(ReplyLost):
                        client.get(f"{place.server.url}/v1/models")
                else:
                    assert client.get(f"{place.server.url}/v1/models").status_code == 200
            assert (place.endpoint.posts, place.endpoint.reuses) == (1, 0)
    assert sorted(set(fates), key=fates.index) == ["lost", "written down", "kept"], "every step was tried"


def written_down(file: Path) -> str:
    """What was on disk, whole, when the program was killed."""
    try:
        text = file.with_name(f"{file.name}.prx-new").read_text()
        json.loads(text)
    except (OSError, ValueError):
        return ""
    return text


def test_killed_while_it_waits_for_the_answer_nobody_asks_again(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        killed, other = start(place), start(place)
        go(killed)
        gate.wait_until_reached()
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
        go(other)  # the lock is free at once
        begun = time.monotonic()
        out, err = other.communicate(timeout=60)
        assert "ReplyLost" in err
        assert "sk-ant" not in out + err
        assert time.monotonic() - begun < 10
        assert (place.endpoint.posts, place.endpoint.reuses) == (1, 0)


def test_quitting_waits_for_the_answer(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        program = start(place)
        go(program)
        gate.wait_until_reached()
        program.send_signal(signal.SIGINT)
        gate.open()
        program.communicate(timeout=60)
        assert program.returncode != 0
        assert place.in_file()["accessToken"] != place.access


def prompt(place: SignedIn) -> subprocess.Popen:
    """`prx -p`, which has to renew the login first."""
    place.clock.now = time.time()
    place.write(*place.endpoint.sign_in(0), place.clock.now - 5)
    (place.home / "prx" / "config").mkdir(parents=True)
    (place.home / "prx" / "config" / "config.toml").write_text(
        f'[providers.anthropic]\napi_url = "{place.server.url}"\noauth_token_url = "{place.token_url}"\n'
    )
    env = {**os.environ, "HOME": str(place.home), "PRX_HOME": str(place.home / "prx")}
    return subprocess.Popen(
        [sys.executable, "-m", "tui", "-p", "Hi"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted(program: subprocess.Popen, gate: Gate) -> None:
    """Ctrl+C while the endpoint is silent, and what the program then says of it."""
    gate.wait_until_reached(20)
    program.send_signal(signal.SIGINT)
    assert program.stderr is not None
    while "waiting for Claude Code's renewed login" not in (line := program.stderr.readline()):
        assert line, "it ended"


@pytest.mark.parametrize("again", [False, True])
def test_interrupted_during_a_renewal_it_says_what_it_waits_for(tmp_path: Path, again: bool) -> None:
    with SignedIn(tmp_path) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        program = prompt(place)
        before = place.in_file()
        interrupted(program, gate)
        if again:
            program.send_signal(signal.SIGINT)
        else:
            gate.open()
        _, err = program.communicate(timeout=60)
        assert program.returncode == 130
        assert "Traceback" not in err
        assert (place.in_file() == before) is again
