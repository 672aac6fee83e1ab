"""A tool call as one line: name, main argument, state and time. It opens to all arguments and the result. No widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from tui.chat.tool_calls import STOPPED
from tui.chat.tools import (
    REFUSED,
    PermissionDecided,
    PermissionRequested,
    ToolEnded,
    ToolEvent,
    ToolOutput,
    ToolStarted,
)
from tui.chat.transcript import Image, Text, ToolResult, ToolUse
from tui.render import figures
from tui.render.safe import safe
from tui.widgets.conversation import captions
from tui.widgets.conversation.captions import Tone
from tui.widgets.conversation.excerpt import Excerpt, Headline, cut
from tui.widgets.conversation.image_grid import ImageGrid
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import BLANK, Collapsible, Line, Part, PlainText

State = Literal["arriving", "waiting", "asking", "running", "done", "failed", "refused", "stopped"]

TAIL_ROWS = 3
"""Lines of output that are shown while a call runs."""
_TAIL_CHARS = 4_000
_ARRIVING_CHARS = 400
"""Characters of the arguments that are kept while they stream: more than a row holds."""
_SHOWN_S = 0.05
"""A call that was faster shows no time."""


class Call(Collapsible):
    """A tool call. While it runs, the last lines of its output are below its line."""

    def __init__(self, call: ToolUse, *, state: State = "waiting") -> None:
        self.headline = Headline()
        self.call = call
        self.state: State = state
        self.is_whole = False
        self._arrived = False
        """True once some of the arguments have replaced the empty ones that it began with."""
        self._result: ToolResult | None = None
        self._since_s = 0.0
        self._now_s = 0.0
        self._output = ""
        self._tail: list[PlainText] = []
        self._what: str | None = None
        """The main argument, found when it is first needed: arguments may be long."""
        self._pieces: list[Excerpt] | None = None
        """The content, made when it is opened."""
        self._fitted: tuple[int, Palette] | None = None
        self._rebuild()

    # State

    def become(self, call: ToolUse, *, state: State | None = None) -> None:
        """Replace the call by its current state."""
        self.call = call
        if state is not None:
            self.state = state
        self._rebuild()

    def arrive(self, more: str) -> None:
        """Append to the arguments. Until they are complete only their end is kept here."""
        before = self.call.input if self._arrived else ""
        self._arrived = True
        self.call = replace(self.call, input=(before + more)[-_ARRIVING_CHARS:])
        self._update_line()

    def answer(self, result: ToolResult) -> None:
        """Take the result."""
        self._result = result
        self.state = state_of(result)
        self._output, self._tail = "", []
        self._rebuild()

    def take(self, event: ToolEvent, now_s: float, ago_s: float) -> None:
        """Take an event that is `ago_s` old. `now_s` is monotonic."""
        self._now_s = now_s
        match event:
            case ToolStarted():
                self.state, self._since_s = "running", now_s - ago_s
            case PermissionRequested():
                self.state = "asking"
            case PermissionDecided(allowed=allowed):
                self.state, self._since_s = ("running" if allowed else "refused"), now_s - ago_s
            case ToolOutput(text=text):
                self._output = (self._output + text)[-_TAIL_CHARS:]
                self._show_tail()
            case ToolEnded(result=result):
                self.answer(result)
        self._update_line()

    def tick(self, now_s: float) -> None:
        """Update the time that it has been running."""
        self._now_s = now_s
        self._update_line()

    def _show_tail(self) -> None:
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in self._output.rstrip("\n").split("\n")]
        rows = max(len(self._tail), min(TAIL_ROWS, len(lines)))
        self._tail = [PlainText(((cut(safe(line), self._room), "dim"),)) for line in lines[-rows:]]
        self._fit_all()

    def _rebuild(self) -> None:
        self._what = self._pieces = None
        self._update_line()
        self._fit_all()

    @property
    def _answered(self) -> str:
        content = self._result.content if self._result is not None else ()
        return "\n".join(part.text for part in content if isinstance(part, Text))

    def _opened(self) -> list[Excerpt]:
        """Return the content: arguments and result."""
        if self._pieces is None:
            tone: Tone = "text" if self.state == "done" else "error" if self.state == "failed" else "dim"
            asked, answered = captions.fields_of(self.call.input), self._answered
            self._pieces = [Excerpt(asked, "dim")] if asked else []
            if answered:
                self._pieces.append(Excerpt(answered, tone, above=1 if asked else 0))
            for piece in self._pieces:
                piece.show_all(self.is_whole)
                if self._fitted is not None:
                    piece.fit(self._room, self._fitted[1])
        return self._pieces

    # Line

    def _update_line(self) -> None:
        sign = ("▾" if self.open else "▸") if self.can_open else " "
        arrives = self.state == "arriving"
        what = self.call.input[-_ARRIVING_CHARS:] if arrives else self._main_argument()
        self.headline.set(sign, self.call.name, what, self._right(), shows_end=arrives)

    def _main_argument(self) -> str:
        if self._what is None:
            self._what = captions.main_argument(self.call.input) or _unread(self.call.input)
        return self._what

    def _right(self) -> tuple[str, Tone]:
        elapsed_s = self._result.elapsed_s if self._result is not None else 0.0
        took = f" {figures.seconds(elapsed_s)}" if elapsed_s >= _SHOWN_S else ""
        match self.state:
            case "arriving" | "waiting":
                return "", "dim"
            case "asking":
                return "needs permission", "warning"
            case "running":
                since_s = max(0.0, self._now_s - self._since_s)
                return f"running {captions.live_figures(since_s, 0):>5}", "dim"
            case "done":
                return f"✓{took}", "dim"
            case "failed":
                return f"✗ failed{took}", "error"
        return self.state, "warning" if self.state == "refused" else "dim"

    # Opening and folding

    @property
    def can_open(self) -> bool:
        return self.state != "arriving" and bool(_unread(self.call.input) or self._answered)

    @property
    def hides(self) -> bool:
        return self.can_open and (not self.open or any(piece.has_more for piece in self._opened()))

    def show(self, is_open: bool, *, whole: bool = False) -> None:
        self.open, self.is_whole = is_open, is_open and whole
        for piece in self._pieces or ():
            piece.show_all(self.is_whole)
        self._update_line()

    def opens_at(self, y: int) -> bool:
        return super().opens_at(y) or any(
            isinstance(part, Excerpt) and part.is_more_row(row) for part, row in self._at(y)
        )

    def press(self, y: int) -> None:
        if y == 0:
            self.show(not self.open)
        else:
            self.show(True, whole=True)

    # Rows

    def _below(self) -> Iterator[Part]:
        if self.open:
            yield from self._opened()
        yield from self._tail

    @property
    def height(self) -> int:
        return 1 + sum(part.above + part.height for part in self._below())

    @property
    def _room(self) -> int:
        return max(1, self._fitted[0] - 2) if self._fitted is not None else 80

    def fit(self, width: int, palette: Palette) -> None:
        self._fitted = width, palette
        self.headline.fit(width, palette)
        self._fit_all()

    def _fit_all(self) -> None:
        if self._fitted is not None:
            for part in (*(self._pieces or ()), *self._tail):
                part.fit(self._room, self._fitted[1])

    def line(self, y: int) -> Line:
        if y == 0:
            return self.headline.line(0)
        for part, row in self._at(y):
            return part.line(row)._replace(indent=2) if row >= 0 else BLANK
        return BLANK

    def _at(self, y: int) -> Iterator[tuple[Part, int]]:
        """Yield the part in a row below the line, and the row within it: negative in the blank rows before it."""
        y -= 1
        for part in self._below():
            if 0 <= y < part.above + part.height:
                yield part, y - part.above
                return
            y -= part.above + part.height


class CallsUnderWay:
    """The running calls of an answer."""

    def __init__(self) -> None:
        self._running: dict[str, Call] = {}

    def __bool__(self) -> bool:
        return bool(self._running)

    def take(self, call: Call, event: ToolEvent, now_s: float, ago_s: float) -> None:
        call.take(event, now_s, ago_s)
        if call.state in ("running", "asking"):
            self._running[call.call.id] = call
        else:
            self._running.pop(call.call.id, None)

    def tick(self, now_s: float) -> list[Call]:
        """Update the times of the calls that run, and return these calls."""
        running = [call for call in self._running.values() if call.state == "running"]
        for call in running:
            call.tick(now_s)
        return running


def id_of(event: ToolEvent) -> str:
    """Return the ID of the call that an event is about."""
    match event:
        case ToolStarted(call=call):
            return call.id
        case PermissionRequested(question=question):
            return question.call.id
        case ToolEnded(result=result):
            return result.tool_use_id
        case PermissionDecided(id=id) | ToolOutput(id=id):
            return id


def state_of(result: ToolResult) -> State:
    """Return the state of a call that has this result."""
    if not result.is_error:
        return "done"
    text = next((part.text for part in result.content if isinstance(part, Text)), "")
    return "stopped" if text == STOPPED else "refused" if text.startswith(REFUSED) else "failed"


def _unread(arguments: str) -> str:
    """Arguments that broke off."""
    return "" if arguments.strip() in ("", "{}") else arguments


def answered(
    results: Sequence[ToolResult], call_of: Callable[[str], Call | None], *, shows_images: bool
) -> Iterator[Part]:
    """Give results to their calls. Yield what is shown below these: images and documents, and results without a call."""
    images: list[Image] = []
    for result in results:
        call = call_of(result.tool_use_id)
        if call is None:
            yield PlainText(
                (("↳ ", "dim"), (captions.result_line(result), "error" if result.is_error else "dim")), hang=2
            )
        else:
            call.answer(result)
        for block in result.content:
            if isinstance(block, Image) and not block.quarantined:
                images.append(block)
            elif not isinstance(block, Text):
                yield PlainText(captions.attachment(block))
    if images:
        yield ImageGrid(images, folded=not shows_images)
