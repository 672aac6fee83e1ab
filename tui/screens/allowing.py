"""What Claude may do in a chat: the questions that its calls ask are answered here, and its tools are switched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.tools import Access, ToolAllowed, ToolAsking, ToolEnded
from tui.screens.talk import Talk
from tui.screens.thinking import ThinkingScreen
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.widgets.question import QuestionCard
    from tui.widgets.question_text import QuestionText

_WORDS: dict[Access, str] = {"none": "tools off", "read": "tools read only", "ask": "tools on"}
_OTHER_WORDS: dict[str, Access] = {"off": "none", "no": "none", "on": "ask", "all": "ask"}
"""What people may say as well."""


class ToldFolders(Protocol):
    """Remembers in which folders the user knows that Claude may look around."""

    def knows(self, folder: Path) -> bool: ...

    def add(self, folder: Path) -> None: ...


class AllowingScreen(ThinkingScreen):
    _card: QuestionCard | None = None
    """Where questions are asked; there is none before the first."""

    def __init__(self, *arguments: Any, told_folders: ToldFolders | None = None, **options: Any) -> None:
        self._told_folders = told_folders
        super().__init__(*arguments, **options)

    # Questions

    def _take(self, event: TurnEvent) -> None:
        super()._take(event)
        if isinstance(event, ToolAsking | ToolAllowed | ToolEnded | TurnEnded):
            self._show_questions()
            if not isinstance(event, TurnEnded):
                self.show_hints()

    def show_hints(self) -> None:
        super().show_hints()
        self._show_questions()
        self._show_waiting()

    def hint_words(self) -> list[str]:
        words = super().hint_words()
        if not self.talk.questions:
            return words
        if self._card is not None and self._card.is_reasoning:
            return ["⏎ send", "Esc back"]
        if self._card is not None and self._card.has_focus_within:
            return [f"{self.key_of('answer')} back", f"{self.key_of('stop')} stop"]
        return [f"{self.key_of('answer')} answer", *words]

    def _show_questions(self) -> None:
        questions = self.talk.questions
        if self._card is None and questions:
            from tui.widgets.question import QuestionCard  # with the first question

            self._card = QuestionCard(self.key_of("answer"))
            self.mount(self._card, before=self.prompt.attachments)
        self.set_class(bool(questions), "-asked")
        if self._card is not None:
            self._card.ask(questions)

    def action_answer(self) -> None:
        """To the question that waits, and back to the prompt; where there is none, wherever Tab leads."""
        if self._card is None or not self._card.questions:
            self.focus_next()
        elif self._card.has_focus_within:
            self.prompt.focus()
        else:
            self._card.turn_to()

    def on_question_card_answered(self, event: QuestionCard.Answered) -> None:
        self.provider.answer_question(event.call_id, event.verdict)
        if event.verdict.lasting == "always":
            self.conversation.note(f"always allowed from now on: {event.verdict.rule} · kept in config.toml")

    def on_question_text_enlarged(self, event: QuestionText.Enlarged) -> None:
        self.set_class(event.is_large, "-reading")

    def on_question_card_left(self) -> None:
        self.prompt.focus()

    # What there is to see in chats that were left

    def hear(self, talk: Talk) -> None:
        before = self.asking, self.unread
        super().hear(talk)
        if (self.asking, self.unread) != before:
            self._show_waiting()
            from tui.screens.chats import ChatList

            if isinstance(screen := self.app.screen, ChatList):
                screen.tell_changed()

    def give_up(self, chat_id: str) -> None:
        super().give_up(chat_id)
        self._show_waiting()

    def _show_waiting(self) -> None:
        asking, unread = len(self.asking - {self.chat_id}), len(self.unread)
        if asking:
            self.header.elsewhere = f"? {asking} chats ask" if asking > 1 else "? another chat asks"
        elif unread:
            self.header.elsewhere = f"✓ {unread} chats answered" if unread > 1 else "✓ another chat answered"
        else:
            self.header.elsewhere = ""

    def on_header_elsewhere_clicked(self) -> None:
        for chat_id in (*(self.asking - {self.chat_id}), *self.unread):
            self.run_worker(later(self._open, chat_id), group="branch", exclusive=True)
            return

    # Tools

    def action_tools(self, word: str = "") -> None:
        """Switches to what was said; without a word, off, or on again."""
        access = self._access
        if word:
            wanted = _access_of(word)
            if wanted is None:
                self.prompt.say(f'no tools "{word}" · there is none, read, ask')
                return
        elif access != "none":
            wanted = "none"
        else:
            usual = self.provider.usual_tools
            wanted = usual if usual != "none" else "ask"
        if self.talk.running:
            self.prompt.say(f"an answer is running · {self.key_of('stop')} stops it")
            return
        anew = self.written_anew() if wanted != access else ""
        if wanted != access:
            self.use_tools(wanted)
        self.show_model()
        self.show_welcome()
        self.prompt.say(f"{_WORDS[wanted]} now{f' · {anew}' if anew else ''}", lasting=True)

    @property
    def _access(self) -> Access:
        toolbox = self.talk.session.toolbox
        return toolbox.access if toolbox is not None else "none"

    def show_model(self) -> None:
        super().show_model()
        if self._access != self.provider.usual_tools:
            self.header.manner = " · ".join(filter(None, (self.header.manner, _WORDS[self._access])))

    # Servers of tools

    def action_mcp(self) -> None:
        servers = self.provider.servers
        if not servers:
            is_demo = self.provider.is_demo
            self.prompt.say(f"no MCP servers{' in the demo' if is_demo else ': write [mcp.NAME] in config.toml'}")
            return
        from tui.screens.servers import ServerPicker  # not needed for the first paint

        self.app.push_screen(ServerPicker(lambda: self.provider.servers, self._adding), self._serve)

    def _adding(self) -> tuple[str, str]:
        """What adding the servers' tools to this chat would change, in a few words, and what that costs."""
        session = self.talk.session
        if all(message.is_prompt for message in session.transcript.messages):
            return "", "They are in it from its first prompt on."
        new, gone = self.provider.new_tools(session)
        unknown = any(server.state in ("not started", "starting") for server in self.provider.servers)
        if not (new or gone or unknown):
            return "it has them all", ""
        anew = self.written_anew()
        cost = f"The next turn {anew}." if anew else "Nothing of this chat is in the cache: it costs nothing."
        return ", ".join(f"{number} {word}" for number, word in ((new, "new"), (gone, "gone")) if number), cost

    def _serve(self, picked: str | None) -> None:
        from tui.screens.servers import ADD

        if picked == ADD:
            self.run_worker(later(self._add_tools))
        elif picked is not None:
            self.prompt.say(f"starting the MCP server {picked}", lasting=True)
            self.run_worker(later(self._restart_server, picked))

    async def _restart_server(self, name: str) -> None:
        said = await asyncio.wrap_future(self._engine.submit(lambda: self.provider.restart_server(name)))
        runs = any(server.name == name and server.state == "ready" for server in self.provider.servers)
        self.prompt.say(said if runs else f"{name} did not start · {self.key_of('mcp')} says why", lasting=True)

    async def _add_tools(self) -> None:
        """Offers what the servers have now in this chat, too."""
        talk = self.talk
        if self._access != "ask":
            self.prompt.say(f"{_WORDS[self._access]} in this chat · {self.key_of('tools')} switches them on")
            return
        await asyncio.wrap_future(self._engine.submit(lambda: self.provider.renew_tools(talk.session)))
        toolbox = talk.session.toolbox
        if talk is not self.talk or toolbox is None:
            return
        if talk.running:
            self.prompt.say(f"an answer is running · {self.key_of('stop')} stops it")
        elif toolbox.tools == talk.session.transcript.tools:
            self.prompt.say("this chat has all their tools already")
        else:
            anew = self.written_anew()
            self.use_tools(self._access)
            self.prompt.say(" · ".join(filter(None, ("tools added", anew))), lasting=True)

    # What is said before the first time

    def show_welcome(self) -> None:
        super().show_welcome()
        if self.provider.obstacle is None and self._access != "none" and not self._is_told:
            rest = "everything else asks first" if self._access == "ask" else "and do nothing else"
            word = f"Claude may look around in {_shown(Path.cwd())}; {rest}. {self.key_of('tools')} switches tools off."
            self.welcome.remark = "\n".join(filter(None, (self.welcome.remark, word)))

    @property
    def _is_told(self) -> bool:
        return self._told_folders is None or self._told_folders.knows(Path.cwd())

    def _note_model(self) -> None:
        super()._note_model()
        if self._told_folders is not None and self._access != "none" and not self._is_told:
            self.run_worker(later(asyncio.to_thread, self._told_folders.add, Path.cwd()))


def _access_of(word: str) -> Access | None:
    word = word.strip().casefold()
    if word in _OTHER_WORDS:
        return _OTHER_WORDS[word]
    return next((access for access in _WORDS if access == word), None)


def _shown(folder: Path) -> str:
    home = Path.home()
    return str(folder) if folder == home or home not in folder.parents else f"~/{folder.relative_to(home)}"
