"""Attaching, from the chat: what the program was started with, a path after the command, what was picked in the dialog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.screens.archive import ArchiveScreen
from tui.widgets.attachments import Attachments


class AttachingScreen(ArchiveScreen):
    def __init__(self, *arguments: Any, attach: Sequence[Path] = (), **options: Any) -> None:
        """`attach` are files for the first prompt."""
        super().__init__(*arguments, **options)
        self._files = tuple(attach)

    def on_mount(self) -> None:
        if self._files and not self._first_prompt:  # after the first frame: what makes pictures of files is loaded then
            self.call_after_refresh(self.prompt.attachments.attach_files, self._files)

    def send_first(self, text: str) -> None:
        if not self._files:
            super().send_first(text)
            return
        self.prompt.put(text)

        def attach_and_send() -> None:
            self.prompt.attachments.attach_files(self._files)
            self.prompt.send_when_ready()

        self.call_after_refresh(attach_and_send)

    def action_attach(self, name: str = "") -> None:
        if name:
            self.prompt.attachments.attach_files([Path(name.strip("\"'"))])
        else:
            self.prompt.say("/attach and a path attaches a file · so does pasting its path, or dropping it here")

    def on_attachments_changed(self) -> None:
        self.prompt.catch_up()
        self.save_place()

    def on_attachments_refused(self, event: Attachments.Refused) -> None:
        self.prompt.refuse(event.reason)
