"""Reading the conversation: scrolling, finding words, copying, links, images, thinking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.chat_screen.context import NOTHING_SENT
from tui.chat_screen.display import ChatWidgets
from tui.render.figures import plural

if TYPE_CHECKING:
    from tui.chat_screen.context import ChatContext
    from tui.chat_screen.dialogs import Dialogs
    from tui.widgets.find_bar import FindBar


_OF_MESSAGES = frozenset(("find", "copy_message", "copy_code"))
"""Actions that need a message."""


class Reading:
    """What the keys of the conversation do while the focus is elsewhere, and the find bar."""

    def __init__(self, context: ChatContext, screen: Screen[None], widgets: ChatWidgets, dialogs: Dialogs) -> None:
        self._context = context
        self._screen = screen
        self._conversation = widgets.conversation
        self._prompt = widgets.prompt
        self._dialogs = dialogs

    def disabled_reason(self, name: str) -> str:
        """Return why there is nothing to find, to copy or to inspect now, or ""."""
        session = self._context.current()
        if name == "inspect":
            return "" if session.exchange is not None else NOTHING_SENT
        return NOTHING_SENT if name in _OF_MESSAGES and not session.has_begun else ""

    def page_up(self) -> None:
        self._conversation.scroll_page_up(animate=False)

    def page_down(self) -> None:
        self._conversation.scroll_page_down(animate=False)

    def jump_to_end(self) -> None:
        self._conversation.jump_to_end()

    def toggle_thinking(self) -> None:
        self._conversation.toggle_thinking()

    def show_message(self, index: int, words: Sequence[str]) -> None:
        """Scroll to a message after the next frame, and mark words in it."""
        self._screen.call_after_refresh(self._conversation.show_message, index, words)

    def follow_changed(self, *, following: bool, new_lines: int, lines_below: int) -> None:
        """Say on the prompt area how much of the conversation is below."""
        count = plural(new_lines, "new line") if new_lines else plural(lines_below, "line")
        self._prompt.show_jump_hint("" if following else f"↓ {count} · {self._context.key_of('jump_to_end')}")

    # Copying, links, the last request

    def copy(self, text: str, what: str) -> None:
        if not text:
            self._context.notify(f"No {what} in this message")
            return
        self._screen.app.copy_to_clipboard(text)
        self._context.notify(f"{what.capitalize()} copied, {plural(len(text), 'character')}")

    def inspect(self) -> None:
        if (exchange := self._context.current().exchange) is not None:
            self._dialogs.inspect(exchange)
        else:
            self._context.notify(self.disabled_reason("inspect"))

    def interrupt(self, stop: Callable[[], bool]) -> None:
        """Copy the selection, else stop the answer, else ask whether to quit."""
        selected = self._prompt.selected_text or self._screen.get_selected_text()
        if selected:
            self.copy(selected, "selection")
        elif stop():
            return
        elif self._context.library.has_backlog:  # that asks a question of its own, and one is enough
            self._screen.app.call_next(self._screen.app.action_quit)
        else:
            self._dialogs.ask_to_quit(also_yes="ctrl+c")

    # Finding words

    def open_find(self, words: str = "") -> Awaitable[None] | None:
        """Show the find bar. Whoever awaits the result has it take the next key."""
        from tui.widgets.find_bar import FindBar

        if reason := self.disabled_reason("find"):
            self._context.notify(reason)
            return None
        self._screen.query(FindBar).remove()
        return self._screen.mount(FindBar(words), before=self._prompt)

    def find(self, words: str) -> None:
        count = self._conversation.find(words)
        for bar in self._find_bars():
            bar.show_count(count)

    def find_next(self, step: int) -> None:
        self._conversation.find_next(step)

    async def close_find(self) -> None:
        self._conversation.find("")
        for bar in self._find_bars():
            await bar.remove()
        self._prompt.focus()

    def end_find(self) -> None:
        """Another chat is shown: what was found belongs to the one before."""
        self._screen.query("FindBar").remove()

    def stop_finding(self) -> None:
        """Take the marks of found words away, and give the focus to the prompt."""
        self._conversation.find("")
        self._prompt.focus()

    @property
    def is_finding(self) -> bool:
        return self._conversation.is_finding

    def _find_bars(self) -> list[FindBar]:
        from tui.widgets.find_bar import FindBar

        return list(self._screen.query(FindBar))
