"""The attachments of the prompt: a row of chips on its upper border, filled from files or from the clipboard.

Files are read and images scaled down in threads. Meanwhile the prompt can be edited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.cells import cell_len
from textual import work
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.chat.tokens import MANY_IMAGES, downscaled
from tui.chat.transcript import Document, Image
from tui.errors import TuiError
from tui.render.safe import safe

if TYPE_CHECKING:
    from tui.chat.tokens import Viewer

Block = Image | Document
ROWS = 3
"""Rows of chips that are shown. If there are more, the last row says how many chips it hides."""
_LONGEST_NAME = 36
_GAP = "   "


class Chip(msgspec.Struct, frozen=True):
    """One attachment as it is shown."""

    name: str
    block: Block | None = None
    """None while it is being prepared."""
    number: int = 0


class Attachments(Static):
    """The chips, and the preparation of what they show."""

    DEFAULT_CSS = """
    Attachments {
        display: none;
        height: auto;
        padding: 0 1;
        border: round $faint;
        border-bottom: none;
        color: $dim;
        &.-any { display: block; }
        &.-lit { border: round $accent; border-bottom: none; }
    }
    """

    class Changed(Message):
        """A chip was added, prepared or removed."""

    class Refused(Message):
        """A file cannot be attached; the error names it."""

        def __init__(self, error: TuiError) -> None:
            super().__init__()
            self.error = error

    class Noted(Message):
        """A file was changed on its way, e.g. scaled down; the note names it."""

        def __init__(self, note: str) -> None:
            super().__init__()
            self.note = note

    def __init__(self, viewer: Callable[[], Viewer], other_images: Callable[[], int] = lambda: 0) -> None:
        """`viewer` returns the model of the next turn, which decides the size of images.

        `other_images` returns how many more images the request has: with many of them each is sent smaller.
        """
        super().__init__()
        self._model = viewer
        self._other_images = other_images
        self.has_refused = False
        """True if a file could not be attached since this was last set to False."""
        self._chips: list[Chip] = []
        self._count = 0
        self._shows_downscaled = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The attachments that are ready to be sent, in order."""
        return tuple(chip.block for chip in self._chips if chip.block is not None)

    @property
    def is_busy(self) -> bool:
        """True while an attachment is being prepared."""
        return any(chip.block is None for chip in self._chips)

    @property
    def any(self) -> bool:
        """True if there is an attachment, ready or not."""
        return bool(self._chips)

    def show_blocks(self, blocks: Sequence[Block]) -> None:
        """Replace all attachments."""
        self._chips = [self._chip(block.name or _what(block), block) for block in blocks]
        self._changed()

    def add_blocks(self, blocks: Sequence[Block]) -> None:
        """Add attachments that are ready."""
        self._chips += [self._chip(block.name or _what(block), block) for block in blocks]
        self._changed()

    def attach_files(self, paths: Sequence[Path], *, long_edge: int | None = None) -> None:
        """Prepare files in the background. `Refused` is posted for each that cannot be attached; the others stay."""
        from tui.images.attach import attach_file

        for path in paths:

            def prepared(path: Path = path) -> Block:
                return attach_file(path, self._viewer, long_edge=long_edge, note=self._note)

            self._prepare(path.name, prepared)

    def attach_data(self, data: bytes, name: str) -> None:
        """Prepare an image that has no file."""
        from tui.images.attach import attach_bytes

        self._prepare(name, lambda: attach_bytes(data, name, self._viewer, note=self._note))

    def remove_last(self) -> None:
        """Remove the last attachment."""
        if self._chips:
            self._chips.pop()
            self._changed()

    def _note(self, note: str) -> None:
        """Post a note, from any thread."""
        self.post_message(self.Noted(note))

    @property
    def _viewer(self) -> Viewer:
        return self._model()

    def _chip(self, name: str, block: Block | None = None) -> Chip:
        self._count += 1
        return Chip(safe(name, keep_newlines=False), block, self._count)

    def _prepare(self, name: str, prepared: Callable[[], Block]) -> None:
        chip = self._chip(name)
        self._chips.append(chip)
        self._changed()
        self._fill(chip, prepared)

    @work(group="attachments")
    async def _fill(self, chip: Chip, prepared: Callable[[], Block]) -> None:
        from tui.images.pool import pool  # not needed for the first paint

        block: Block | None = None
        try:
            block = await asyncio.get_running_loop().run_in_executor(pool(), prepared)
        except TuiError as error:
            self.has_refused = True
            self.post_message(self.Refused(error))
        at = next((at for at, one in enumerate(self._chips) if one.number == chip.number), None)
        if at is None:  # it was removed meanwhile
            return
        self._chips[at : at + 1] = [msgspec.structs.replace(chip, block=block)] if block is not None else []
        self._changed()

    def _changed(self) -> None:
        self.set_class(bool(self._chips), "-any")
        self._draw()
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        self._draw()

    def catch_up(self) -> None:
        """Update the facts after the number of other images has changed."""
        if self._is_downscaled() != self._shows_downscaled:
            self._draw()

    def _is_downscaled(self) -> bool:
        images = sum(isinstance(block, Image) for block in self.blocks)
        return images > 0 and images + self._other_images() > MANY_IMAGES

    def _draw(self) -> None:
        width = max(20, self.content_size.width or 74)
        self._shows_downscaled = self._is_downscaled()
        rows: list[list[Chip]] = [[]]
        room = width
        for chip in self._chips:
            needed = cell_len("".join(self._texts(chip))) + len(_GAP)
            if rows[-1] and needed - len(_GAP) > room:
                rows.append([])
                room = width
            rows[-1].append(chip)
            room -= needed
        lines = [Content(_GAP).join([self._drawn(chip) for chip in row]) for row in rows[:ROWS]]
        if hidden := sum(map(len, rows[ROWS:])):
            lines[-1] = Content(f"and {hidden + len(rows[ROWS - 1])} more")
        self.update(Content("\n").join(lines))

    def _drawn(self, chip: Chip) -> Content:
        name, facts = self._texts(chip)
        return Content.assemble(("▣", "$accent"), (name[1:], "$foreground"), facts)

    def _texts(self, chip: Chip) -> tuple[str, str]:
        from tui.chat.tokens import Target  # loaded with the first image
        from tui.widgets.facts import facts_of

        name = chip.name if len(chip.name) <= _LONGEST_NAME else chip.name[: _LONGEST_NAME - 1] + "…"
        block = chip.block
        if block is None:
            return f"▣ {name}", "  preparing …"
        if self._shows_downscaled and isinstance(block, Image):
            block = downscaled(block)
        return f"▣ {name}", f"  {facts_of(block, Target.of(self._viewer))}"


def _what(block: Block) -> str:
    return "image" if isinstance(block, Image) else "document"
