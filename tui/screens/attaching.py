"""Attaching, from the chat: what the program was started with, a path after the command, what was picked in the dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from tui.chat.events import TurnEnded
from tui.chat.forecast import image_count, messages_in_cache
from tui.chat.tokens import MANY
from tui.chat.transcript import Image
from tui.render import figures
from tui.render.safe import safe
from tui.screens.briefing import BriefingScreen
from tui.widgets.attachments import Attachments
from tui.widgets.workers import later


class LastFolder(Protocol):
    """What remembers a folder from one start to the next. Both may take a while."""

    def read(self) -> Path | None: ...

    def keep(self, folder: Path) -> None: ...


class AttachingScreen(BriefingScreen):
    def __init__(
        self, *arguments: Any, attach: Sequence[Path] = (), last_folder: LastFolder | None = None, **options: Any
    ) -> None:
        """`attach` are files for the first prompt; `last_folder` knows where the dialog was left at an earlier start."""
        super().__init__(*arguments, **options)
        self._files = tuple(attach)
        self._last_folder = last_folder
        self._folder: Path | None = None
        """Where the dialog was left."""

    def on_mount(self) -> None:
        if self._files and not self._first_prompt:  # after the first frame: what makes pictures of files is loaded then
            self.call_after_refresh(self.prompt.attachments.attach_files, self._files)

    def send_first(self, text: str) -> None:
        if not self._files and ("@" not in text or text.startswith("/")):
            super().send_first(text)
            return
        self.prompt.put(text)
        if not self._files:
            self.call_after_refresh(self.prompt.action_send)
            return

        def attach_and_send() -> None:
            self.prompt.attachments.attach_files(self._files)
            self.prompt.send_when_ready()

        self.call_after_refresh(attach_and_send)

    def _end(self, event: TurnEnded) -> None:
        """What the server would not take was set aside, maybe far up; the prompt stays, to be answered without it."""
        refused = event.failure.refused if event.failure is not None else ()
        if refused:
            self.conversation.show(event.transcript.messages)
        super()._end(event)
        if refused:
            what = "an attachment is" if len(refused) == 1 else f"{len(refused)} attachments are"
            self.prompt.say(f"{what} set aside · /retry sends the rest", lasting=True)

    def action_attach(self, name: str = "") -> None:
        if name:
            self.prompt.attachments.attach_files([Path(name.strip("\"'"))])
            return
        from tui.screens.attach import AttachScreen, Picked  # not needed for the first paint

        gallery = self.conversation.gallery
        dialog = AttachScreen(
            self._first_folder,
            self.provider.model,
            self._cost_of_attaching,
            lambda count: image_count(self.sent_after, self.draft()) + count > MANY,
            gallery=gallery,
        )

        def picked(chosen: Picked | None) -> None:
            if dialog.left_in not in (None, self._folder) and self._last_folder is not None:
                self.run_worker(later(asyncio.to_thread, self._last_folder.keep, dialog.left_in))
            self._folder = dialog.left_in or self._folder
            if chosen is not None:
                self.prompt.attachments.attach_files(chosen.files, long_edge=chosen.long_edge)
            self.prompt.focus()

        self.app.push_screen(dialog, picked)

    def _first_folder(self) -> Path:
        """Where the dialog was left, in this run or an earlier one. Called in a thread, as it reads from the disk."""
        return self._folder or (self._last_folder.read() if self._last_folder is not None else None) or Path.cwd()

    def _cost_of_attaching(self, count: int) -> str:
        """What so many pictures more make worthless of the cache: everything after the system prompt, or nothing."""
        draft, after = self.draft(), self.sent_after
        more = replace(draft, attachments=(*draft.attachments, *[Image("", "")] * count))
        loser = self.coming(more, after).loses
        if not loser or self.coming(draft, after).loses:
            return ""
        lost = messages_in_cache(after, self.provider.model, self.talk.session.now())
        cost = ""
        if lost.written_usd is not None and lost.read_usd is not None:
            cost = f" ({figures.money(lost.written_usd - lost.read_usd)})"
        dropped = f"drops {figures.tokens(lost.tokens)} cached tokens{cost}"
        if loser == "many_images":
            return f"over {MANY} pictures: larger ones before are sent smaller, which {dropped}"
        return f"adding a picture {dropped}"

    def on_attachments_changed(self) -> None:
        self.prompt.catch_up()
        self.save_place()

    def on_attachments_noted(self, event: Attachments.Noted) -> None:
        if not self.prompt.is_saying:  # a refusal is more
            self.prompt.say(safe(event.note, keep_newlines=False))

    def on_attachments_refused(self, event: Attachments.Refused) -> None:
        self.prompt.refuse(event.error)
