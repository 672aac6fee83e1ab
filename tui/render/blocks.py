"""Parse a growing Markdown text into finished pieces, which never change again, and a few open ones.

The text is read line by line, as CommonMark describes: which open quotes and list items does the line continue, and what
does it begin? Everything certain is returned as a `Piece`: a heading, a line of code, a table row, a part of a paragraph.
However long a block grows, only a bounded part of it stays open. The result depends on the text only, not on how it was
fed: a line longer than `LONG` is plain text from its first character, because its end may be far away, and long
paragraphs are cut at fixed positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Literal

from tui.render import syntax
from tui.render.formulas import Formula, opened_in
from tui.render.leaves import LONG, Code, Leaf, Paragraph, Part, Table
from tui.render.pieces import (
    Body,
    CodeHead,
    CodeLine,
    Container,
    Heading,
    Item,
    Piece,
    Prose,
    Quote,
    Rule,
    gap_between,
    run_after,
)

DEPTH = 10
"""Maximum nesting of quotes and lists."""


_Mode = Literal["whole", "partial", "long"]
_Kind = Literal["quote", "item", "heading", "fence", "rule", "indented", "text"]


class Scanner:
    """Parses a text that arrives in parts of any size."""

    def __init__(self) -> None:
        self._done: list[Piece] = []
        self._partial = ""
        """The line that has not ended."""
        self._midline = False
        """True if that line is longer than LONG, and is already in the leaf."""
        self._containers: tuple[Container, ...] = ()
        self._fresh = 0
        """How many containers, from the innermost, have nothing drawn yet."""
        self._begun = 0
        """How many of them had nothing drawn when the open block began."""
        self._leaf: Leaf | None = None
        self._formula: Formula | None = None
        """An open formula at the end of the paragraph, which may turn out not to be one."""
        self._is_plain = False
        """True while lines are read again as text without a formula."""
        self._blank = False
        self._last: tuple[Container, ...] | None = None
        self._serial = 0

    def feed(self, text: str) -> list[Piece]:
        """Add text. Return the pieces that it finished."""
        first, *others = text.split("\n")
        self._take(first)
        for line in others:
            self._end_line()
            self._take(line)
        done, self._done = self._done, []
        return done

    def tail(self) -> list[Piece]:
        """Return the open pieces as they are best drawn now, without changing anything."""
        trial = self.snapshot()
        if self._partial:
            trial._line(self._partial, "partial")
        trial._finish(growing=True)
        return trial._done

    def snapshot(self) -> Scanner:
        """Return a copy that can be fed separately."""
        other = copy(self)
        other._done = []
        other._leaf = copy(self._leaf)
        return other

    def close(self) -> list[Piece]:
        """Return the remaining pieces when no more text will come."""
        if self._midline or self._partial:
            self._end_line()
        self._finish()
        done, self._done = self._done, []
        return done

    def _take(self, text: str) -> None:
        if not self._midline:
            self._partial += text
            if len(self._partial) <= LONG:
                return
            text = self._partial[LONG:]
            self._line(self._partial[:LONG], "long")
            self._partial, self._midline = "", True
        for at in range(0, len(text), LONG):
            self._extend(text[at : at + LONG])

    def _extend(self, text: str) -> None:
        if isinstance(self._leaf, Paragraph | Code):
            self._emit_all(self._leaf.extend(text))

    def _end_line(self) -> None:
        if not self._midline:
            line, self._partial = self._partial, ""
            self._line(line, "whole")
            return
        self._midline = False
        if isinstance(self._leaf, Code):
            self._emit_all(self._leaf.end_long())

    def _line(self, line: str, mode: _Mode) -> None:
        while self._formula is not None:
            if self._goes_on_in(self._formula, line, mode):
                return
        if "\t" in line[:4] and not self._in_plain_fence():
            line = syntax.expand_indent(line)
        depth, rest = self._continued(line)
        leaf, whole = self._leaf, depth == len(self._containers)
        if isinstance(leaf, Code) and whole and self._goes_on(leaf, rest, mode):
            return
        bare = rest.strip(" \t")
        if mode == "partial" and (not bare or syntax.HELD.fullmatch(bare)):
            return
        if not bare:
            self._blank_line(depth)
        elif not whole and isinstance(leaf, Paragraph) and self._kind(rest, mode, lazy=True) == "text":
            self._text(rest, mode)  # a lazy line continues the paragraph above
        else:
            self._begin(depth, rest, mode)

    def _in_plain_fence(self) -> bool:
        return isinstance(self._leaf, Code) and bool(self._leaf.fence) and not self._containers

    def _continued(self, line: str) -> tuple[int, str]:
        """Return how many of the open containers `line` belongs to, and the rest of the line inside them."""
        depth, rest = 0, line
        for container in self._containers:
            bare = rest.lstrip(" ")
            indent = len(rest) - len(bare)
            if isinstance(container, Quote):
                if indent > 3 or not bare.startswith(">"):
                    break
                rest = bare[2:] if bare[1:2] == " " else bare[1:]
            elif bare:
                # Models often indent a list below "1." by two columns, where CommonMark requires three.
                if indent < container.indent and not (indent >= 2 and syntax.MARKER.match(bare)):
                    break
                rest = rest[min(indent, container.indent) :]
            else:
                rest = ""
            depth += 1
        return depth, rest

    def _blank_line(self, depth: int) -> None:
        if isinstance(self._leaf, Code) and not self._leaf.fence and depth == len(self._containers):
            self._leaf.blanks += 1
        else:
            self._finish_leaf()
        self._leave(depth)
        self._blank = True

    def _begin(self, depth: int, rest: str, mode: _Mode) -> None:
        """Open what `rest` begins inside the first `depth` containers."""
        sibling = self._containers[depth] if depth < len(self._containers) else None
        self._leave(depth)
        while (kind := self._kind(rest, mode)) in ("quote", "item"):
            self._finish_leaf()
            if kind == "quote":
                bare = rest.lstrip(" ")
                self._serial += 1
                self._enter(Quote(self._serial))
                rest = bare[2:] if bare[1:2] == " " else bare[1:]
            else:
                rest = self._item(rest, sibling)
            sibling = None
            if not rest.strip(" \t"):
                return
            if mode == "partial" and syntax.HELD.fullmatch(rest.strip(" \t")):
                return
        if kind == "text":
            self._text(rest, mode)
            return
        self._finish_leaf()
        match kind:
            case "heading":
                self._emit(Heading(*syntax.heading(rest.strip(" \t"))), growing=mode == "partial")
            case "fence":
                self._fence(rest, mode)
            case "indented":
                self._leaf = Code()
                self._emit(CodeHead(""))
                self._goes_on(self._leaf, rest, mode)
            case _:
                self._emit(Rule())

    def _kind(self, rest: str, mode: _Mode, lazy: bool = False) -> _Kind:
        """Return what a line with this rest begins. `lazy`: the open paragraph is nested deeper than the line."""
        bare, paragraph = rest.lstrip(" "), isinstance(self._leaf, Paragraph)
        if len(rest) - len(bare) >= 4 and not isinstance(self._leaf, Table):
            return "text" if paragraph else "indented"
        sign, room = bare[0], len(self._containers) < DEPTH
        if sign == ">":
            return "quote" if room else "text"
        if mode != "long":
            if sign == "#" and syntax.HEADING.match(bare):
                return "heading"
            if sign in "`~" and (fence := syntax.FENCE.match(bare)) and (sign == "~" or "`" not in fence[2]):
                return "fence"
            if sign in "-*_" and syntax.RULE.match(bare) and (lazy or not self._is_underlined_by(bare)):
                return "rule"
        if (sign in "-*+" or sign.isdigit()) and room and (marker := syntax.MARKER.match(bare)):
            interrupts = marker[2] in (None, "1") and bare[marker.end() :].strip()
            if interrupts or not paragraph or lazy:
                return "item"
        return "text"

    def _is_underlined_by(self, bare: str) -> bool:
        return isinstance(self._leaf, Paragraph) and self._leaf.is_underlined_by(bare)

    def _item(self, rest: str, sibling: Container | None) -> str:
        """Open a list item. Return its content."""
        bare = rest.lstrip(" ")
        found = syntax.MARKER.match(bare)
        assert found is not None
        content = syntax.expand_indent(bare[found.end() :])
        spaces = len(content) - len(content.lstrip(" "))
        if not content.strip() or spaces > 4:
            spaces = 1
        indent = len(rest) - len(bare) + found.end() + spaces
        content = content[spaces:]
        self._serial += 1
        kind, list_id, number, run = found[3] or found[1], self._serial, int(found[2] or 0), 1
        if isinstance(sibling, Item) and sibling.kind == kind:
            list_id = sibling.list_id
            run = run_after(sibling, number)
        nesting = sum(isinstance(container, Item) and container.kind in "-*+" for container in self._containers)
        bullet = syntax.BULLETS[nesting % len(syntax.BULLETS)]
        marker = (f"{number + run - 1}{kind}" if run > 1 else found[0]) if found[2] else bullet
        marker += " "
        if task := syntax.TASK.match(content):
            marker = "☐ " if task[1] == " " else "☑ "
            content = content[task.end() :]
        self._enter(Item(self._serial, list_id, kind, number, indent, marker, run))
        return content

    def _fence(self, rest: str, mode: _Mode) -> None:
        bare = rest.lstrip(" ")
        found = syntax.FENCE.match(bare)
        assert found is not None
        language = found[2].split()[0].strip("{}.").lower()[:30] if found[2].strip() else ""
        self._leaf = Code(language, found[1], indent=len(rest) - len(bare))
        self._emit(CodeHead(language), growing=mode == "partial")

    def _goes_on(self, code: Code, rest: str, mode: _Mode) -> bool:
        """Read a line of code. Return False if the line ends the code and still has to be read."""
        if not code.fence and (not rest.strip(" ") or not rest.startswith(" " * code.indent)):
            return False
        if mode == "partial" and not rest.strip(" \t"):
            return True
        if code.fence and mode != "long" and code.may_end_with(rest):
            if mode == "partial":
                return True
            if code.ends_with(rest):
                self._leaf = None
                return True
        parts = code.begin_long(rest) if mode == "long" else code.add(rest)
        self._emit_all(parts, growing=mode == "partial")
        return True

    def _text(self, rest: str, mode: _Mode) -> None:
        line, leaf = rest.lstrip(" \t"), self._leaf
        bare, long = line.rstrip(" \t"), mode == "long"
        if isinstance(leaf, Table) and not long and leaf.takes(bare):
            if mode == "partial":
                bare = syntax.whole_cells(bare)
            if bare.strip("|"):
                self._emit_all(leaf.add(bare))
            return
        if isinstance(leaf, Paragraph) and not long:
            if leaf.is_underlined_by(bare):
                self._leaf = None
                self._emit(leaf.heading(bare))
                return
            if (table := leaf.table(bare)) is not None:
                if leaf.text:
                    self._finish_leaf()
                self._leaf = table
                return
        if not isinstance(leaf, Paragraph) or (
            bare.startswith("|") and not leaf.text.rpartition("\n")[2].startswith("|")
        ):
            self._finish_leaf()
            leaf = self._leaf = Paragraph()
        self._emit_all(leaf.add(line))
        if mode == "whole" and not line.startswith("|"):
            self._open_formula(line, leaf, len(rest) - len(line))

    def _open_formula(self, line: str, paragraph: Paragraph, indent: int = 0) -> None:
        """Look for a formula that begins in the last line of a paragraph and continues after it."""
        found = None if self._is_plain else opened_in(line, indent)
        if found is not None and found.from_end <= len(paragraph.text):
            self._formula = found

    def _goes_on_in(self, formula: Formula, line: str, mode: _Mode) -> bool:
        """Read a line of an open formula. Return False if it is not a formula, and the line still has to be read."""
        depth, rest = self._continued(line)
        around, inner = self._containers[depth:], self._containers[-1:]
        ends = mode == "long" or any(isinstance(container, Quote) for container in around)
        if formula.position == "last" and inner and syntax.MARKER.match(rest.lstrip(" ")):
            ends = True  # a list of prices: `- Price: $$`
        verdict = "none" if ends else formula.verdict(rest)
        if mode == "partial" and not rest.strip():
            return True
        if verdict == "more":
            self._formula = formula.with_line(rest, line)
        elif verdict == "closed":
            self._hold(whole := formula.closed_by(rest))
            if whole.rest and isinstance(self._leaf, Paragraph):
                self._open_formula(whole.rest, self._leaf)
        else:
            self._read_again(formula, is_plain=verdict == "none")
            return False
        return True

    def _hold(self, formula: Formula) -> None:
        """Add a formula to its paragraph, with a row for each of its lines."""
        self._formula, leaf = None, self._leaf
        assert isinstance(leaf, Paragraph)
        at = len(leaf.text) - formula.from_end
        breaks = leaf.text[:at].endswith("\n")
        self._emit_all(leaf.hold("\n" * breaks + formula.text, formula.rest, at))

    def _read_again(self, formula: Formula, *, is_plain: bool) -> None:
        """Read as Markdown what was taken for a formula."""
        self._formula, self._is_plain = None, is_plain
        for line in formula.raw:
            self._line(line, "whole")
        self._is_plain = False

    def _enter(self, container: Container) -> None:
        self._containers += (container,)
        self._fresh += 1

    def _leave(self, depth: int) -> None:
        """Close all containers except the first `depth`."""
        if depth == len(self._containers):
            return
        self._finish_leaf()
        self._finish_fresh()
        self._fresh = max(0, self._fresh - (len(self._containers) - depth))
        self._containers = self._containers[:depth]

    def _finish_fresh(self) -> None:
        if any(isinstance(container, Item) for container in self._containers[len(self._containers) - self._fresh :]):
            self._emit(Prose(""))

    def _finish(self, growing: bool = False) -> None:
        if self._formula is not None and (growing or self._formula.may_end_the_text):
            self._hold(self._formula)
        elif self._formula is not None:
            self._read_again(self._formula, is_plain=True)
        self._finish_leaf(growing)
        self._finish_fresh()

    def _finish_leaf(self, growing: bool = False) -> None:
        leaf, self._leaf = self._leaf, None
        if leaf is not None:
            self._emit_all(leaf.finish(growing), growing)

    def _emit_all(self, parts: Iterator[Part], growing: bool = False) -> None:
        for part in parts:
            self._emit(part.body, part.joined, growing)

    def _emit(self, body: Body, joined: bool = False, growing: bool = False) -> None:
        gap = -1
        inside = joined or isinstance(body, CodeLine) or (isinstance(body, Prose) and body.soft)
        if self._last is not None and not inside:
            gap = gap_between(self._last, self._containers, self._blank)
        self._begun = self._begun if joined else self._fresh
        self._done.append(Piece(body, self._containers, self._begun, gap, joined, growing))
        self._last, self._fresh, self._blank = self._containers, 0, False
