"""The pretend token endpoint: single use, reuse detection, expiry, and its troubles."""

from __future__ import annotations

import json

from tui.demo.oauth import CLIENT_ID, TokenEndpoint, Trouble
from tui.demo.service import FakeAnthropic


class Clock:
    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def renew(service: FakeAnthropic, refresh_token: str) -> tuple[int, dict]:
    body = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": CLIENT_ID}
    reply = service.respond("POST", "/v1/oauth/token", {}, json.dumps(body).encode())
    return reply.status, json.loads(reply.read())


def status(service: FakeAnthropic, token: str) -> int:
    headers = {
        "Authorization": f"Bearer {token}",
        "anthropic-beta": "oauth-2025-04-20",
        "anthropic-version": "2023-06-01",
    }
    return service.respond("GET", "/v1/models", headers, b"").status


def test_a_refresh_token_works_once_and_its_successor_next() -> None:
    endpoint = TokenEndpoint()
    service = FakeAnthropic(oauth=endpoint)
    first, refresh = endpoint.sign_in()
    code, answer = renew(service, refresh)
    assert code == 200
    assert {answer["access_token"], answer["refresh_token"]}.isdisjoint({first, refresh})
    assert answer["expires_in"] == 28_800
    assert status(service, first) == status(service, answer["access_token"]) == 200
    assert renew(service, answer["refresh_token"])[0] == 200
    assert (endpoint.posts, endpoint.renewals, endpoint.reuses) == (2, 2, 0)


def test_reuse_ends_the_whole_login_and_no_other() -> None:
    endpoint = TokenEndpoint()
    service = FakeAnthropic(oauth=endpoint)
    _, refresh = endpoint.sign_in()
    other, _ = endpoint.sign_in()
    _, answer = renew(service, refresh)
    assert renew(service, refresh) == (
        400,
        {"error": "invalid_grant", "error_description": "Refresh token not found or invalid"},
    )
    assert status(service, answer["access_token"]) == 401
    assert renew(service, answer["refresh_token"])[0] == 400
    assert status(service, other) == 200
    assert endpoint.reuses == 1


def test_access_tokens_expire_on_the_second_and_unknown_ones_are_refused() -> None:
    clock = Clock()
    endpoint = TokenEndpoint(clock=clock)
    service = FakeAnthropic(oauth=endpoint)
    access, _ = endpoint.sign_in(life_s=90)
    clock.now += 89.9
    assert status(service, access) == 200
    clock.now += 0.1
    assert status(service, access) == 401
    assert status(service, "sk-ant-oat01-unknown") == 401
    assert status(FakeAnthropic(), "sk-ant-oat01-unknown") == 200


def test_troubles_come_one_to_a_post() -> None:
    endpoint = TokenEndpoint()
    service = FakeAnthropic(oauth=endpoint)
    _, refresh = endpoint.sign_in()
    endpoint.trouble(
        Trouble(status=503, body=b"down"), Trouble(without=("refresh_token", "expires_in"), extra={"scope": "x"})
    )
    body = json.dumps({"grant_type": "refresh_token", "refresh_token": refresh, "client_id": CLIENT_ID}).encode()
    assert service.respond("POST", "/v1/oauth/token", {}, body).status == 503
    code, answer = renew(service, refresh)
    assert (code, sorted(answer), answer["scope"]) == (200, ["access_token", "scope", "token_type"], "x")
    assert renew(service, refresh)[0] == 200, "without a new refresh token the old one stays good"


def test_whoever_asks_wrongly_is_told_so_and_without_an_endpoint_there_is_none() -> None:
    service = FakeAnthropic(oauth=TokenEndpoint())
    assert json.loads(service.respond("POST", "/v1/oauth/token", {}, b"{}").read())["error"] == "invalid_request"
    assert service.respond("POST", "/v1/oauth/token", {}, b"x").status == 400
    assert FakeAnthropic().respond("POST", "/v1/oauth/token", {}, b"{}").status == 404
