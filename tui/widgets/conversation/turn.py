"""One side's turn as rows: a prompt, or all responses of an answer under one speaker line. Built when first looked at."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import count, groupby, islice
from typing import TYPE_CHECKING

from tui.chat.transcript import (
    Block,
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
from tui.widgets.conversation.parts import BLANK, Fold, Line, Opening, Part, Prose, Words, closing
from tui.widgets.conversation.sheet import Sheet, rows_of

if TYPE_CHECKING:
    from tui.chat.searches import Source
    from tui.widgets.conversation.call import Call

_LONG_CHARS = 200_000
_serials = count(1)


class Turn:
    """Messages of one side that stand under one speaker line, and the parts they are drawn from.

    Its height is an estimate until `fit` has been called; then the parts exist, and `settle` makes rows exact.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        names: Callable[[str], str],
        *,
        thinking_open: bool = False,
        pictures: bool = True,
    ) -> None:
        """`pictures`: whether they are shown; else they are named."""
        self.serial = next(_serials)
        """Tells its rows apart from those of other turns, whatever stands before it."""
        self.messages = list(messages)
        self.failure: Failure | None = None
        self.parts: list[Part] = []
        self.name = ""
        """The speaker, where no message says it yet."""
        self.sibling = ""
        """Which of several branches this is, as 2/3."""
        self._names = names
        self._thinking_open = thinking_open
        self._pictures = pictures
        self._fitted: tuple[int, Palette] | None = None
        self._tops: list[int] = []
        self._placed = 0
        """So many parts have their place in `_tops`; one more than there are: it is whole."""
        self._tail: list[Part] = []
        self._calls: dict[str, Call] = {}
        """The calls of its answers, by id."""

    # What it says

    @property
    def is_answer(self) -> bool:
        return not self.messages or any(message.role == "assistant" for message in self.messages)

    @property
    def is_bare(self) -> bool:
        """Nothing of an answer has arrived."""
        return not any(message.blocks for message in self.messages)

    @property
    def source(self) -> str:
        """Its text as it was written."""
        return "\n\n".join(text for message in self.messages if (text := message.text))

    @property
    def is_long(self) -> bool:
        """True if laying out all of its text would make keys wait."""
        blocks = (block for message in self.messages for block in message.blocks)
        return sum(len(block.text) for block in blocks if isinstance(block, Text)) > _LONG_CHARS

    @property
    def readable(self) -> str:
        """All that can be read in it, folded lines included."""
        return "\n\n".join(captions.readable(block) for message in self.messages for block in message.blocks)

    def say(self, right: str | None = None) -> None:
        """Draws the speaker line again: who speaks, and at its end the figures, or `right`."""
        if self.parts:
            speaker = self.parts[0]
            assert isinstance(speaker, Words), "the first part is the speaker"
            speaker.say(*self._speaker(right))

    def _speaker(self, right: str | None = None) -> tuple[captions.Caption, str]:
        branch: captions.Caption = ((f"  ‹ {self.sibling} ›", "dim"),) if self.sibling else ()
        if not self.is_answer:
            return (("You", "name"), *branch), captions.when(self.messages[0].at, time.time())
        models = [message.model for message in self.messages if message.model]
        name = self._names(models[-1]) if models else self.name
        return ((name, "name"), *branch), captions.figures_of(self.messages) if right is None else right

    # Its parts

    def build(self) -> None:
        """Makes the parts of all its messages, from what they say now."""
        caption, right = self._speaker()
        self.parts, self._tail = [Words(caption, right=right)], []
        self._calls.clear()
        for message, before in zip(self.messages, self.cited_before(), strict=True):
            self.add(*self.body(message, before), *closing(message, before))
        self.end_with(*self.footer())

    def join(self, message: Message) -> None:
        """Lets another message stand under the same speaker line."""
        self.messages.append(message)
        if self.parts:
            before = self.cited_before()[-1]
            self.add(*self.body(message, before), *closing(message, before))
            self.end_with(*self.footer())
            self.say()

    def add(self, *parts: Part) -> None:
        """Puts parts after the others; what ended the turn so far goes."""
        self.end_with()
        for part in parts:
            self._put(part)

    def end_with(self, *parts: Part) -> None:
        """Puts parts at the end for as long as nothing follows: a countdown, the cache figures."""
        if self._tail:
            del self.parts[-len(self._tail) :]
            self.changed(len(self.parts) - 1)
        self._tail = []
        for part in parts:
            self._put(part)
        self._tail = list(parts)

    def note(self, text: str) -> None:
        """A dim line that stays, above what only ends the turn for now."""
        tail = self._tail
        self.end_with()
        self._put(Words(((text, "dim"),), above=1 if len(self.parts) > 1 else 0))
        self.end_with(*tail)

    def _put(self, part: Part) -> None:
        before = self.parts[-1] if self.parts else None
        if before is not None and len(self.parts) > 1 and _needs_air(before, part):
            part.above = 1
        if self._fitted:
            part.fit(*self._fitted)
        self.parts.append(part)
        self.changed(len(self.parts) - 2)

    def replace(self, before: Part, after: Part) -> None:
        """Puts a part in the place of another."""
        after.above = before.above
        if self._fitted:
            after.fit(*self._fitted)
        index = self.index_of(before)
        self.parts[index] = after
        self.changed(index)

    def keep_only(self, count: int) -> None:
        """Drops all parts but the first ones."""
        self.end_with()
        del self.parts[count:]
        self.changed(count - 1)

    def cited_before(self) -> list[tuple[Source, ...]]:
        """Of each message, what the answer has cited by then."""
        from tui.chat.searches import cited_before  # with the first answer

        return cited_before(self.messages)

    def body(self, message: Message, before: Sequence[Source]) -> Iterator[Part]:
        """The parts of a message's blocks. Citations split a paragraph into several blocks; it is one text all the same."""
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
                yield Prose(text)
            text = ""
            if block is not None and (part := searched[at] if at in searched else self.part_of(block, message)):
                yield part

    def _prompt(self, message: Message) -> Iterator[Part]:
        """The parts of a prompt in the order of its blocks: text as it was typed, and pictures that stand together."""
        for kind, group in groupby(message.blocks, _kind):
            blocks = list(group)
            if kind is Image:
                yield Sheet([block for block in blocks if isinstance(block, Image)], folded=not self._pictures)
            elif kind is ToolResult:
                from tui.widgets.conversation.call import answered  # with the first call

                results = [block for block in blocks if isinstance(block, ToolResult)]
                yield from answered(results, self.call_of, pictures=self._pictures)
            elif kind is Text:
                if text := "".join(block.text for block in blocks if isinstance(block, Text)).strip("\n"):
                    yield Words(((text, "text"),))
            else:
                yield from (part for block in blocks if (part := self.part_of(block, message)))

    def part_of(self, block: Block, message: Message) -> Part | None:
        """What a block that is no text is drawn as."""
        match block:
            case Thinking():
                return self.thinking(captions.thought(message.thought_s), Prose(block.thinking, quiet=True))
            case RedactedThinking():
                return Fold("thought, in a form that only Claude can read")
            case ToolUse():
                return self.call(block)
            case Opaque():
                return Fold(captions.tool_line(block), Words(((captions.arguments(block), "dim"),)))
            case Image() | Document():
                return Words(captions.attachment(block))
            case Text() | ToolResult():
                return None

    def call(self, block: ToolUse, *, arrives: bool = False) -> Call:
        from tui.widgets.conversation.call import Call  # with the first call

        call = Call(block, state="arriving" if arrives else "waiting")
        call.become(block)
        self.bind(call, block)
        return call

    def bind(self, call: Call, block: ToolUse) -> None:
        """Knows a call by its id from now on."""
        self._calls[block.id] = call

    def call_of(self, id: str) -> Call | None:
        return self._calls.get(id)

    def thinking(self, summary: str, prose: Prose) -> Fold:
        """Thinking, folded to a line unless all of it is being shown."""
        fold = Fold(summary, prose, is_thinking=True)
        fold.show(self._thinking_open)
        return fold

    def footer(self) -> Iterator[Part]:
        """What stands under the whole answer: what the cache did for its last request."""
        last = next((message for message in reversed(self.messages) if message.role == "assistant"), None)
        if last is not None and (line := captions.cache_line(last)):
            yield Words(line, above=1)

    def show_thinking(self, is_open: bool) -> None:
        """Opens or folds all of its thinking."""
        self._thinking_open = is_open
        for part in self.parts:
            if isinstance(part, Fold) and part.is_thinking:
                part.show(is_open)
        self.changed()

    # Its rows

    def fit(self, width: int, palette: Palette) -> None:
        """Gives it a width and colours; builds it if that has not been done."""
        if self._fitted == (width, palette):
            return
        if not self.parts:
            self.build()
        self._fitted = width, palette
        for part in self.parts:
            part.fit(width, palette)
        self.changed()

    def estimated_height(self, width: int) -> int:
        """Rows, guessed from the amount of text: cheap, for what nobody has looked at."""
        rows = 3
        for message in self.messages:
            for block in message.blocks:
                if isinstance(block, Text):
                    rows += len(block.text) // max(1, width) + block.text.count("\n") + 1
                elif _kind(block) not in (Image, ToolResult):
                    rows += 1
            if images := list(_images(message)):
                rows += rows_of(images, width) if self._pictures else len(images)
        return rows

    @property
    def height(self) -> int:
        """Of the parts and the blank row after them."""
        return self.tops()[-1] + 1

    def tops(self) -> list[int]:
        """The first row of each part, and the row after the last one."""
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
        """The height of part number `first`, or what follows it, may have changed."""
        self._placed = min(self._placed, max(0, first + 1))

    def grew(self, part: Part) -> None:
        """The height of a part may have changed."""
        self.changed(self.index_of(part))

    def index_of(self, part: Part) -> int:
        """The number of a part; the later it stands, the sooner it is found."""
        for index in range(len(self.parts) - 1, -1, -1):
            if self.parts[index] is part:
                return index
        raise ValueError("not a part of this turn")

    def top_of(self, part: Part) -> int:
        """The first row of a part."""
        return self.tops()[self.index_of(part)]

    def at(self, row: int) -> tuple[int, int]:
        """The part a row belongs to, and the row within it: negative in the blank rows before it, too large after it."""
        tops = self.tops()
        index = max(0, bisect_right(tops, row, hi=len(self.parts)) - 1)
        if index + 1 < len(self.parts) and row >= tops[index] + self.parts[index].height:
            index += 1
        return index, row - tops[index]

    def settle(self, first: int, last: int) -> bool:
        """Makes rows exact. True if that moved any of them."""
        moved = False
        begin = max(0, bisect_left(self.tops(), first, hi=len(self.parts)) - 1)
        for index, part in enumerate(islice(self.parts, begin, None), begin):
            top = self.tops()[index]
            if top > last:
                break
            before = part.height
            if top + before > first and (part.settle(max(0, first - top), last - top) or part.height != before):
                self.changed(index)
                moved = True
        return moved

    def line(self, row: int) -> Line:
        index, y = self.at(row)
        part = self.parts[index]
        return part.line(y) if 0 <= y < part.height else BLANK


def _images(message: Message) -> Iterator[Image]:
    """Those that are shown, in results as well."""
    for block in message.blocks:
        for one in block.content if isinstance(block, ToolResult) else (block,):
            if isinstance(one, Image) and not one.aside:
                yield one


def _kind(block: Block) -> type | None:
    """What blocks that are drawn together have in common. A picture that was set aside is a line like any other."""
    return None if isinstance(block, Image) and block.aside else type(block)


def _needs_air(before: Part, after: Part) -> bool:
    """Text stands apart from what precedes it, but not from the thinking that led to it; folded lines stand together.

    Pictures stand apart from everything.
    """
    if isinstance(after, Sheet):
        return True
    if isinstance(after, Prose):
        return not (isinstance(before, Fold) and before.is_thinking)
    return isinstance(after, Opening) and isinstance(before, Prose)
