"""The prompt with attachments: paths that are pasted or dropped become chips, and the clipboard's picture does.

The chips stand in a row of their own, joined to the box; they go with the prompt wherever it goes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events, work

from tui.chat.transcript import Document, Draft, Image
from tui.errors import TuiError
from tui.widgets.attachments import Attachments
from tui.widgets.commands import CommandList, FileList
from tui.widgets.prompt import PromptArea

if TYPE_CHECKING:
    from tui.images.mentions import PartialMention


_MENTION = re.compile(r"@|\[IMAGE:")
"""What may stand for a file or a picture; whether it does is looked at before a prompt is sent."""
_EDGES = 7
"""Cells of the lower border on which nothing can be said."""


class AttachingPrompt(PromptArea):
    DEFAULT_CSS = """
    AttachingPrompt {
        &.-joined { border-top: none; min-height: 2; }
        &.-joined:focus { border-top: none; }
    }
    """

    def __init__(self, commands: CommandList, attachments: Attachments, files: FileList) -> None:
        """`files` is where those are listed that a word after an @ may mean."""
        super().__init__(commands)
        self._files = files
        self.attachments = attachments
        self.attachments_aside: tuple[Image | Document, ...] = ()
        """Those of what was laid aside."""
        self._refused: list[str] = []
        self._refusal = ""
        """What was said of them last."""
        self._is_sending = False
        self._looked_through = ""
        """The text that was searched for paths already."""
        self._passed_over = ""
        """What is said, once it is sent, of what the prompt mentions and what is not attached."""

    def on_focus(self) -> None:
        self.attachments.add_class("-lit")

    def on_blur(self) -> None:
        self.attachments.remove_class("-lit")

    # Sending, and coming back

    @property
    def has_nothing(self) -> bool:
        return super().has_nothing and not self.attachments.any

    def action_send(self) -> None:
        mention = self._fitting
        if mention is not None and self._files.chosen != mention.path:  # one that is typed out goes with the prompt
            self.action_complete()
        elif self.holds_command:
            super().action_send()
        elif self.attachments.is_busy:
            self.send_when_ready()
        elif _MENTION.search(text := self.full_text) and text != self._looked_through:
            self._send_with_mentioned()
        else:
            super().action_send()

    def send_when_ready(self) -> None:
        """Sends as soon as everything is prepared; a key pressed meanwhile, or a file that cannot be sent, keeps it here."""
        self._is_sending = True
        self.attachments.has_refused = False
        self.say("sent as soon as the attachments are ready", lasting=True)

    def catch_up(self) -> None:
        """The attachments have changed."""
        self.set_class(self.attachments.any, "-joined")
        if self._is_sending and not self.attachments.is_busy:
            self._is_sending = False
            if not self.attachments.has_refused:
                self.action_send()

    def refuse(self, error: TuiError) -> None:
        """Says what could not be attached, beside what could not just before; nothing is sent without it.

        Advice is given where there is room for it.
        """
        if not self.is_saying or self._lasting != self._refusal:
            self._refused = []
        self._refused.append(error.message)
        count = len(self._refused)
        whole = f"{error.message}. {error.hint}".strip() if count == 1 else " · ".join(self._refused)
        if cell_len(whole) > self.outer_size.width - _EDGES:
            whole = error.message if count == 1 else f"{count} files are not attached; {error.message}"
        self.say(whole, lasting=True)
        self._refusal = self._lasting

    def drafted(self, text: str) -> Draft:
        blocks = self.attachments.blocks
        self._looked_through = ""
        if self._passed_over:
            self.say(self._passed_over, holding=True)
            self._passed_over = ""
        self._bring_back()
        return Draft(text=text, attachments=blocks)

    def take_back(self, draft: Draft) -> None:
        super().take_back(draft)
        self.attachments.show_blocks(draft.attachments)

    def recall(self, text: str, attachments: Sequence[Image | Document] = ()) -> None:
        self.attachments_aside = self.attachments.blocks or self.attachments_aside
        super().recall(text)
        self.attachments.show_blocks(attachments)

    def lay_down(self) -> bool:
        is_kept = super().lay_down()
        self._bring_back()
        return is_kept

    def _bring_back(self) -> None:
        aside, self.attachments_aside = self.attachments_aside, ()
        self.attachments.show_blocks(aside)

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "enter":
            self._is_sending = False
        if event.key == "escape" and self._files.is_open:
            event.stop()
            event.prevent_default()
            self._close_files()

    # A path after an @

    @property
    def _mention(self) -> PartialMention | None:
        """The path after an @ that the cursor stands behind."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        if "@" not in before:
            return None
        from tui.images.mentions import partial_mention  # not needed for the first paint

        return partial_mention(before)

    @property
    def _fitting(self) -> PartialMention | None:
        """The same, where the chosen file goes on with it: the list follows what is typed a moment later."""
        mention = self._mention if self._files.is_open else None
        goes_on = mention is not None and self._files.chosen.lower().startswith(mention.path.lower())
        return mention if goes_on else None

    def on_text_area_changed(self) -> None:
        self.attachments.catch_up()
        if mention := self._mention:
            self._offer_files(mention.path)
        else:
            self._close_files()

    def _close_files(self) -> None:
        self.workers.cancel_group(self, "files")  # a listing that is still on its way would open it again
        self._files.offer(())

    @work(group="files", exclusive=True)
    async def _offer_files(self, typed: str) -> None:
        from tui.images.offers import files_after  # not needed for the first paint

        self._files.offer(await asyncio.to_thread(files_after, typed, Path.cwd()))

    def action_complete(self) -> None:
        mention = self._fitting
        if mention is None:
            super().action_complete()
            return
        chosen = self._files.chosen
        self._close_files()
        row, column = self.cursor_location
        if chosen.endswith("/"):
            self.replace(mention.completion(chosen), (row, mention.start + 1), (row, column))
        else:
            self.delete((row, mention.start), (row, column))
            self.attachments.attach_files([Path(chosen)])

    @work(group="mentions", exclusive=True)
    async def _send_with_mentioned(self) -> None:
        """Attaches the files that the prompt names after an @, and sends it with them; it stays as it was typed."""
        from tui.images.offers import mentioned_in

        text = self._looked_through = self.full_text
        mentioned = await asyncio.to_thread(mentioned_in, text, Path.cwd())
        if text != self.full_text:  # it was written on meanwhile
            return
        self._passed_over = mentioned.passed_over
        if mentioned.files:
            self.attachments.attach_files(mentioned.files)
            self.send_when_ready()
        else:
            self.action_send()

    def action_older_prompt(self) -> None:
        if self._files.is_open:
            self._files.move(-1)
        else:
            super().action_older_prompt()

    def action_newer_prompt(self) -> None:
        if self._files.is_open:
            self._files.move(1)
        else:
            super().action_newer_prompt()

    # Ways in and out

    async def _on_paste(self, event: events.Paste) -> None:
        from tui.images.offers import may_name_files, passed_over_in, pictures_in

        event.stop()
        event.prevent_default()
        # Keys that come meanwhile wait for this, and so come after it.
        is_path = may_name_files(event.text)
        if is_path and (paths := await asyncio.to_thread(pictures_in, event.text)):
            self.attachments.attach_files(paths)
            return
        self.paste(event.text)
        if is_path and (hint := await asyncio.to_thread(passed_over_in, event.text)):
            self.say(hint)

    def action_paste_picture(self) -> None:
        """Ctrl+V: terminals paste text by themselves, so this key is for what they cannot."""
        self._paste_picture()

    @work(group="clipboard", exclusive=True)
    async def _paste_picture(self) -> None:
        from tui.images.clipboard import read_clipboard  # starts processes: not needed for the first paint

        self.say("asking the clipboard …")
        try:
            clip = await asyncio.to_thread(read_clipboard)
        except TuiError as error:
            if self.app.clipboard:  # a text that was copied in here
                self.paste(self.app.clipboard)
                self.hint_again()
            else:
                self.refuse(error)
            return
        self.hint_again()
        if isinstance(clip, bytes):
            self.attachments.attach_data(clip, "pasted picture")
        else:
            self.attachments.attach_files(clip)

    def action_detach(self) -> None:
        self.attachments.remove_last()

    def action_delete_left(self) -> None:
        if self.attachments.any and self.selection.is_empty and self.cursor_location == (0, 0):
            self.action_detach()
        else:
            super().action_delete_left()
