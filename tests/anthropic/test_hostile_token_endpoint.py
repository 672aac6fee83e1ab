"""Whatever the token endpoint answers, a renewal ends in tokens or in an error that says whether the login is still good."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator, Mapping

import pytest

from tui.anthropic.credentials import OAuthToken
from tui.anthropic.token_endpoint import DEFAULT_LIFETIME_S, RefreshFailed, ReplyLost, exchange_refresh_token
from tui.demo.reply import Reply
from tui.demo.server import Server
from tui.inputs.limits import MIB

NOW_S = 1_800_000_000.0
DEEP = b"[" * 2_000 + b"]" * 2_000


class Endpoint:
    def __init__(self) -> None:
        self.reply = Reply(500)

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return self.reply


@pytest.fixture
def server() -> Iterator[Server[Endpoint]]:
    with Server(Endpoint()) as server:
        yield server


def renewed(server: Server[Endpoint], reply: Reply) -> float:
    """When the new token expires, in seconds from now."""
    server.service.reply = reply
    login = OAuthToken(access_token="", source="", refresh_token="refresh")
    return exchange_refresh_token(login, f"{server.url}/token", lambda: NOW_S).expires_at_s - NOW_S


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, (), (DEEP,)),
        Reply(200, (), (b'{"access_token":"a","refresh_token":' + DEEP + b"}",)),
        Reply(200, (), (b'{"access_token":"a","more":' + DEEP + b"}",)),
        Reply(200, (), (b'{"access_token":"' + b"a" * 5 * MIB + b'"}',)),
        Reply(200, (("content-encoding", "gzip"),), (gzip.compress(b"a" * 50 * MIB),)),
        Reply(200, (("content-encoding", "br"),), (b"a",)),
        Reply(200, (("content-encoding", "gzip"),), (b"a",)),
    ],
    ids=["deep", "deep token", "deep field", "long", "gzip", "brotli", "no gzip"],
)
def test_an_answer_that_is_not_read_counts_as_lost(server: Server[Endpoint], reply: Reply) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ReplyLost):
            renewed(server, reply)
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("body", [DEEP, b'{"error":' + DEEP + b"}", b"no " * MIB, b"<html>" * MIB])
def test_a_refusal_of_any_size_is_a_refusal(server: Server[Endpoint], body: bytes) -> None:
    with pytest.raises(RefreshFailed, match="answered 400") as caught:
        renewed(server, Reply(400, (), (body,)))
    assert not isinstance(caught.value, ReplyLost)
    assert len(caught.value.message) < 1_000


@pytest.mark.parametrize("life", ["1e300", "-1", "0", "1e999", "null", '"soon"', "[]", "true", "9" * 400])
def test_a_life_that_makes_no_sense_is_an_hour(server: Server[Endpoint], life: str) -> None:
    body = f'{{"access_token": "a", "expires_in": {life}}}'.encode()
    assert renewed(server, Reply(200, (), (body,))) == DEFAULT_LIFETIME_S
