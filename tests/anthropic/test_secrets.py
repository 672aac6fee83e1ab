"""No secret in any repr, reason, warning, error or traceback, wherever it comes from and whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_file import VERSION, Clock

from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import discover
from tui.anthropic.errors import from_response
from tui.anthropic.login import TokenGrant, parse_login
from tui.config import load
from tui.demo.oauth import TokenEndpoint, Trouble
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic
from tui.errors import TuiError

PREFIXES = ("sk-ant-api03-", "sk-ant-oat01-", "gateway-")
PLANTED = "PLANTED"
BREAKS = ("", " ", "\n", "é", "\x1b[31m", '"', "]")
SOURCES = ("api_key", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "claudeAiOauth", "snake")


@pytest.fixture(scope="module")
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic(oauth=TokenEndpoint(clock=Clock()))) as server:
        yield server


def secrets() -> st.SearchStrategy[str]:
    """Tokens with one mark in them; some have a character that no token has."""
    return st.builds(
        lambda prefix, a, b, fault: f"{prefix}{a}{PLANTED}{fault}{PLANTED}{b}",
        st.sampled_from(PREFIXES),
        st.text("aZ09_-", max_size=4),
        st.text("aZ09_-", max_size=4),
        st.sampled_from(BREAKS),
    )


def set_up(home: Path, source: str, secret: str, expires_s: float) -> tuple[str, dict[str, str]]:
    """The configured key and the environment, with the secret in that source."""
    if source in ("claudeAiOauth", "snake"):
        camel = {"accessToken": secret, "refreshToken": secret, "expiresAt": expires_s * 1000}
        snake = {"access_token": secret, "refresh_token": secret, "expires_at": expires_s}
        file = home / ".claude" / ".credentials.json"
        file.parent.mkdir()
        file.write_text(json.dumps({source: camel} if source == "claudeAiOauth" else snake))
        return "", {}
    return (secret, {}) if source == "api_key" else ("", {source: secret})


def trouble_with(secret: str) -> st.SearchStrategy[Trouble]:
    echoed = json.dumps({"error": "x", "error_description": f"bad token sk-ant-ort01-{PLANTED}{PLANTED}"}).encode()
    return st.sampled_from(
        [
            Trouble(),
            Trouble(lost=True),
            Trouble(status=500, body=echoed),
            Trouble(status=400, body=b'{"error":"invalid_grant"}'),
            Trouble(status=200, body=b"<html>" + secret.encode()),
            Trouble(status=200, body=json.dumps({"access_token": f"{secret}\n", "refresh_token": secret}).encode()),
        ]
    )


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(SOURCES), secrets(), st.sampled_from([0, 60, 3600]), st.booleans())
def test_a_planted_token_is_seen_nowhere(
    server: Server[FakeAnthropic], data: st.DataObject, source: str, secret: str, life_s: int, breaks_url: bool
) -> None:
    clock = Clock()
    server.service._oauth.trouble(data.draw(trouble_with(secret)))
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        api_key, env = set_up(home, source, secret, clock.now + life_s)
        found = discover(api_key, env, home, now_s=clock.now)
        said += [repr(found), *(one.reason for one in found.considered)]
        url = "http://proxy.example" if breaks_url else server.url
        try:
            token_url = f"{server.url}/v1/oauth/token"
            auth = auth_for(found.require(), url, token_url=token_url, warn=said.append, now=clock)
            said += [repr(auth), str(auth)]
            with httpx.Client(auth=auth, trust_env=False, headers=VERSION) as client:
                response = client.get(f"{url}/v1/models")
                error = from_response(response.status_code, response.headers, response.content)
                said += [repr(response), repr(response.request), repr(error.failure())]
        except TuiError as error:
            said += [error.message, error.hint, repr(error), "".join(traceback.format_exception(error))]
    server.service._oauth._troubles.clear()
    assert not [text for text in said if PLANTED in text]


@pytest.mark.parametrize("value", ["sk-ant-api03-PLANTED", "PLANTED ${NOT_SET}", "${KEY}", ["PLANTED"], 5])
def test_the_configured_key_is_in_no_finding_and_no_repr(tmp_path: Path, value: object) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[providers.anthropic]\napi_key = {json.dumps(value)}\napi_kei = 'PLANTED'\n")
    loaded = load({"KEY": PLANTED}, file=file)
    assert PLANTED not in repr(loaded)
    assert not [one for one in loaded.findings if PLANTED in str(one)]


def test_tokens_as_values_do_not_show_themselves() -> None:
    grant = TokenGrant(access_token=PLANTED, refresh_token=PLANTED, expires_at_s=0.0)
    login = parse_login(json.dumps({"accessToken": PLANTED, "refreshToken": PLANTED}).encode())
    assert PLANTED not in f"{grant!r} {login!r}"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("refused", "output"), [(False, "stream-json"), (True, "json")])
def test_the_command_prints_no_secret(
    server: Server[FakeAnthropic], tmp_path: Path, source: str, output: str, refused: bool
) -> None:
    secret = f"sk-ant-{'no' if refused else 'api03'}-{PLANTED}"
    api_key, env = set_up(tmp_path, source, secret, 9e9)
    (tmp_path / "prx.toml").write_text(
        f'[providers.anthropic]\napi_key = {json.dumps(api_key)}\noauth_token_url = "{server.url}/v1/oauth/token"\n'
    )
    run = subprocess.run(
        [sys.executable, "-m", "tui", "--config", str(tmp_path / "prx.toml"), "-p", "Hi", "--output-format", output],
        env={**os.environ, "ANTHROPIC_BASE_URL": server.url, "HOME": str(tmp_path), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.stdout + run.stderr
    assert PLANTED.encode() not in run.stdout + run.stderr
