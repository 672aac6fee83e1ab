"""Turns: sending what is typed or queued, stopping, trying again, going on after a cut."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tui.chat.transcript import Draft, Message
from tui.chat_screen.context import ANSWER_RUNS, NOTHING_SENT, ChatContext, PromptPort
from tui.chat_screen.pipeline import Submission
from tui.chat_screen.session import ChatSession

_GO_ON = "Please go on exactly where you were cut off."


class TurnPorts(msgspec.Struct, frozen=True):
    submit: Callable[[Submission], None]
    prompt: PromptPort
    last_sent: Callable[[], str]
    """The prompt that was sent last, or ""."""
    can_retry: Callable[[], bool]
    """True if the last turn on view has failed, or has no answer."""
    show_queue: Callable[[], None]


class TurnController:
    def __init__(self, context: ChatContext, ports: TurnPorts) -> None:
        self._context = context
        self._ports = ports

    def disabled_reason(self, name: str) -> str:
        """Return why "stop", "continue" or "retry" is not available now, or ""."""
        session = self._context.current()
        if name == "stop":
            return "" if session.running else "No answer is running"
        if session.running:
            return ANSWER_RUNS
        if name == "retry":
            return "" if self._ports.can_retry() else "No answer has failed"
        if not (session.has_store and session.has_begun):
            return NOTHING_SENT
        return "" if _is_cut(session.transcript.messages[-1]) else "The answer is complete"

    def submit(self, draft: Draft) -> None:
        """Send a prompt, or queue it behind the running turn."""
        self._ports.submit(Submission(self._context.current(), "prompt", draft))

    def go_on(self, session: ChatSession) -> None:
        """Send the next queued prompt, if it may be sent by itself."""
        first = next(iter(session.queue.drafts), None)
        self._ports.submit(Submission(session, "next", first))

    def release(self) -> bool:
        """Send the first prompt of a held queue; the others follow by themselves again. False if none is held."""
        session = self._context.current()
        if not session.queue.held or session.running:
            return False
        self._ports.submit(Submission(session, "release", session.queue.drafts[0]))
        return True

    def stop(self) -> bool:
        """Stop the running turn. False if there is none."""
        session = self._context.current()
        session.stop()
        return session.running

    def retry(self) -> None:
        """Send the prompt that came back, from the prompt area or the queue; after half an answer, the last one again."""
        session, prompt = self._context.current(), self._ports.prompt
        messages = session.transcript.messages
        if session.running:
            self._context.notify(ANSWER_RUNS)
        elif messages and messages[-1].role == "user":  # it stayed where it was, because only a part of it was refused
            self.go_on_after_cut()
        elif not prompt.is_blank:
            prompt.action_send()
        elif draft := session.queue.release():
            self.submit(draft)
        elif last := self._ports.last_sent():
            self.submit(Draft(text=last))

    def go_on_after_cut(self) -> None:
        """Ask for the rest of a cut answer, or for the answer to a prompt that has none."""
        session = self._context.current()
        if reason := self.disabled_reason("continue"):
            self._context.notify(reason)
        elif (last := session.transcript.messages[-1]).role == "user" or last.awaits_results:
            self._ports.submit(Submission(session, "answer"))
        else:
            self.submit(Draft(text=_GO_ON))

    # The queue

    def edit_queued(self, index: int) -> None:
        """Bring a queued prompt back into the prompt area; -1 is the last one."""
        queue, prompt = self._context.current().queue, self._ports.prompt
        if draft := queue.remove(index if index >= 0 else len(queue.drafts) - 1):
            prompt.recall(draft.text, draft.attachments)
            prompt.focus()
            self._ports.show_queue()

    def remove_queued(self, index: int) -> None:
        self._context.current().queue.remove(index)
        self._ports.show_queue()


def _is_cut(last: Message) -> bool:
    """True if a chat that ends with that message has more to come: an answer that was cut, or none yet."""
    return last.role == "user" or last.awaits_results or last.state != "complete" or last.stop_reason == "max_tokens"
