"""Warm or cold: until when the prompt cache keeps what a chat wrote, and for how long the next request is to write.

An entry lives five minutes or an hour from the start of the request that wrote or last read it. Source: Anthropic's page on
prompt caching. The messages hold all there is to know: when each request began, and what it wrote and read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from tui.chat.ledger import Lifetime, Usage
from tui.chat.model import Model
from tui.chat.transcript import Message, Transcript

LIFETIME_S: dict[Lifetime, float] = {"5m": 300.0, "1h": 3600.0}


class Warmth(msgspec.Struct, frozen=True, kw_only=True):
    """What of a chat a model has in its cache, and until when."""

    model: str = ""
    tokens: int = 0
    """Of the prefix that a next request can read."""
    since: float = 0.0
    """When the request began that wrote or read it, in seconds since the epoch."""
    lifetime: Lifetime = "5m"

    @property
    def until(self) -> float:
        return self.since + LIFETIME_S[self.lifetime]

    def left_s(self, now: float) -> float:
        """Seconds to the expiry; 0 once it is cold."""
        return max(0.0, self.until - now) if self.tokens else 0.0

    def is_warm(self, now: float) -> bool:
        return self.left_s(now) > 0


COLD = Warmth()
"""Nothing is in the cache, and nothing was."""


def expiry(transcript: Transcript, model: str = "") -> Warmth:
    """What the model (by default the one that answered last) keeps of this chat. It may be cold already: ask with a time."""
    lifetime: Lifetime | None = None
    latest: Message | None = None
    for message in reversed(transcript.messages):
        if message.role != "assistant" or message.usage == Usage():
            continue
        model = model or message.model
        if message.model != model:
            continue
        latest = latest or message
        lifetime = _written_for(message.usage)
        if lifetime is not None or not message.usage.cache_read_input_tokens:
            break
    if latest is None or not (tokens := cached_tokens(latest.usage)):
        return COLD
    return Warmth(model=model, tokens=tokens, since=latest.at, lifetime=lifetime or "5m")


def cached_tokens(usage: Usage) -> int:
    """The length of the prefix that is in the cache after this request."""
    return usage.cache_read_input_tokens + usage.cache_creation_input_tokens


def lifetime_for(transcript: Transcript, model: Model) -> Lifetime:
    """For how long the next request of this chat is to write.

    An hour costs more to write, and saves writing it all again after a pause. Nobody knows the pauses to come, so those of
    the past decide: an hour, once it would have saved more in this chat than it costs to write the chat that way.
    """
    price = model.price_for(0)
    asked = [message for message in _answers(transcript) if message.model == model.id]
    if price is None or not asked:
        return "5m"
    paid_5m = asked[0].usage.total_input * price.write_5m
    paid_1h = asked[0].usage.total_input * price.write_1h
    for one, next_one in pairwise(asked):
        kept, pause_s = one.usage.total_input, next_one.at - one.at
        new = max(0, next_one.usage.total_input - kept)
        paid_5m += new * price.write_5m + kept * (price.read if pause_s < LIFETIME_S["5m"] else price.write_5m)
        paid_1h += new * price.write_1h + kept * (price.read if pause_s < LIFETIME_S["1h"] else price.write_1h)
    premium = asked[-1].usage.total_input * (price.write_1h - price.write_5m)
    return "1h" if paid_5m - paid_1h > premium else "5m"


def _answers(transcript: Transcript) -> Iterator[Message]:
    """The answers that say what they used."""
    return (message for message in transcript.messages if message.role == "assistant" and message.usage.total_input)


def _written_for(usage: Usage) -> Lifetime | None:
    """The lifetime of what a request wrote last; None where it wrote nothing."""
    if not usage.cache_creation_input_tokens:
        return None
    return "1h" if usage.write_1h >= usage.cache_creation_input_tokens else "5m"
