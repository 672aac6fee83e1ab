"""The state of the prompt cache: until when it keeps what a chat wrote, and which lifetime the next request should use.

An entry lives for five minutes or an hour from the start of the request that wrote or last read it. Source: Anthropic,
prompt caching. The messages hold everything needed: when each request began, and what it wrote and read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, pairwise

import msgspec

from tui.chat.ledger import Lifetime, Usage, bill
from tui.chat.model import Model
from tui.chat.tokens import message_tokens
from tui.chat.transcript import Image, Message, ToolResult, Transcript

LIFETIME_S: dict[Lifetime, float] = {"5m": 300.0, "1h": 3600.0}
_REMEMBERED = 64
"""The most requests that are examined for entries that are still warm."""
_ASSUMED_REQUESTS = 0.6
"""Assumed earlier requests without a pause: a few pauses say little about those to come."""
_MAX_EXTRA_SHARE = 0.07
"""The largest share of all costs that one-hour writes may add."""


def prefix_hash(transcript: Transcript) -> str:
    """Return a short hash of the tools and the system prompt. With another hash, nothing of the chat is in the cache."""
    tools = [(tool.name, tool.description, tool.input_schema, tool.server) for tool in transcript.tools]
    digest = hashlib.blake2b(digest_size=6)
    for text in (transcript.system, *chain.from_iterable(tools)):
        digest.update(text.encode(errors="replace") + b"\0")
    return digest.hexdigest()


class CacheState(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's cache holds of a chat, and until when."""

    model: str = ""
    tokens: int = 0
    """Length of the prefix that the next request can read."""
    since: float = 0.0
    """Start of the request that wrote or read it, in seconds since the epoch."""
    lifetime: Lifetime = "5m"

    @property
    def until(self) -> float:
        """Time of the expiry, in seconds since the epoch."""
        return self.since + LIFETIME_S[self.lifetime]

    def left_s(self, now: float) -> float:
        """Return the seconds until it expires; 0 if it is cold."""
        return max(0.0, self.until - now) if self.tokens else 0.0

    def is_warm(self, now: float) -> bool:
        """True if the cache has not expired at that time."""
        return self.left_s(now) > 0


COLD = CacheState()
"""Nothing is in the cache."""


def cache_state(transcript: Transcript, model: str = "", now: float | None = None) -> CacheState:
    """Return the longest warm prefix that the model (by default the last one that answered) has cached of this chat.

    One-hour entries outlive five-minute entries added to them. If all are cold, or without `now`, return what the last
    request left, which may be cold.
    """
    kept = _kept(transcript, model)
    warm = [one for one in kept if now is not None and one.is_warm(now)]
    return max(warm, key=lambda one: one.tokens, default=kept[-1] if kept else COLD)


def _kept(transcript: Transcript, model: str = "") -> tuple[CacheState, ...]:
    """Return every prefix that the model wrote lately, with its last use, up to what the last request left."""
    answers: list[Message] = []
    begins_now = prefix_hash(transcript)
    for message in _latest_answers(transcript):
        model = model or message.model
        if message.model == model and message.prefix in ("", begins_now):
            answers.append(message)
        if len(answers) == _REMEMBERED:
            break
    if not answers or not cached_tokens(answers[0].usage):
        return ()
    kept: dict[int, CacheState] = {}
    for message in reversed(answers):
        read = message.usage.cache_read_input_tokens
        # What a request could have read and did not is gone, whatever its age.
        kept = {tokens: one for tokens, one in kept.items() if tokens <= read}
        for one in _touched(message, kept.values()):
            kept.pop(one.tokens, None)
            kept[one.tokens] = one
    return tuple(kept.values())


def _touched(answer: Message, kept: Collection[CacheState]) -> Iterator[CacheState]:
    """Yield what a request read, which keeps the lifetime that it was written with, and what it wrote."""
    usage = answer.usage
    read, hour = usage.cache_read_input_tokens, usage.write_1h
    if read:
        known = min(kept, key=lambda one: abs(one.tokens - read), default=COLD)
        yield CacheState(model=answer.model, tokens=read, since=answer.at, lifetime=known.lifetime)
    if hour:
        yield CacheState(model=answer.model, tokens=read + hour, since=answer.at, lifetime="1h")
    if usage.cache_creation_input_tokens > hour:
        yield CacheState(model=answer.model, tokens=cached_tokens(usage), since=answer.at, lifetime="5m")


def cached_tokens(usage: Usage) -> int:
    """Return the length of the prefix that is cached after this request."""
    return usage.cache_read_input_tokens + usage.cache_creation_input_tokens


def settings_changed(transcript: Transcript, model: str, settings: str) -> bool:
    """True if the last request to the model had other thinking or effort settings: then no cached message is found.

    `settings` holds the settings of the next request. Source: Anthropic, prompt caching.
    """
    last = next((one for one in _latest_answers(transcript) if one.model == model), None)
    return last is not None and bool(last.settings) and bool(settings) and last.settings != settings


def lifetime_for(transcript: Transcript, model: Model, now: float | None = None, *, settings: str = "") -> Lifetime:
    """Return the cache lifetime that the next request should write with. `now` is its start; by default, that of the last
    message.

    One-hour entries cost more to write, and save writing the whole chat again after a pause of more than five minutes.
    Pauses are assumed to be as frequent as they were so far, so a new chat and one without such a pause use five minutes.
    After a pause an hour is chosen once little is new: only that is written, and its breakpoint keeps everything before it.

    The risk is limited: what one-hour writes have cost beyond five-minute ones, this request included, stays a small share
    of what the model has cost in this chat. `settings` holds the settings of the next request.
    """
    transcript = transcript.for_model(model)
    answers = list(_latest_answers(transcript))[::-1]
    begins = transcript.messages[-1].at if now is None and answers else now or 0.0
    chance = _chance_of_pause([*(answer.at for answer in answers), begins])
    if not chance:
        return "5m"
    size = _next_size(transcript, model)
    price = model.price_for(round(size))
    if price is None:
        return "5m"
    is_lost = _brings_first_image(transcript) or settings_changed(transcript, model.id, settings)
    kept = () if is_lost else _kept(transcript, model.id)
    warm = [one for one in kept if one.is_warm(begins)]
    read = max((one.tokens for one in warm), default=0)
    new = max(0.0, size - read)
    at_stake = size - max((one.tokens for one in warm if one.lifetime == "1h"), default=0)
    extra = new * (price.write_1h - price.write_5m)
    if chance * at_stake * (price.write_5m - price.read) <= extra:
        return "5m"
    paid, of_it_extra = _paid(answers, model)
    paid += read * price.read + new * price.write_5m
    return "1h" if of_it_extra + extra <= _MAX_EXTRA_SHARE * paid else "5m"


def _chance_of_pause(times: Sequence[float]) -> float:
    """Return the share of requests that came after a pause longer than five minutes and shorter than an hour."""
    pauses = [after - before for before, after in pairwise(times)]
    return sum(LIFETIME_S["5m"] <= pause < LIFETIME_S["1h"] for pause in pauses) / (len(pauses) + _ASSUMED_REQUESTS)


def _paid(answers: Sequence[Message], model: Model) -> tuple[float, float]:
    """Return what the model's answers cost, and how much of that was extra for one-hour writes, in millionths of a
    dollar.
    """
    paid = extra = 0.0
    for answer in answers:
        price = model.price_for(answer.usage.total_input)
        whole = bill(answer.usage, model)
        if answer.model == model.id and price is not None and whole is not None:
            paid += whole.cost_usd * 1e6
            extra += answer.usage.write_1h * (price.write_1h - price.write_5m)
    return paid, extra


def _brings_first_image(transcript: Transcript) -> bool:
    """True if the next request has images and the one before had none, which invalidates all cached messages."""
    messages = transcript.messages
    since = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == "assistant"), -1) + 1
    return _any_image(messages[since:]) and not _any_image(messages[:since])


def _any_image(messages: Sequence[Message]) -> bool:
    return any(
        isinstance(one, Image)
        for message in messages
        for block in message.blocks
        for one in (block.content if isinstance(block, ToolResult) else (block,))
    )


def _next_size(transcript: Transcript, model: Model) -> float:
    """Estimate the tokens of the next request."""
    tokens = 0.0
    for message in reversed(transcript.messages):
        if message.role == "assistant" and message.model == model.id and message.usage.total_input:
            return tokens + message.usage.total_input + message.usage.output_tokens
        tokens += message_tokens(message, model)
    return tokens


def _latest_answers(transcript: Transcript) -> Iterator[Message]:
    """Iterate over the answers with usage, latest first."""
    for message in reversed(transcript.messages):
        if message.role == "assistant" and message.usage.total_input:
            yield message
