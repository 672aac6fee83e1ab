"""From a prompt to a request. Whatever sends something is a submission that goes through the same steps in the same order.

A step gets the submission and a function to go on with it. It may go on at once, later, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from tui.chat.transcript import Draft
from tui.masking import is_key

if TYPE_CHECKING:
    from tui.chat_screen.session import ChatSession, Origin

Kind = Literal["prompt", "release", "next", "answer", "regenerate", "compact"]
"""A prompt that the user sends; the first of a held queue, by hand; the next of the queue, by itself; the prompt that the
transcript ends with; another answer to the prompt of `origin`; a summary that keeps what the draft says."""


class Submission(NamedTuple):
    session: ChatSession
    kind: Kind
    draft: Draft | None = None
    """The prompt; of the queue, the one that is first now. None: nothing is added to the transcript."""
    origin: Origin | None = None


CurrentSession = Callable[[], "ChatSession"]
Proceed = Callable[[Submission], None]
Step = Callable[[Submission, Proceed], None]
WhenReady = Callable[[Callable[[], None], Draft | None], None]
"""Does something now or later, for which a prompt waits."""


class Pipeline:
    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)

    def submit(self, submission: Submission) -> None:
        """Take the submission through the steps."""
        self._go_on(0, submission)

    def _go_on(self, at: int, submission: Submission) -> None:
        if at < len(self.steps):
            self.steps[at](submission, partial(self._go_on, at + 1))


class RefuseKey:
    """Refuse a key that is entered as a prompt while there are no credentials: it is neither sent nor stored."""

    def __init__(self, has_credentials: Callable[[], bool], notify: Callable[[str], None]) -> None:
        self._has_credentials = has_credentials
        self._notify = notify

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        if submission.draft is not None and is_key(submission.draft.text) and not self._has_credentials():
            self._notify("This looks like an API key, so it was not sent or stored. Sign in with /login.")
        else:
            proceed(submission)


class WaitUntilReady:
    """Nothing is sent before the store is open to record it, nor while another chat is being opened: it is for that one."""

    def __init__(self, is_ready: Callable[[], bool], when_ready: WhenReady, current: CurrentSession) -> None:
        self._is_ready = is_ready
        self._when_ready = when_ready
        self._current = current

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        if self._is_ready() or submission.kind == "next":
            proceed(submission)
        elif submission.kind == "prompt":
            self._when_ready(lambda: proceed(submission._replace(session=self._current())), submission.draft)


class QueueWhileRunning:
    """A prompt that is sent while a turn runs, or while another one waits for consent, waits for its turn."""

    def __init__(self, queued: Callable[[ChatSession, Draft], None]) -> None:
        self._queued = queued

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        session, kind, draft, _ = submission
        if kind == "prompt" and draft is not None and (session.running or session.in_question is not None):
            session.queue.add(draft)
            self._queued(session, draft)
        elif not session.running:
            proceed(submission)


class Send:
    """The last step: the request goes out."""

    def __init__(self, sent: Callable[[Submission], None]) -> None:
        self._sent = sent

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        session, kind, draft, _ = submission
        match kind:
            case "release":
                draft = session.queue.release()
            case "next":
                draft = session.queue.next()
            case _:
                pass
        if draft is not None or kind in ("answer", "regenerate"):
            session.start(draft)
        self._sent(submission)
        proceed(submission)
