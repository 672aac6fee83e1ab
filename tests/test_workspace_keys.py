"""Keys that belong to no workspace, as people and scripts meet them: processes and terminals against the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.authentication import NO_WORKSPACE, NO_WORKSPACE_OLDER, Workspaces
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

KEY = "sk-ant-api03-PLANTED-of-no-workspace"
ROOT = Path(__file__).parent.parent
HEADER = "anthropic-workspace-id"


@pytest.fixture(params=[NO_WORKSPACE, NO_WORKSPACE_OLDER], ids=["now", "earlier"])
def words(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic(workspaces=Workspaces(unscoped={KEY: NO_WORKSPACE}))) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic]) -> dict[str, str]:
    return {**os.environ, "ANTHROPIC_BASE_URL": server.url}


@pytest.fixture
def stored() -> Path:
    return Path(os.environ["PRX_HOME"]) / "data" / "credentials.json"


def prx(*args: str, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui", *args]
    run = subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=env, cwd=ROOT, timeout=60, check=False
    )
    assert "Traceback" not in run.stderr
    assert "PLANTED" not in run.stdout + run.stderr
    return run


def test_in_a_terminal_the_workspace_is_asked_for_until_it_fits(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path, words: str
) -> None:
    server.service.workspaces = Workspaces(unscoped={KEY: words})
    with Terminal([sys.executable, "-m", "tui", "auth", "login"], {**env, "PATH": "/nowhere"}, ROOT) as terminal:
        terminal.wait_for("(not shown)")
        terminal.type(f"{KEY}\r")
        terminal.wait_for("This key belongs to no workspace")
        terminal.wait_for("Workspace ID (wrkspc_…):")
        terminal.type("wrkspc_nobody\r")
        terminal.wait_for("there is no workspace wrkspc_nobody")
        terminal.type("wrkspc_ö\r")
        terminal.wait_for("contains a character that is not allowed in a workspace ID")
        assert not stored.exists()
        terminal.type(" wrkspc_other \r")
        assert terminal.wait_exit() == 0
        assert "in the workspace wrkspc_other, stored in" in " ".join(terminal.text.split())
        assert b"PLANTED" not in terminal.output
    assert json.loads(stored.read_text()) == {"anthropic": KEY, "anthropic_workspace_id": "wrkspc_other"}
    assert stored.stat().st_mode & 0o777 == 0o600
    assert prx("-p", "Hi", env=env).returncode == 0
    assert server.requests[-1].headers[HEADER] == "wrkspc_other"


def test_a_script_is_told_how_to_name_it_and_it_is_stored_with_the_key(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path
) -> None:
    run = prx("auth", "login", env=env, stdin=KEY)
    assert run.returncode == 1
    assert "This key belongs to no workspace" in run.stderr
    assert "ANTHROPIC_WORKSPACE_ID" in run.stderr
    assert not stored.exists()
    run = prx("auth", "login", env={**env, "ANTHROPIC_WORKSPACE_ID": " wrkspc_other "}, stdin=KEY)
    assert run.returncode == 0, run.stderr
    assert "in the workspace wrkspc_other" in run.stdout
    assert json.loads(stored.read_text()) == {"anthropic": KEY, "anthropic_workspace_id": "wrkspc_other"}
    assert prx("auth", "logout", env=env).returncode == 0
    assert not stored.exists()


def test_a_configured_workspace_that_does_not_fit_is_named_with_its_place(env: dict[str, str], stored: Path) -> None:
    run = prx("auth", "login", env={**env, "ANTHROPIC_WORKSPACE_ID": "wrkspc_nobody"}, stdin=KEY)
    assert run.returncode == 1
    assert "(sent: wrkspc_nobody)" in run.stderr
    assert "comes from ANTHROPIC_WORKSPACE_ID. Correct or remove it there" in run.stderr
    assert not stored.exists()


def test_a_prompt_that_is_refused_says_how_to_name_the_workspace(
    server: Server[FakeAnthropic], env: dict[str, str]
) -> None:
    run = prx("-p", "Hi", "--output-format", "json", env={**env, "ANTHROPIC_API_KEY": KEY})
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["status"], error["message"]) == (1, 400, NO_WORKSPACE)
    assert "workspace_id under [providers.anthropic] or ANTHROPIC_WORKSPACE_ID" in error["hint"]
    asked = {**env, "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_WORKSPACE_ID": "wrkspc_demo"}
    assert prx("-p", "Hi", env=asked).returncode == 0
    assert server.requests[-1].headers[HEADER] == "wrkspc_demo"


def test_doctor_and_status_say_which_workspace_and_from_where(
    server: Server[FakeAnthropic], env: dict[str, str]
) -> None:
    asked = {**env, "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_WORKSPACE_ID": "wrkspc_demo"}
    told = json.loads(prx("auth", "status", "--json", env=asked).stdout)
    assert (told["workspace_id"], told["workspace_source"]) == ("wrkspc_demo", "ANTHROPIC_WORKSPACE_ID")
    assert "workspace wrkspc_demo, from ANTHROPIC_WORKSPACE_ID" in prx("auth", "status", env=asked).stdout
    assert server.requests == []
    run = prx("doctor", "auth", env=asked)
    assert run.returncode == 0
    assert "in the workspace wrkspc_demo (from ANTHROPIC_WORKSPACE_ID)" in run.stdout
    run = prx("doctor", "models", env=asked)
    assert (run.returncode, server.requests[-1].headers[HEADER]) == (0, "wrkspc_demo")
    run = prx("doctor", "models", env={**env, "ANTHROPIC_API_KEY": KEY})
    assert run.returncode == 1
    assert NO_WORKSPACE in run.stdout
    assert "or set workspace_id under [providers.anthropic] or ANTHROPIC_WORKSPACE_ID" in run.stdout


@pytest.mark.parametrize("bad", ["wrkspc_\x1b]0;x\x07", "wrkspc_a b", KEY], ids=["escape", "blank", "a key"])
def test_a_bad_id_is_told_plainly_everywhere_and_nothing_is_sent(
    server: Server[FakeAnthropic], env: dict[str, str], bad: str
) -> None:
    asked = {**env, "ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_WORKSPACE_ID": bad}
    for words in (("-p", "Hi"), ("doctor", "auth"), ("doctor", "models"), ("auth", "status")):
        run = prx(*words, env=asked)
        assert run.returncode == 1
        assert "ANTHROPIC_WORKSPACE_ID" in run.stdout + run.stderr
        assert "\x1b" not in run.stdout + run.stderr
    run = prx("auth", "login", env=asked, stdin=KEY)
    assert run.returncode == 1
    assert "ANTHROPIC_WORKSPACE_ID" in run.stderr
    assert server.requests == []


def test_keys_that_come_all_at_once_keep_their_order(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    env = {name: value for name, value in env.items() if name != "ANTHROPIC_API_KEY"}
    with Terminal([sys.executable, "-m", "tui"], env, ROOT) as terminal:
        terminal.wait_for("Paste an API key")
        terminal.type("1")
        terminal.wait_for("Sign in with an API key")
        terminal.type("wrong")
        terminal.wait_for("•••••")
        terminal.type(f"\x15{KEY}\rlate")
        terminal.wait_for("Workspace ID of this key")
        terminal.type("\x15wrkspc_other\rlate")
        terminal.wait_for("the key is stored")
    assert [(sent.headers["x-api-key"], sent.headers.get(HEADER)) for sent in server.requests[:2]] == [
        (KEY, None),
        (KEY, "wrkspc_other"),
    ]
