"""Two prx in real terminals with the same chat open: nothing of what either says is lost, and at rest both are silent."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
LOOKED_AT_S = 2.2
"""Several looks at what others do."""
COLD = {"input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 5}
"""Of an answer that leaves nothing in the cache, so that nothing is counted down."""


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def prx(server: Server[FakeAnthropic], folder: Path, *options: str) -> Terminal:
    env = {
        "HOME": str(folder),
        "PRX_HOME": str(folder / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }
    return Terminal([sys.executable, "-m", "tui", *options], env, folder, columns=80, rows=24)


def texts(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "prx" / "data" / "chats.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM chats").fetchone() == (1,)
        return [blocks.decode() for (blocks,) in db.execute("SELECT blocks FROM messages ORDER BY key")]


def seconds_of(process: int) -> float:
    """Of the processor, that it has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_two_go_on_with_one_chat_in_turn_and_at_once(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    server.service.script(Answer(Text("The tide runs out.")))
    with prx(server, tmp_path, "Which way?") as one:
        one.wait_for("The tide runs out.")
        one.wait_for("⏎ send")
        with prx(server, tmp_path, "-c") as two:
            two.wait_for("The tide runs out.")
            two.wait_for("open elsewhere too")
            one.wait_for("open elsewhere too")
            server.service.script(Answer(Text("At noon it turns.")))
            two.type("And when?\r")
            one.wait_for("At noon it turns.")
            one.wait_for("sent from another prx")
            gates = Gate(), Gate()
            server.service.script(
                Answer(Text("Kelp,", gates[0], " mostly.")), Answer(Text("Gulls,", gates[1], " too."))
            )
            one.type("What grows there?\r")
            one.wait_for("Kelp,")
            two.type("What flies there?\r")
            two.wait_for("Gulls,")
            gates[1].open()
            two.wait_for("Gulls, too.")
            assert "mostly" not in one.text
            assert "another prx went on" not in one.text
            gates[0].open()
            one.wait_for("Kelp, mostly.")
            one.wait_for("another prx added a branch")
            two.wait_for("another prx added a branch")
            two.type("\x11")
            assert two.wait_exit() == 0
        one.wait(lambda: "open elsewhere too" not in one.text)
        one.type("\x11")
        assert one.wait_exit() == 0
    found = "\n".join(texts(tmp_path))
    for said in ("Which way?", "And when?", "At noon it turns.", "Kelp, mostly.", "Gulls, too."):
        assert said in found
    assert len(texts(tmp_path)) == 8


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only there it can be read how much was used")
def test_at_rest_neither_writes_nor_works(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    server.service.script(Answer(Text("The tide runs out."), usage=COLD))
    with prx(server, tmp_path, "Which way?") as one:
        one.wait_for("The tide runs out.")
        with prx(server, tmp_path, "-c") as two:
            two.wait_for("open elsewhere too")
            one.wait_for("open elsewhere too")
            one.settle()
            two.settle()
            log = tmp_path / "prx" / "data" / "chats.db-wal"
            processes = one.process.pid, two.process.pid

            def rests() -> bool:
                written, before = log.stat().st_mtime_ns, [seconds_of(process) for process in processes]
                drawn = one.watch(LOOKED_AT_S) + two.watch(0)
                used = max(seconds_of(process) - then for process, then in zip(processes, before, strict=True))
                return not drawn and used <= 0.03 * LOOKED_AT_S and log.stat().st_mtime_ns == written

            # On a busy machine, what is loaded after the first frame may take longer than the screens need to settle.
            assert any(rests() for _ in range(5)), "it writes or works"
