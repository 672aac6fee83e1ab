"""One side's turn as rows: a prompt, or all responses of an answer under one speaker line. Built when it comes into view."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import count, groupby, islice
from typing import TYPE_CHECKING

from tui.chat.transcript import (
    Block,
    Compaction,
    Document,
    Failure,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from tui.widgets.conversation import captions
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import BLANK, Collapsible, Fold, Line, MarkdownText, Part, PlainText, closing

if TYPE_CHECKING:
    from tui.chat.searches import Source
    from tui.widgets.conversation.call import Call

_LONG_CHARS = 200_000
_serials = count(1)


class Turn:
    """The messages under one speaker line, and the parts they are drawn from.

    The height is an estimate until `fit` is called; then the parts exist, and `measure` makes rows exact.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        names: Callable[[str], str],
        *,
        thinking_open: bool = False,
        shows_images: bool = True,
    ) -> None:
        """`names` maps a model ID to a display name. `shows_images`: False if images are only named."""
        self.serial = next(_serials)
        """A number that no other turn has: its rows are cached by it."""
        self.messages = list(messages)
        self.failure: Failure | None = None
        self.parts: list[Part] = []
        self.name = ""
        """The display name of the model, until a message names one."""
        self.sibling = ""
        """The branch, e.g. 2/3, or ""."""
        self._names = names
        self._thinking_open = thinking_open
        self._shows_images = shows_images
        self._fitted: tuple[int, Palette] | None = None
        self._tops: list[int] = []
        self._placed = 0
        """The number of parts whose row is in `_tops`; one more than there are parts if it is complete."""
        self._tail: list[Part] = []
        self._calls: dict[str, Call] = {}
        """The tool calls of its answers, by ID."""

    # Content

    @property
    def is_answer(self) -> bool:
        """True for an answer, False for a prompt."""
        return not self.messages or any(message.role == "assistant" for message in self.messages)

    @property
    def is_bare(self) -> bool:
        """True if nothing of the answer has arrived."""
        return not any(message.blocks for message in self.messages)

    @property
    def source(self) -> str:
        """The source text."""
        return "\n\n".join(text for message in self.messages if (text := message.text))

    @property
    def is_long(self) -> bool:
        """True if to lay out all of the text would make keys wait."""
        blocks = (block for message in self.messages for block in message.blocks)
        return sum(len(block.text) for block in blocks if isinstance(block, Text)) > _LONG_CHARS

    @property
    def readable(self) -> str:
        """All text that a reader can find, folded lines included."""
        return "\n\n".join(captions.readable(block) for message in self.messages for block in message.blocks)

    def update_speaker(self, right: str | None = None) -> None:
        """Update the speaker line: the name, and at its end the figures, or `right`."""
        if self.parts:
            speaker = self.parts[0]
            assert isinstance(speaker, PlainText), "the first part is the speaker"
            speaker.set_caption(*self._speaker(right))

    def _speaker(self, right: str | None = None) -> tuple[captions.Caption, str]:
        branch: captions.Caption = ((f"  ‹ {self.sibling} ›", "dim"),) if self.sibling else ()
        if not self.is_answer:
            return (("You", "name"), *branch), captions.when(self.messages[0].at, time.time())
        models = [message.model for message in self.messages if message.model]
        name = self._names(models[-1]) if models else self.name
        return ((name, "name"), *branch), captions.figures_of(self.messages) if right is None else right

    # Parts

    def build(self) -> None:
        """Make the parts of all messages."""
        caption, right = self._speaker()
        self.parts, self._tail = [PlainText(caption, right=right)], []
        self._calls.clear()
        for message, before in zip(self.messages, self.cited_before(), strict=True):
            self.add(*self.body(message, before), *closing(message, before))
        self.end_with(*self.footer())

    def join(self, message: Message) -> None:
        """Add a message under the same speaker line."""
        self.messages.append(message)
        if self.parts:
            before = self.cited_before()[-1]
            self.add(*self.body(message, before), *closing(message, before))
            self.end_with(*self.footer())
            self.update_speaker()

    def add(self, *parts: Part) -> None:
        """Append parts; those of `end_with` are removed."""
        self.end_with()
        for part in parts:
            self._put(part)

    def end_with(self, *parts: Part) -> None:
        """Replace the parts that end the turn only until something follows: a countdown, the cache figures."""
        if self._tail:
            del self.parts[-len(self._tail) :]
            self.changed(len(self.parts) - 1)
        self._tail = []
        for part in parts:
            self._put(part)
        self._tail = list(parts)

    def note(self, text: str) -> None:
        """Append a dim line, above the parts of `end_with`."""
        tail = self._tail
        self.end_with()
        self._put(PlainText(((text, "dim"),), above=1 if len(self.parts) > 1 else 0))
        self.end_with(*tail)

    def _put(self, part: Part) -> None:
        before = self.parts[-1] if self.parts else None
        if before is not None and len(self.parts) > 1 and _needs_gap(before, part):
            part.above = 1
        if self._fitted:
            part.fit(*self._fitted)
        self.parts.append(part)
        self.changed(len(self.parts) - 2)

    def replace(self, before: Part, after: Part) -> None:
        """Replace one part by another."""
        after.above = before.above
        if self._fitted:
            after.fit(*self._fitted)
        index = self.index_of(before)
        self.parts[index] = after
        self.changed(index)

    def keep_only(self, count: int) -> None:
        """Remove all parts but the first `count`."""
        self.end_with()
        del self.parts[count:]
        self.changed(count - 1)

    def cited_before(self) -> list[tuple[Source, ...]]:
        """Return, for each message, the sources that the answer has cited before it."""
        from tui.chat.searches import cited_before  # with the first answer

        return cited_before(self.messages)

    def body(self, message: Message, before: Sequence[Source]) -> Iterator[Part]:
        """Yield the parts of a message's blocks. Text blocks that citations have split become one text again."""
        if message.role == "user":
            yield from self._prompt(message)
            return
        from tui.chat.searches import marks, sources  # with the first answer, as in `closing`
        from tui.widgets.conversation.searches import search_lines

        searched, cited = search_lines(message.blocks), sources(message.blocks, before)
        text = ""
        for at, block in enumerate((*message.blocks, None)):
            if isinstance(block, Text):
                text += block.text + marks(block, cited)
                continue
            if text.strip():
                yield MarkdownText(text)
            text = ""
            if block is not None and (part := searched[at] if at in searched else self.part_of(block, message)):
                yield part

    def _prompt(self, message: Message) -> Iterator[Part]:
        """Yield the parts of a prompt in the order of its blocks: text without Markdown, images in grids."""
        for kind, group in groupby(message.blocks, _kind):
            blocks = list(group)
            if kind is Image:
                from tui.widgets.conversation.image_grid import ImageGrid  # with the first image

                yield ImageGrid([block for block in blocks if isinstance(block, Image)], folded=not self._shows_images)
            elif kind is ToolResult:
                from tui.widgets.conversation.call import answered  # with the first call

                results = [block for block in blocks if isinstance(block, ToolResult)]
                yield from answered(results, self.call_of, shows_images=self._shows_images)
            elif kind is Text:
                if text := "".join(block.text for block in blocks if isinstance(block, Text)).strip("\n"):
                    yield PlainText(((text, "text"),))
            else:
                yield from (part for block in blocks if (part := self.part_of(block, message)))

    def part_of(self, block: Block, message: Message) -> Part | None:
        """Return the part for a block that is not text."""
        match block:
            case Thinking():
                return self.thinking(captions.thought(message.thought_s), MarkdownText(block.thinking, quiet=True))
            case RedactedThinking():
                return Fold("thought (redacted: only Claude can read it)")
            case ToolUse():
                return self.call(block)
            case Compaction():
                return Fold(captions.SUMMARY, MarkdownText(block.content)).opened()
            case Opaque():
                return Fold(captions.tool_line(block), PlainText(((captions.arguments(block), "dim"),)))
            case Image() | Document():
                return PlainText(captions.attachment(block))
            case _:
                return None

    def call(self, block: ToolUse, *, arrives: bool = False) -> Call:
        """Return the part for a tool call. `arrives`: its arguments are still streaming."""
        from tui.widgets.conversation.call import Call  # with the first call

        call = Call(block, state="arriving" if arrives else "waiting")
        call.become(block)
        self.bind(call, block)
        return call

    def bind(self, call: Call, block: ToolUse) -> None:
        """Let `call_of` find a call by the ID of its block."""
        self._calls[block.id] = call

    def call_of(self, id: str) -> Call | None:
        """Return the tool call of that ID."""
        return self._calls.get(id)

    def thinking(self, summary: str, prose: MarkdownText) -> Fold:
        """Return the part for thinking, folded unless all thinking is open."""
        fold = Fold(summary, prose, is_thinking=True)
        fold.show(self._thinking_open)
        return fold

    def footer(self) -> Iterator[Part]:
        """Yield what is below the whole answer: what the cache did for its last request."""
        last = next((message for message in reversed(self.messages) if message.role == "assistant"), None)
        if last is not None and (line := captions.cache_line(last)):
            yield PlainText(line, above=1)

    def show_thinking(self, is_open: bool) -> None:
        """Open or fold all thinking."""
        self._thinking_open = is_open
        for part in self.parts:
            if isinstance(part, Fold) and part.is_thinking:
                part.show(is_open)
        self.changed()

    # Rows

    def fit(self, width: int, palette: Palette) -> None:
        """Lay the turn out for a width in cells and a palette; build it first if need be."""
        if self._fitted == (width, palette):
            return
        if not self.parts:
            self.build()
        self._fitted = width, palette
        for part in self.parts:
            part.fit(width, palette)
        self.changed()

    def estimated_height(self, width: int) -> int:
        """Return the number of rows, estimated from the amount of text: cheap, for turns outside the view."""
        rows = 3
        for message in self.messages:
            for block in message.blocks:
                if isinstance(block, Text):
                    rows += len(block.text) // max(1, width) + block.text.count("\n") + 1
                elif _kind(block) not in (Image, ToolResult):
                    rows += 1
            if images := list(_images(message)):
                from tui.widgets.conversation.image_grid import rows_of  # with the first image

                rows += rows_of(images, width) if self._shows_images else len(images)
        return rows

    @property
    def height(self) -> int:
        """The rows of the parts, and the blank row after them."""
        return self.tops()[-1] + 1

    def tops(self) -> list[int]:
        """Return the first row of each part, and the row after the last part."""
        if self._placed <= len(self.parts):
            last = self.parts[self._placed - 1] if self._placed else None
            row, below = (self._tops[self._placed - 1] + last.height, last.below) if last is not None else (0, 0)
            del self._tops[self._placed :]
            for part in islice(self.parts, self._placed, None):
                above = max(part.above, below)
                self._tops.append(row + above)
                row += above + part.height
                below = part.below
            self._tops.append(row)
            self._placed = len(self.parts) + 1
        return self._tops

    def changed(self, first: int = 0) -> None:
        """Note that the height of part `first`, or what follows it, may have changed."""
        self._placed = min(self._placed, max(0, first + 1))

    def grew(self, part: Part) -> None:
        """Note that the height of a part may have changed."""
        self.changed(self.index_of(part))

    def index_of(self, part: Part) -> int:
        """Return the index of a part. It searches from the end, where changes are."""
        for index in range(len(self.parts) - 1, -1, -1):
            if self.parts[index] is part:
                return index
        raise ValueError("not a part of this turn")

    def top_of(self, part: Part) -> int:
        """Return the first row of a part."""
        return self.tops()[self.index_of(part)]

    def at(self, row: int) -> tuple[int, int]:
        """Return the index of the part at a row, and the row within it: negative before it, too large after it."""
        tops = self.tops()
        index = max(0, bisect_right(tops, row, hi=len(self.parts)) - 1)
        if index + 1 < len(self.parts) and row >= tops[index] + self.parts[index].height:
            index += 1
        return index, row - tops[index]

    def measure(self, first: int, last: int) -> bool:
        """Measure rows exactly. True if that moved any of them."""
        moved = False
        begin = max(0, bisect_left(self.tops(), first, hi=len(self.parts)) - 1)
        for index, part in enumerate(islice(self.parts, begin, None), begin):
            top = self.tops()[index]
            if top > last:
                break
            before = part.height
            if top + before > first and (part.measure(max(0, first - top), last - top) or part.height != before):
                self.changed(index)
                moved = True
        return moved

    def line(self, row: int) -> Line:
        """Return a row."""
        index, y = self.at(row)
        part = self.parts[index]
        return part.line(y) if 0 <= y < part.height else BLANK


def _images(message: Message) -> Iterator[Image]:
    """Yield the images that are shown, in tool results as well."""
    for block in message.blocks:
        for one in block.content if isinstance(block, ToolResult) else (block,):
            if isinstance(one, Image) and not one.quarantined:
                yield one


def _kind(block: Block) -> type | None:
    """Return what blocks that are drawn together have in common. A quarantined image is a line of its own."""
    return None if isinstance(block, Image) and block.quarantined else type(block)


def _needs_gap(before: Part, after: Part) -> bool:
    """True if there is a blank row between two parts.

    There is one before text, except after its thinking; before a folded line that follows text; and before images.
    """
    if after.images:
        return True
    if isinstance(after, MarkdownText):
        return not (isinstance(before, Fold) and before.is_thinking)
    return isinstance(after, Collapsible) and isinstance(before, MarkdownText)
