"""What a chat costs and what the cache keeps of it: warm or cold, why a request missed, what the next one takes."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from msgspec.structs import replace
from textual.timer import Timer

from tui.chat.events import Settled, TurnEvent
from tui.chat.exchange import Exchange
from tui.chat.forecast import NO_DRAFT, Estimate, Loser, Switch, estimate, price_switch
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.chat.reasoning import manner
from tui.chat.tokens import MANY
from tui.chat.transcript import Draft, Message, Transcript
from tui.chat.warmth import COLD, Warmth, asked_otherwise, cached_tokens, expiry, lifetime_for
from tui.errors import TuiError
from tui.render import figures
from tui.screens.sharing import SharingScreen
from tui.widgets.status import StatusBar
from tui.widgets.workers import later

_PAUSE_S = 0.25
"""How long nothing is typed before the next request is estimated: no key waits for that."""
_WIDE = 100
"""Columns from which on the status has room for tokens and money of the next request."""
_ROOMY = 10
"""Rows of the conversation from which on there is room to say what has cost nothing."""
_LOSERS: dict[Loser, str] = {"first_image": "first picture", "many_images": f"over {MANY} pictures"}
"""Why so little of the next request is cached, in the fewest words."""
_EDGES = 9
"""Cells of the line of hints that are taken by the border of the box and the margins."""


class Counted(NamedTuple):
    """What the server said of a prompt. Other words, or another chat or model, and it no longer holds."""

    draft: Draft
    after: Transcript
    model: str
    tokens: int


class CostScreen(SharingScreen):
    _ticking: Timer | None = None
    _estimating: Timer | None = None
    _estimate: Estimate | None = None
    _counted: Counted | None = None
    _read_before: Exchange | None = None
    """The latest request of this chat of which the usage is known."""

    # The map

    def action_cache_map(self) -> None:
        exchange = self._latest_exchange()
        if exchange is None:
            self.prompt.say("nothing was sent yet: there is no request to show")
            return
        from tui.screens.cache_map import CacheScreen, Standing  # not needed for the first paint

        session = self.talk.session
        standing = Standing(
            exchange=exchange,
            transcript=session.transcript,
            written_off=session.written_off,
            warmth=self._warmth(),
            coming=self.coming(NO_DRAFT, session.transcript),
            now=session.now(),
            days=self.store.days() if self.is_ready else None,
            spent=self.store.spent(self.chat_id) if self.is_ready else None,
        )
        self.app.push_screen(CacheScreen(self.provider, standing))

    def _latest_exchange(self) -> Exchange | None:
        """The last request with its answer; of a chat that was restored, built once more."""
        exchange = self.talk.exchange
        if exchange is not None and exchange.answer is not None and exchange.answer.usage != Usage():
            return exchange
        return self._rebuilt(self.talk.session.transcript)

    def _rebuilt(self, transcript: Transcript) -> Exchange | None:
        for at in range(len(transcript.messages) - 1, -1, -1):
            answer = transcript.messages[at]
            if answer.role == "assistant" and answer.usage != Usage():
                return Exchange(body=self.provider.body(self._as_asked(transcript, at), answer), answer=answer)
        return None

    def _as_asked(self, transcript: Transcript, at: int) -> Transcript:
        """What the answer at that place was asked for with: what was taken up goes before what was changed since."""
        kept = self.talk.taken_up
        if kept is not None and at < len(kept.messages) and kept.messages[at].at == transcript.messages[at].at:
            transcript = kept
        return replace(transcript, messages=transcript.messages[:at])

    # Why a request missed

    def _take(self, event: TurnEvent) -> None:
        super()._take(event)
        if isinstance(event, Settled):
            self._explain(event.message)

    def _explain(self, answer: Message) -> None:
        """Says under the answer why less was read than the request before had left in the cache."""
        exchange = self.talk.exchange
        if exchange is None or answer.usage == Usage():
            return
        transcript, known = self.talk.session.transcript, self._read_before
        self._read_before = exchange
        earlier = [one for one in transcript.messages[:-1] if one.role == "assistant" and one.usage != Usage()]
        if not earlier:
            if answer.state != "complete":  # there is enough to be said of it
                return
            before = None
        elif cached_tokens(earlier[-1].usage) <= answer.usage.cache_read_input_tokens:
            return  # it read all that there was
        elif known is not None and known.answer == earlier[-1]:
            before = known
        else:
            before = self._rebuilt(replace(transcript, messages=transcript.messages[:-1]))
        miss = self.provider.miss(before, exchange)
        if miss is None or (miss.kind == "too_short" and self.conversation.size.height < _ROOMY):
            return  # what costs nothing does not take a small screen from the answer
        self.conversation.note(miss.text)

    # Warm or cold

    def show_standing(self) -> None:
        super().show_standing()
        self._show_warmth()

    def _show_warmth(self) -> None:
        """Says in the status how long the cache keeps this chat; once it is cold, what the next request costs."""
        transcript, warmth = self.talk.session.transcript, self._warmth()
        left_s = warmth.left_s(self.talk.session.now())
        bar = self.query_one(StatusBar)
        bar.is_warm = left_s > 0
        bar.warmth = self._warm_text(warmth, left_s) if left_s else self._cold_text(transcript)
        self._tick(left_s)

    def _warmth(self) -> Warmth:
        """What the next request finds of this chat in the cache; after a change of thinking or effort, none of it."""
        session, model = self.talk.session, self.provider.model
        if asked_otherwise(session.transcript, model.id, self._manner(model)):
            return COLD
        return expiry(session.transcript, model.id, session.now())

    def _warm_text(self, warmth: Warmth, left_s: float) -> str:
        if self.app.animation_level == "none":  # nothing that counts
            return f"warm to {time.strftime('%H:%M', time.localtime(warmth.until))}"
        return f"warm {figures.clock(min(left_s, 3_599)):>5}"  # of the hour, the first second would be wider

    def _cold_text(self, transcript: Transcript) -> str:
        if all(message.usage == Usage() for message in transcript.messages):
            return ""
        coming = self.coming(NO_DRAFT, transcript)
        if not coming.usage.cache_creation_input_tokens or coming.bill is None:
            return ""
        written = (
            f"writes {figures.tokens(coming.usage.cache_creation_input_tokens)}, " if self.size.width >= _WIDE else ""
        )
        return f"cold · next {written}{figures.money(coming.bill.cost_usd)}"

    def _tick(self, left_s: float) -> None:
        """Counts each second while it is warm, and not at all once it is cold."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if left_s:
            still = self.app.animation_level == "none"
            self._ticking = self.set_timer(left_s if still else min(1.0, left_s), self._show_warmth)

    # Before sending

    def on_attachments_changed(self) -> None:
        self.on_text_area_changed()

    def on_text_area_changed(self) -> None:
        if self.prompt.has_nothing and self._estimate is not None:
            self._estimate = None
            if not self.prompt.is_saying:
                self.show_hints()
        if self._estimating is not None:
            self._estimating.stop()
        self._estimating = self.set_timer(_PAUSE_S, self._show_estimate)

    def show_model(self) -> None:
        """Of another chat, model or set of tools: what is written costs something else from now on."""
        super().show_model()
        if self._estimate is not None:
            self._estimate = self._estimated()
            if not self.prompt.is_saying:
                self.show_hints()

    def _show_estimate(self) -> None:
        coming = self._estimated()
        if coming != self._estimate and not self.prompt.is_saying:
            self._estimate = coming
            self.show_hints()

    def _estimated(self) -> Estimate | None:
        """What sending what is written now would take; None where it is nothing to be sent."""
        draft = self.draft()
        is_prompt = bool(draft.text.strip() or draft.attachments) and not self.prompt.holds_command
        return self.coming(draft, self.sent_after) if is_prompt and not self.talk.running else None

    def draft(self) -> Draft:
        """What is being written, as it would be sent."""
        return Draft(text=self.prompt.full_text, attachments=self.prompt.attachments.blocks)

    @property
    def sent_after(self) -> Transcript:
        """What the prompt in the box would be sent after: the chat, or what an edit leaves of it."""
        if self.is_ready:
            self.talk.session.equip()  # a chat that begins sends its tools, too
        transcript = self.talk.session.transcript
        if self.editing is None:
            return transcript
        return replace(transcript, messages=transcript.messages[: self.editing.prompt])

    def coming(self, draft: Draft, after: Transcript) -> Estimate:
        """What sending that would take."""
        model, now = self.provider.model, self.talk.session.now()
        how = self._manner(model)
        return estimate(after, draft, model, now, manner=how, lifetime=lifetime_for(after, model, now, manner=how))

    def _manner(self, model: Model) -> str:
        """With which thinking and effort that model would be asked."""
        return manner(model, self.provider.reasoning)

    def action_count(self) -> None:
        """Has the server count what is written, with all that would be sent along. It costs nothing."""
        draft = self.draft()
        if self.prompt.has_nothing:
            self.prompt.say(f"nothing is written yet: {self.key_of('count')} counts what would be sent")
        elif self.provider.obstacle is not None:
            self.prompt.say(self.provider.obstacle.message)
        else:
            self.prompt.say("counting …", lasting=True)
            self.run_worker(later(self._count_prompt, draft, self.sent_after), group="count", exclusive=True)

    async def _count_prompt(self, draft: Draft, after: Transcript) -> None:
        model = self.provider.model.id
        try:
            count = await asyncio.wrap_future(self._engine.submit(lambda: self.provider.count(after, draft)))
        except TuiError as error:
            self.prompt.say(error.sentences)
            return
        self._counted = Counted(draft, after, model, count)
        self._estimate = self._estimated()
        self.show_hints()

    def hint_words(self) -> list[str]:
        words = super().hint_words()
        reads = self.conversation.has_focus
        if self.talk.running or self._estimate is None or (reads and not self._count_holds):
            return words
        coming = self._estimate_text(self._estimate)
        shown = [coming if reads else f"{words.pop(0)} {coming}"]
        for word in words:
            if sum(map(len, (*shown, word))) + 2 * len(shown) > self.size.width - _EDGES:
                break
            shown.append(word)
        return shown

    def _estimate_text(self, coming: Estimate) -> str:
        count, cost = figures.tokens(coming.tokens), figures.money(coming.bill.cost_usd if coming.bill else None)
        about = "" if coming.exact else "~"
        if not coming.fits:
            return f"{about}{count} tokens: more than the window of {figures.tokens(coming.context)}"
        why = f" ({_LOSERS[coming.loses]})" if coming.loses else ""
        split = f", {figures.percent(coming.usage.hit_rate)} cached{why}" if coming.warm or why else ""
        counted = f" ({self._counted.tokens:,} counted)" if self._counted and self._count_holds else ""
        return f"{about}{count} tok{counted}{split}, {cost}"

    @property
    def _count_holds(self) -> bool:
        counted = self._counted
        return counted is not None and counted[:3] == (self.draft(), self.sent_after, self.provider.model.id)

    # Other models

    def switches(self) -> tuple[Switch, ...]:
        """What going on with each model would cost; nothing before the first answer."""
        session = self.talk.session
        if all(message.usage == Usage() for message in session.transcript.messages):
            return ()
        return price_switch(
            session.transcript, self.provider.models(), session.now(), draft=self.draft(), manner=self._manner
        )
