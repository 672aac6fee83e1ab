"""A long chat in a real terminal: its last line comes with the first frame, and all of it can be read and continued."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from terminal import Terminal

from tui.chat.transcript import Message, Text
from tui.demo.scenarios import Answer
from tui.demo.scenarios import Text as Says
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.store import NewChat, Store

ROOT = Path(__file__).parent.parent
MESSAGES = 2_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one long chat."""
    with Store(tmp_path / "prx" / "data" / "chats.db") as store:
        parent = None
        for number in range(MESSAGES):
            role, text = ("assistant", "Answer") if number % 2 else ("user", "Question")
            message = Message(
                role="assistant" if number % 2 else "user", blocks=(Text(f"{text} {number}."),), at=number
            )
            store.append(NewChat(id="long"), f"{role}-{number}", parent, message)
            parent = f"{role}-{number}"
    return tmp_path


def prx(home: Path, url: str, *options: str) -> Terminal:
    env = {
        "HOME": str(home),
        "PRX_HOME": str(home / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }
    return Terminal([sys.executable, "-m", "tui", *options], env, home, columns=80, rows=24)


@pytest.mark.parametrize("options", [("-c",), ("-r", "lo")])
def test_the_last_line_is_there_without_a_frame_of_an_empty_chat_before(home: Path, options: tuple[str, ...]) -> None:
    with Server(FakeAnthropic()) as server, prx(home, server.url, *options) as terminal:
        terminal.wait_for(f"Answer {MESSAGES - 1}.")
        assert b"Talk to" not in terminal.output


def test_the_first_line_is_found_and_the_chat_goes_on(home: Path) -> None:
    with Server(FakeAnthropic()) as server:
        server.service.script(Answer(Says("It goes on.")))
        with prx(home, server.url, "-c") as terminal:
            terminal.wait_for(f"Answer {MESSAGES - 1}.")
            terminal.type("And now?\r")
            terminal.wait_for("It goes on.")
            sent = next(request for request in server.requests if request.path == "/v1/messages").json["messages"]
            assert len(sent) == MESSAGES + 1
            terminal.type("/find Question 0.\r")
            terminal.wait_for("Answer 1.")


def test_a_file_that_cannot_be_written_is_told_although_it_was_opened_before_the_screen(home: Path) -> None:
    file = home / "prx" / "data" / "chats.db"
    file.write_bytes(b"no database at all" * 1_000)
    with Server(FakeAnthropic()) as server, prx(home, server.url, "-c") as terminal:
        terminal.wait_for("damaged")
