"""Generated titles, signing in and out, and what another prx does in an open chat."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bench import Bench, bench
from serving import words

from tui.chat.transcript import Draft
from tui.chat_screen.context import stored
from tui.chat_screen.controllers.auth import AuthController, AuthPorts
from tui.chat_screen.controllers.sync import SessionSync, SyncPorts
from tui.chat_screen.controllers.titles import TitleController
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.errors import TuiError
from tui.store import NewChat, Store

pytestmark = pytest.mark.anyio

TITLES = "[ui]\ntitles = true\n"


# Titles


def titled(one: Bench) -> TitleController:
    controller = TitleController(one.context, one.calls.port("show title"))
    one.subscribers.append(controller.take)
    return controller


async def test_the_first_complete_turn_has_a_title_made() -> None:
    async with bench(words("Out."), words("Tides of the fjord"), words("At noon."), config=TITLES) as one:
        titled(one)
        await one.say("Which way?")
        assert (one.current.title, one.calls.names) == ("Tides of the fjord", ["show title"])
        assert len(one.current.turns.discarded) == 1  # it is paid for
        await one.say("And when?")
        assert len(one.server.requests) == 3


async def test_a_title_is_made_in_the_background_too_and_only_stored() -> None:
    async with bench(words("Out."), words("Tides of the fjord"), config=TITLES) as one:
        titled(one)
        session = one.current
        one.current = one.recorded()
        session.is_on_view = False
        await one.say("Which way?", session=session)
        assert (session.title, one.current.title, one.calls) == ("Tides of the fjord", "", [])
        assert (await stored(one.store.chat(session.id))).title == "Tides of the fjord"


async def test_a_title_of_the_users_own_stays() -> None:
    gate = Gate()
    async with bench(words("Out."), Answer(gate, Text("Tides")), config=TITLES) as one:
        titled(one)
        one.current.start(Draft(text="Which way?"))
        await one.until(lambda: len(one.server.requests) == 2)
        one.store.rename(one.current.id, "Mine")
        gate.open()
        await one.ended()
        assert (one.current.title, (await stored(one.store.chat(one.current.id))).title) == ("Mine", "Mine")


@pytest.mark.parametrize(("config", "second"), [("", words("unused")), (TITLES, Error(400))])
async def test_without_a_title_the_first_line_is_one(config: str, second: Any) -> None:
    async with bench(words("Out."), second, config=config) as one:
        titled(one)
        await one.say("Which way?")
        assert (one.current.title, one.notices) == ("Which way?", [])


async def test_a_turn_that_was_stopped_has_no_title_made() -> None:
    async with bench(Answer(Text("It runs", Gate())), config=TITLES) as one:
        titled(one)
        one.current.start(Draft(text="tides"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        one.current.stop()
        await one.ended()
        assert len(one.server.requests) == 1


# Signing in


class Account:
    """A provider as signing in uses it."""

    def __init__(self, is_demo: bool = False, login: str | None = "a login") -> None:
        self.is_demo = is_demo
        self.login = login
        self.checked: list[tuple[str, str]] = []

    async def check_key(self, secret: str, workspace_id: str) -> None:
        self.checked.append((secret, workspace_id))

    def store_key(self, secret: str) -> str:
        return f"kept {secret}"

    def find_login(self) -> str:
        if self.login is None:
            raise TuiError("There is no login.")
        return self.login

    def use_login(self) -> str:
        return "login in use"

    def use_demo(self) -> None:
        self.is_demo = True


class Auth:
    def __init__(self, one: Bench, provider: Any, agrees: bool | None = True) -> None:
        self.asked: list[tuple[Any, ...]] = []
        calls = one.calls

        async def agree(description: str, terms: str) -> bool | None:
            calls.port("agree")(description, terms)
            return agrees

        ports = AuthPorts(
            ask_key=lambda *ports: self.asked.append(ports),
            agree=agree,
            start_new=calls.port("start new"),
            show_account=calls.port("show account"),
            signed_in=calls.port("signed in"),
        )
        self.controller = AuthController(msgspec.structs.replace(one.context, provider=provider), ports)


async def test_a_key_is_checked_on_the_engine_kept_and_said() -> None:
    async with bench(records=False) as one:
        provider = Account()
        auth = Auth(one, provider)
        auth.controller.choose("key")
        ((check, keep, _, kept),) = auth.asked
        await check("sk-1", "ws")
        kept(keep("sk-1"))
        assert provider.checked == [("sk-1", "ws")]
        assert (one.notices, one.calls.names) == (["kept sk-1"], ["show account", "signed in"])


@pytest.mark.parametrize("agrees", [True, False, None])
async def test_a_login_is_used_once_its_terms_were_agreed_to(agrees: bool | None) -> None:
    async with bench(records=False) as one:
        Auth(one, Account(), agrees).controller.choose("login")
        await one.work.done()
        assert one.calls.of("agree") == ["a login"]
        assert one.notices == (["login in use"] if agrees else [])
        assert ("signed in" in one.calls.names) is bool(agrees)


async def test_where_there_is_no_login_it_is_said() -> None:
    async with bench(records=False) as one:
        Auth(one, Account(login=None)).controller.choose("login")
        await one.work.done()
        assert (one.notices, one.calls) == (["There is no login."], [])


async def test_the_demo_begins_a_new_chat_and_so_does_signing_in_from_it() -> None:
    async with bench(records=False) as one:
        auth = Auth(one, provider := Account())
        auth.controller.choose("demo")
        assert (provider.is_demo, one.calls.names) == (True, ["start new"])
        auth.controller.start_demo()
        assert (one.calls.names, len(one.notices)) == (["start new"], 1)
        auth.controller.sign_in()
        provider.is_demo = False  # as soon as the key is kept
        auth.asked[0][3]("kept")
        assert one.calls.names == ["start new", "start new", "show account", "signed in"]


# Another prx


class Sync:
    def __init__(self, one: Bench) -> None:
        calls = one.calls
        self.remembered: list[str] = []
        ports = SyncPorts(
            transcript=one.pane,
            remember=self.remembered.append,
            show_header=calls.port("show header"),
            show_figures=calls.port("show figures"),
            show_hints=calls.port("show hints"),
            is_attached=lambda: True,
        )
        self.controller = SessionSync(one.context, ports)
        one.subscribers.append(self.controller.take)
        self.bench = one

    async def changed(self, chat_id: str = "") -> None:
        self.controller.changed_elsewhere(chat_id or self.bench.current.id)
        await self.bench.work.done()


async def said_elsewhere(one: Bench, prompt: str) -> None:
    """Another instance opens the chat of the bench and has a turn there."""
    with Store(one.services.library.file, now=one.clock.wall) as store:
        chat_id = one.current.id
        branch = await stored(store.branch(chat_id))
        session = one.session()
        session.turns.resume(await stored(store.transcript(chat_id, branch.head)), "none")
        session.record_in(store, NewChat(id=chat_id), branch.head)
        session.start(Draft(text=prompt))
        await one.until(lambda: not session.running)


async def test_whole_turns_of_another_prx_are_added() -> None:
    async with bench(words("one"), words("two")) as one:
        sync = Sync(one)
        await one.say("first")
        one.current.sync.known = frozenset(message.id for message in await one.branch())
        await said_elsewhere(one, "second")
        await sync.changed()
        assert one.texts() == ["first", "one", "second", "two"]
        assert [message.text for message in one.pane.messages] == ["second", "two"]
        assert (sync.remembered, len(one.pane.notes)) == (["second"], 1)
        recorder = one.current.recorder
        assert recorder is not None
        assert recorder.head == (await stored(one.store.branch(one.current.id))).head


async def test_other_chats_and_chats_that_have_not_begun_are_not_read() -> None:
    async with bench(words("one")) as one:
        sync = Sync(one)
        await sync.changed()
        await one.say("first")
        await sync.changed("another")
        assert (one.pane.messages, one.pane.notes, one.calls) == ([], [], [])


async def test_nothing_touches_a_running_turn_and_it_is_read_afterwards() -> None:
    gate = Gate()
    async with bench(words("one"), Answer(Text("It runs", gate))) as one:
        sync = Sync(one)
        await one.say("first")
        one.current.start(Draft(text="second"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        await sync.changed()
        assert one.current.sync.is_due
        gate.open()
        await one.ended()
        assert not one.current.sync.is_due
        assert one.texts() == ["first", "one", "second", "It runs"]


async def test_a_chat_that_was_deleted_elsewhere_is_said_and_a_prompt_brings_it_back() -> None:
    async with bench(words("one"), words("two")) as one:
        sync = Sync(one)
        await one.say("first")
        with Store(one.services.library.file, now=one.clock.wall) as other:
            other.delete(one.current.id)
            await stored(other.chats())
        await sync.changed()
        await sync.changed()
        assert (one.current.sync.is_deleted, len(one.notices)) == (True, 1)
        await one.say("second")
        assert (one.current.sync.is_deleted, len(one.pane.notes)) == (False, 1)
