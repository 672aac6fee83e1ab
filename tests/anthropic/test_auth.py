"""How each credential signs a request, seen by a server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import ApiKey, BearerToken, OAuthToken
from tui.anthropic.destinations import ForeignHost, Misdirected, Unencrypted

pytestmark = pytest.mark.anyio

KEY = ApiKey(key="sk-ant-api03-planted", source="test")
GATEWAY = BearerToken(token="gateway-planted", source="test")
SETUP = OAuthToken(access_token="sk-ant-oat01-planted", source="test")
LOGIN = OAuthToken(access_token="sk-ant-oat01-planted", source="test", file=Path("/nowhere"))


class Recorder(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Recorder]:
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def headers_of(server: Recorder, credential, **sent: str) -> dict[str, str]:
    """The credential's headers as they arrive, from an async client and from a plain one."""
    auth = auth_for(credential, server.url)
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(server.url, auth=auth, headers=sent)
    with httpx.Client(trust_env=False) as client:
        client.get(server.url, auth=auth, headers=sent)
    kept = ("x-api-key", "authorization", "anthropic-beta")
    first, second = ({name: value for name, value in one.items() if name in kept} for one in server.seen)
    assert first == second
    return first


async def test_a_key_goes_as_x_api_key_alone(server: Recorder) -> None:
    assert await headers_of(server, KEY) == {"x-api-key": "sk-ant-api03-planted"}


async def test_a_gateways_token_goes_as_bearer_alone(server: Recorder) -> None:
    assert await headers_of(server, GATEWAY) == {"authorization": "Bearer gateway-planted"}


@pytest.mark.parametrize("credential", [SETUP, LOGIN])
async def test_a_token_of_an_account_goes_as_bearer_with_the_beta(server: Recorder, credential) -> None:
    assert await headers_of(server, credential) == {
        "authorization": "Bearer sk-ant-oat01-planted",
        "anthropic-beta": "oauth-2025-04-20",
    }


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("one-2026-01-01", "one-2026-01-01,oauth-2025-04-20"),
        ("oauth-2025-04-20, two", "oauth-2025-04-20,two"),
        (" ", "oauth-2025-04-20"),
    ],
)
async def test_the_beta_joins_those_of_the_request(server: Recorder, sent: str, arrives: str) -> None:
    assert (await headers_of(server, SETUP, **{"anthropic-beta": sent}))["anthropic-beta"] == arrives


async def test_no_other_credential_goes_along(server: Recorder) -> None:
    both = {"x-api-key": "stale", "authorization": "Bearer stale"}
    assert await headers_of(server, KEY, **both) == {"x-api-key": "sk-ant-api03-planted"}
    server.seen.clear()
    assert await headers_of(server, GATEWAY, **both) == {"authorization": "Bearer gateway-planted"}


async def test_where_it_may_not_go_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Unencrypted):
        auth_for(KEY, "http://proxy.example")
    with pytest.raises(ForeignHost):
        auth_for(LOGIN, "https://proxy.example")
    auth_for(LOGIN, "https://proxy.example", oauth_hosts=("proxy.example",))


@pytest.mark.parametrize("url", ["http://proxy.example/", "https://proxy.example/"])
async def test_every_request_is_checked_and_not_only_the_first_address(url: str) -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"sent to {request.url}")

    auth = auth_for(LOGIN, "https://api.anthropic.com")
    async with httpx.AsyncClient(transport=httpx.MockTransport(unreachable)) as client:
        with pytest.raises(Misdirected) as caught:
            await client.get(url, auth=auth)
    assert "planted" not in f"{caught.value} {caught.value.hint} {auth!r}"
