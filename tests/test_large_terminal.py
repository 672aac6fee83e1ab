"""A megabyte at once in a real terminal, in and out: nothing of it is lost, and keys cost what they always do."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.scenarios import Answer, Pace, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
PRX = str(Path(sys.executable).with_name("prx"))
MEGABYTE = 1_000_000
AT_ONCE = Pace(first_s=0.0, tokens_per_s=float("inf"))


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@contextmanager
def prx(server: Server[FakeAnthropic], tmp_path: Path, model: str) -> Iterator[Terminal]:
    env = {
        "HOME": str(tmp_path),
        "PRX_HOME": str(tmp_path / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }
    with Terminal([PRX, "-m", model], env, tmp_path, columns=80, rows=24) as terminal:
        terminal.wait_for("Talk to")
        terminal.wait_for("⏎ send")
        yield terminal


def cost_of_keys(terminal: Terminal) -> tuple[float, int]:
    """Seconds from a key to its letter on the screen, and bytes written for it: the medians of some, each taken back."""
    times, sizes = [], []
    for letter in "ЖЩФЮЭЯЪ":  # letters that stand nowhere else
        before, began = len(terminal.output), time.monotonic()
        terminal.type(letter)
        terminal.wait_for(letter)
        times.append(time.monotonic() - began)
        sizes.append(len(terminal.output) - before)
        terminal.type("\x7f")
        terminal.wait(lambda letter=letter: letter not in terminal.text)
    return statistics.median(times), int(statistics.median(sizes))


def test_a_prompt_of_a_megabyte_is_pasted_and_sent_whole(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    server.service.script(Answer(Text("All of it was read."), pace=AT_ONCE))
    with prx(server, tmp_path, "claude-sonnet-5-5") as terminal:
        empty_s, empty_bytes = cost_of_keys(terminal)
        prompt = "".join(f"line {number} of many, each with its number\n" for number in range(MEGABYTE // 40))
        prompt = (prompt + "x" * MEGABYTE)[:MEGABYTE]
        terminal.paste(prompt)
        terminal.wait_for("1.0 MB")
        full_s, full_bytes = cost_of_keys(terminal)
        assert full_s < 5 * empty_s + 0.05  # a moment in which others had the processor
        assert full_bytes < 2 * empty_bytes + 200
        terminal.type("\r")
        terminal.wait_for("All of it was read.")
        content = server.requests[-1].json["messages"][-1]["content"]
        sent = content if isinstance(content, str) else "".join(block["text"] for block in content)
        assert sent == prompt.strip()


def test_a_line_of_a_megabyte_is_shown_to_its_end(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    line = "🎉" * (MEGABYTE // 4)  # as few tokens as a megabyte can have: the simulator keeps to the model's limit
    server.service.script(Answer(Text(f"{line} enough."), delta_chars=1_000, pace=AT_ONCE))
    with prx(server, tmp_path, "claude-haiku-4-5") as terminal:
        empty_s, empty_bytes = cost_of_keys(terminal)
        terminal.type("Go\r")
        terminal.wait_for("enough.", limit_s=30)
        terminal.wait_for("⏎ send")
        full_s, full_bytes = cost_of_keys(terminal)
        assert full_s < 5 * empty_s + 0.05  # a moment in which others had the processor
        assert full_bytes < 2 * empty_bytes + 200
        assert len(terminal.output) < MEGABYTE  # what nobody could read in passing is not drawn
