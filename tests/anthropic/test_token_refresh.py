"""The login of Claude Code is kept alive, and nobody is logged out by it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from login_file import VERSION, SignedIn

from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client
from tui.anthropic.credentials import OAuthToken, discover
from tui.anthropic.destinations import ForeignHost, NotAnAddress, Unencrypted
from tui.anthropic.token_endpoint import GrantRefused, NotSent, RefreshFailed, ReplyLost, exchange_refresh_token
from tui.anthropic.token_refresh import LoginGone
from tui.chat.events import MessageStop, TextDelta
from tui.demo.oauth import Trouble
from tui.demo.reply import Gate, Pause
from tui.demo.scenarios import Answer, Text
from tui.private_file import write_private

pytestmark = pytest.mark.anyio

BODY = json.dumps(
    {"model": "claude-sonnet-5-5", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
).encode()


@asynccontextmanager
async def asking(place: SignedIn, auth: httpx.Auth | None = None):
    """A way to ask for the model list, with one login for as long as it is open. It gives the status."""
    async with httpx.AsyncClient(trust_env=False, auth=auth or place.auth(), headers=VERSION) as client:

        async def ask() -> int:
            return (await client.get(f"{place.server.url}/v1/models")).status_code

        yield ask


async def stream(place: SignedIn, auth: httpx.Auth) -> list:
    client = Client(place.server.url, auth, credential="oauth")
    try:
        async with aclosing(client.stream(BODY)) as events:
            return [event async for event in events]
    finally:
        await client.aclose()


# When it is renewed


@pytest.mark.parametrize(("left_s", "renewals"), [(91, 0), (90, 1), (89, 1), (0, 1), (-3600, 1)])
async def test_it_is_renewed_with_ninety_seconds_left(tmp_path: Path, left_s: float, renewals: int) -> None:
    with SignedIn(tmp_path) as place:
        place.clock.now += 3600 - left_s
        async with asking(place) as ask:
            assert await ask() == await ask() == 200
        assert place.endpoint.renewals == renewals
        assert (place.tokens_sent()[0] == place.access) is (renewals == 0)


async def test_the_clock_passes_the_line_during_a_conversation(tmp_path: Path) -> None:
    with SignedIn(tmp_path) as place:
        async with asking(place) as ask:
            for left_s, renewals in ((91, 0), (90, 1), (89, 1)):
                place.clock.now = 1_795_003_600 - left_s
                assert await ask() == 200
                assert place.endpoint.renewals == renewals
        assert place.in_file()["accessToken"] == place.tokens_sent()[-1] != place.access
        assert place.in_file()["expiresAt"] == (1_795_003_600 - 90 + 28_800) * 1000


async def test_a_401_in_the_middle_of_a_conversation_is_answered_with_a_new_token(tmp_path: Path) -> None:
    with SignedIn(tmp_path) as place:
        auth = place.auth()
        assert isinstance((await stream(place, auth))[-1], MessageStop)
        place.endpoint.revoke(place.access)
        assert isinstance((await stream(place, auth))[-1], MessageStop)
        assert [one.path for one in place.server.requests] == [
            "/v1/messages",
            "/v1/messages",
            "/v1/oauth/token",
            "/v1/messages",
        ]
        assert place.tokens_sent()[-1] == place.in_file()["accessToken"]
        assert place.server.requests[3].body == BODY
        assert place.server.requests[3].headers["anthropic-beta"] == "oauth-2025-04-20"


async def test_a_second_401_is_the_answer(tmp_path: Path) -> None:
    with SignedIn(tmp_path, renewed_life_s=-1) as place:  # what it issues has expired already
        place.endpoint.revoke(place.access)
        async with asking(place) as ask:
            assert await ask() == 401
        assert (place.endpoint.posts, len(place.tokens_sent())) == (1, 2)


async def test_an_answer_is_not_gathered_before_it_is_seen(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        gate = Gate()
        place.service.script(Answer(Text("first", gate, "last")))
        client = Client(place.server.url, place.auth(), credential="oauth")
        async with aclosing(client.stream(BODY)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    gate.open()  # only once something was seen
        await client.aclose()
        assert place.endpoint.renewals == 1


def test_a_plain_client_is_served_alike(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        with httpx.Client(trust_env=False, auth=place.auth(), headers=VERSION) as client:
            assert client.get(f"{place.server.url}/v1/models").status_code == 200
            place.endpoint.revoke(place.in_file()["accessToken"])
            assert client.get(f"{place.server.url}/v1/models").status_code == 200
        assert place.endpoint.renewals == 2


async def test_many_requests_at_once_renew_once(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.endpoint.trouble(Trouble(before=(Pause(0.05),)))
        async with asking(place) as ask:
            assert set(await asyncio.gather(*(ask() for _ in range(12)))) == {200}
        assert place.endpoint.posts == 1


async def test_many_refused_at_once_renew_once(tmp_path: Path) -> None:
    with SignedIn(tmp_path) as place:
        place.endpoint.revoke(place.access)
        async with asking(place) as ask:
            assert set(await asyncio.gather(*(ask() for _ in range(12)))) == {200}
        assert place.endpoint.posts == 1


# Somebody else was faster


@pytest.mark.parametrize("life_s", [3600, 60, 0])
async def test_what_claude_code_renewed_is_used_and_not_renewed_again(tmp_path: Path, life_s: float) -> None:
    with SignedIn(tmp_path, life_s=life_s) as place:
        auth = place.auth()
        theirs = place.elsewhere_renewed()
        place.endpoint.revoke(place.access)
        async with asking(place, auth) as ask:
            assert await ask() == 200
        assert place.tokens_sent()[-1] == theirs
        assert place.endpoint.posts == 1, "theirs alone"


async def test_claude_code_renews_between_our_reading_and_our_asking(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(status=400, body=b'{"error":"invalid_grant"}', before=(gate,)))
        async with asking(place) as ask:
            asked = asyncio.create_task(ask())
            await asyncio.to_thread(gate.wait_until_reached)
            theirs = await asyncio.to_thread(place.elsewhere_renewed)
            gate.open()
            assert await asked == 200
        assert place.tokens_sent() == [theirs]


async def test_a_new_sign_in_during_the_renewal_is_not_overwritten(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        async with asking(place) as ask:
            asked = asyncio.create_task(ask())
            await asyncio.to_thread(gate.wait_until_reached)
            other = place.endpoint.sign_in()
            place.write(*other, place.clock.now + 9)
            gate.open()
            assert await asked == 200
        assert place.in_file()["accessToken"] == other[0]


# What the endpoint may answer


async def test_an_answer_without_a_new_refresh_token_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.endpoint.trouble(Trouble(without=("refresh_token",)))
        async with asking(place) as ask:
            assert await ask() == 200
            assert place.in_file()["refreshToken"] == place.refresh
            place.clock.now += 28_800
            assert await ask() == 200
        assert place.endpoint.renewals == 2


@pytest.mark.parametrize("said", [None, "", "soon", -5, True, [], "600", 600, 600.0])
async def test_an_answer_without_a_usable_life_is_taken_to_live_an_hour(tmp_path: Path, said: object) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        trouble = Trouble(without=("expires_in",)) if said is None else Trouble(extra={"expires_in": said})
        place.endpoint.trouble(trouble)
        async with asking(place) as ask:
            assert await ask() == 200
        life_s = 600 if str(said).startswith("600") else 3600
        assert place.in_file()["expiresAt"] == (place.clock.now + life_s) * 1000


async def test_invalid_grant_says_what_to_do_and_is_not_asked_again(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.write(place.access, "sk-ant-ort01-unknown", place.clock.now)
        async with asking(place) as ask:
            for _ in range(3):
                with pytest.raises(GrantRefused) as caught:
                    await ask()
                assert caught.value.message == "Claude Code's login can no longer be refreshed"
                assert caught.value.hint == "Run `prx auth login --provider anthropic`, or open Claude Code."
        assert place.endpoint.posts == 1
        assert place.tokens_sent() == []


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_a_renewal_that_fails_leaves_a_living_token_in_use(tmp_path: Path, status: int) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        place.endpoint.trouble(Trouble(status=status, body=b"sk-ant-ort01-echoed no"))
        async with asking(place) as ask:
            assert await ask() == await ask() == 200
            assert place.tokens_sent() == [place.access] * 2
            assert place.endpoint.posts == 1, "and is not tried again at once"
            place.clock.now += 31
            assert await ask() == 200
        assert place.endpoint.renewals == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_a_renewal_that_fails_is_an_error_once_the_token_is_dead(tmp_path: Path, status: int) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.endpoint.trouble(Trouble(status=status, body=b"sk-ant-ort01-echoed no"))
        async with asking(place) as ask:
            with pytest.raises(RefreshFailed, match=f"127.0.0.1 answered {status}, sk-ant-… no") as caught:
                await ask()
            assert not caught.value.retryable
            assert await ask() == 200, "the refresh token was not used up"


async def test_no_connection_is_no_loss(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        auth = place.auth()
        place.server.close()
        async with httpx.AsyncClient(trust_env=False, auth=auth) as client:
            for _ in range(2):
                with pytest.raises(NotSent) as caught:
                    await client.get(place.server.url)
                assert caught.value.retryable
        assert not list(place.file.parent.glob("*.prx-refresh"))


@pytest.mark.parametrize("trouble", [Trouble(lost=True), Trouble(extra={"access_token": None}), Trouble(status=200)])
async def test_a_lost_answer_is_never_asked_for_again(tmp_path: Path, trouble: Trouble) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        place.endpoint.trouble(trouble)
        async with asking(place) as ask:
            assert await ask() == 200, "the old token has life in it"
            place.clock.now += 60
            for _ in range(2):
                with pytest.raises(ReplyLost):
                    await ask()
        async with asking(place) as ask:  # nor by another run of the program
            with pytest.raises(ReplyLost, match="was lost") as caught:
                await ask()
            assert "open Claude Code" in caught.value.hint
            assert place.endpoint.posts == 1
            place.write(*place.endpoint.sign_in(), place.clock.now + 3600)
            assert await ask() == 200, "a new sign-in is used without a restart"


async def test_a_slow_endpoint_holds_up_nobody_whose_token_lives(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        auth = place.auth()
        auth._patience_s = 0.05
        async with asking(place, auth) as ask:
            assert await ask() == 200
            assert place.tokens_sent() == [place.access]
            gate.open()
            await asyncio.to_thread(join_renewals)
            assert await ask() == 200
        assert place.tokens_sent()[1] == place.in_file()["accessToken"] != place.access
        assert place.endpoint.posts == 1


def join_renewals() -> None:
    for thread in threading.enumerate():
        if thread.name == "login-renewal":
            thread.join()


async def test_stopping_during_the_renewal_loses_nothing(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        auth = place.auth()
        answer = asyncio.create_task(stream(place, auth))
        await asyncio.to_thread(gate.wait_until_reached)
        answer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answer
        assert place.in_file()["accessToken"] == place.access
        gate.open()
        await asyncio.to_thread(join_renewals)
        assert place.in_file()["accessToken"] != place.access
        assert isinstance((await stream(place, auth))[-1], MessageStop)
        assert place.endpoint.posts == 1


def test_a_loop_that_ends_during_the_renewal_loses_nothing(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))

        async def stopped() -> None:
            answer = asyncio.create_task(stream(place, place.auth()))
            await asyncio.to_thread(gate.wait_until_reached)
            answer.cancel()

        asyncio.run(stopped())
        gate.open()
        join_renewals()
        assert place.in_file()["accessToken"] != place.access


# The file


async def test_the_file_keeps_what_is_not_ours_and_is_for_the_user_alone(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.file.chmod(0o644)
        target = place.file.rename(tmp_path / "dotfile.json")
        place.file.symlink_to(target)
        async with asking(place) as ask:
            assert await ask() == 200
        assert place.file.is_symlink()
        assert target.stat().st_mode & 0o777 == 0o600
        content = json.loads(target.read_text())
        assert content["claudeAiOauth"]["scopes"] == ["user:inference"]
        assert content["mcpOAuth"] == {}
        assert content["claudeAiOauth"]["accessToken"] == place.tokens_sent()[0]


async def test_a_broken_file_is_never_overwritten_nor_its_token_spent(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        async with asking(place) as ask:
            place.file.write_text('{"claudeAiOauth": {"accessTo')  # somebody is writing it
            assert await ask() == 200
            place.clock.now += 60
            with pytest.raises(LoginGone, match="is not JSON"):
                await ask()
            assert place.file.read_text() == '{"claudeAiOauth": {"accessTo'
            place.write(place.access, place.refresh, place.clock.now)
            assert await ask() == 200
        assert place.endpoint.posts == 1


async def test_a_file_that_breaks_during_the_renewal_is_left_and_the_token_is_kept(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        async with asking(place) as ask:
            asked = asyncio.create_task(ask())
            await asyncio.to_thread(gate.wait_until_reached)
            place.file.write_text("{")
            gate.open()
            assert await asked == await ask() == 200
        assert place.file.read_text() == "{"
        assert len(place.warnings) == 1


async def test_a_file_that_cannot_be_written_is_said_once_and_the_token_is_kept(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0, renewed_life_s=100) as place:
        in_the_way = place.file.with_name(".credentials.json.prx-new")
        (in_the_way / "x").mkdir(parents=True)  # also for root, whom no mode stops
        async with asking(place) as ask:
            assert await ask() == await ask() == 200
            place.clock.now += 50
            assert await ask() == 200
        assert place.endpoint.renewals == 2
        assert place.endpoint.reuses == 0
        assert place.in_file()["accessToken"] == place.access
        (warning,) = place.warnings
        assert str(place.file) in warning
        assert "cannot be written" in warning


async def test_signing_out_elsewhere_ends_it(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        async with asking(place) as ask:
            place.file.unlink()
            with pytest.raises(LoginGone, match="there is no such file"):
                await ask()
        assert not place.file.exists()
        assert place.endpoint.posts == 0


async def test_tokens_that_a_killed_program_had_written_down_are_not_lost(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        old = place.file.read_bytes()
        async with asking(place) as ask:
            assert await ask() == 200
        new = place.file.read_bytes()
        # As if it had been killed after the tokens were on disk, and before they were put in place.
        place.file.write_bytes(old)
        place.file.with_name(".credentials.json.prx-new").write_bytes(new)
        note = place.file.with_name(".credentials.json.prx-refresh")
        write_private(note, hashlib.sha256(place.refresh.encode()).hexdigest().encode())
        async with asking(place) as ask:
            assert await ask() == 200
        assert place.file.read_bytes() == new
        assert place.endpoint.posts == 1


async def test_leftovers_of_another_login_are_not_put_in_place(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.file.with_name(".credentials.json.prx-new").write_text(
            '{"accessToken": "sk-ant-oat01-old", "expiresAt": 9000000000000}'
        )
        async with asking(place) as ask:
            assert await ask() == 200
        assert place.tokens_sent() != ["sk-ant-oat01-old"]
        assert place.endpoint.posts == 1


# Where it may be renewed


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://tokens.example/x", ForeignHost),
        ("http://platform.claude.com/v1/oauth/token", Unencrypted),
        ("platform.claude.com", NotAnAddress),
        ("https://[x", NotAnAddress),
    ],
)
def test_a_refresh_token_goes_to_its_own_hosts_only(url: str, error: type[Exception]) -> None:
    login = OAuthToken(access_token="", source="", refresh_token="sk-ant-ort01-planted")
    with pytest.raises(error, match=r"oauth_token_url|not refreshed at"):
        exchange_refresh_token(login, url, lambda: 0.0)


async def test_another_token_url_does_not_hinder_a_token_that_lives(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        auth = auth_for(place.found(), place.server.url, token_url="https://tokens.example/x", now=place.clock)
        async with asking(place, auth) as ask:
            assert await ask() == 200
            place.clock.now += 60
            with pytest.raises(ForeignHost):
                await ask()


async def test_a_redirect_of_the_endpoint_is_not_followed(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.endpoint.trouble(Trouble(status=307))
        async with asking(place) as ask:
            with pytest.raises(RefreshFailed, match="answered 307"):
                await ask()
        assert place.endpoint.posts == 1


def test_the_newest_login_is_found_after_a_renewal(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place, httpx.Client(trust_env=False, auth=place.auth()) as client:
        client.get(f"{place.server.url}/v1/models")
        found = discover("", {}, tmp_path, now_s=place.clock.now).require()
        assert found == place.found()
        assert place.found().access_token == place.tokens_sent()[0]
