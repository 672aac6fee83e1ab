"""The presenter: draws the events of the chat on view, and says what can be done once a turn has ended."""

from __future__ import annotations

from collections.abc import Callable

from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    Notice,
    PromptSent,
    RequestSent,
    RetryScheduled,
    ToolResultsAdded,
    TurnEnded,
    TurnEvent,
)
from tui.chat.tools import PermissionDecided, PermissionRequested, ToolEnded, ToolOutput, ToolStarted
from tui.chat.transcript import Draft, ToolUse
from tui.chat_screen.context import ChatContext
from tui.chat_screen.display import ChatWidgets, Display
from tui.chat_screen.pipeline import Submission
from tui.chat_screen.session import ChatSession


class Presenter:
    def __init__(
        self, context: ChatContext, widgets: ChatWidgets, display: Display, go_on: Callable[[ChatSession], None]
    ) -> None:
        """`go_on` sends the next queued prompt of a session."""
        self._context = context
        self._widgets = widgets
        self._display = display
        self._go_on = go_on
        self._has_remarked = False

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Draw an event of the chat on view."""
        if not session.is_on_view:
            return
        conversation = self._widgets.conversation
        match event:
            case PromptSent(message=message):
                self._display.show_title()
                conversation.add(message)
            case RequestSent(model=model):
                conversation.begin(self._context.provider.name_of(model), ago_s=session.asked_ago_s)
            case RetryScheduled():
                conversation.wait(event)
            case AnswerUpdated(message=message, events=events):
                conversation.grow(message, events)
            case AnswerEnded(message=message) if message.summary is not None:
                self._display.show_figures()  # the branch that begins with it is shown by its controller
            case AnswerEnded(message=message):
                conversation.settle(message)
                self._display.show_figures()
            case ToolResultsAdded(message=message):
                conversation.add(message)
            case ToolStarted(call=ToolUse(id=id)) | PermissionDecided(id=id):
                conversation.follow(event, ago_s=session.runs_for_s(id))
            case PermissionRequested() | ToolOutput() | ToolEnded():
                conversation.follow(event)
            case Notice(text=text):
                conversation.note(text)
            case TurnEnded():
                self._end(session, event)

    def queued(self, session: ChatSession, draft: Draft) -> None:
        """A prompt was queued."""
        self._widgets.prompt.remember(draft.text)
        self._widgets.conversation.jump_to_end()  # whoever sends wants to see what comes of it
        self.show_queue()

    def sent(self, submission: Submission) -> None:
        """A request was sent; of a chat in the background nothing is to be seen."""
        if not submission.session.is_on_view:
            return
        if submission.kind == "prompt" and submission.draft is not None:
            self.queued(submission.session, submission.draft)
        else:
            self.show_queue()

    def show_queue(self) -> None:
        """Show what is queued, and the hints."""
        self._display.show_queue()
        self._display.show_hints()

    def replay(self, session: ChatSession) -> None:
        """Draw what has arrived of an answer that is still running."""
        for event in session.pending_events:
            self.take(session, event)

    def _end(self, session: ChatSession, event: TurnEnded) -> None:
        conversation, notify = self._widgets.conversation, self._context.notify
        rejected = event.failure.rejected_blocks if event.failure is not None else ()
        if rejected:  # the server rejected an attachment, maybe far up; the prompt stays, to be answered without it
            conversation.show(event.transcript.messages)
        if event.failure is not None:
            conversation.fail(event.failure)
        elif event.give_back is not None:  # stopped before anything came: nothing to show for it
            conversation.withdraw()
            self._display.clear_title()
        if event.give_back is not None:
            self.give_back(event.give_back)
        self._display.show_hints()
        if event.outcome == "stopped":
            came_back = event.give_back is not None
            notify("Stopped, prompt restored" if came_back else "Stopped, text kept · ↑ edit prompt", lasting=True)
        elif event.outcome == "failed":
            notify(self._after_failure(event), lasting=True)
        elif event.outcome == "complete":
            self._remark()
            self._go_on(session)
        self._display.show_queue()
        if rejected:
            what = "An attachment was" if len(rejected) == 1 else f"{len(rejected)} attachments were"
            notify(f"{what} rejected · /retry sends the rest", lasting=True)

    def _after_failure(self, event: TurnEnded) -> str:
        """Say what can be done after a failure."""
        failure, key_of = event.failure, self._context.key_of
        if event.give_back is None:
            return "Text kept · /retry asks again"
        is_key = failure is not None and (failure.status == 401 or "anthropic-workspace-id" in failure.message)
        if self._context.provider.obstacle is not None or is_key:
            return f"Your prompt is back · sign in with {key_of('palette')}"
        prompt = self._widgets.prompt
        if (prompt.full_text, prompt.attachments.blocks) != (event.give_back.text, event.give_back.attachments):
            return "Your prompt is in the queue · ↑ edits it"
        return f"Your prompt is back · {key_of('send')} sends it again"

    def give_back(self, draft: Draft) -> None:
        """Put a prompt back into the prompt area. If something is typed there, it waits first in the queue instead."""
        prompt = self._widgets.prompt
        if prompt.text or prompt.attachments.any:
            self._context.current().queue.put_first(draft)
        else:
            prompt.restore_draft(draft)

    def show_account(self) -> None:
        """Another credential is in use: say so once more below its first answer."""
        self._has_remarked = False
        self._display.show_model()
        self._display.show_welcome()
        self._widgets.prompt.focus()

    def _remark(self) -> None:
        """Say once, below an answer, whose account pays."""
        if not self._has_remarked and (remark := self._context.provider.credential_notice):
            self._has_remarked = True
            self._widgets.conversation.note(remark)
