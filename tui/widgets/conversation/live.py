"""A running answer: takes events, grows the parts of its turn, returns the first row that changed. No clock, no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.chat.events import BlockStart, BlockStop, CitationDelta, InputDelta, StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Block, JsonText, Message, Text, Thinking, ToolUse
from tui.widgets.conversation import captions
from tui.widgets.conversation.parts import Fold, MarkdownText, Part, PlainText, closing
from tui.widgets.conversation.turn import Turn

if TYPE_CHECKING:
    from tui.chat.searches import Search, Source
    from tui.widgets.conversation.call import Call

CARET = "▍"


class LiveAnswer:
    """Feeds one response after another into a turn.

    Blocks may be interleaved, and their starts may be missing (other servers do that), so parts are found by block index.
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.chars = 0
        """Characters of text and thinking in this response so far."""
        self.draws = True
        """False while so much is waiting that text scrolls by unseen."""
        self._message: Message | None = None
        self._parts: dict[int, Part] = {}
        self._json: dict[int, list[str]] = {}
        self._tools: dict[int, Call] = {}
        self._searches: dict[int, Search] = {}
        self._cited: dict[int, list[JsonText]] = {}
        """The citations of each text block that has not ended."""
        self._known: dict[str, Source] = {}
        """The sources of the answer by page, in the order of first mention."""
        self._held: list[str] = []
        """Blank text, until other text follows it."""
        self._first_part = 0
        self.expect()

    @property
    def caret_row(self) -> int | None:
        """The row with the caret at its end; None while the caret has a row of its own."""
        last = self.turn.parts[-1]
        return self.turn.tops()[-1] - 1 if last in self._parts.values() else None

    @property
    def thinks(self) -> Fold | None:
        """The thinking that is streaming."""
        last = self.turn.parts[-1] if self.turn.parts else None
        return last if isinstance(last, Fold) and last.is_thinking and self._message is not None else None

    @property
    def tokens(self) -> int:
        """The tokens of the answer so far, in part an estimate."""
        return captions.estimated_tokens(self.turn.messages, self.chars)

    def expect(self) -> int:
        """Prepare for a response. Return the first row that changed."""
        from tui.chat.searches import page_of, sources  # with the first answer

        self.turn.end_with()
        row = self.turn.tops()[-1]
        self._parts, self._json, self._tools, self._held, self._message = {}, {}, {}, [], None
        self._searches, self._cited = {}, {}
        known = sources(block for message in self.turn.messages for block in message.blocks)
        self._known = {page_of(source): source for source in known}
        self._first_part = len(self.turn.parts)
        self.turn.end_with(PlainText(((CARET, "accent"),), above=0 if self._first_part == 1 else 1))
        return row

    def show_instead(self, *parts: Part) -> int:
        """Show parts, e.g. a countdown, in place of the response. Return the first row that changed."""
        self.turn.end_with()
        row = self.turn.tops()[-1]
        self.turn.end_with(*parts)
        return row

    def stands_at(self, message: Message) -> None:
        """Take the response as it is after the next events."""
        if self._message is None:
            self.turn.messages.append(message)
        else:
            self.turn.messages[-1] = message
        self._message = message

    def take(self, event: StreamEvent) -> int | None:
        """Take one event. Return the first row that changed, or None."""
        match event:
            case BlockStart(index=index, block=Text(text=text, citations=citations)):
                self._parts.pop(index, None)  # an index that is used twice means the later block
                for citation in citations:
                    self._cite(index, citation)
                return self._take_text(index, text)
            case BlockStart(index=index, block=Thinking(thinking=text)):
                self._parts.pop(index, None)
                return self._take_thinking(index, text)
            case BlockStart(index=index, block=block):
                return self._begin(index, block)
            case TextDelta(index=index, text=text):
                return self._take_text(index, text)
            case ThinkingDelta(index=index, thinking=text):
                return self._take_thinking(index, text)
            case CitationDelta(index=index, citation=citation):
                self._cite(index, citation)
                return None
            case InputDelta(index=index, partial_json=text):
                self._json.setdefault(index, []).append(text)
                return self._feed_call(index, text)
            case BlockStop(index=index) if (call := self._tools.get(index)) is not None:
                block = call.call
                call.become(replace(block, input=self._input(index) or block.input), state="waiting")
                self.turn.grew(call)
                return self.turn.top_of(call)
            case BlockStop(index=index) if index in self._searches and self._json.get(index):
                return self._search(index)
            case BlockStop(index=index) if index in self._cited:
                return self._take_text(index, self._marks(index))
        return None

    def _begin(self, index: int, block: Block) -> int | None:
        """Begin a block that is neither text nor thinking."""
        from tui.chat.searches import (  # what is about searches is not needed for the first paint
            search_in,
            search_result_in,
        )
        from tui.widgets.conversation.searches import search_line, search_lines

        self._held = []
        if isinstance(block, ToolUse):
            self._tools[index] = self.turn.call(block, arrives=True)
            return self._put(index, self._tools[index])
        if (search := search_in(block)) is not None:
            self._searches[index] = search
        if (found := search_result_in(block)) is not None:
            for at, search in self._searches.items():
                if search.id == found.id:
                    return self._replace(at, search_line(search, found))
        part = search_lines((block,)).get(0) or self.turn.part_of(block, self._message or Message(role="assistant"))
        return self._put(index, part) if part is not None else None

    def _feed_call(self, index: int, more: str) -> int | None:
        """Append to the arguments of a tool call."""
        call = self._tools.get(index)
        if call is None:
            return None
        call.arrive(more)
        return self.turn.top_of(call)

    def _input(self, index: int) -> str:
        """Return the arguments of a block so far."""
        return "".join(self._json.get(index, ()))

    def _search(self, index: int) -> int:
        """Show the query of a web search."""
        from tui.chat.searches import query_in
        from tui.widgets.conversation.searches import search_line

        self._searches[index] = search = self._searches[index]._replace(query=query_in(self._input(index)))
        return self._replace(index, search_line(search))

    def _cite(self, index: int, citation: JsonText) -> None:
        from tui.chat.searches import cited_by, page_of

        self._cited.setdefault(index, []).append(citation)
        if (source := cited_by(citation)) is not None:
            self._known.setdefault(page_of(source), source)

    def _marks(self, index: int) -> str:
        """Return the source numbers for the end of a text."""
        from tui.chat.searches import marks

        part = self._parts.get(index)
        so_far = part.ending if isinstance(part, MarkdownText) else "".join(self._held)
        return marks(Text(so_far, tuple(self._cited.pop(index))), tuple(self._known.values()))

    def _take_text(self, index: int, text: str) -> int | None:
        self.chars += len(text)
        part = self._parts.get(index)
        last = self.turn.parts[-1]
        if part is None and isinstance(last, MarkdownText) and len(self.turn.parts) > self._first_part:
            part = self._parts[index] = last  # a citation has split the paragraph
        if isinstance(part, MarkdownText):
            row = self.turn.top_of(part) + part.feed(text, drawn=self.draws)
            self.turn.grew(part)
            return row
        self._held.append(text)
        if not text.strip():
            return None
        part = MarkdownText("".join(self._held), closed=False)
        self._held = []
        return self._put(index, part)

    def _take_thinking(self, index: int, text: str) -> int | None:
        self.chars += len(text)
        part = self._parts.get(index)
        if not isinstance(part, Fold):
            return self._put(index, self.turn.thinking("thinking", MarkdownText(text, closed=False, quiet=True)))
        row = self.turn.top_of(part) + part.feed(text, drawn=self.draws)
        self.turn.grew(part)
        return row

    def _put(self, index: int, part: Part) -> int:
        self.turn.end_with()
        row = self.turn.tops()[-1]
        self.turn.add(part)
        self._parts[index] = part
        return row

    def _replace(self, index: int, part: Part) -> int:
        before = self._parts[index]
        row = self.turn.top_of(before)
        self.turn.replace(before, part)
        self._parts[index] = part
        return row

    def leave(self) -> None:
        """End the response without a final message: what has arrived stays as it is."""
        if self._message is not None and not self._message.blocks:
            self.turn.messages.pop()
            self._message = None
        if self._message is None:
            self.turn.end_with(*self.turn.footer())
        for part in self._response():
            if isinstance(part, MarkdownText | Fold):
                part.close()
        self.turn.changed()
        self.turn.update_speaker()

    def settle(self, message: Message) -> int:
        """End the response as this message. Return the first row that changed.

        What was drawn while it streamed stays, unless the message differs from the events.
        """
        from tui.chat.searches import text_with_marks

        self.stands_at(message)
        before = self.turn.cited_before()[-1]
        self.turn.end_with()
        row = self.turn.tops()[-1]
        if (
            "".join(part.source for part in self._response() if isinstance(part, MarkdownText)).strip()
            != text_with_marks(message, before).strip()
        ):
            row = self.turn.tops()[min(self._first_part, len(self.turn.tops()) - 1)]
            self.turn.keep_only(self._first_part)
            self.turn.add(*self.turn.body(message, before))
        else:
            for call, block in zip(self._tools.values(), message.calls, strict=False):
                call.become(block, state="waiting")
                self.turn.bind(call, block)
        for top, part in zip(self.turn.tops()[self._first_part :], self._response(), strict=False):
            if isinstance(part, MarkdownText | Fold):
                row = min(row, top + part.close())
            if isinstance(part, Fold) and part.is_thinking:
                part.set_summary(captions.thought(message.thought_s))
                row = min(row, top)
        self.turn.changed(self._first_part - 1)
        self.turn.add(*closing(message, before))
        self.turn.end_with(*self.turn.footer())
        self._message, self._first_part = None, len(self.turn.parts)
        return row

    def _response(self) -> list[Part]:
        return self.turn.parts[self._first_part :]
