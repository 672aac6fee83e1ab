"""What Claude may do in a chat: tool calls that need permission are answered here, and tools are switched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.tools import (
    Access,
    PermissionDecided,
    PermissionDecision,
    PermissionRequest,
    PermissionRequested,
    ToolEnded,
)
from tui.chat_screen.context import ANSWER_RUNS, ChatContext, KnownFolders
from tui.chat_screen.hints import Hint
from tui.chat_screen.session import ChatSession
from tui.services.ports import ToolServer

_WORDS: dict[Access, str] = {"none": "tools off", "read": "tools read only", "ask": "tools on"}
_OTHER_WORDS: dict[str, Access] = {"off": "none", "no": "none", "on": "ask", "all": "ask"}
"""Other words for them that people type."""


class QuestionCards(Protocol):
    """Where questions are shown and answered."""

    @property
    def has_focus(self) -> bool: ...

    @property
    def is_reasoning(self) -> bool:
        """True while a reason for a refusal is typed."""

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        """Show the questions, or nothing if there are none."""

    def focus(self) -> None: ...

    def leave(self) -> None:
        """Give the focus back to the prompt."""

    def skip(self) -> None:
        """Move the focus on: there is no question to answer."""


class PickServer(Protocol):
    def __call__(
        self,
        servers: Callable[[], Sequence[ToolServer]],
        adding: Callable[[], tuple[str, str]],
        add: Callable[[], None],
        restart: Callable[[str], None],
    ) -> None: ...


class PermissionPorts(msgspec.Struct, frozen=True):
    cards: Callable[[], QuestionCards]
    note: Callable[[str], None]
    """Adds a note below the conversation."""
    show_hints: Callable[[], None]
    show_model: Callable[[], None]
    """Shows the header and the welcome anew."""
    use_tools: Callable[[Access], None]
    """Has Claude do that much in the chat on view."""
    written_anew: Callable[[], str]
    """What the next turn does where the cache holds nothing any more, or ""."""
    pick_server: PickServer


class PermissionController:
    def __init__(self, context: ChatContext, ports: PermissionPorts, known_folders: KnownFolders | None = None) -> None:
        self._context = context
        self._ports = ports
        self._known_folders = known_folders

    # Questions

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Show the tool calls of the chat on view that need permission."""
        if session.is_on_view and isinstance(event, PermissionRequested | PermissionDecided | ToolEnded | TurnEnded):
            self.show_questions()
            if not isinstance(event, TurnEnded):
                self._ports.show_hints()

    def show_questions(self) -> None:
        self._ports.cards().ask(self._context.current().questions)

    def hints(self) -> Sequence[Hint]:
        """How to answer; while a question has the focus, nothing else."""
        if not self._context.current().questions:
            return ()
        key_of, cards = self._context.key_of, self._ports.cards()
        if cards.is_reasoning:
            return (Hint("reason", "⏎ send", is_alone=True), Hint("back", "Esc back"))
        if cards.has_focus:
            back = Hint("back", f"{key_of('answer')} back", is_alone=True)
            return (back, Hint("stop", f"{key_of('stop')} stop"))
        return (Hint("answer", f"{key_of('answer')} answer", -2),)

    def answer(self) -> None:
        """Move the focus to the question that waits, or back to the prompt."""
        cards = self._ports.cards()
        if not self._context.current().questions:
            cards.skip()
        elif cards.has_focus:
            cards.leave()
        else:
            cards.focus()

    def answered(self, call_id: str, verdict: PermissionDecision) -> None:
        self._context.provider.answer_permission_request(call_id, verdict)
        if verdict.lasting == "always":
            self._ports.note(f"always allowed: {verdict.rule} · saved in config.toml")

    # Tools

    def disabled_reason(self, name: str) -> str:
        """Return why no request can be answered, tools not be switched, or servers not be managed now; or ""."""
        session, provider = self._context.current(), self._context.provider
        match name:
            case "answer":
                return "" if session.questions else "No permission is requested"
            case "tools":
                return ANSWER_RUNS if session.running else ""
            case _ if not provider.servers:
                return "No MCP servers in the demo" if provider.is_demo else "No [mcp.NAME] in config.toml"
            case _:
                return ""

    def switch(self, word: str = "") -> None:
        """Switch to the access that is named; without a word, off, or on again."""
        context, access = self._context, self._context.current().access
        if word:
            wanted = _access_of(word)
            if wanted is None:
                context.notify(f'Unknown tools setting "{word}" · choose none, read or ask')
                return
        elif access != "none":
            wanted = "none"
        else:
            usual = context.provider.default_tools
            wanted = usual if usual != "none" else "ask"
        if reason := self.disabled_reason("tools"):
            context.notify(reason)
            return
        anew = self._cost_of_change() if wanted != access else ""
        if wanted != access:
            self._ports.use_tools(wanted)
        self._ports.show_model()
        context.notify(f"{_WORDS[wanted].capitalize()}{f' · {anew}' if anew else ''}", lasting=True)

    def _cost_of_change(self) -> str:
        """Return what the next turn does if the tools change now; "" if nothing is cached."""
        anew = self._ports.written_anew()
        return "keeps the cache" if anew and "tools" in self._context.provider.model.in_chat else anew

    def header(self) -> str:
        """Return what Claude may do, where that is not as usual."""
        access = self._context.current().access
        return _WORDS[access] if access != self._context.provider.default_tools else ""

    # MCP servers

    def open_servers(self) -> None:
        provider = self._context.provider
        if reason := self.disabled_reason("mcp"):
            self._context.notify(reason)
            return
        self._ports.pick_server(lambda: provider.servers, self._adding, self._add_all, self._restart)

    def _adding(self) -> tuple[str, str]:
        """Return what adding the servers' tools to this chat would change, and what that costs."""
        session, provider = self._context.current(), self._context.provider
        if all(message.is_prompt for message in session.transcript.messages):
            return "", "Added with the first prompt."
        new, gone = provider.tool_changes(session.turns)
        unknown = any(server.state in ("not started", "starting") for server in provider.servers)
        if not (new or gone or unknown):
            return "up to date", ""
        anew = self._cost_of_change()
        cost = f"The next turn {anew}." if anew else "This chat is not in the cache: it costs nothing extra."
        return ", ".join(f"{number} {word}" for number, word in ((new, "new"), (gone, "gone")) if number), cost

    def _add_all(self) -> None:
        self._context.run(self._add_tools)

    def _restart(self, name: str) -> None:
        self._context.notify(f"Starting the MCP server {name}", lasting=True)
        self._context.run(self._restart_server, name)

    async def _restart_server(self, name: str) -> None:
        context, provider = self._context, self._context.provider
        result = await context.on_engine(lambda: provider.restart_server(name))
        runs = any(server.name == name and server.state == "ready" for server in provider.servers)
        context.notify(result if runs else f"{name} did not start · {context.key_of('mcp')} shows why", lasting=True)

    async def _add_tools(self) -> None:
        """Offer what the servers have now in this chat, too."""
        context, session = self._context, self._context.current()
        if session.access != "ask":
            key = context.key_of("tools")
            context.notify(f"{_WORDS[session.access].capitalize()} in this chat · {key} turns them on")
            return
        await context.on_engine(lambda: context.provider.refresh_tools(session.turns))
        toolbox = session.turns.toolbox
        if session is not context.current() or toolbox is None:
            return
        if session.running:
            context.notify(ANSWER_RUNS)
        elif toolbox.tools == session.transcript.current.tools:
            context.notify("This chat has all tools already")
        else:
            anew = self._cost_of_change()
            self._ports.use_tools(session.access)
            context.notify(f"Tools added{f' · {anew}' if anew else ''}", lasting=True)

    # Before the first time in a folder

    def welcome(self) -> str:
        """Return what Claude may do in this folder, until the user has sent a prompt there."""
        session, provider = self._context.current(), self._context.provider
        if provider.obstacle is not None or session.access == "none" or self._is_known:
            return ""
        rest = ". Anything else asks first." if session.access == "ask" else " and nothing else."
        key = self._context.key_of("tools")
        return f"Claude can read files in {_shown(Path.cwd())}{rest} {key} turns tools off."

    @property
    def _is_known(self) -> bool:
        return self._known_folders is None or self._known_folders.knows(Path.cwd())

    def remember_folder(self, session: ChatSession) -> None:
        """A prompt is sent: the user has seen what Claude may do in this folder."""
        if self._known_folders is not None and session.access != "none" and not self._is_known:
            self._context.run(asyncio.to_thread, self._known_folders.add, Path.cwd())


def _access_of(word: str) -> Access | None:
    word = word.strip().casefold()
    if word in _OTHER_WORDS:
        return _OTHER_WORDS[word]
    return next((access for access in _WORDS if access == word), None)


def _shown(folder: Path) -> str:
    home = Path.home()
    return str(folder) if folder == home or home not in folder.parents else f"~/{folder.relative_to(home)}"
