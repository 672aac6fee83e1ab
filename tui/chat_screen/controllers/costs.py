"""What a chat costs and what the cache holds of it: warm or cold, why a request missed, what the next one takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tui.chat.cache_state import COLD, CacheState, cache_state, cached_tokens, lifetime_for, settings_changed
from tui.chat.events import AnswerEnded, TurnEvent
from tui.chat.exchange import Exchange
from tui.chat.forecast import NO_DRAFT, Estimate, Invalidation, ModelSwitch, estimate, price_switch
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.chat.reasoning import request_settings
from tui.chat.tokens import MANY_IMAGES
from tui.chat.transcript import Draft, Message, Transcript
from tui.chat_screen.context import ChatContext, SetTimer, Stoppable
from tui.chat_screen.hints import Hint
from tui.chat_screen.session import ChatSession
from tui.errors import TuiError
from tui.render import figures

_PAUSE_S = 0.25
"""Seconds without typing before the next request is estimated: no key waits for that."""
_WIDE = 100
"""Columns from which on the status line has room for tokens and money of the next request."""
_ROOMY = 10
"""Rows of the conversation from which on a note is shown of what has cost nothing."""
_LOSERS: dict[Invalidation, str] = {"first_image": "first image", "many_images": f"over {MANY_IMAGES} images"}
"""Why so little of the next request is cached, in the fewest words."""


class Layout(NamedTuple):
    """How much room the screen has, and how it is used."""

    width: int
    """Columns of the screen."""
    rows: int
    """Rows of the conversation."""
    is_still: bool
    """True if nothing may move, as with reduced motion."""
    is_reading: bool
    """True while the conversation has the focus."""


class CostPorts(msgspec.Struct, frozen=True):
    note: Callable[[str], None]
    """Adds a note below the conversation."""
    draft: Callable[[], Draft]
    """What is being written, as it would be sent; an empty draft for a slash command."""
    show_warmth: Callable[[str, bool], None]
    """Shows a text in the status line; True while the cache is warm."""
    show_hints: Callable[[], None]
    """Shows the hints anew, in the place of a notice."""
    refresh_hints: Callable[[], None]
    """The same, unless a notice stands there."""
    set_timer: SetTimer
    layout: Callable[[], Layout]
    open_map: Callable[..., None]
    """Opens the cache map, with the fields of its `CacheMapState`."""


class Counted(NamedTuple):
    """A token count by the server. It no longer holds for another text, chat or model."""

    draft: Draft
    after: Transcript
    model: str
    tokens: int


class CostController:
    def __init__(self, context: ChatContext, ports: CostPorts) -> None:
        self._context = context
        self._ports = ports
        self._ticking: Stoppable | None = None
        self._estimating: Stoppable | None = None
        self._estimate: Estimate | None = None
        self._counted: Counted | None = None

    @property
    def is_ticking(self) -> bool:
        """True while the status line counts the seconds that the cache stays warm."""
        return self._ticking is not None

    def disabled_reason(self, name: str) -> str:
        """Return why there is no cache map ("cache_map"), or nothing to count ("count"), or ""."""
        if name == "count":
            if _is_empty(self._ports.draft()):
                return "The prompt is empty"
            obstacle = self._context.provider.obstacle
            return obstacle.message if obstacle is not None else ""
        messages = self._context.current().transcript.messages
        return "" if any(message.usage != Usage() for message in messages) else "No answer has arrived yet"

    # The cache map

    def open_map(self) -> None:
        session = self._context.current()
        exchange = self._latest_exchange(session)
        if exchange is None:
            self._context.notify(self.disabled_reason("cache_map"))
            return
        self._ports.open_map(
            exchange=exchange,
            transcript=session.transcript,
            discarded=session.turns.discarded,
            warmth=self.warmth(),
            coming=self.coming(NO_DRAFT, session.transcript),
            now=session.turns.now(),
            days=session.store.days() if session.has_store else None,
            spent=session.store.spent(session.id) if session.has_store else None,
        )

    def _latest_exchange(self, session: ChatSession) -> Exchange | None:
        """Return the last request with its answer; of a chat that was restored, built again."""
        exchange = session.exchange
        if exchange is not None and exchange.answer is not None and exchange.answer.usage != Usage():
            return exchange
        return self._rebuilt(session, session.transcript)

    def _rebuilt(self, session: ChatSession, transcript: Transcript) -> Exchange | None:
        for at in range(len(transcript.messages) - 1, -1, -1):
            answer = transcript.messages[at]
            if answer.role == "assistant" and answer.usage != Usage():
                body = self._context.provider.body(_as_asked(session, transcript, at), answer)
                return Exchange(body=body, answer=answer)
        return None

    # Why a request missed

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Note below an answer why it read less than the request before had left in the cache."""
        if isinstance(event, AnswerEnded) and session.is_on_view:
            self._explain(session, event.message)

    def _explain(self, session: ChatSession, answer: Message) -> None:
        exchange = session.exchange
        if exchange is None or answer.usage == Usage() or answer.summary is not None:
            return
        transcript, known = session.transcript, session.explained
        session.explained = exchange
        earlier = [one for one in transcript.messages[:-1] if one.role == "assistant" and one.usage != Usage()]
        if not earlier:
            if answer.state != "complete":  # its own notice says enough
                return
            before = None
        elif cached_tokens(earlier[-1].usage) <= answer.usage.cache_read_input_tokens:
            return  # it read all that there was
        elif known is not None and known.answer == earlier[-1]:
            before = known
        else:
            before = self._rebuilt(session, replace(transcript, messages=transcript.messages[:-1]))
        miss = self._context.provider.miss(before, exchange)
        if miss is None or (miss.kind == "too_short" and self._ports.layout().rows < _ROOMY):
            return  # what costs nothing does not take a small screen from the answer
        self._ports.note(miss.text)

    # Warm or cold

    def show_warmth(self) -> None:
        """Show how long the cache keeps this chat; once it is cold, what the next request costs."""
        session = self._context.current()
        if not session.is_whole:
            return  # it is shown once all messages are there
        warmth = self.warmth()
        left_s = warmth.left_s(session.turns.now())
        self._ports.show_warmth(
            self._warm_text(warmth, left_s) if left_s else self._cold_text(session.transcript), left_s > 0
        )
        self._tick(left_s)

    def warmth(self) -> CacheState:
        """Return what the next request finds of this chat in the cache: nothing after a change of thinking or effort."""
        session, model = self._context.current(), self._context.provider.model
        if settings_changed(session.transcript, model.id, self._request_settings(model)):
            return COLD
        return cache_state(session.transcript.for_model(model), model.id, session.turns.now())

    def _warm_text(self, warmth: CacheState, left_s: float) -> str:
        if self._ports.layout().is_still:  # nothing that counts
            return f"warm to {time.strftime('%H:%M', time.localtime(warmth.until))}"
        return f"warm {figures.clock(min(left_s, 3_599)):>5}"  # of the hour, the first second would be wider

    def _cold_text(self, transcript: Transcript) -> str:
        if all(message.usage == Usage() for message in transcript.messages):
            return ""
        coming = self.coming(NO_DRAFT, transcript)
        written = coming.usage.cache_creation_input_tokens
        if not written or coming.bill is None:
            return ""
        writes = f"writes {figures.tokens(written)}, " if self._ports.layout().width >= _WIDE else ""
        return f"cold · next {writes}{figures.money(coming.bill.cost_usd)}"

    def _tick(self, left_s: float) -> None:
        """Count each second while it is warm, and not at all once it is cold."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if left_s:
            pause_s = left_s if self._ports.layout().is_still else min(1.0, left_s)
            self._ticking = self._ports.set_timer(pause_s, self.show_warmth)

    # Before sending

    def typed(self) -> None:
        """Estimate the next request, as soon as nothing has been typed for a moment."""
        draft = self._ports.draft()
        if self._estimate is not None and _is_empty(draft):
            self._estimate = None
            self._ports.refresh_hints()
        if self._estimating is not None:
            self._estimating.stop()
        self._estimating = self._ports.set_timer(_PAUSE_S, self.show_estimate)

    def model_changed(self) -> None:
        """Another chat, model or set of tools: what is written costs something else from now on."""
        if self._estimate is not None:
            self._estimate = self._estimated()
            self._ports.refresh_hints()

    def show_estimate(self) -> None:
        coming = self._estimated()
        if coming != self._estimate:
            self._estimate = coming
            self._ports.refresh_hints()

    def _estimated(self) -> Estimate | None:
        """Return what sending what is written now would take; None if it is nothing to be sent."""
        draft, session = self._ports.draft(), self._context.current()
        return None if _is_empty(draft) or session.running or not session.is_whole else self.coming(draft, session.base)

    def coming(self, draft: Draft, after: Transcript) -> Estimate:
        """Estimate what sending a draft after a transcript takes."""
        model, now = self._context.provider.model, self._context.current().turns.now()
        how = self._request_settings(model)
        return estimate(after, draft, model, now, settings=how, lifetime=lifetime_for(after, model, now, settings=how))

    def _request_settings(self, model: Model) -> str:
        """Return the thinking and effort with which that model would be asked."""
        return request_settings(model, self._context.provider.reasoning, self._context.current().transcript)

    def count(self) -> None:
        """Have the server count what is written, with all that would be sent along. It costs nothing."""
        draft, context = self._ports.draft(), self._context
        if reason := self.disabled_reason("count"):
            context.notify(reason)
        else:
            context.notify("Counting …", lasting=True)
            context.run(self._count, draft, context.current().base, group="count", exclusive=True)

    async def _count(self, draft: Draft, after: Transcript) -> None:
        provider = self._context.provider
        model = provider.model.id
        try:
            count = await self._context.on_engine(lambda: provider.count(after, draft))
        except TuiError as error:
            self._context.notify(error.sentences)
            return
        self._counted = Counted(draft, after, model, count)
        self._estimate = self._estimated()
        self._ports.show_hints()

    def hints(self) -> Sequence[Hint]:
        """Say beside "send" what sending takes; while reading, only what the user asked for."""
        is_reading = self._ports.layout().is_reading
        if self._context.current().running or self._estimate is None or (is_reading and not self._count_holds):
            return ()
        text = self._estimate_text(self._estimate)
        if is_reading:
            return (Hint("estimate", text, -1),)
        return (Hint("send", f"{self._context.key_of('send')} send {text}", -1),)

    def _estimate_text(self, coming: Estimate) -> str:
        count, cost = figures.tokens(coming.tokens), figures.money(coming.bill.cost_usd if coming.bill else None)
        about = "" if coming.exact else "~"
        if not coming.fits:
            return f"{about}{count} tokens exceed the context window of {figures.tokens(coming.context)}"
        why = f" ({_LOSERS[coming.invalidated_by]})" if coming.invalidated_by else ""
        split = f", {figures.percent(coming.usage.hit_rate)} cached{why}" if coming.warm or why else ""
        counted = f" ({self._counted.tokens:,} counted)" if self._counted and self._count_holds else ""
        return f"{about}{count} tok{counted}{split}, {cost}"

    @property
    def _count_holds(self) -> bool:
        counted, session = self._counted, self._context.current()
        return counted is not None and counted[:3] == (
            self._ports.draft(),
            session.base,
            self._context.provider.model.id,
        )

    # Other models

    def switches(self) -> tuple[ModelSwitch, ...]:
        """Return what going on with each model would cost; nothing before the first answer."""
        session, provider = self._context.current(), self._context.provider
        if all(message.usage == Usage() for message in session.transcript.messages):
            return ()
        return price_switch(
            session.transcript,
            provider.models(),
            session.turns.now(),
            draft=self._ports.draft(),
            settings=self._request_settings,
        )


def _is_empty(draft: Draft) -> bool:
    return not (draft.text.strip() or draft.attachments)


def _as_asked(session: ChatSession, transcript: Transcript, at: int) -> Transcript:
    """Return what the answer at that index was asked for with: the restored settings go before what was changed since."""
    kept = session.restored
    if kept is not None and at < len(kept.messages) and kept.messages[at].at == transcript.messages[at].at:
        transcript = kept
    return replace(transcript, messages=transcript.messages[:at])
