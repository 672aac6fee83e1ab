"""The prompt: a text area of one to ten lines with a hint line, a history and attachments. Enter sends.

It only tells what the user wants; the screen acts on it. No text is lost: to recall an earlier prompt stashes the draft, and
sending brings it back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets.text_area import TextAreaTheme

from tui.actions import is_one_word, parse_command, unknown_command
from tui.chat.transcript import Document, Draft, Image
from tui.errors import TuiError
from tui.widgets.attachments import Attachments
from tui.widgets.bindings import bindings_of, bindings_over
from tui.widgets.commands import CommandList, Completions, FileList
from tui.widgets.hint_line import HintLine
from tui.widgets.history import DraftHistory, Shown
from tui.widgets.pastes import PasteArea
from tui.widgets.prompt_attachments import PromptAttachments, PromptPorts
from tui.widgets.workers import later

_EDGES = 7
"""Cells of the lower border that the hint line cannot use."""


class PromptArea(PasteArea):
    """A text area whose Enter sends."""

    DEFAULT_CSS = """
    PromptArea {
        height: auto;
        min-height: 3;
        max-height: 12;
        padding: 0 1;
        border: round $faint;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        border-title-align: right;
        border-title-color: $accent;
        border-title-background: $background;
        border-subtitle-align: left;
        border-subtitle-color: $dim;
        border-subtitle-background: $background;
        & .text-area--placeholder { color: $dim; }
        & .text-area--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
        &:light .text-area--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
        &:focus { border: round $accent; }
        &.-joined, &.-joined:focus { border-top: none; min-height: 2; }
    }
    """

    # The text area keeps its own keys for all that is not bound here.
    BINDINGS = [
        *bindings_of("prompt"),
        Binding("tab", "complete", "Complete the command", show=False),
        *bindings_over("page_up", "page_down", "interrupt", "find", "cache_map", "count"),
    ]

    class Submitted(Message):
        """The prompt was sent, and has left the text area."""

        def __init__(self, draft: Draft) -> None:
            super().__init__()
            self.draft = draft

    class CommandGiven(Message):
        """A slash command was entered. `name` is the action's."""

        def __init__(self, name: str, argument: str) -> None:
            super().__init__()
            self.name = name
            self.argument = argument

    class CommandUnknown(Message):
        """The prompt is one word after a slash that is no command. It was not sent."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    class EditorRefused(Message):
        """The editor could not be used, for this reason."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class JumpClicked(Message):
        """The link to the end of the conversation, on the upper border, was clicked."""

    class EmptySent(Message):
        """Enter was pressed on an empty prompt."""

    class DraftKept(Message):
        """A text has left the prompt unsent, and is kept in the history."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class QuitRequested(Message):
        """Ctrl+D was pressed on an empty prompt."""

    class QueueRequested(Message):
        """Up was pressed on an empty prompt while prompts are queued."""

    def __init__(self, commands: CommandList, attachments: Attachments, files: FileList) -> None:
        """`commands` and `files` list completions; `attachments` shows the chips. The screen places all three."""
        super().__init__(soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False, compact=False)
        self.cursor_blink = False  # a blinking cursor writes to the terminal twice a second
        self.match_cursor_bracket = False
        self.prefers_queue = False
        """True if Up on the empty prompt goes to the queue."""
        self.key_when_empty: Callable[[str], bool] = lambda _: False
        """Is given each key pressed while the prompt is empty; returns True if it used the key."""
        self.deliver: Callable[[Message], object] = self.post_message
        """Takes what Enter sends: Submitted, CommandGiven or EmptySent, before the key behind Enter is carried out."""
        self.attachments = attachments
        self.drafts = DraftHistory(on_kept=lambda text: self.post_message(self.DraftKept(text)))
        self.hints = HintLine(self._show_hint, text=lambda: self.text, set_timer=self.set_timer)
        ports = PromptPorts(lambda: self.full_text, self.action_send, self.paste, lambda: self.app.clipboard)
        self._attached = PromptAttachments(attachments, self.hints, ports)
        self._completions = Completions(
            commands,
            files,
            before_cursor=lambda: self.document.get_line(self.cursor_location[0])[: self.cursor_location[1]],
            run=self._list_files,
            cancel=lambda: self.workers.cancel_group(self, "files"),
        )

    def on_mount(self) -> None:
        # A theme of the text area colours the text; ours leaves that to the style sheet.
        self.register_theme(TextAreaTheme(name="prx", cursor_line_style=Style()))
        self.theme = "prx"

    def on_focus(self) -> None:
        self.attachments.add_class("-lit")

    def on_blur(self) -> None:
        self.attachments.remove_class("-lit")

    # Borders

    def show_jump_hint(self, text: str) -> None:
        """Show on the upper border how much of the conversation is below, and the key that goes there; "" for nothing."""
        self.border_title = Content(f" {text} ") if text else None

    def on_click(self, event: events.Click) -> None:
        if self.border_title and event.get_content_offset(self) is None and event.y == 0:
            self.post_message(self.JumpClicked())

    @property
    def is_saying(self) -> bool:
        """True while a message is shown in place of the hints."""
        return self.hints.is_saying

    def hint(self, text: str) -> None:
        """Replace the hints on the lower border, and any message that stays."""
        self.hints.hint(text)

    def say(self, text: str, *, lasting: bool = False, holding: bool = False) -> None:
        """Show a message in place of the hints; see `HintLine.say`."""
        self.hints.say(text, lasting=lasting, holding=holding)

    def _show_hint(self, text: str) -> None:
        self.border_subtitle = Content(f" {text} ")

    # Text, drafts and history

    @property
    def unsent(self) -> tuple[str, str]:
        """The draft, and the stashed draft. An earlier prompt that is shown unchanged is neither."""
        return self.drafts.unsent(self.full_text)

    @property
    def stashed_attachments(self) -> tuple[Image | Document, ...]:
        """The attachments of the stashed draft."""
        return self._attached.stashed

    @property
    def last_sent(self) -> str:
        """The prompt that was sent last in this chat, or ""."""
        return self.drafts.prompts.last_sent

    def show_draft(self, text: str) -> None:
        """Show the draft of a chat that is opened, in place of everything else."""
        self.drafts.begin()
        self.put(text)

    def recall(self, text: str, attachments: Sequence[Image | Document] = ()) -> None:
        """Show a text to be edited, and stash the draft until it is sent."""
        self._attached.replace(attachments)
        self.drafts.stash(self.full_text)
        self.put(text)

    def discard_recalled(self) -> bool:
        """Drop the text that was recalled, and show the stashed draft. True if it had changed, and so is kept for Up."""
        is_kept = self.drafts.keep(self.full_text)
        self._clear()
        self._attached.restore()
        return is_kept

    def restore_draft(self, draft: Draft) -> None:
        """Show a prompt that was sent and came back."""
        self.put(draft.text)
        self.attachments.show_blocks(draft.attachments)

    def remember(self, text: str) -> None:
        """Add a sent prompt to the history."""
        self.drafts.add(text)

    def remember_earlier(self, texts: Sequence[str]) -> None:
        """Set the prompts of other chats, newest first, which Up goes through after this chat's own."""
        self.drafts.set_earlier(texts)

    def forget(self) -> None:
        """Start the history of a new chat. The draft stays."""
        self.drafts.begin_chat()

    def _clear(self) -> None:
        """Empty the prompt, or show the stashed draft."""
        self.put(self.drafts.pop())

    def _show(self, shown: Shown | None) -> None:
        if shown is not None:
            self.put(shown.text)
            if not shown.is_draft:
                self.move_cursor((0, 0))  # so that another Up goes on

    # Sending

    @property
    def is_blank(self) -> bool:
        """True if there is nothing to send."""
        return not self.full_text.strip() and not self.attachments.any

    @property
    def holds_command(self) -> bool:
        """True if Enter would run a command."""
        return self._completions.command is not None or parse_command(self.full_text) is not None

    def action_send(self) -> None:
        if self._completions.is_incomplete:
            self.action_complete()  # a path that is complete goes with the prompt
        elif self.holds_command:
            self._send()
        elif self.attachments.is_busy:
            self.send_when_ready()
        elif self._attached.has_mentions:
            self.run_worker(later(self._attached.send_with_mentioned), group="mentions", exclusive=True)
        else:
            self._send()

    def _send(self) -> None:
        self._completions.update_commands(self.text)  # the list follows the text a moment later: Enter may be faster
        text = self.full_text
        if action := self._completions.command:
            self._clear()
            self.deliver(self.CommandGiven(action.name, ""))
        elif self.is_blank:
            self.deliver(self.EmptySent())
        elif command := parse_command(text):
            self._clear()
            self.deliver(self.CommandGiven(command[0].name, command[1]))
        elif is_one_word(text):
            self.post_message(self.CommandUnknown(text[1:].strip()))
        else:
            if notice := unknown_command(text):
                self.say(notice, holding=True)
            draft = Draft(text=text.strip("\n"), attachments=self._attached.take())
            self._clear()
            self.deliver(self.Submitted(draft))

    def send_when_ready(self) -> None:
        """Send as soon as all attachments are prepared, unless a key is pressed before or a file cannot be attached."""
        self._attached.send_when_ready()

    def catch_up(self) -> None:
        """Note that the attachments have changed."""
        self.set_class(self.attachments.any, "-joined")
        self._attached.changed()

    def refuse(self, error: TuiError) -> None:
        """Show why a file was not attached, together with those just before."""
        self._attached.refuse(error, self.outer_size.width - _EDGES)

    # Keys

    async def _on_key(self, event: events.Key) -> None:
        focused = self.screen.focused or self
        if moved := event.is_printable and focused is not self:  # by the key before, while this one was on its way
            focused.post_message(events.Key(event.key, event.character))
        if event.key != "enter":
            self._attached.cancel_sending()
        if not (
            moved
            or (event.key == "escape" and self._completions.close())
            or (not self.text and self.key_when_empty(event.key))
            or (not event.is_printable and await self.app._check_bindings(event.key))
        ):
            return
        # Handled here and at once. Left to bubble up to the app, a key's action would run after characters typed behind it,
        # and a burst of keys (a slow line, a paste without brackets) would come out in another order.
        event.stop()
        event.prevent_default()

    def on_text_area_changed(self) -> None:
        self.hints.text_changed()
        self.attachments.catch_up()
        self._completions.update(self.text)

    def _list_files(self, listing: Callable[[], Any]) -> None:
        self.run_worker(listing, group="files", exclusive=True)

    def action_complete(self) -> None:
        completion = self._completions.complete()
        if completion is None:
            raise SkipAction  # nothing to complete: the key is the screen's
        if completion.start is None:
            self.put(completion.text)
        else:
            row, column = self.cursor_location
            self.replace(completion.text, (row, completion.start), (row, column))
        if completion.file is not None:
            self.attachments.attach_files([completion.file])

    def action_older_prompt(self) -> None:
        if self._completions.move(-1):
            return
        if self._row > 0:
            self.action_cursor_up()
        elif self.prefers_queue and not self.text:
            self.post_message(self.QueueRequested())
        else:
            self._show(self.drafts.older(self.full_text))

    def action_newer_prompt(self) -> None:
        if self._completions.move(1):
            return
        if self._row < self.wrapped_document.height - 1:
            self.action_cursor_down()
        else:
            self._show(self.drafts.newer(self.full_text))

    @property
    def _row(self) -> int:
        """The row of the cursor, with wrapped lines counted."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y

    def action_newline(self) -> None:
        self.replace("\n", *self.selection)

    def action_leave(self) -> None:
        if self.text:
            self.action_delete_right()
        elif self.is_blank:
            self.post_message(self.QuitRequested())

    def action_delete_left(self) -> None:
        if self.attachments.any and self.selection.is_empty and self.cursor_location == (0, 0):
            self.action_detach()
        else:
            super().action_delete_left()

    def action_detach(self) -> None:
        self.attachments.remove_last()

    def action_editor(self) -> None:
        from tui.widgets.editor import EditorFailed, edited  # starts processes: not needed for the first paint

        try:
            after = edited(self.full_text, os.environ, self.app.suspend)
        except EditorFailed as error:
            self.post_message(self.EditorRefused(str(error)))
        else:
            if after != self.full_text:
                self.put(after)

    # Pasting

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        await self._attached.paste(event.text)  # keys that come meanwhile wait for this

    def action_paste_picture(self) -> None:
        """Ctrl+V: terminals paste text by themselves, so this key is for images and files."""
        self.run_worker(later(self._attached.paste_clipboard, self.refuse), group="clipboard", exclusive=True)
