"""A tiny app that holds nothing but a conversation, and what its tests say over and over."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.chat.events import BlockStart, BlockStop, MessageStart, StreamEvent, TextDelta
from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Message, Text
from tui.widgets.conversation import Conversation
from tui.widgets.themes import DARK, LIGHT


class Clock:
    """A monotonic clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Counting(Conversation):
    """Counts the rows it is asked to draw again, and those it draws."""

    refreshed = 0
    rendered = 0
    redrawn: frozenset[int] = frozenset()
    """Which rows of the screen those were."""

    def refresh(self, *regions: Region, **options):
        spans = [range(region.y, region.bottom) for region in regions] or [range(self.size.height)]
        self.redrawn = self.redrawn.union(*spans)
        self.refreshed += sum(region.height for region in regions) if regions else self.size.height
        return super().refresh(*regions, **options)

    def render_line(self, y: int):
        self.rendered += 1
        return super().render_line(y)


class ChatApp(App):
    AUTO_FOCUS = None

    def __init__(self, messages=()) -> None:
        super().__init__()
        self.clock = Clock()
        self.posted: list[object] = []
        self._messages = messages

    def compose(self) -> ComposeResult:
        yield Counting(lambda model: model.upper(), clock=self.clock)

    def on_mount(self) -> None:
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name
        self.pane.show(self._messages)

    @property
    def pane(self) -> Counting:
        return self.query_one(Counting)

    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        return [self.pane.render_line(y).text.rstrip() for y in range(self.pane.size.height)]

    def screen_text(self) -> str:
        return "\n".join(self.rows())

    def on_conversation_copy_requested(self, message: Conversation.CopyRequested) -> None:
        self.posted.append(message)

    def on_conversation_link_opened(self, message: Conversation.LinkOpened) -> None:
        self.posted.append(message)

    def on_conversation_retry_requested(self, message: Conversation.RetryRequested) -> None:
        self.posted.append(message)

    def on_conversation_follow_changed(self, message: Conversation.FollowChanged) -> None:
        self.posted.append(message)


def prompt(text: str, **fields) -> Message:
    return Message(role="user", blocks=(Text(text),), **fields)


def answer(text: str = "", *blocks, **fields) -> Message:
    every = (*blocks, Text(text)) if text else blocks
    usage = Usage(input_tokens=60, cache_read_input_tokens=940, output_tokens=214)
    defaults = {"model": "sonnet", "elapsed_s": 3.1, "usage": usage, "bill": Bill(cost_usd=0.012, saved_usd=0.021)}
    return Message(role="assistant", blocks=every, **{**defaults, "stop_reason": "end_turn", **fields})


def deltas(text: str, size: int = 7, index: int = 0) -> list[StreamEvent]:
    pieces = [TextDelta(index, text[at : at + size]) for at in range(0, len(text), size)]
    return [MessageStart(model="sonnet"), BlockStart(index, Text("")), *pieces, BlockStop(index)]


def so_far(text: str) -> Message:
    return Message(role="assistant", blocks=(Text(text),), model="sonnet", state="streaming")
