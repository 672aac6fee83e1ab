"""The attachments of a prompt: they are sent and come back with it, and files it mentions or that are pasted are added.

No widget: the chips are behind a small protocol, and the prompt behind ports.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from rich.cells import cell_len

from tui.chat.transcript import Document, Image
from tui.errors import TuiError
from tui.widgets.hint_line import HintLine

Block = Image | Document
_MENTION = re.compile(r"@|\[IMAGE:")
"""What may name a file or an image. The disk is asked before the prompt is sent."""


class Chips(Protocol):
    """The chips of the prompt, as far as they are needed here: `Attachments` on the screen."""

    has_refused: bool

    @property
    def blocks(self) -> tuple[Block, ...]: ...
    @property
    def is_busy(self) -> bool: ...
    def show_blocks(self, blocks: Sequence[Block]) -> None: ...
    def attach_files(self, paths: Sequence[Path]) -> None: ...
    def attach_data(self, data: bytes, name: str) -> None: ...


class PromptPorts(msgspec.Struct, frozen=True):
    """What attachments need of the prompt."""

    text: Callable[[], str]
    """Returns the full text."""
    send: Callable[[], object]
    paste: Callable[[str], object]
    """Replaces the selection by a text."""
    copied: Callable[[], str]
    """Returns what was copied within the program, or ""."""


class PromptAttachments:
    """Keeps attachments and prompt together."""

    def __init__(self, chips: Chips, hints: HintLine, ports: PromptPorts) -> None:
        self._chips = chips
        self._hints = hints
        self._ports = ports
        self.stashed: tuple[Block, ...] = ()
        """The attachments of the stashed draft."""
        self._is_sending = False
        """True while a prompt waits for its attachments."""
        self._looked_up = ""
        """The text whose mentions were looked up last."""
        self._notice = ""
        """A message about mentions that are no files, for after sending."""
        self._refused: list[str] = []
        self._refusal = ""
        """The message about these that was shown last."""

    # Sending

    @property
    def has_mentions(self) -> bool:
        """True if the prompt may mention files that were not looked up yet."""
        text = self._ports.text()
        return bool(_MENTION.search(text)) and text != self._looked_up

    def send_when_ready(self) -> None:
        """Send as soon as all attachments are prepared, unless a key is pressed before or a file cannot be attached."""
        self._is_sending = True
        self._chips.has_refused = False
        self._hints.say("will be sent when the attachments are ready", lasting=True)

    def cancel_sending(self) -> None:
        """Do not send by itself: the user has pressed a key."""
        self._is_sending = False

    def changed(self) -> None:
        """Note that the chips have changed: a prompt that waits for them may be sent."""
        if self._is_sending and not self._chips.is_busy:
            self._is_sending = False
            if not self._chips.has_refused:
                self._ports.send()

    async def send_with_mentioned(self) -> None:
        """Attach the files that the prompt mentions, and send it with them. Its text stays as it is."""
        from tui.images.attachable import mentioned_files

        text = self._looked_up = self._ports.text()
        mentioned = await asyncio.to_thread(mentioned_files, text, Path.cwd())
        if text != self._ports.text():  # edited meanwhile
            return
        self._notice = mentioned.notice
        if mentioned.files:
            self._chips.attach_files(mentioned.files)
            self.send_when_ready()
        else:
            self._ports.send()

    def take(self) -> tuple[Block, ...]:
        """Return the attachments to send with the prompt, and show those of the stashed draft."""
        blocks = self._chips.blocks
        self._looked_up = ""
        if self._notice:
            self._hints.say(self._notice, holding=True)
            self._notice = ""
        self.restore()
        return blocks

    # Drafts

    def replace(self, blocks: Sequence[Block]) -> None:
        """Stash the attachments, and show others."""
        self.stashed = self._chips.blocks or self.stashed
        self._chips.show_blocks(blocks)

    def restore(self) -> None:
        """Show the attachments of the stashed draft again."""
        stashed, self.stashed = self.stashed, ()
        self._chips.show_blocks(stashed)

    # Errors

    def refuse(self, error: TuiError, cells: int) -> None:
        """Show why a file was not attached, with those just before, in so many cells; its hint if there is room."""
        if not self._hints.is_saying or self._hints.lasting != self._refusal:
            self._refused = []
        self._refused.append(error.message)
        count = len(self._refused)
        whole = f"{error.message}. {error.hint}".strip() if count == 1 else " · ".join(self._refused)
        if cell_len(whole) > cells:
            whole = error.message if count == 1 else f"{count} files are not attached; {error.message}"
        self._hints.say(whole, lasting=True)
        self._refusal = self._hints.lasting

    # Pasting

    async def paste(self, text: str) -> None:
        """Attach the images and PDFs that a pasted text names; paste any other text."""
        from tui.images.attachable import attachable_paths, may_be_paths, paste_notice

        is_path = may_be_paths(text)
        if is_path and (paths := await asyncio.to_thread(attachable_paths, text)):
            self._chips.attach_files(paths)
            return
        self._ports.paste(text)
        if is_path and (hint := await asyncio.to_thread(paste_notice, text)):
            self._hints.say(hint)

    async def paste_clipboard(self, refuse: Callable[[TuiError], object]) -> None:
        """Attach the image or the files in the system's clipboard; without one, paste what was copied in the program."""
        from tui.images.clipboard import read_clipboard  # starts processes: not needed for the first paint

        self._hints.say("reading the clipboard …")
        try:
            clip = await asyncio.to_thread(read_clipboard)
        except TuiError as error:
            if copied := self._ports.copied():
                self._ports.paste(copied)
                self._hints.show_again()
            else:
                refuse(error)
            return
        self._hints.show_again()
        if isinstance(clip, bytes):
            self._chips.attach_data(clip, "pasted image")
        else:
            self._chips.attach_files(clip)
