"""A chat that several prx have open: what is said in another one is shown here as well, once its turn has ended.

Nothing of this touches a running answer: what happened meanwhile is looked at when it is there. What two say at the same
time becomes two branches, as the store has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.message import Message as Notification

from tui.chat.events import Sent, TurnEnded, TurnEvent
from tui.chat.transcript import Message
from tui.errors import TuiError
from tui.screens.branches import BranchingScreen
from tui.screens.returning import labels
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Branch, Place, Since, Stored

_OPEN, _ANSWERING = "open elsewhere too", "answering elsewhere"


class SharingScreen(BranchingScreen):
    class ChangedElsewhere(Notification):
        """Another prx may have done something to the chat of that id."""

        def __init__(self, chat_id: str) -> None:
            super().__init__()
            self.chat_id = chat_id

    _shared = ""
    """What the header says while another prx has this chat open, too."""
    _is_due = False
    """Whether there is something to look at when the running answer has ended."""
    _is_deleted = False
    _known: frozenset[str] = frozenset()
    """The ids of all that was shown, and of what is known to stand beside it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._library.changed = self._tell_changed

    def _tell_changed(self, chat_id: str) -> None:
        self.post_message(self.ChangedElsewhere(chat_id))  # all that may be done from the store's thread

    def on_sharing_screen_changed_elsewhere(self, event: ChangedElsewhere) -> None:
        if event.chat_id == self.chat_id:
            self._look_again()

    def _take(self, event: TurnEvent) -> None:
        super()._take(event)
        if isinstance(event, Sent) and self._is_deleted:
            self._is_deleted = False
            self.conversation.note("this prompt has brought the chat back into the list")
        if isinstance(event, TurnEnded) and self._is_due:
            self._look_again()

    def shown(self, branch: Branch, place: Place) -> None:
        super().shown(branch, place)
        self._known = _beside(branch) | _ids(branch)

    def let_go(self) -> None:
        super().let_go()
        self._is_due = self._is_deleted = False
        self._known = frozenset()
        self._share("")

    def _look_again(self) -> None:
        self._is_due = self.talk.running
        if not self._is_due:
            self.run_worker(later(self._look), group="sharing", exclusive=True)

    async def _look(self) -> None:
        recorder, head = self.recorder, self.recorder.head if self.recorder is not None else None
        if recorder is None or head is None:
            return
        try:
            since = await self.answer(self.store.since(recorder.chat.id, head))
        except TuiError:  # it is gone for good; what is said here begins it anew
            return
        if self.recorder is not recorder or recorder.head != head:  # it was left, or went on: that is told again
            return
        if not self.is_attached:  # prx is being left: its widgets are gone
            return
        if self.talk.running:
            self._is_due = True
            return
        arrives = bool(since.added) and not since.added[-1].is_prompt and not _has_ended(since.added[-1])
        self._share((_ANSWERING if arrives else _OPEN) if since.branch.chat.elsewhere else "")
        self._show_facts(since)
        self._show_added(since)

    def _share(self, mark: str) -> None:
        if mark != self._shared:
            self._shared = mark
            self.show_model()

    def show_model(self) -> None:
        super().show_model()
        if self._shared:
            self.header.mark = self._shared

    def _show_facts(self, since: Since) -> None:
        """A new title; and that the chat was deleted, which an open one outlives."""
        if since.branch.chat.title:
            self.header.title = since.branch.chat.title
        if since.is_deleted and not self._is_deleted:
            self.prompt.say("deleted in another prx · a prompt brings it back", lasting=True)
        elif self._is_deleted and not since.is_deleted:
            self.show_hints()
            self.prompt.say("no longer deleted")
        self._is_deleted = since.is_deleted

    def _show_added(self, since: Since) -> None:
        """Takes whole turns up at the end of the conversation; of all else that is new, says where it is."""
        assert self.recorder is not None
        session, branch = self.talk.session, since.branch
        start = len(branch) - len(since.added)
        added = since.added[: _whole_turns(since.added)]
        if added:
            session.transcript = replace(session.transcript, messages=(*session.transcript.messages, *added))
            self.recorder.head = branch[start + len(added) - 1].id
            for message in added:
                self.conversation.add(message)
                if message.is_prompt and message.text:
                    self.prompt.remember(message.text)
            self.conversation.note("said in another prx")
            self.show_standing()
            self.show_hints()
        if len(added) < len(since.added) and branch.chat.elsewhere:
            self.prompt.say("another prx asks here · its answer follows")
        new = _beside(branch) - self._known - self.recorder.ids
        self._known |= new | _ids(branch[: start + len(added)])
        if new - _ids(branch):
            self.conversation.note(f"another prx went on beside this · {self.key_of('older_answer')} leads there")
        if new:
            self.conversation.label(labels(branch)[: start + len(added)])


def _whole_turns(added: Sequence[Message]) -> int:
    """How many of the messages belong to turns that have ended: all, or those before the last prompt."""
    if not added or _has_ended(added[-1]):
        return len(added)
    return max((number for number, message in enumerate(added) if message.is_prompt), default=0)


def _has_ended(last: Message) -> bool:
    """Whether a turn has ended with that message."""
    return last.role == "assistant" and last.state != "streaming" and not last.awaits_results


def _ids(messages: Sequence[Stored]) -> frozenset[str]:
    return frozenset(stored.id for stored in messages)


def _beside(branch: Branch) -> frozenset[str]:
    """All that stands beside the messages of a branch, and those among them that do so."""
    return frozenset(id for stored in branch if len(stored.siblings) > 1 for id in stored.siblings)
