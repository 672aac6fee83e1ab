"""The seed's pages on Claude Code and on troubleshooting, row by row, with the installed command and a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from login_file import SignedIn

from tui.demo.scenarios import Error
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

SETUP_TOKEN = "sk-ant-oat01-setup"


@pytest.fixture
def server():
    with Server(FakeAnthropic()) as server:
        yield server


def ask(url: str, config: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """`prx -p Hi` with that configuration below [providers.anthropic]."""
    home = Path(os.environ["PRX_HOME"])
    (home / "config").mkdir(parents=True, exist_ok=True)
    table = config if "[" in config else f"[providers.anthropic]\n{config}"
    (home / "config" / "config.toml").write_text(table)
    return subprocess.run(
        [sys.executable, "-m", "tui", "-p", "Hi"],
        env={**os.environ, "ANTHROPIC_BASE_URL": url, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def credential(server: Server) -> dict[str, str]:
    """The headers by which the last request was signed."""
    headers = server.requests[-1].headers
    return {name: headers[name] for name in ("x-api-key", "authorization", "anthropic-beta") if name in headers}


def write_login(**fields: object) -> Path:
    file = Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(fields))
    return file


# Claude Code Integration: what is recognised as a source


def test_direct_api_key_goes_as_x_api_key(server: Server) -> None:
    assert ask(server.url, f'api_key = "{DEMO_KEY}"').returncode == 0
    assert credential(server) == {"x-api-key": DEMO_KEY}


def test_oauth_setup_token_goes_as_bearer_with_the_beta_header(server: Server) -> None:
    assert ask(server.url, f'api_key = "{SETUP_TOKEN}"').returncode == 0
    assert credential(server) == {"authorization": f"Bearer {SETUP_TOKEN}", "anthropic-beta": "oauth-2025-04-20"}


def test_claude_code_cached_credential_is_detected(server: Server) -> None:
    write_login(access_token="sk-ant-oat01-cached", refresh_token="sk-ant-ort01-cached", expires_at=9_000_000_000)
    run = ask(server.url)
    assert run.returncode == 0
    assert credential(server)["authorization"] == "Bearer sk-ant-oat01-cached"
    assert "Claude Code's login is used" in run.stderr


def test_environment_variable_is_detected(server: Server) -> None:
    assert ask(server.url, ANTHROPIC_API_KEY=DEMO_KEY).returncode == 0
    assert credential(server) == {"x-api-key": DEMO_KEY}


# OAuth Token Auto-Refresh


@pytest.fixture
def signed_in():
    with SignedIn(Path(os.environ["HOME"]), life_s=3600) as place:
        yield place


def ask_signed_in(place: SignedIn) -> subprocess.CompletedProcess[str]:
    return ask(place.server.url, f'oauth_token_url = "{place.token_url}"')


def really(place: SignedIn, left_s: float) -> None:
    """The login, by the clock on the wall, which the command goes by."""
    place.clock.now = time.time()
    place.access, place.refresh = place.endpoint.sign_in(max(left_s, 0.0))
    place.write(place.access, place.refresh, place.clock.now + left_s)


def test_cached_tokens_are_detected(signed_in: SignedIn) -> None:
    really(signed_in, 3600)
    assert ask_signed_in(signed_in).returncode == 0
    assert signed_in.tokens_sent() == [signed_in.access]


def test_tokens_are_refreshed_90_seconds_before_expiry(signed_in: SignedIn) -> None:
    really(signed_in, 80)
    assert ask_signed_in(signed_in).returncode == 0
    assert signed_in.endpoint.renewals == 1
    assert signed_in.access not in signed_in.tokens_sent()


def test_a_401_is_retried_with_a_fresh_token(signed_in: SignedIn) -> None:
    really(signed_in, 3600)
    signed_in.endpoint.revoke(signed_in.access)
    run = ask_signed_in(signed_in)
    assert (run.returncode, len(signed_in.tokens_sent())) == (0, 2), run.stderr


def test_refreshed_credentials_are_persisted(signed_in: SignedIn) -> None:
    really(signed_in, 0)
    assert ask_signed_in(signed_in).returncode == 0
    assert signed_in.in_file()["accessToken"] == signed_in.tokens_sent()[0]
    assert ask_signed_in(signed_in).returncode == 0
    assert signed_in.endpoint.posts == 1


def test_a_login_that_cannot_be_written_back_is_said(signed_in: SignedIn) -> None:
    really(signed_in, 0)
    (signed_in.file.with_name(".credentials.json.prx-new") / "x").mkdir(parents=True)
    run = ask_signed_in(signed_in)
    assert run.returncode == 0
    assert run.stderr.count("cannot be written") == 1


# Custom Base URL


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/messages"])
def test_custom_base_url(server: Server, ending: str) -> None:
    config = f'api_key = "{DEMO_KEY}"\napi_url = "{server.url}{ending}"'
    assert ask("https://unused.example", config).returncode == 0
    assert server.requests[0].path == "/v1/messages"


def test_a_proxy_from_the_environment_is_honoured(server: Server) -> None:
    run = ask("http://localhost:9", f'api_key = "{DEMO_KEY}"', HTTP_PROXY=server.url)
    assert server.requests[0].path == "http://localhost:9/v1/messages", run.stderr


def test_a_redirect_to_another_host_never_gets_the_credential(server: Server) -> None:
    with Server(FakeAnthropic()) as other:
        server.service.script(Error(307, headers={"location": f"{other.url}/v1/messages"}))
        run = ask(server.url, ANTHROPIC_API_KEY=DEMO_KEY)
        assert run.returncode == 1
        assert "it redirects the request" in run.stderr
        assert other.requests == []


# Provider Aliases


@pytest.mark.parametrize("name", ["anthropic", "claude-code", "claude-cli"])
def test_provider_aliases(server: Server, name: str) -> None:
    config = f'[default]\nprovider = "{name}"\n[providers.{name}]\napi_key = "{DEMO_KEY}"\n'
    run = ask(server.url, config)
    assert (run.returncode, run.stderr) == (0, "")
    assert credential(server) == {"x-api-key": DEMO_KEY}


@pytest.mark.parametrize("name", ["anthropic", "claude-code", "claude-cli"])
def test_an_alias_as_the_key_means_claude_codes_login(server: Server, name: str) -> None:
    write_login(claudeAiOauth={"accessToken": "sk-ant-oat01-cached", "refreshToken": "r"})
    assert ask(server.url, f'api_key = "{name}"', ANTHROPIC_API_KEY=DEMO_KEY).returncode == 0
    assert credential(server)["authorization"] == "Bearer sk-ant-oat01-cached"


# Troubleshooting


def test_anthropic_credentials_not_set(server: Server) -> None:
    run = ask(server.url)
    assert run.returncode == 1
    assert "Anthropic credentials not set" in run.stderr
    for way in ("ANTHROPIC_API_KEY", "api_key in config.toml", "[providers.anthropic]", "~/.claude/.credentials.json"):
        assert way in run.stderr
    assert server.requests == []


def test_401_with_an_api_key(server: Server) -> None:
    run = ask(server.url, 'api_key = "sk-ant-wrong"')
    assert run.returncode == 1
    assert "verify it starts with sk-ant-api- and is not expired" in run.stderr


def test_401_with_an_oauth_token(server: Server) -> None:
    server.service.script(Error(401))
    run = ask(server.url, f'api_key = "{SETUP_TOKEN}"')
    assert "run `prx auth login --provider anthropic`, or restart Claude Code" in run.stderr


def test_401_with_a_login_that_cannot_be_refreshed(signed_in: SignedIn) -> None:
    really(signed_in, 3600)
    signed_in.endpoint.revoke(signed_in.access)
    signed_in.write(signed_in.access, "sk-ant-ort01-unknown", signed_in.clock.now + 3600)
    run = ask_signed_in(signed_in)
    assert run.returncode == 1
    assert "Run `prx auth login --provider anthropic`, or open Claude Code." in run.stderr


def test_401_behind_a_proxy(server: Server) -> None:
    run = ask("https://unused.example", f'api_key = "sk-ant-wrong"\napi_url = "{server.url}"')
    assert "confirm that the proxy forwards the x-api-key header" in run.stderr


@pytest.mark.parametrize(
    "words",
    [
        "Third-party apps now draw from your extra usage, not your plan limits.",
        "You're out of extra usage.",
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
    ],
)
def test_a_login_refused_to_other_programs_is_explained(server: Server, words: str) -> None:
    write_login(claudeAiOauth={"accessToken": "sk-ant-oat01-cached", "refreshToken": "r"})
    server.service.script(Error(400, message=words))
    run = ask(server.url)
    assert run.returncode == 1
    assert "An API key in ANTHROPIC_API_KEY is the supported way" in run.stderr
