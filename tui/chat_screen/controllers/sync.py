"""Session sync: what another prx says in a chat that is open here is shown once its turn has ended.

Nothing of this touches a running turn: what happened meanwhile is read when it has ended. What two say at the same time
becomes two branches, as the store has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tui.chat.events import PromptSent, TurnEnded, TurnEvent
from tui.chat.transcript import Message
from tui.chat_screen.context import ChatContext, TranscriptPort, stored
from tui.chat_screen.session import ChatSession, ids, labels, sibling_ids
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.store import ChatUpdate

_OPEN, _ANSWERING = "open elsewhere too", "answering elsewhere"


class SyncPorts(msgspec.Struct, frozen=True):
    transcript: TranscriptPort
    remember: Callable[[str], None]
    """Adds a prompt to those that Up goes through."""
    show_header: Callable[[], None]
    show_figures: Callable[[], None]
    show_hints: Callable[[], None]
    is_attached: Callable[[], bool]
    """False once the program is being left and the widgets are gone."""


class SessionSync:
    def __init__(self, context: ChatContext, ports: SyncPorts) -> None:
        self._context = context
        self._ports = ports

    def changed_elsewhere(self, chat_id: str) -> None:
        """Another prx may have changed that chat."""
        if chat_id == self._context.current().id:
            self._check()

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Read the store again once the running turn has ended, if that is due."""
        if not session.is_on_view:
            return
        if isinstance(event, PromptSent) and session.sync.is_deleted:
            session.sync.is_deleted = False
            self._ports.transcript.note("this prompt restored the deleted chat")
        if isinstance(event, TurnEnded) and session.sync.is_due:
            self._check()

    def _check(self) -> None:
        session = self._context.current()
        session.sync.is_due = session.running
        if not session.running:
            self._context.run(self._read, session, group="sharing", exclusive=True)

    async def _read(self, session: ChatSession) -> None:
        recorder, head = session.recorder, session.recorder.head if session.recorder is not None else None
        if recorder is None or head is None:
            return
        try:
            since: ChatUpdate = await stored(session.store.since(session.id, head))
        except TuiError:  # it is gone for good; the next prompt here begins it anew
            return
        if self._context.current() is not session or recorder.head != head or not self._ports.is_attached():
            return  # it was left, or went on, which is reported again
        if session.running:
            session.sync.is_due = True
            return
        arrives = bool(since.added) and not since.added[-1].is_prompt and not _has_ended(since.added[-1])
        mark = (_ANSWERING if arrives else _OPEN) if since.branch.chat.is_open_elsewhere else ""
        has_other_mark, session.sync.mark = mark != session.sync.mark, mark
        has_other_title = since.branch.chat.title not in ("", session.title)
        session.title = since.branch.chat.title or session.title
        if has_other_mark or has_other_title:
            self._ports.show_header()
        self._show_deleted(session, since)
        self._show_added(session, since)

    def _show_deleted(self, session: ChatSession, since: ChatUpdate) -> None:
        """Say that the chat was deleted, which an open one outlives, or that it is back."""
        if since.is_deleted and not session.sync.is_deleted:
            self._context.notify("Deleted in another prx · send a prompt to restore it", lasting=True)
        elif session.sync.is_deleted and not since.is_deleted:
            self._ports.show_hints()
            self._context.notify("Restored in another prx")
        session.sync.is_deleted = since.is_deleted

    def _show_added(self, session: ChatSession, since: ChatUpdate) -> None:
        """Add whole turns to the end of the conversation; of all else that is new, say where it is."""
        recorder, branch, transcript = session.recorder, since.branch, self._ports.transcript
        assert recorder is not None
        start = len(branch) - len(since.added)
        added = since.added[: _whole_turns(since.added)]
        if added:
            session.transcript = replace(session.transcript, messages=(*session.transcript.messages, *added))
            recorder.head = branch[start + len(added) - 1].id
            for message in added:
                transcript.add(message)
                if message.is_prompt and message.text:
                    self._ports.remember(message.text)
            transcript.note("sent from another prx")
            self._ports.show_figures()
            self._ports.show_hints()
        if len(added) < len(since.added) and branch.chat.is_open_elsewhere:
            self._context.notify("Another prx sent a prompt in this chat")
        new = sibling_ids(branch) - session.sync.known - recorder.ids
        session.sync.known |= new | ids(branch[: start + len(added)])
        if new - ids(branch):
            key = self._context.key_of("older_answer")
            transcript.note(f"another prx added a branch · {key} shows it")
        if new:
            transcript.label(labels(branch)[: start + len(added)])


def _whole_turns(added: Sequence[Message]) -> int:
    """Return how many of the messages belong to turns that have ended: all, or those before the last prompt."""
    if not added or _has_ended(added[-1]):
        return len(added)
    return max((number for number, message in enumerate(added) if message.is_prompt), default=0)


def _has_ended(last: Message) -> bool:
    """True if a turn has ended with that message."""
    return last.role == "assistant" and last.state != "streaming" and not last.awaits_results
