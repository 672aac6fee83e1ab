"""What is loaded before the first paint, counted by modules instead of a clock: each of these costs more than it looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from count_limits import ALL_MODULES, MODULES_BEFORE_TEXTUAL, OUR_MODULES

ROOT = Path(__file__).parent.parent
LATER = (
    "httpx",
    "PIL",
    "sqlite3",
    "markdown_it",
    "mcp",
    "mcp_types",
    "pydantic",
    "pygments.lexers",
    "textual.widgets._markdown",
    "tomlkit",
)
"""Loaded when they are needed, or by a thread after the first paint."""
OURS_LATER = (
    "tui.anthropic.auth",
    "tui.anthropic.client",
    "tui.anthropic.errors",
    "tui.anthropic.keychain",
    "tui.anthropic.request",
    "tui.anthropic.wire",
    "tui.config.reading",
    "tui.demo",
    "tui.cli.doctor",
    "tui.exchange",
    "tui.images.attach",
    "tui.images.kinds",
    "tui.images.attachable",
    "tui.images.pixels",
    "tui.images.sources",
    "tui.images.api_limits",
    "tui.mcp",
    "tui.render.blocks",
    "tui.screens.attach",
    "tui.screens.cache_map",
    "tui.screens.chats",
    "tui.screens.dialogs",
    "tui.screens.models",
    "tui.screens.command_palette",
    "tui.services.sign_in",
    "tui.store",
    "tui.tools",
    "tui.widgets.filter_list",
)
"""The same of our own."""


def loaded(script: str, *args: str, line: int = -1) -> set[str]:
    """The modules in memory at the end of a script in a process of its own, or those that its `line` of output names."""
    run = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[line]))


FIRST_PAINT = """
import asyncio, inspect, json, os, sys
from tui.app import ChatApp
from tui.config import load
from tui.services.provider import ClaudeProvider
from tui.engine import Engine
from tui.services.library import ChatLibrary

class Watched(ChatApp):
    CSS_PATH = inspect.getfile(ChatApp).replace(".py", ".tcss")

    def _warm_up(self):  # what it does right after the first paint
        print(json.dumps(sorted(sys.modules)))
        self.exit()

async def paint(provider, engine, library, settings):
    app = Watched(settings, provider, engine, library, **options)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

options = {}
settings = load(os.environ)
library = ChatLibrary(settings.folders.data / "chats.db")
with library, ClaudeProvider(settings, os.environ, demo=sys.argv[1:] == ["demo"]) as provider, Engine() as engine:
    asyncio.run(paint(provider, engine, library, settings))
"""


@pytest.mark.parametrize("command", [[], ["demo"]])
def test_the_first_paint_loads_only_what_it_shows(command: list[str]) -> None:
    modules = loaded(FIRST_PAINT, *command, line=0)
    assert "textual.app" in modules
    heavy = [name for name in modules if any(name == later or name.startswith(f"{later}.") for later in LATER)]
    assert heavy == []
    ours = {name for name in modules if name.split(".")[0] == "tui"}
    early = [name for name in ours if any(name == later or name.startswith(f"{later}.") for later in OURS_LATER)]
    assert [name for name in early if not (command and name.startswith("tui.demo"))] == []
    assert len(ours) <= OUR_MODULES, sorted(ours)
    assert len(modules) <= ALL_MODULES


STORED_CHAT = """
from tui.chat.transcript import Message, Text
from tui.chat_screen.context import StartOptions
from tui.store import NewChat, Store

class Watched(Watched):
    def _warm_up(self):
        assert "Which way" in "".join(self.chat.conversation.render_line(y).text for y in range(9))
        super()._warm_up()

with Store(settings.folders.data / "chats.db") as store:
    store.append(NewChat(id="a"), "a", None, Message(role="assistant", blocks=(Text("Which way does **it** run?"),)))
end = library.read_ahead("", demo=False)
end.result()
options["start"] = StartOptions(start="last", end=end)
"""


def test_the_first_paint_of_a_stored_chat_shows_its_end_and_loads_what_that_takes(tmp_path: Path) -> None:
    script = f"import os\nos.environ['PRX_HOME'] = {str(tmp_path)!r}\n{FIRST_PAINT}"
    before, line, after = script.partition("with library")
    run = loaded(f"{before}{STORED_CHAT}{line}{after}", line=0)
    assert {"sqlite3", "tui.render.blocks"} <= run
    heavy = {"httpx", "PIL", "tui.tools", "tui.anthropic.client", "tui.config.reading", "tui.widgets.find_bar"}
    assert not heavy & run


@pytest.mark.parametrize("command", [["--version"], ["--help"], ["paths"], ["-p", "x"]])
def test_a_command_without_a_screen_loads_none(command: list[str]) -> None:
    modules = loaded("import sys\nfrom tui.cli.main import _main\nsys.argv = ['prx', *sys.argv[1:]]\n_main()", *command)
    assert not [name for name in modules if name.split(".")[0] == "textual"]
    assert not {"httpx", "sqlite3", "PIL"} & modules  # `-p` without a credential has nothing to send


def test_a_configured_server_loads_no_sdk_before_a_chat_may_use_it(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[mcp.time]\ncommand = 'no-such-program'\n")
    script = f"import os\nos.environ['PRX_HOME'] = {str(tmp_path)!r}\n{FIRST_PAINT}"
    modules = loaded(script, line=0)
    assert "tui.mcp.servers" in modules
    assert not {name.split(".")[0] for name in modules} & {"mcp", "mcp_types", "pydantic", "httpx", "httpx2", "anyio"}


def test_version_costs_next_to_nothing() -> None:
    modules = loaded("import sys\nfrom tui.cli.main import _main\nsys.argv = ['prx', '--version']\n_main()")
    assert {name for name in modules if name.split(".")[0] == "tui"} == {
        "tui",
        "tui.signals",
        "tui.cli",
        "tui.cli.main",
        "tui.cli.options",
        "tui.errors",
        "tui.masking",
        "tui.cli.printing",
    }
    assert not {"msgspec", "tomli", "platformdirs", "rich", "asyncio"} & modules


def test_the_domain_needs_neither_screen_nor_network() -> None:
    modules = loaded("import tui.chat.session, tui.services.connection, tui.anthropic.request, tui.engine")
    assert not {name.split(".")[0] for name in modules} & {"textual", "rich", "httpx", "click"}


def test_the_frame_of_an_earlier_start_waits_for_little() -> None:
    names = "cli.main cli.chat config.loading actions services.library services.provider services.launch_frame"
    modules = loaded("; ".join(f"import tui.{name}" for name in names.split()))
    assert not {name.split(".")[0] for name in modules} & {"textual", "rich", "asyncio", "ssl", "httpx", "sqlite3"}
    assert len(modules) <= MODULES_BEFORE_TEXTUAL, len(modules)


def test_what_a_first_prompt_sends_is_loaded_before_it_is_sent() -> None:
    session = """
import json, os, sys
from tui.config import load
from tui.services.provider import ClaudeProvider

with ClaudeProvider(load(os.environ), os.environ, demo=True) as provider:
    provider.load()
    before = set(sys.modules)
    session = provider.session()
    session.offer_tools()
    assert session.transcript.tools
    print(json.dumps(sorted({*sys.modules} - before)))
"""
    assert not {name for name in loaded(session, line=0) if name.startswith("tui.tools")}
