"""What Claude asks, in a real terminal: answered by keys that come after it is seen, and by no others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import tomli
from terminal import Terminal

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Scenario, Text, ToolUse
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
Opened = Callable[..., AbstractContextManager[tuple[Terminal, Server[FakeAnthropic]]]]
SLOW = (
    "-c",
    "from tui.cli.main import main; from tui.widgets.question_text import QuestionText; QuestionText.shield_s = 600; main()",
)
"""As on a machine where whatever is typed in this test comes within the first moment."""
CONFIG = """\
# what I allow
[tools]
allow = [
    "run_command(git log)",  # harmless
]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sea"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(tmp_path: Path, folder: Path) -> Opened:
    """The program in a folder, against a server that answers as scripted."""
    home = tmp_path / "home"
    (tmp_path / "prx" / "config").mkdir(parents=True)
    (tmp_path / "prx" / "config" / "config.toml").write_text(CONFIG)
    home.mkdir()

    @contextmanager
    def opened(
        *scenarios: Scenario, run: Sequence[str] = ("-m", "tui")
    ) -> Iterator[tuple[Terminal, Server[FakeAnthropic]]]:
        with Server(FakeAnthropic()) as server:
            server.service.script(*scenarios)
            env = {
                "HOME": str(home),
                "PRX_HOME": str(tmp_path / "prx"),
                "PYTHONPATH": str(ROOT),
                "ANTHROPIC_API_KEY": DEMO_KEY,
                "ANTHROPIC_BASE_URL": server.url,
            }
            with Terminal([sys.executable, *run], env, folder, columns=80, rows=24) as terminal:
                terminal.wait_for("Talk to")
                yield terminal, server

    return opened


def touching(name: str) -> Answer:
    return Answer(ToolUse("run_command", input={"command": f"touch {name}"}))


def press_until(terminal: Terminal, key: str, text: str) -> None:
    """A key is taken once the question has been seen for a moment: pressed again until then, as a person would."""
    for _ in range(300):
        if text in terminal.text:
            return
        terminal.type(key)
        terminal.watch(0.2)
    raise AssertionError(f"{key} was never taken; the screen was:\n{terminal.text}")


def results(server: Server[FakeAnthropic]) -> list[Any]:
    """What Claude was told of its calls last."""
    sent: Any = [request.json["messages"] for request in server.requests if request.method == "POST"][-1]
    return [block for message in sent for block in message["content"] if block["type"] == "tool_result"]


def test_it_is_seen_and_allowed_once(opened: Opened, folder: Path) -> None:
    with opened(touching("one"), Answer(Text("Made it."))) as (terminal, _):
        terminal.type("Make it\r")
        terminal.wait_for("Run a command?")
        assert "touch one" in terminal.text
        assert not (folder / "one").exists()
        terminal.type("\t")
        terminal.wait_for("y yes, once")
        press_until(terminal, "y", "Made it.")
        assert (folder / "one").exists()
        terminal.type("and now\x7f\x7f\x7fthen")
        terminal.wait_for("and then")  # the prompt has the focus again


def test_a_no_with_a_reason_reaches_claude(opened: Opened, folder: Path) -> None:
    with opened(touching("one"), Answer(Text("As you like."))) as (terminal, server):
        terminal.type("Make it\r")
        terminal.wait_for("Run a command?")
        terminal.type("\t")
        press_until(terminal, "r", "⏎ send  Esc back")
        terminal.type("not on a Sunday\r")
        terminal.wait_for("As you like.")
        (result,) = results(server)
        assert result["is_error"]
        assert "not on a Sunday" in json.dumps(result["content"])
        assert not (folder / "one").exists()


def test_always_is_written_into_the_configuration_and_holds_for_the_next_start(
    opened: Opened, folder: Path, tmp_path: Path
) -> None:
    with opened(touching("one"), touching("two"), Answer(Text("Both there."))) as (terminal, _):
        terminal.type("Make them\r")
        terminal.wait_for("Run a command?")
        terminal.type("\t")
        terminal.wait_for("y yes, once")
        terminal.type("\x1b[C")  # Right: the wider rule
        terminal.wait_for("run_command(touch *)")
        press_until(terminal, "a", "Both there.")
        assert (folder / "two").exists()
        written = (tmp_path / "prx" / "config" / "config.toml").read_text()
        assert "# what I allow" in written
        assert "# harmless" in written
        assert tomli.loads(written)["tools"]["allow"] == ["run_command(git log)", "run_command(touch *)"]
    with opened(touching("three"), Answer(Text("Made without a word."))) as (terminal, _):
        terminal.type("Make another\r")
        terminal.wait_for("Made without a word.")
        assert (folder / "three").exists()


def test_keys_that_were_on_their_way_answer_nothing(opened: Opened, folder: Path) -> None:
    gate = Gate()
    call = ToolUse("run_command", input={"command": "touch one"})
    with opened(Answer(Text("Now", gate), call), Answer(Text("Well.")), run=SLOW) as (terminal, _):
        terminal.type("Make it\r")
        terminal.wait_for("Now")
        gate.open()
        terminal.type("\ty")  # meant for whatever stood there before
        terminal.wait_for("Run a command?")
        terminal.type("\tyyay\ry")  # in one piece, and at once
        terminal.type("\x1bOP")  # F1, so that it shows when they have all arrived
        terminal.wait_for("Keys and commands")
        terminal.type("\x1b")
        terminal.wait(lambda: "Keys and commands" not in terminal.text and "Run a command?" in terminal.text)
        assert "needs permission" in terminal.text
        assert not (folder / "one").exists()
        terminal.type("\x1b")
        terminal.wait_for("stopped")
        assert not (folder / "one").exists()
