"""Attachments: files that the program was started with, a path after the command, what was picked in the dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from tui.chat.forecast import Estimate, cached_messages_loss, image_count
from tui.chat.tokens import MANY_IMAGES
from tui.chat.transcript import Draft, Image, Transcript
from tui.chat_screen.context import ChatContext, LastFolder
from tui.render import figures


class AttachFiles(Protocol):
    def __call__(self, paths: Sequence[Path], *, long_edge: int | None = None) -> None: ...


class AttachDialog(Protocol):
    """Opens the dialog."""

    def __call__(
        self,
        first_folder: Callable[[], Path],
        cost: Callable[[int], str],
        is_many: Callable[[int], bool],
        closed: Callable[[Path | None, Sequence[Path], int | None], None],
    ) -> None:
        """`closed` gets the folder that was shown last, the files that were picked, and the long edge to scale them to."""


class AttachmentPorts(msgspec.Struct, frozen=True):
    attach_files: AttachFiles
    put: Callable[[str], None]
    """Writes a text into the prompt area."""
    send: Callable[[], None]
    """Sends what is in the prompt area."""
    send_when_ready: Callable[[], None]
    """Sends it once all attachments are prepared."""
    after_refresh: Callable[[Callable[[], None]], object]
    """Calls back after the next frame: what prepares pictures is loaded then."""
    draft: Callable[[], Draft]
    """What is being written, as it would be sent."""
    coming: Callable[[Draft, Transcript], Estimate]
    """Estimates what sending a draft after a transcript takes."""
    open_dialog: AttachDialog


class AttachmentController:
    def __init__(
        self,
        context: ChatContext,
        ports: AttachmentPorts,
        files: Sequence[Path] = (),
        last_folder: LastFolder | None = None,
    ) -> None:
        """`files` are attached to the first prompt; `last_folder` knows what the dialog showed last at an earlier start."""
        self._context = context
        self._ports = ports
        self._files = tuple(files)
        self._last_folder = last_folder
        self._folder: Path | None = None
        """The folder that the dialog showed last."""

    def start(self, prompt: str) -> bool:
        """Attach the files of the start, and send the prompt with them. False if the prompt is to be sent as it is."""
        ports = self._ports
        if not prompt:
            if self._files:
                ports.after_refresh(self._attach_first)
            return True
        if not self._files and ("@" not in prompt or prompt.startswith("/")):
            return False
        ports.put(prompt)
        ports.after_refresh(self._attach_and_send if self._files else ports.send)
        return True

    def _attach_first(self) -> None:
        self._ports.attach_files(self._files)

    def _attach_and_send(self) -> None:
        self._ports.attach_files(self._files)
        self._ports.send_when_ready()

    def disabled_reason(self, name: str) -> str:
        """Return why there is nothing to remove ("detach"), or "". Attaching is possible at any time."""
        return "No attachment" if name == "detach" and not self._ports.draft().attachments else ""

    def attach(self, name: str = "") -> None:
        """Attach the file of that name, or pick files in the dialog."""
        if name:
            self._ports.attach_files([Path(name.strip("\"'"))])
        else:
            self._ports.open_dialog(self._first_folder, self._cost_of_attaching, self._is_many, self._closed)

    def _closed(self, left_in: Path | None, files: Sequence[Path], long_edge: int | None) -> None:
        if left_in is not None and left_in != self._folder and self._last_folder is not None:
            self._context.run(asyncio.to_thread, self._last_folder.keep, left_in)
        self._folder = left_in or self._folder
        if files:
            self._ports.attach_files(files, long_edge=long_edge)

    def _first_folder(self) -> Path:
        """Return what the dialog shows first. Called in a thread, as it reads from the disk."""
        return self._folder or (self._last_folder.read() if self._last_folder is not None else None) or Path.cwd()

    def image_count(self, draft: Draft) -> int:
        """Return how many images would be sent beside those attached: those of the chat, and those named in the text."""
        return image_count(self._context.current().base, draft)

    def _is_many(self, count: int) -> bool:
        return image_count(self._context.current().base, self._ports.draft()) + count > MANY_IMAGES

    def _cost_of_attaching(self, count: int) -> str:
        """Return what so many more images make worthless of the cache: all after the system prompt, or nothing."""
        session, draft = self._context.current(), self._ports.draft()
        after = session.base
        more = replace(draft, attachments=(*draft.attachments, *[Image("", "")] * count))
        loser = self._ports.coming(more, after).invalidated_by
        if not loser or self._ports.coming(draft, after).invalidated_by:
            return ""
        lost = cached_messages_loss(after, self._context.provider.model, session.turns.now())
        cost = ""
        if lost.written_usd is not None and lost.read_usd is not None:
            cost = f" ({figures.money(lost.written_usd - lost.read_usd)})"
        dropped = f"drops {figures.tokens(lost.tokens)} cached tokens{cost}"
        if loser == "many_images":
            return f"over {MANY_IMAGES} images, larger ones are sent smaller, which {dropped}"
        return f"adding an image {dropped}"
