"""Going on from a summary: the question with its price, the offer where the context window fills up, and the new branch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from tui.chat.events import AnswerEnded, TurnEnded, TurnEvent
from tui.chat.forecast import NO_DRAFT, Estimate
from tui.chat.transcript import Draft, Message, Transcript
from tui.chat_screen.context import ANSWER_RUNS, NOTHING_SENT, ChatContext, TranscriptPort
from tui.chat_screen.hints import Hint
from tui.chat_screen.pipeline import Proceed, Submission
from tui.chat_screen.session import ChatSession, labels
from tui.render import figures

if TYPE_CHECKING:
    from tui.store import Branch

OFFERED_FROM = 0.8
"""The share of the context window from which a summary is offered."""
_LISTED = 6
"""Attachments that are named one by one."""


class CompactionPorts(msgspec.Struct, frozen=True):
    transcript: TranscriptPort
    coming: Callable[[Draft, Transcript], Estimate]
    """Estimates what sending a draft after a transcript takes."""
    ask: Callable[[str, str], Awaitable[bool | None]]
    """Asks whether to go on from a summary: a title and a text."""
    submit: Callable[[Submission], None]
    give_back: Callable[[Draft], None]
    """Puts a prompt back into the prompt area."""
    show_queue: Callable[[], None]
    """Shows what is queued, and the hints of a running turn."""
    read_branch: Callable[[], Awaitable[Branch]]
    """The messages of the chat on view, as they are stored."""


class CompactionController:
    def __init__(self, context: ChatContext, ports: CompactionPorts) -> None:
        self._context = context
        self._ports = ports
        self._filled: tuple[Transcript, float] | None = None

    def disabled_reason(self, name: str) -> str:
        """Return why no summary can be made now, or ""."""
        session = self._context.current()
        if session.running:
            return ANSWER_RUNS
        if not (session.has_store and session.has_begun):
            return NOTHING_SENT
        if len(session.transcript.messages) == 1 and session.transcript.messages[0].summary is not None:
            return "This chat is a summary already"
        obstacle = self._context.provider.obstacle
        return obstacle.message if obstacle is not None else ""

    def compact(self, keep: str) -> None:
        """Ask with the price, and go on from a summary that keeps what the user names."""
        if reason := self.disabled_reason("compact"):
            self._context.notify(reason)
            return
        self._context.run(self._ask, self._context.current(), keep, group="compact", exclusive=True)

    async def _ask(self, session: ChatSession, keep: str, why: str = "") -> None:
        from tui.chat.compaction import lost_attachments  # first needed here

        transcript = session.transcript
        coming = self._ports.coming(NO_DRAFT, transcript)
        lost = lost_attachments(transcript.messages)
        text = "\n\n".join(filter(None, (why, self._price(coming), _kept(keep), _lost(lost), _HISTORY)))
        if await self._ports.ask("Go on from a summary?", text) and self._context.current() is session:
            self._ports.submit(Submission(session, "compact", Draft(text=keep)))

    def _price(self, coming: Estimate) -> str:
        """Say what the summary costs, who makes it, and what each prompt then reads."""
        from tui.chat.compaction import USUAL_SUMMARY_TOKENS
        from tui.chat.ledger import Usage, bill

        model = self._context.provider.model
        written = bill(Usage(output_tokens=USUAL_SUMMARY_TOKENS), model)
        total = coming.bill.cost_usd + written.cost_usd if coming.bill and written else None
        short = figures.tokens(USUAL_SUMMARY_TOKENS)
        about = f"about {figures.money(total)}" if total is not None else "an unknown price"
        after = (
            f"Each prompt then sends about {short} tokens instead of {figures.tokens(coming.tokens)}; the cache of the"
            " messages starts anew."
            if coming.tokens > 2 * USUAL_SUMMARY_TOKENS
            else "The chat is short, so a summary saves little."
        )
        how = "" if model.compaction else f"{model.name} has no summaries of its own: an ordinary request asks for it. "
        return (
            f"{how}{model.name} reads {figures.tokens(coming.tokens)} tokens once"
            f" ({figures.percent(coming.usage.hit_rate)} from the cache) and writes about {short}: {about}. {after}"
        )

    # The offer

    def hints(self) -> Sequence[Hint]:
        """From 80 % of the context window on, offer a summary."""
        session = self._context.current()
        if session.running or not (session.is_whole and session.has_begun):
            return ()
        filled = self._filled_by(session.transcript)
        if filled < OFFERED_FROM:
            return ()
        return (Hint("compact", f"{figures.percent(filled)} of the window · {self._context.key_of('compact')}", 0),)

    def _filled_by(self, transcript: Transcript) -> float:
        """Return the share of the window that the chat takes. Hints ask at each key, so it is estimated once."""
        if self._filled is None or self._filled[0] is not transcript:
            self._filled = transcript, self._ports.coming(NO_DRAFT, transcript).filled
        return self._filled[1]

    def keep_what_exceeds(self, submission: Submission, proceed: Proceed) -> None:
        """A step of the pipeline: a prompt that exceeds the context window is kept, and a summary is offered."""
        session, kind, draft, _ = submission
        if kind != "prompt" or draft is None or not session.has_begun or session.editing is not None:
            proceed(submission)
            return
        coming = self._ports.coming(draft, session.transcript)
        if coming.fits or self._ports.coming(NO_DRAFT, session.transcript).filled < OFFERED_FROM:
            proceed(submission)  # the prompt itself is too long: a summary would not help
            return
        self._ports.give_back(draft)
        why = (
            f"The prompt is kept. With it the chat has about {figures.tokens(coming.tokens)} tokens, and the window holds"
            f" {figures.tokens(coming.context)}."
        )
        self._context.run(self._ask, session, "", why, group="compact", exclusive=True)

    def send(self, submission: Submission, proceed: Proceed) -> None:
        """A step of the pipeline: the request for a summary goes out."""
        if submission.kind != "compact":
            proceed(submission)
            return
        provider, draft = self._context.provider, submission.draft
        submission.session.compact(provider.ask(draft.text if draft is not None else ""), provider.model)
        self._ports.show_queue()

    # What becomes of it

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Show the branch that begins with a summary; offer one once the window is nearly full."""
        if not session.is_on_view:
            return
        match event:
            case AnswerEnded(message=message) if message.summary is not None:
                self._show(session, message)
            case TurnEnded(outcome="complete", transcript=transcript) if transcript.messages:
                if transcript.messages[-1].summary is not None:
                    key = self._context.key_of("older_answer")
                    self._context.notify(f"Goes on from the summary · {key} shows the full chat", lasting=True)
                else:
                    self._offer(session, transcript)
            case _:
                pass

    def _show(self, session: ChatSession, message: Message) -> None:
        self._ports.transcript.show((message,))
        self._context.run(self._label, session, group="compact")

    async def _label(self, session: ChatSession) -> None:
        """Show that the full chat is another branch."""
        branch = await self._ports.read_branch()
        if self._context.current() is session:
            self._ports.transcript.label(labels(branch))

    def _offer(self, session: ChatSession, transcript: Transcript) -> None:
        """Say once, when an answer has passed 80 % of the window, that a summary can be made."""
        messages = transcript.messages
        filled = self._ports.coming(NO_DRAFT, transcript).filled
        last = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].is_prompt), 0)
        before = self._ports.coming(NO_DRAFT, Transcript(messages=messages[:last])).filled
        if before < OFFERED_FROM <= filled:
            key = self._context.key_of("compact")
            self._ports.transcript.note(
                f"{figures.percent(filled)} of the context window is used · {key} goes on from a summary"
            )


_HISTORY = "The full chat stays: as the branch before this one, in search and in exports."


def _kept(keep: str) -> str:
    return f"To keep: {keep}" if keep else ""


def _lost(names: Sequence[str]) -> str:
    """Name the attachments that Claude no longer sees."""
    if not names:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Claude no longer sees: {', '.join(names[:_LISTED])}{more}. Attach again what you still need."
