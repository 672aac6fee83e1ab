"""Signals and terminals that go away: each end is in order, nothing that was written is lost, and the exit code says why."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
PRX = [sys.executable, "-m", "tui"]
LIMIT_S = 60


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic], tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PRX_HOME": str(tmp_path / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }


def opened(env: dict[str, str], tmp_path: Path, *options: str) -> Terminal:
    return Terminal([*PRX, *options], env, tmp_path)


def in_mid_answer(server: Server[FakeAnthropic], terminal: Terminal) -> None:
    """Half an answer has come, and the next prompt is being written."""
    server.service.script(Answer(Text("The tide runs out", Gate())))
    terminal.wait_for("Talk to")
    terminal.type("Which way does it run?\r")
    terminal.wait_for("The tide runs out")
    terminal.type("and at which hour")
    terminal.wait_for("│ and at which hour")


def assert_restored(terminal: Terminal) -> None:
    assert terminal.modes_left_on == set()
    assert terminal.settings_restored


# The full screen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_the_full_screen_in_order(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with opened(env, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        terminal.process.send_signal(number)
        assert terminal.wait_exit() == 128 + number
        assert_restored(terminal)
        assert b"Traceback" not in terminal.output
    kept = (tmp_path / "prx" / "data" / "chats.db").read_bytes()
    assert b"The tide runs out" in kept
    assert b"and at which hour" in kept


@pytest.mark.parametrize("sent", [False, True])
def test_what_is_typed_before_the_store_is_open_outlives_a_signal(
    env: dict[str, str], tmp_path: Path, sent: bool
) -> None:
    subprocess.run([*PRX, "chats"], env={**os.environ, **env}, check=True, capture_output=True)
    other = sqlite3.connect(tmp_path / "prx" / "data" / "chats.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")  # nothing can be read or written
    with contextlib.closing(other), opened(env, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        if sent:
            terminal.type("Which way does it run?\r")
            terminal.wait(lambda: "Which way" not in terminal.text)
        terminal.type("and at which hour")
        terminal.wait_for("│ and at which hour")
        terminal.process.send_signal(signal.SIGTERM)
        other.execute("ROLLBACK")
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert_restored(terminal)
    with opened(env, tmp_path) as terminal:
        terminal.wait_for("│ and at which hour")
        if sent:
            terminal.wait_for("Which way does it run?")


def test_a_signal_that_was_ignored_from_the_start_stays_so(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    ignoring = f"trap '' HUP; exec {shlex.join(PRX)}"
    with Terminal(["sh", "-c", ignoring], {**os.environ, **env}, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        terminal.process.send_signal(signal.SIGHUP)
        terminal.type("!")
        terminal.wait_for("│ and at which hour!")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert_restored(terminal)


def test_a_draft_of_the_first_moment_is_kept(env: dict[str, str], tmp_path: Path) -> None:
    with Terminal(PRX, {**os.environ, **env}, tmp_path) as terminal:
        terminal.wait_for("⏎ send")
        terminal.type("early bird")
        terminal.wait_for("│ early bird")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
    with Terminal(PRX, {**os.environ, **env}, tmp_path) as terminal:
        terminal.wait_for("│ early bird")


def test_a_terminal_that_is_closed_loses_nothing(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    with opened(env, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        terminal.hang_up()
        assert terminal.process.wait(LIMIT_S) == 128 + signal.SIGHUP
    with opened(env, tmp_path, "-c") as terminal:
        terminal.wait_for("The tide runs out")
        terminal.wait_for("│ and at which hour")


# A terminal that stops reading, as over a connection that stalls

ENDED_S = 20
"""For about a second of waiting, on a busy machine."""


def draw_often(terminal: Terminal) -> None:
    """Keys one after the other, each of which is drawn: more than may wait to be written."""
    for number in range(60):
        terminal.type_unread(f" {number}")
        select.select([], [], [], 0.02)


@pytest.mark.parametrize(("number", "draws_often"), [(signal.SIGTERM, True), (signal.SIGHUP, False)])
def test_a_signal_ends_it_although_its_terminal_stalls(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, number: signal.Signals, draws_often: bool
) -> None:
    with opened(env, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        terminal.stall()
        if draws_often:
            draw_often(terminal)
        terminal.process.send_signal(number)
        assert terminal.process.wait(ENDED_S) == 128 + number
    kept = (tmp_path / "prx" / "data" / "chats.db").read_bytes()
    assert b"The tide runs out" in kept
    assert b"and at which hour" in kept


def test_it_goes_on_while_its_terminal_stalls_and_then_draws_again(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    with opened(env, tmp_path) as terminal:
        gate = Gate()
        server.service.script(Answer(Text("The tide runs out", gate, " at nine.")), Answer(Text("It comes back.")))
        terminal.wait_for("Talk to")
        terminal.type("Which way does it run?\r")
        terminal.wait_for("The tide runs out")
        terminal.stall()
        draw_often(terminal)
        terminal.type_unread("\r")
        gate.open()
        end = time.monotonic() + ENDED_S
        while not any(b"57 58 59" in request.body for request in server.requests):
            assert time.monotonic() < end, "the keys were not heard"
        terminal.clear()
        for words in ("at nine.", "57 58 59", "It comes back."):
            terminal.wait_for(words)
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_stopped_program_comes_back_whole(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with opened(env, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        terminal.process.send_signal(number)
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        if number == signal.SIGTSTP:  # with the other one, nobody could
            terminal.wait(lambda: not terminal.modes_left_on)
            assert terminal.settings_restored
        terminal.clear()  # what the shell does meanwhile
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("The tide runs out")
        terminal.type("!")
        terminal.wait_for("│ and at which hour!")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_a_storm_of_signals_changes_nothing(server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path) -> None:
    with opened(env, tmp_path) as terminal:
        gate = Gate()
        server.service.script(Answer(Text("The tide runs out", gate, " at nine.")))
        terminal.wait_for("Talk to")
        terminal.type("Which way does it run?\r")
        terminal.wait_for("The tide runs out")
        for _ in range(60):
            for number in (signal.SIGCONT, signal.SIGWINCH):
                terminal.process.send_signal(number)
            terminal.watch(0.01)
        gate.open()
        terminal.wait_for("at nine.")
        terminal.type("and then?")
        terminal.wait_for("│ and then?")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert_restored(terminal)
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("together", [[signal.SIGHUP, signal.SIGCONT], [signal.SIGCONT, signal.SIGHUP, signal.SIGCONT]])
def test_it_ends_with_its_terminal_and_its_servers_end_with_it(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, together: list[signal.Signals]
) -> None:
    """A shell whose window is closed sends both to its jobs."""
    (tmp_path / "prx" / "config").mkdir(parents=True)
    (tmp_path / "prx" / "config" / "config.toml").write_text(
        f'[default]\ntools = "ask"\n[mcp.notes]\ncommand = {json.dumps(sys.executable)}\n'
        f"args = [{json.dumps(str(ROOT / 'tests' / 'mcp' / 'odd_server.py'))}]\n"
    )
    with opened(env, tmp_path) as terminal:
        in_mid_answer(server, terminal)
        started = [os.pidfd_open(pid) for pid in descendants(terminal.process.pid)]
        assert started, "the server of tools runs"
        terminal.hang_up()
        for number in together * 5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(terminal.process.pid, number)
        assert terminal.process.wait(LIMIT_S) == 128 + signal.SIGHUP
    for process in started:
        assert select.select([process], [], [], LIMIT_S)[0], "its server outlived it"
        os.close(process)


def descendants(pid: int) -> list[int]:
    """The processes that it has started, and theirs."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]
    return children + [below for child in children for below in descendants(child)]


# One answer on stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_p_with_what_had_arrived(
    server: Server[FakeAnthropic], env: dict[str, str], number: signal.Signals
) -> None:
    gate = Gate()
    server.service.script(Answer(Text("half an ", gate, "answer")), Answer(Text("the rest")))
    environment = {**os.environ, **env}
    with subprocess.Popen(
        [*PRX, "-p", "x", "--output-format", "stream-json"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        text = ""
        while text != "half an ":  # in one delta or two
            text += json.loads(process.stdout.readline()).get("text", "")
        process.send_signal(number)
        rest, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, errors) == (128 + number, b"")
    result = json.loads(rest.splitlines()[-1])
    assert result["text"] == "half an "
    assert "Interrupted" in result["notices"][-1]
    again = subprocess.run(
        [*PRX, "-p", "-c", "go on"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S
    )
    assert again.returncode == 0
    assert "half an" in json.dumps(server.requests[-1].json["messages"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_p_while_it_still_reads(
    server: Server[FakeAnthropic], env: dict[str, str], number: signal.Signals
) -> None:
    with subprocess.Popen(
        [*PRX, "-p", "x"],
        env={**os.environ, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        assert b"waiting for the end of stdin" in process.stderr.readline()
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 128 + number
        assert (process.stderr.read(), server.requests) == (b"", [])


def test_p_in_a_terminal_that_is_closed_keeps_what_had_arrived(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    server.service.script(Answer(Text("half an ", Gate(), "answer")), Answer(Text("the rest")))
    with opened(env, tmp_path, "-p", "x") as terminal:
        terminal.wait_for("half an")
        terminal.hang_up()
        assert terminal.process.wait(LIMIT_S) == 128 + signal.SIGHUP
    with opened(env, tmp_path, "-p", "-c", "go on") as terminal:
        assert terminal.wait_exit() == 0
    assert "half an" in json.dumps(server.requests[-1].json["messages"])
