"""The first run: from no credential to an answer without leaving the app. Against the simulator, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from chatting import Chat, chatting, words
from textual.events import Paste

from tui.demo.authentication import NO_WORKSPACE, NO_WORKSPACE_OLDER, Workspaces
from tui.demo.reply import Gate
from tui.demo.scenarios import Error
from tui.demo.service import DEMO_KEY
from tui.screens.api_key import ApiKeyDialog
from tui.screens.dialogs import ConfirmDialog
from tui.widgets.text_field import IdField, SecretField
from tui.widgets.welcome import Welcome

pytestmark = pytest.mark.anyio


def welcome(chat: Chat) -> str:
    return str(chat.screen.query_one(Welcome).render())


def stored() -> object:
    file = Path.home() / "data" / "credentials.json"
    return json.loads(file.read_text()) if file.exists() else None


def screen_text(chat: Chat) -> str:
    """Everything on the screen, dialogs too."""
    return "\n".join(strip.text for strip in chat.app.screen._compositor.render_strips())


async def paste_key(chat: Chat, key: str) -> None:
    await chat.until(lambda: isinstance(chat.app.screen, ApiKeyDialog) and isinstance(chat.app.focused, SecretField))
    assert chat.app.focused is not None
    chat.app.focused.post_message(Paste(key))
    await chat.pilot.pause()
    await chat.pilot.press("enter")


async def test_a_key_that_is_entered_as_a_prompt_is_neither_sent_nor_stored() -> None:
    key = "sk-ant-api03-PLANTED9x8Y7z6W5v4-U3t2S1r0"
    async with chatting(key="") as chat:
        for _ in range(2):
            await chat.send(f" {key}\n")
            await chat.until(lambda: "looks like an API key, so it was not sent or stored" in chat.hint)
        assert chat.prompt.text == ""
        await chat.pilot.press("up")
        assert chat.prompt.text == ""
        chat.prompt.put(key)  # and is given up for another prompt
        await chat.pilot.press("ctrl+c")
        chat.prompt.put("Which way does it run?")
        await chat.until(lambda: "Which way" in screen_text(chat))
        assert chat.server.requests == []
        assert not chat.screen.session.has_begun
        chat.screen.parts.sessions.save_position()
    kept = b"".join(file.read_bytes() for file in (Path.home() / "data").rglob("*") if file.is_file())
    assert b"PLANTED" not in kept
    assert b"Which way does it run?" in kept


async def test_with_credentials_a_key_is_a_prompt_like_any_other() -> None:
    async with chatting(words("Do not send me keys.")) as chat:
        await chat.send("sk-ant-api03-PLANTED9x8Y7z6W5v4-U3t2S1r0")
        await chat.until_shown("Do not send me keys.")


def log_in_to_claude_code(**fields: object) -> None:
    folder = Path.home() / ".claude"
    folder.mkdir(parents=True)
    login = {"accessToken": "sk-ant-oat01-borrowed", "refreshToken": "", "subscriptionType": "max", **fields}
    (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))


async def test_a_login_of_no_use_is_said_beside_the_ways() -> None:
    log_in_to_claude_code(accessToken="sk-ant-oat01-a\nb")
    async with chatting(key="") as chat:
        assert "contains a token with invalid characters. Or set" in " ".join(welcome(chat).split())


async def test_what_is_said_of_the_login_and_of_the_folder_stands_apart() -> None:
    log_in_to_claude_code()
    async with chatting(key="", tools="ask") as chat:
        (line,) = [line for line in welcome(chat).splitlines() if "Claude can read files" in line]
        assert line.startswith("Claude can read files")


async def test_the_ways_in_are_said() -> None:
    async with chatting(key="") as chat:
        for text in (
            "Anthropic credentials not set",
            "ANTHROPIC_API_KEY",
            "api_key in config.toml",
            ".credentials.json",
        ):
            assert text in welcome(chat)


@pytest.mark.parametrize("keys", [["1"], ["up", "up", "enter"], ["down", "enter"]])
async def test_a_pasted_key_is_checked_stored_and_used_at_once(keys: list[str]) -> None:
    async with chatting(words("hello"), key="") as chat:
        await chat.pilot.press(*keys)
        await paste_key(chat, f"  {DEMO_KEY}\n")
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert stored() == {"anthropic": DEMO_KEY}
        assert chat.app.focused is chat.prompt
        assert "signed in" in chat.hint
        assert "Talk to" in welcome(chat)
        await chat.send("hi")
        await chat.until_shown("hello")
        assert chat.server.requests[0].path.startswith("/v1/models")
        assert chat.server.requests[-1].headers["x-api-key"] == DEMO_KEY


async def test_a_refused_key_is_not_stored_and_the_field_stays() -> None:
    async with chatting(key="") as chat:
        await chat.pilot.press("1")
        await paste_key(chat, "sk-wrong-key-of-the-test")
        await chat.until(lambda: "✗" in screen_text(chat))
        assert isinstance(chat.app.focused, SecretField)
        assert "The server rejected this key" in screen_text(chat)
        assert stored() is None
        assert "wrong-key" not in screen_text(chat)
        await chat.pilot.press("escape")
        assert chat.app.screen is chat.screen


async def test_a_text_that_is_no_key_is_refused_before_anything_is_sent() -> None:
    async with chatting(key="") as chat:
        await chat.pilot.press("1", *"schlüssel", "enter")
        await chat.until(lambda: "characters that are not allowed in a key" in screen_text(chat))
        assert chat.server.requests == []


async def test_esc_gives_up_a_check_that_takes_long() -> None:
    async with chatting(key="") as chat:
        chat.server.service.script(Error(500, before=(Gate(),)), to="/v1/models")
        await chat.pilot.press("1")
        await paste_key(chat, DEMO_KEY)
        await chat.request()
        assert "Checking …" in screen_text(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: "Cancelled" in screen_text(chat))
        assert (await asyncio.to_thread(chat.server.wait_until_closed)).closed_early
        assert stored() is None
        await chat.pilot.press("escape")
        assert chat.app.screen is chat.screen


async def test_a_digit_in_a_prompt_that_is_being_written_is_a_digit() -> None:
    async with chatting(key="") as chat:
        await chat.pilot.press(*"a12")
        assert chat.prompt.text == "a12"
        assert chat.app.screen is chat.screen


async def test_with_credentials_a_digit_begins_a_prompt() -> None:
    async with chatting() as chat:
        await chat.pilot.press("1", "2")
        assert chat.prompt.text == "12"


async def test_a_click_on_a_way_goes_it() -> None:
    async with chatting(key="") as chat:
        widget = chat.screen.query_one(Welcome)
        lines = [line for line in range(widget.region.height) if "Paste an API key" in widget.render_line(line).text]
        await chat.pilot.click(Welcome, offset=(6, lines[0]))
        await chat.until(lambda: isinstance(chat.app.screen, ApiKeyDialog))


async def test_without_a_login_of_claude_code_its_way_says_so() -> None:
    async with chatting(key="") as chat:
        await chat.pilot.press("2")
        await chat.until(lambda: "there is no such file" in chat.hint)
        assert chat.app.screen is chat.screen


async def test_a_login_that_came_meanwhile_is_used_once_its_terms_were_seen() -> None:
    async with chatting(words("hello"), key="") as chat:
        log_in_to_claude_code()
        await chat.pilot.press("2")
        await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog))
        assert "found, Max plan" in screen_text(chat)
        await chat.pilot.press("enter")
        await chat.until(lambda: "signed in" in chat.hint)
        assert "Claude Code's login (max plan)" in welcome(chat)
        await chat.send("hi")
        await chat.until_shown("hello")
        assert chat.server.requests[-1].headers["authorization"] == "Bearer sk-ant-oat01-borrowed"


async def test_on_claude_codes_login_it_is_said_once() -> None:
    log_in_to_claude_code()
    async with chatting(words("one"), words("two"), key="") as chat:
        assert "Claude Code's login (max plan) is used" in welcome(chat)
        await chat.send("first")
        await chat.until_shown("No API key is set")
        await chat.send("second")
        await chat.until_shown("two")
        await chat.until_idle()
        assert chat.shown.count("No API key is set") == 1


async def test_a_login_that_was_declined_is_not_used() -> None:
    async with chatting(key="") as chat:
        log_in_to_claude_code()
        await chat.pilot.press("2")
        await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog))
        await chat.pilot.press("escape")
        await chat.pilot.pause()
        assert chat.screen.provider.obstacle is not None


async def test_after_a_refusal_one_can_sign_in_and_send_again() -> None:
    async with chatting(Error(401), words("hello")) as chat:
        await chat.send("hi")
        await chat.until_idle()
        assert "sign in with ^P" in chat.hint
        await chat.screen.perform("sign_in")
        await paste_key(chat, "sk-ant-api03-another")
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert "ANTHROPIC_API_KEY" in chat.hint  # comes first at the next start
        assert chat.prompt.text == "hi"
        await chat.pilot.press("enter")
        await chat.until_shown("hello")
        assert chat.server.requests[-1].headers["x-api-key"] == "sk-ant-api03-another"


async def test_signing_in_from_the_demo_begins_a_new_chat() -> None:
    async with chatting(words("really"), key="", demo=True) as chat:
        await chat.send("thanks")  # which has a short answer
        await chat.until_idle()
        await chat.send("/login")
        await paste_key(chat, DEMO_KEY)
        await chat.until(lambda: chat.app.screen is chat.screen and not chat.screen.header.mark)
        assert chat.screen.session.transcript.messages == ()
        await chat.send("hi")
        await chat.until_shown("really")


async def test_a_secret_cannot_be_copied_out_of_its_field() -> None:
    async with chatting(key="") as chat:
        await chat.pilot.press("1", *DEMO_KEY, "shift+home", "ctrl+c")
        assert DEMO_KEY not in chat.app.clipboard
        await chat.pilot.press("ctrl+x")
        assert DEMO_KEY not in chat.app.clipboard


async def test_a_warning_from_another_thread_is_shown() -> None:
    async with chatting(words("hello")) as chat:
        chat.screen.provider.warn("could not be written back")
        await chat.until(lambda: list(chat.screen.query("#notices")))
        assert "could not be written back" in str(chat.screen.query_one("#notices").render())
        await chat.send("hi")
        await chat.until_idle()
        chat.screen.provider.warn("and again")
        await chat.until_shown("and again")


# Keys that belong to no workspace


async def give_workspace(chat: Chat, id: str) -> None:
    assert isinstance(chat.app.focused, IdField)
    chat.app.focused.post_message(Paste(id))
    await chat.pilot.pause()
    await chat.pilot.press("enter")


@pytest.mark.parametrize("words_of_400", [NO_WORKSPACE, NO_WORKSPACE_OLDER], ids=["now", "earlier"])
async def test_a_key_without_a_workspace_is_asked_for_one_stored_and_used(words_of_400: str) -> None:
    async with chatting(words("hello"), key="") as chat:
        chat.server.service.workspaces = Workspaces(unscoped={DEMO_KEY: words_of_400})
        await chat.pilot.press("1")
        await paste_key(chat, DEMO_KEY)
        await chat.until(lambda: isinstance(chat.app.focused, IdField))
        assert "This key belongs to no workspace" in screen_text(chat)
        assert "wrkspc_" in screen_text(chat)
        assert "✗" not in screen_text(chat)
        assert stored() is None
        await give_workspace(chat, " wrkspc_other\n")
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert stored() == {"anthropic": DEMO_KEY, "anthropic_workspace_id": "wrkspc_other"}
        assert "signed in" in chat.hint
        await chat.send("hi")
        await chat.until_shown("hello")
        assert [request.headers.get("anthropic-workspace-id") for request in chat.server.requests] == [
            None,
            *["wrkspc_other"] * (len(chat.server.requests) - 1),
        ]


async def test_a_wrong_workspace_is_said_and_the_field_stays() -> None:
    async with chatting(key="") as chat:
        chat.server.service.workspaces = Workspaces(unscoped={DEMO_KEY: NO_WORKSPACE})
        await chat.pilot.press("1")
        await paste_key(chat, DEMO_KEY)
        await chat.until(lambda: isinstance(chat.app.focused, IdField))
        for wrong, said in (("wrkspc_nobody", "no workspace wrkspc_nobody"), ("wrkspc_é", "contains a character")):
            await give_workspace(chat, wrong)
            await chat.until(lambda said=said: "✗" in screen_text(chat) and said in screen_text(chat))
            assert isinstance(chat.app.focused, IdField)
            assert stored() is None
            chat.app.focused.value = ""
        await give_workspace(chat, "wrkspc_demo")
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert stored() == {"anthropic": DEMO_KEY, "anthropic_workspace_id": "wrkspc_demo"}


async def test_esc_leads_from_the_workspace_to_another_key() -> None:
    async with chatting(key="") as chat:
        chat.server.service.workspaces = Workspaces(unscoped={"sk-ant-api03-first": NO_WORKSPACE})
        await chat.pilot.press("1")
        await paste_key(chat, "sk-ant-api03-first")
        await chat.until(lambda: isinstance(chat.app.focused, IdField))
        await chat.pilot.press("enter")
        assert isinstance(chat.app.focused, IdField)  # nothing is no ID
        await chat.pilot.press("escape")
        assert not isinstance(chat.app.focused, IdField)
        assert isinstance(chat.app.focused, SecretField)
        assert chat.app.focused.value == ""
        await paste_key(chat, DEMO_KEY)  # which belongs to one
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert stored() == {"anthropic": DEMO_KEY}


async def test_a_workspace_of_the_environment_is_used_and_a_wrong_one_is_named() -> None:
    async with chatting(key="", ANTHROPIC_WORKSPACE_ID="wrkspc_nobody") as chat:
        chat.server.service.workspaces = Workspaces(unscoped={DEMO_KEY: NO_WORKSPACE})
        await chat.pilot.press("1")
        await paste_key(chat, DEMO_KEY)
        await chat.until(lambda: "✗" in screen_text(chat))
        assert not isinstance(chat.app.focused, IdField)  # what is typed would come second
        assert "ANTHROPIC_WORKSPACE_ID" in screen_text(chat)
        assert stored() is None


async def test_a_refusal_for_want_of_a_workspace_leads_to_signing_in() -> None:
    async with chatting() as chat:
        chat.server.service.workspaces = Workspaces(unscoped={DEMO_KEY: NO_WORKSPACE})
        await chat.send("hi")
        await chat.until_idle()
        assert "sign in with ^P" in chat.hint
        assert chat.prompt.text == "hi"
        assert "ANTHROPIC_WORKSPACE_ID" in chat.shown
