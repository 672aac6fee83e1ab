"""`prx auth` as people and scripts run it: a process of its own, against the simulator, and in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.oauth import TokenEndpoint
from tui.demo.scenarios import Error
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

KEY = "sk-ant-api03-PLANTED-by-the-test"
SETUP = "sk-ant-oat01-PLANTED-by-the-test"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic]) -> dict[str, str]:
    return {**os.environ, "ANTHROPIC_BASE_URL": server.url}


@pytest.fixture
def stored() -> Path:
    return Path(os.environ["PRX_HOME"]) / "data" / "credentials.json"


def prx(*args: str, env: dict[str, str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *args],
        input=stdin or "",
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in run.stderr
    assert "PLANTED" not in run.stdout + run.stderr
    return run


def sign_in(env: dict[str, str], secret: str) -> subprocess.CompletedProcess[str]:
    return prx("auth", "login", "--provider", "anthropic", env=env, stdin=secret)


def status(env: dict[str, str]) -> tuple[int, dict]:
    run = prx("auth", "status", "--json", env=env)
    return run.returncode, json.loads(run.stdout)


def write_login(access: str, refresh: str, expires_at_s: float, **more: object) -> Path:
    file = Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    login = {"accessToken": access, "refreshToken": refresh, "expiresAt": int(expires_at_s * 1000), **more}
    file.write_text(json.dumps({"claudeAiOauth": login}))
    return file


# A key


@pytest.mark.parametrize("given", [KEY, f"{KEY}\n", f'  "{KEY}"\r\n', f"\ufeff{KEY}", SETUP])
def test_a_key_on_stdin_is_checked_and_stored_and_used(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path, given: str
) -> None:
    run = sign_in(env, given)
    assert run.returncode == 0, run.stderr
    assert str(stored) in run.stdout
    (request,) = server.requests
    assert (request.method, request.path.partition("?")[0]) == ("GET", "/v1/models")
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert prx("-p", "Hi", env=env).returncode == 0
    headers = server.requests[-1].headers
    assert headers.get("x-api-key", headers.get("authorization", "")[7:]) == (SETUP if given == SETUP else KEY)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("sk-ant-wrong-PLANTED", None, "invalid x-api-key"),
        (KEY, Error(401, message=f"no such key {KEY}"), "no such key sk-ant-…"),
        (KEY, Error(403), "check its workspace and permissions"),
        (KEY, Error(529), "overloaded"),
        ("sk-ant-PLANTED with spaces", None, "contains characters that are not allowed in a key"),
        ("sk-ant-PLANTED\nsk-ant-PLANTED", None, "contains characters that are not allowed in a key"),
        ("PLANTED" * 10_000, None, "longer than a key"),
    ],
)
def test_a_key_that_is_refused_is_not_stored(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path, given: str, error: Error | None, says: str
) -> None:
    if error is not None:
        server.service.script(error, to="/v1/models")
    run = sign_in(env, given)
    assert run.returncode == 1
    assert says in run.stderr
    assert not stored.exists()


def test_a_key_that_cannot_be_checked_for_want_of_a_network_is_not_stored(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path
) -> None:
    server.close()
    run = sign_in(env, KEY)
    assert run.returncode == 1
    assert "the host does not answer" in run.stderr
    assert not stored.exists()


def test_a_key_is_not_sent_where_it_may_not_go(env: dict[str, str], stored: Path) -> None:
    run = sign_in({**env, "ANTHROPIC_BASE_URL": "http://proxy.example"}, KEY)
    assert run.returncode == 1
    assert "over plain http" in run.stderr
    assert not stored.exists()


def test_a_server_without_a_model_list_is_said(
    server: Server[FakeAnthropic], env: dict[str, str], stored: Path
) -> None:
    server.service.script(Error(404), to="/v1/models")
    run = sign_in(env, "a-gateways-key")
    assert run.returncode == 0
    assert "could not be checked" in run.stdout
    assert stored.exists()


def test_a_key_that_another_one_overrules_is_said(env: dict[str, str]) -> None:
    run = sign_in({**env, "ANTHROPIC_API_KEY": DEMO_KEY}, KEY)
    assert run.returncode == 0
    assert "another credential comes first: ANTHROPIC_API_KEY" in run.stderr


def test_nothing_at_all_is_no_key(env: dict[str, str], server: Server[FakeAnthropic]) -> None:
    run = sign_in(env, "\n")
    assert run.returncode == 1
    assert "No key was given, and Claude Code is not signed in on this computer" in run.stderr
    assert server.requests == []


@pytest.mark.parametrize("name", ["anthropic", "claude-code", "claude-cli"])
def test_every_name_of_the_provider_will_do(env: dict[str, str], name: str) -> None:
    assert prx("auth", "status", "--provider", name, env=env).returncode == 1
    assert prx("auth", "status", "--provider", "openai", env=env).returncode == 2


# Claude Code's login


def test_without_a_key_claude_codes_login_is_renewed_where_it_is_due(env: dict[str, str]) -> None:
    endpoint = TokenEndpoint()
    with Server(FakeAnthropic(oauth=endpoint)) as server:
        config = Path(os.environ["PRX_HOME"]) / "config" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'[providers.anthropic]\noauth_token_url = "{server.url}/v1/oauth/token"')
        file = write_login(*endpoint.sign_in(0), time.time() - 5, subscriptionType="max")
        run = sign_in({**env, "ANTHROPIC_BASE_URL": server.url}, "")
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith("Signed in with Claude Code's login, valid until 20")
        assert endpoint.renewals == 1
        assert json.loads(file.read_text())["claudeAiOauth"]["expiresAt"] > time.time() * 1000
        run = sign_in({**env, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": DEMO_KEY}, "")
        assert 'To use it first, set api_key = "claude-code"' in run.stderr
        write_login(endpoint.sign_in(0)[0], "sk-ant-ort01-PLANTED", time.time() - 5)
        run = sign_in({**env, "ANTHROPIC_BASE_URL": server.url}, "")
        assert run.returncode == 1
        assert "open Claude Code" in run.stderr


# In a terminal


def in_terminal(env: dict[str, str], **more: str) -> Terminal:
    return Terminal([sys.executable, "-m", "tui", "auth", "login"], {**env, **more}, ROOT)


def test_a_typed_key_is_never_shown(env: dict[str, str], stored: Path) -> None:
    with in_terminal(env, PATH="/nowhere") as terminal:
        terminal.wait_for("API key or setup token (not shown)")
        terminal.type(f"{KEY}\r")
        assert terminal.wait_exit() == 0
        assert b"PLANTED" not in terminal.output
        assert "stored in" in terminal.text
        assert terminal.settings_restored
    assert json.loads(stored.read_text()) == {"anthropic": KEY}


def test_ctrl_c_at_the_question_ends_it(env: dict[str, str], stored: Path) -> None:
    with in_terminal(env, PATH="/nowhere") as terminal:
        terminal.wait_for("(not shown)")
        terminal.type(b"\x03")
        assert terminal.wait_exit() == 130
        assert terminal.settings_restored
    assert not stored.exists()


def test_enter_takes_claude_codes_login_after_the_terms(env: dict[str, str]) -> None:
    write_login("sk-ant-oat01-PLANTED", "sk-ant-ort01-PLANTED", time.time() + 3600, subscriptionType="max")
    with in_terminal(env) as terminal:
        terminal.wait_for("press Enter to use Claude Code's login (found, Max plan)")
        assert "an API key is the supported way" in terminal.text
        terminal.type(b"\r")
        assert terminal.wait_exit() == 0
        assert "Signed in with Claude Code's login" in terminal.text
        assert b"PLANTED" not in terminal.output


def test_enter_runs_claude_codes_own_login_where_it_is_installed(env: dict[str, str], tmp_path: Path) -> None:
    home = Path(os.environ["HOME"]) / ".claude"
    home.mkdir(parents=True)
    login = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-x", "refreshToken": "r"}})
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho \"asked to: $*\"\ncat > {home}/.credentials.json <<'X'\n{login}\nX\n")
    program.chmod(0o755)
    with in_terminal(env, PATH=f"{program.parent}:{os.environ['PATH']}") as terminal:
        terminal.wait_for("press Enter to sign in with Claude Code")
        terminal.type(b"\r")
        assert terminal.wait_exit() == 0
        assert "asked to: auth login" in terminal.text
        assert "Signed in with Claude Code's login" in terminal.text


# Status and logout


def test_status_without_a_credential(env: dict[str, str]) -> None:
    code, told = status(env)
    assert code == 1
    assert told["signed_in"] is False
    assert told["problem"].startswith("Anthropic credentials not set")
    assert [place["used"] for place in told["considered"]] == [False] * 7
    run = prx("auth", "status", env=env)
    assert run.returncode == 1
    assert "ANTHROPIC_API_KEY: not set" in run.stdout


def test_status_of_a_key(env: dict[str, str], server: Server[FakeAnthropic]) -> None:
    code, told = status({**env, "ANTHROPIC_API_KEY": KEY})
    assert code == 0
    assert {name: told[name] for name in ("kind", "source", "tail", "expires_at", "claude_code", "api_url")} == {
        "kind": "api_key",
        "source": "ANTHROPIC_API_KEY",
        "tail": "…test",
        "expires_at": None,
        "claude_code": False,
        "api_url": server.url,
    }
    assert "ends in  …test" in prx("auth", "status", env={**env, "ANTHROPIC_API_KEY": KEY}).stdout
    assert status({**env, "ANTHROPIC_API_KEY": "short"})[1]["tail"] == "…"
    assert server.requests == [], "looking sends nothing"


def test_status_of_claude_codes_login(env: dict[str, str]) -> None:
    file = write_login(SETUP, SETUP, 1_795_000_000, subscriptionType="max")
    before = file.read_bytes()
    code, told = status(env)
    assert code == 0
    assert (told["kind"], told["plan"], told["claude_code"]) == ("oauth", "max", True)
    assert (told["expires_at"], told["expired"]) == ("2026-11-18T11:06:40Z", True)
    text = prx("auth", "status", env=env).stdout
    assert "the next request renews it" in text
    assert "an API key is the supported way" in text
    assert file.read_bytes() == before


def test_a_profile_of_ant_is_used_at_its_own_address_and_renewed() -> None:
    """Seen in `auth status` and `doctor`, and used by `prx -p`, with nothing in the configuration or the environment."""
    endpoint = TokenEndpoint()
    env = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_BASE_URL"}
    access, refresh = endpoint.sign_in(0, "ant", needs_beta=True)
    folder = Path(os.environ["HOME"]) / ".config" / "anthropic"
    with Server(FakeAnthropic(oauth=endpoint)) as server:
        settings = {
            "authentication": {"type": "user_oauth", "client_id": "ant"},
            "base_url": server.url,
            "workspace_id": "wrkspc_demo",
        }
        tokens = {"access_token": access, "refresh_token": refresh, "expires_at": int(time.time()) - 5}
        for kind, content in (("configs", settings), ("credentials", tokens)):
            (folder / kind).mkdir(parents=True)
            file = folder / kind / "work.json"
            file.write_text(json.dumps(content))
            file.chmod(0o600)
        (folder / "active_config").write_text("work")
        code, told = status(env)
        assert code == 0
        assert (told["kind"], told["profile"], told["claude_code"]) == ("oauth", "work", False)
        assert (told["api_url"], told["workspace_id"], told["expired"]) == (server.url, "wrkspc_demo", True)
        text = prx("auth", "status", env=env).stdout
        assert "kind     OAuth token, the profile work" in text
        assert "the next request renews it" in text
        assert "Anthropic intends" not in text, "that is said of Claude Code's login"
        checked = prx("doctor", "auth", env=env)
        assert checked.returncode == 0
        assert "the profile of ant auth login" in checked.stdout
        answered = prx("-p", "Hi", env=env)
        assert answered.returncode == 0, answered.stderr
        assert answered.stdout.strip()
        assert "Claude Code" not in answered.stderr
        asked = [one for one in server.requests if one.path.startswith("/v1/messages")]
        assert {one.headers["anthropic-workspace-id"] for one in asked} == {"wrkspc_demo"}
    assert (endpoint.renewals, endpoint.reuses) == (1, 0)
    assert json.loads(file.read_text())["refresh_token"] != refresh


def test_status_of_a_credential_that_may_not_be_sent(env: dict[str, str]) -> None:
    write_login(SETUP, SETUP, time.time() + 60)
    code, told = status({**env, "ANTHROPIC_BASE_URL": "https://ada:PLANTED@proxy.example/x?k=PLANTED"})
    assert code == 1
    assert "is not sent to proxy.example" in told["problem"]
    assert told["api_url"] == "https://proxy.example/x"


def test_logout_forgets_the_stored_key_and_nothing_else(env: dict[str, str], stored: Path) -> None:
    file = write_login(SETUP, SETUP, time.time() + 60)
    assert sign_in(env, KEY).returncode == 0
    run = prx("auth", "logout", "--provider", "anthropic", env=env)
    assert run.returncode == 0
    assert "Removed" in run.stdout
    assert "Claude Code is still signed in" in run.stderr
    assert not stored.exists()
    assert file.exists()
    again = prx("auth", "logout", env={**env, "ANTHROPIC_API_KEY": KEY})
    assert again.returncode == 0
    assert "No key was stored" in again.stdout
    assert "Still in use: ANTHROPIC_API_KEY" in again.stderr
