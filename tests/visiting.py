"""The full screen in a terminal, led through all that it has: every action, every dialog and every key of a dialog.

It is run as `visiting.py REPORT`, and writes to that file which screens and widgets were drawn.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from grammar import HOSTILE
from planting import NAME
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, TextArea

import tui.app
from tui.actions import ACTIONS
from tui.cli.main import main as prx
from tui.errors import TuiError
from tui.images.terminal_graphics import Canvas
from tui.render.gate import cleaned
from tui.screens.unsaved import UnsavedScreen
from tui.widgets.question import QuestionCard

REPORT = Path(sys.argv[1])
_LIMIT_S = 60.0
LEFT_OUT = {
    "quit": "ends it",
    "leave": "ends it",
    "demo": "another chat, on another service",
    "editor": "another program's screen",
    "paste_picture": "the clipboard of whoever runs the tests",
}
LAST = {"new_chat", "preset", "sign_in", "delete_chat", "undelete", "theme", "fork", "edit"}
"""What leaves the chat that has something to show."""
ENDING = {"ctrl+q", "ctrl+c", "ctrl+d"}
"""Keys of dialogs that end the program."""


class Visitor:
    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.app: Any = pilot.app
        self.screens: set[str] = set()
        self.widgets: set[str] = set()
        self.explored: set[str] = set()
        self.raw: set[str] = set()

    async def look(self) -> None:
        """Waits until all is drawn, and notes what is."""
        await self.pilot.pause()
        self.note()
        self.raw |= self.uncleaned()

    def uncleaned(self) -> set[str]:
        """The lines in sight of which only the gate takes the control characters, each with its widget."""
        found = set()
        for widget in self.app.screen.walk_children():
            if widget.region and widget.is_on_screen and not isinstance(widget, Input | TextArea):
                for strip in widget.render_lines(Region(0, 0, *widget.size)):
                    if cleaned(strip) is not strip:
                        names = [type(one).__qualname__ for one in (self.app.screen, widget)]
                        found.add(f"{' '.join(names)} {widget.id or ''}: {strip.text.strip()[:60]!r}")
        return found

    def note(self) -> None:
        self.screens.add(type(self.app.screen).__qualname__)
        there = list(self.app.screen.walk_children(Widget))
        bars = [widget.vertical_scrollbar for widget in there if widget.show_vertical_scrollbar]
        self.widgets |= {type(widget).__qualname__ for widget in (*there, *bars)}

    async def until(self, condition: Any, what: str) -> None:
        end = time.monotonic() + _LIMIT_S
        while not condition():
            assert time.monotonic() < end, what
            await self.pilot.pause(0.01)
        await self.look()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            self.note()

    async def leave(self) -> None:
        """Back to the chat, from wherever it is."""
        await self.look()
        while self.app.screen is not self.app.chat:
            before = len(self.app.screen_stack)
            await self.press("escape")
            if len(self.app.screen_stack) >= before:
                self.app.screen.dismiss(None)
                await self.look()

    async def explore(self) -> None:
        """All keys of the dialog that is open, and of those that they open."""
        screen = self.app.screen
        if screen is self.app.chat or type(screen).__qualname__ in self.explored:
            return
        self.explored.add(type(screen).__qualname__)
        await self.press("down", "end", "home", "tab", "P", "backspace")
        await self.look()
        own = [key for key, active in screen.active_bindings.items() if active.node is screen]
        for key in sorted(own):
            if self.app.screen is not screen:
                break
            if key not in ENDING | {"escape", "enter"}:
                await self.press(key)
                if self.app.screen not in (screen, self.app.chat):
                    await self.press("down", "P")
                    await self.press("escape")

    async def send(self, text: str) -> None:
        before = len(self.app.chat.conversation.viewport.turns)
        self.app.chat.prompt.put(text)
        await self.press("enter")
        await self.until(lambda: len(self.app.chat.conversation.viewport.turns) > before, f"{text} was not sent")
        await self.answer_questions()

    async def answer_questions(self) -> None:
        chat = self.app.chat

        def asked() -> Any:
            return [question for card in chat.query(QuestionCard) for question in card.questions]

        def rests() -> bool:
            return not (chat.session.running or chat.conversation.streaming) or bool(asked())

        await self.until(rests, "the answer does not end")
        while asked():
            card = chat.query_one(QuestionCard)
            card.take_focus()
            await self.press("down", "y" if "ReasonLine" in self.widgets else "r")
            if card.is_reasoning:
                await self.press("P", "enter")
            await self.until(rests, "the answer does not end")

    async def see_picture(self) -> None:
        """Through the lines of the conversation, and into its first picture."""
        self.app.chat.conversation.focus()
        await self.press("up", "y", "u", "home", "down", "right", "left", "end", *["up"] * 12)
        await self.press("enter")
        await self.leave()

    async def perform(self, name: str, argument: str = "") -> None:
        await self.app.chat.perform(name, argument)
        await self.look()
        await self.explore()
        await self.leave()


async def visit(pilot: Pilot[int]) -> None:
    visitor = Visitor(pilot)
    app = visitor.app
    try:
        await visitor.until(lambda: app.chat.parts.sessions.is_started, "the store was never open")
        app.chat.conversation.gallery.set_canvas(Canvas("kitty"))
        app.chat.prompt.put(HOSTILE)
        await visitor.press("home", "end", "ctrl+u")
        await visitor.perform("attach", f"{NAME}.png")
        for number in range(int(os.environ["ANSWERS"])):
            await visitor.send(f"{number}{HOSTILE}")
        await visitor.see_picture()
        for action in sorted(ACTIONS, key=lambda action: action.name in LAST):
            if action.name not in LEFT_OUT:
                await visitor.perform(action.name)
            if action.argument:
                await visitor.perform(action.name, HOSTILE)
        await pick(visitor)
        await unsaved(visitor)
    finally:
        seen = {"screens": sorted(visitor.screens), "widgets": sorted(visitor.widgets), "raw": sorted(visitor.raw)}
        await asyncio.to_thread(REPORT.write_text, json.dumps(seen))
        app.exit()


async def pick(visitor: Visitor) -> None:
    """What comes of the row that is picked in each list."""
    for name in ("chats", "preset", "models", "think", "history", "attach", "mcp"):
        await visitor.app.chat.perform(name)
        await visitor.look()
        await asyncio.sleep(0)
        await visitor.press("down", "enter")
        await visitor.leave()


async def unsaved(visitor: Visitor) -> None:
    """The dialog that comes when the disk is full."""

    async def refuse(_: Path) -> None:
        raise TuiError(HOSTILE, HOSTILE)

    visitor.app.push_screen(UnsavedScreen(2, HOSTILE, refuse))
    await visitor.look()
    await visitor.press("enter")
    await visitor.leave()


class Visited(tui.app.ChatApp):
    CSS_PATH = Path(tui.app.__file__).with_name("app.tcss")

    def run(self, **_: Any) -> int | None:
        return super().run(auto_pilot=visit)


def main() -> None:
    tui.app.ChatApp = Visited  # type: ignore[misc]
    sys.argv = ["prx", "--tools", "ask"]
    prx()


main()
