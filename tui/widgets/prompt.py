"""Where the prompt is written: it grows from one line to ten, sends on Enter, and remembers what was sent in this chat.

What a prompt does is for the screen to say; this widget only posts it. Nothing typed is ever dropped: recalling an earlier
prompt lays the draft aside, and sending brings it back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets.text_area import TextAreaTheme

from tui.actions import is_one_word, parse_command, slash_matches, unknown_command
from tui.chat.transcript import Draft
from tui.widgets.bindings import bindings_of, bindings_over
from tui.widgets.commands import CommandList
from tui.widgets.hinting import HintingArea
from tui.widgets.history import History
from tui.widgets.pastes import Pastes, cleaned


class PromptArea(HintingArea):
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
    }
    """

    # The text area's own keys for these stay where ours do not take them over.
    BINDINGS = [
        *bindings_of("prompt"),
        Binding("tab", "complete", "Complete the command", show=False),
        *bindings_over("page_up", "page_down", "interrupt", "find", "cache_map", "count"),
    ]

    class Submitted(Message):
        """The prompt was sent, and is gone from the box."""

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
        """A single word after a slash that is no command: it stays in the box."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    class EditorRefused(Message):
        """The editor could not be used; the text says why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class WayDownClicked(Message):
        """The words on the upper border were clicked."""

    class EmptySent(Message):
        """Enter on an empty prompt."""

    class LeftUnsent(Message):
        """A text was laid down, and is kept among the earlier prompts."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class LeaveRequested(Message):
        """Ctrl+D on an empty prompt."""

    class QueueWanted(Message):
        """Up on an empty prompt: if prompts are queued, the last one is wanted back, before any that was sent."""

    def __init__(self, commands: CommandList) -> None:
        super().__init__(soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False, compact=False)
        self.cursor_blink = False  # a blinking cursor writes to the terminal twice a second
        self.match_cursor_bracket = False
        self.prefers_queue = False
        """Whether Up on the empty prompt means the queue."""
        self.while_empty: Callable[[str], bool] = lambda _: False
        """Is offered each key pressed while nothing is written; True if it took it."""
        self._commands = commands
        self._pastes = Pastes()
        self._history = History()
        self._at: int | None = None  # which of its texts is shown
        self._aside = ""  # the draft that was there before

    def on_mount(self) -> None:
        # Its own themes colour the text; ours only takes what the style sheet says.
        self.register_theme(TextAreaTheme(name="prx", cursor_line_style=Style()))
        self.theme = "prx"

    # The way to the end of the conversation stands on the upper border

    def show_way_down(self, text: str) -> None:
        """Says on the upper border how much of the conversation is below, and which key leads there; "" for nothing."""
        self.border_title = Content(f" {text} ") if text else None

    def on_click(self, event: events.Click) -> None:
        if self.border_title and event.get_content_offset(self) is None and event.y == 0:
            self.post_message(self.WayDownClicked())

    # What is in the box

    @property
    def full_text(self) -> str:
        """The text with folded parts put back."""
        return self._pastes.unfold(self.text)

    @property
    def unsent(self) -> tuple[str, str]:
        """What is being written, and what was laid aside for it. An earlier prompt that is only looked at is neither."""
        text = self.full_text
        if self._at is not None and text == self._history.texts[self._at] and not self._history.is_unsent(text):
            return self._aside, ""
        return (text, self._aside) if text else (self._aside, "")

    def begin_with(self, text: str) -> None:
        """Shows the unsent text of a chat that is opened, in the place of everything else."""
        self._aside, self._at = "", None
        self.put(text)

    def put(self, text: str) -> None:
        """Shows a text to be edited, with the cursor at its end."""
        self.load_text(self._pastes.fold(cleaned(text)))
        self.move_cursor(self.document.end)

    def recall(self, text: str) -> None:
        """Shows a text to be edited and lays aside what was being written; that comes back once this has been sent."""
        self._lay_aside()
        self._at = None
        self.put(text)

    def _lay_aside(self) -> None:
        """Makes room in the box. Only one text can come back by itself: an older one is kept for Up."""
        draft, before = self.unsent
        if draft.strip():
            self._keep(before)
            self._aside = draft

    def lay_down(self) -> bool:
        """Brings back what was laid aside for what was recalled. Whether that was changed, and so is kept for Up."""
        is_kept = self._keep(self.full_text)
        self._clear()
        return is_kept

    def _keep(self, text: str) -> bool:
        """Keeps a text that leaves the box among those that Up goes through, unless it is there already."""
        is_new = self._history.keep(text)
        if is_new:
            self.post_message(self.LeftUnsent(text))
        return is_new

    @property
    def last_sent(self) -> str:
        """The prompt that was sent last in this chat, or ""."""
        return self._history.last_sent

    def remember(self, text: str) -> None:
        """Adds a sent prompt to those that Up goes through."""
        self._history.add(text)
        self._at = None

    def remember_earlier(self, texts: Sequence[str]) -> None:
        """Sets the prompts of other chats, newest first, which Up goes on to after this chat's own."""
        if self._at is None:
            self._history.set_earlier(texts)

    def forget(self) -> None:
        """Starts a new chat's history; a draft stays, and what was left unsent is found behind it."""
        self._history.begin_chat()
        self._at = None

    # Sending

    @property
    def has_nothing(self) -> bool:
        """Whether there is nothing to send."""
        return not self.full_text.strip()

    @property
    def holds_command(self) -> bool:
        return self._commands.is_open or parse_command(self.full_text) is not None

    def drafted(self, text: str) -> Draft:
        """What is sent, and leaves the box."""
        return Draft(text=text)

    def take_back(self, draft: Draft) -> None:
        """Shows what was sent and came back."""
        self.put(draft.text)

    def action_send(self) -> None:
        self._offer_commands()  # the list follows the text a moment later: a fast Enter would take what stood there before
        if self._commands.is_open:
            self._commands_enter()
            return
        text = self.full_text
        if self.has_nothing:
            self.post_message(self.EmptySent())
            return
        if command := parse_command(text):
            self._clear()
            self.post_message(self.CommandGiven(command[0].name, command[1]))
        elif is_one_word(text):
            self.post_message(self.CommandUnknown(text[1:].strip()))
        else:
            if passed_over := unknown_command(text):
                self.say(passed_over, holding=True)
            draft = self.drafted(text.strip("\n"))
            self._clear()
            self.post_message(self.Submitted(draft))

    def _commands_enter(self) -> None:
        action = self._commands.chosen
        self._clear()
        self.post_message(self.CommandGiven(action.name, ""))

    def _clear(self) -> None:
        """Empties the box, or brings back the draft that was laid aside."""
        aside, self._aside, self._at = self._aside, "", None
        self.put(aside)

    def action_newline(self) -> None:
        self.replace("\n", *self.selection)

    def action_complete(self) -> None:
        if self._commands.is_open:
            self.put(f"/{self._commands.chosen.slash} ")
        else:
            raise SkipAction  # nothing to complete: the key is the screen's

    async def _on_key(self, event: events.Key) -> None:
        if not self.text and self.while_empty(event.key):
            event.stop()
            event.prevent_default()
        elif event.key == "escape" and self._commands.is_open:
            event.stop()
            event.prevent_default()
            self._commands.offer(())
        elif not event.is_printable and await self.app._check_bindings(event.key):
            # Here and at once. Left to bubble up to the app, a key's action would run after characters typed behind it,
            # and a burst of keys (a slow line, a paste without brackets) would come out in another order.
            event.stop()
            event.prevent_default()

    def on_text_area_changed(self) -> None:
        self._offer_commands()

    def _offer_commands(self) -> None:
        text = self.text
        word = text[1:] if text.startswith("/") and len(text) < 40 else " "
        self._commands.offer(slash_matches(word) if " " not in word and "\n" not in word else ())

    # Earlier prompts

    @property
    def _on_first_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def _on_last_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y >= self.wrapped_document.height - 1

    def action_older_prompt(self) -> None:
        if self._commands.is_open:
            self._commands.move(-1)
        elif not self._on_first_row:
            self.action_cursor_up()
        elif self.prefers_queue and not self.text:
            self.post_message(self.QueueWanted())
        elif self._at is None and (texts := self._history.texts):
            newest = len(texts) - 1
            self._lay_aside()
            self._show(newest)
        elif self._at:
            self._keep_changed()
            self._show(self._at - 1)

    def action_newer_prompt(self) -> None:
        if self._commands.is_open:
            self._commands.move(1)
        elif not self._on_last_row:
            self.action_cursor_down()
        elif self._at is not None:
            newest = len(self._history.texts) - 1
            self._keep_changed()
            if self._at < newest:
                self._show(self._at + 1)
            else:
                self._clear()
        elif self._aside and not self.text:
            self._clear()

    def _keep_changed(self) -> None:
        """Keeps what was made of the earlier prompt that is shown."""
        if self._at is not None and self.full_text != cleaned(self._history.texts[self._at]):
            self._keep(self.full_text)

    def _show(self, at: int) -> None:
        self._at = at
        self.put(self._history.texts[at])
        self.move_cursor((0, 0))  # so that another Up goes on

    # Writing elsewhere

    def action_editor(self) -> None:
        from textual.app import SuspendNotSupported

        from tui.widgets.editor import EditorFailed, edited  # starts processes: not needed for the first paint

        text = self.full_text
        try:
            after = edited(text, os.environ, self.app.suspend)
        except SuspendNotSupported:
            self.post_message(self.EditorRefused("this terminal cannot be lent to an editor"))
        except EditorFailed as error:
            self.post_message(self.EditorRefused(str(error)))
        else:
            if after != text:
                self.put(after)

    # Pasting, deleting, leaving

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    def paste(self, text: str) -> None:
        """Puts a text in the place of the selection; a long one folded."""
        self.replace(self._pastes.fold(cleaned(text)), *self.selection)

    def action_delete_left(self) -> None:
        if not self._delete_token(forward=False):
            super().action_delete_left()

    def action_delete_right(self) -> None:
        if not self._delete_token(forward=True):
            super().action_delete_right()

    def _delete_token(self, *, forward: bool) -> bool:
        """Deletes a folded text as a whole, since half a token would stand for nothing."""
        start, end = self.selection
        row, column = end
        if start != end:
            return False
        span = self._pastes.token_around(self.document.get_line(row), column, forward=forward)
        if span is None:
            return False
        self.delete((row, span[0]), (row, span[1]))
        return True

    def action_leave(self) -> None:
        if self.text:
            self.action_delete_right()
        elif self.has_nothing:
            self.post_message(self.LeaveRequested())
