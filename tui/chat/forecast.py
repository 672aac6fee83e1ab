"""Estimate the next request before it is sent: its tokens, what the cache reads and writes, and the price.

The usage of the last answer is exact, so only what came after it is estimated. That is fast enough to run on every key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from tui.chat.cache_state import cache_state, prefix_hash, settings_changed
from tui.chat.ledger import Bill, Lifetime, Usage, bill
from tui.chat.model import Model
from tui.chat.thinking import is_thinking
from tui.chat.tokens import (
    MANY_IMAGES,
    block_tokens,
    downscaled,
    image_tokens,
    marker_count,
    max_images,
    message_tokens,
    prompt_tokens,
    text_tokens,
)
from tui.chat.transcript import Block, Draft, Image, Message, ToolResult, Transcript

NO_DRAFT = Draft(text="")
_MARKED = Image("", "")
"""Stands for an image marker in the text of a prompt, whose size is unknown until it is sent."""

Invalidation = Literal["", "first_image", "many_images"]
"""What invalidates the cache of the messages: the first image of a chat, or so many images that earlier ones are shrunk."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The estimated next request."""

    usage: Usage
    """Usage of its input alone; the length of the answer is unknown."""
    bill: Bill | None
    """Price of its input alone, or None if the model's price is unknown."""
    warm: bool
    """True if part of it will be read from the cache."""
    exact: bool
    """True if it is based on the provider's own count for this chat and model."""
    context: int
    """Input window of the model, in tokens."""
    invalidated_by: Invalidation = ""
    """Why images invalidate the cached messages, or ""."""

    @property
    def tokens(self) -> int:
        """Input tokens of the request."""
        return self.usage.total_input

    @property
    def filled(self) -> float:
        """Share of the context window that the request takes; above 1 it does not fit."""
        return self.tokens / self.context if self.context else 0.0

    @property
    def fits(self) -> bool:
        """True if the request fits into the context window."""
        return self.tokens <= self.context


Unsupported = Literal["thinking", "images", "tools"]
"""What a model cannot use of a chat: thinking of another model, images without vision, tools without tool support."""


class ModelSwitch(msgspec.Struct, frozen=True, kw_only=True):
    """What it means to continue this chat with a model."""

    model: Model
    is_current: bool
    """True for the model that answered last."""
    next_turn: Estimate
    """The next request to this model, with what its cache holds."""
    later_usd: float | None
    """Estimated input cost of a later turn, with a warm cache; None if unknown."""
    break_even_turns: int | None
    """Number of turns after which the switch is cheaper than staying, answers included. 1 means at once, None never or
    unknown.
    """
    unsupported: tuple[Unsupported, ...] = ()
    unavailable: str = ""
    """Why the model cannot answer this chat, in one sentence, or ""."""


MAX_BREAK_EVEN_TURNS = 100
"""A switch that needs more turns than this to break even is reported as never breaking even."""


def estimate(
    transcript: Transcript, draft: Draft, model: Model, now: float, *, settings: str = "", lifetime: Lifetime = "5m"
) -> Estimate:
    """Estimate what sending the draft now would use. With an empty draft, estimate the chat as it is.

    `settings` is the thinking mode and effort of the request; "" means unchanged. `lifetime` is the lifetime of new cache
    entries.
    """
    transcript = transcript.for_model(model)
    at, known = _last_count(transcript, model)
    new = sum(message_tokens(message, model) for message in transcript.messages[at:]) + _draft_tokens(draft, model)
    before, after = list(_images(transcript.messages[:at])), [*_images(transcript.messages[at:]), *_attached(draft)]
    new -= sum(_saved_tokens(image, model) for image in _newly_downscaled(before, after))
    total = math.ceil((prefix_tokens(transcript, model) if known is None else known) + new)
    warm, loser = cache_state(transcript, model.id, now), _invalidation(before, after)
    is_lost = bool(loser) or settings_changed(transcript, model.id, settings)
    lost = cached_messages_loss(transcript, model, now).tokens if is_lost else 0
    read = min(total, warm.tokens - lost if warm.is_warm(now) else 0)
    rest = total - read
    is_kept = total >= model.min_cache
    usage = Usage(
        input_tokens=0 if is_kept else rest,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=rest if is_kept else 0,
        write_5m=rest if is_kept and lifetime == "5m" else 0,
        write_1h=rest if is_kept and lifetime == "1h" else 0,
    )
    since = transcript.messages[at:]
    exact = known is not None and transcript.messages[at - 1].is_counted and all(one.role == "user" for one in since)
    return Estimate(
        usage=usage,
        bill=bill(usage, model),
        warm=read > 0,
        exact=exact,
        context=model.context,
        invalidated_by=loser if lost else "",
    )


def price_switch(
    transcript: Transcript,
    models: Sequence[Model],
    now: float,
    *,
    draft: Draft = NO_DRAFT,
    settings: Callable[[Model], str] = lambda model: "",
) -> tuple[ModelSwitch, ...]:
    """Return one row per model, in the given order: the next turn, later turns, and when a switch breaks even.

    Future turns are assumed to be like the average turn so far: as much new input, and as long an answer. `settings` returns
    the thinking mode and effort that a model would be asked with.
    """
    last = next((one for one in reversed(transcript.messages) if one.role == "assistant" and one.model), None)
    current = next((model for model in models if last is not None and model.id == last.model), None)
    average = _average_turn(transcript, current)
    stay = _project(transcript, current, now, draft, settings(current), average) if current is not None else None
    rows: list[ModelSwitch] = []
    for model in models:
        projection = _project(transcript, model, now, draft, settings(model), average)
        is_current = current is not None and model.id == current.id
        rows.append(
            ModelSwitch(
                model=model,
                is_current=is_current,
                next_turn=projection.next_turn,
                later_usd=projection.later_input_usd,
                break_even_turns=None if is_current or stay is None else _break_even(projection, stay),
                unsupported=_drops(transcript, model),
                unavailable=_refusal(transcript, draft, projection.next_turn, model),
            )
        )
    return tuple(rows)


# The size of the next request


def _last_count(transcript: Transcript, model: Model) -> tuple[int, float | None]:
    """Return the provider's last count for this model, its answer included, and how many messages it covers."""
    begins_now = prefix_hash(transcript)
    for at in range(len(transcript.messages) - 1, -1, -1):
        message = transcript.messages[at]
        counts = message.model == model.id and message.prefix in ("", begins_now)
        if message.role == "assistant" and counts and message.usage.total_input:
            return at + 1, message.usage.total_input + message.usage.output_tokens
    return 0, None


def prefix_tokens(transcript: Transcript, model: Model) -> float:
    """Estimate the tokens of the tools and the system prompt."""
    tools = "".join(tool.name + tool.description + tool.input_schema + tool.server for tool in transcript.tools)
    return text_tokens(transcript.system, model) + text_tokens(tools, model)


def _draft_tokens(draft: Draft, model: Model) -> float:
    return prompt_tokens(draft.text, model) + sum(block_tokens(block, model) for block in draft.attachments)


def _newly_downscaled(before: Sequence[Image], after: Sequence[Image]) -> Sequence[Image]:
    """Return the images that are shrunk because there are so many, without those that were shrunk already at the last
    count.
    """
    if not after or len(before) + len(after) <= MANY_IMAGES:
        return ()
    return after if len(before) > MANY_IMAGES else (*before, *after)


def _saved_tokens(image: Image, model: Model) -> int:
    """Return how many tokens an image saves by being shrunk."""
    sent = downscaled(image)
    return image_tokens(image.width, image.height, model) - image_tokens(sent.width, sent.height, model)


def _invalidation(before: Sequence[Image], after: Sequence[Image]) -> Invalidation:
    """Return how the new images affect the cache."""
    if not after:
        return ""
    if not before:
        return "first_image"
    are_shrunk = len(before) <= MANY_IMAGES < len(before) + len(after) and any(
        downscaled(one) is not one for one in before
    )
    return "many_images" if are_shrunk else ""


class CacheLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The cache that the next turn loses when the cached messages are invalidated, but tools and system prompt are not.

    A first image does that, and so does a change of thinking or effort. Source: Anthropic, prompt caching. With some models
    the latter invalidates everything; the page does not say which.
    """

    tokens: int = 0
    """Tokens that the next turn writes again instead of reading them."""
    written_usd: float | None = None
    """What writing them costs, or None if the price is unknown."""
    read_usd: float | None = None
    """What reading them would have cost, or None if the price is unknown."""


def cached_messages_loss(transcript: Transcript, model: Model, now: float, lifetime: Lifetime = "5m") -> CacheLoss:
    """Return what would be lost of the cached messages; nothing if the cache is cold. `lifetime` applies to the new
    entries.
    """
    transcript = transcript.for_model(model)
    warm = cache_state(transcript, model.id, now)
    prefix = math.floor(prefix_tokens(transcript, model))
    lost = warm.tokens - (prefix if prefix >= model.min_cache else 0)
    if lost <= 0 or not warm.is_warm(now):
        return CacheLoss()
    hour = lost if lifetime == "1h" else 0
    written = bill(Usage(cache_creation_input_tokens=lost, write_1h=hour, write_5m=lost - hour), model)
    read = bill(Usage(cache_read_input_tokens=lost), model)
    return CacheLoss(
        tokens=lost,
        written_usd=written.cost_usd if written else None,
        read_usd=read.cost_usd if read else None,
    )


# The future of a chat with one model or another


class _AverageTurn(msgspec.Struct, frozen=True, kw_only=True):
    """An average turn of this chat, in tokens of the model that counted them."""

    new_input: float
    output: float
    tokens_per_char: float


class _Projection(msgspec.Struct, frozen=True, kw_only=True):
    """What continuing with a model costs: the next turn, and each later one. None without a price."""

    next_turn: Estimate
    first_usd: float | None
    later_usd: float | None
    later_input_usd: float | None


def _average_turn(transcript: Transcript, current: Model | None) -> _AverageTurn:
    factor = current.tokens_per_char if current is not None else 0.0
    answers = [one for one in transcript.messages if one.role == "assistant" and one.usage.total_input]
    if not answers:
        return _AverageTurn(new_input=100, output=400, tokens_per_char=factor)
    # The growth of the input, without the answers themselves, comes from the user and the tools.
    grown = answers[-1].usage.total_input - answers[0].usage.total_input
    answered = sum(one.usage.output_tokens for one in answers[:-1])
    return _AverageTurn(
        new_input=max(0, grown - answered) / max(1, len(answers) - 1),
        output=sum(one.usage.output_tokens for one in answers) / len(answers),
        tokens_per_char=factor,
    )


def _project(
    transcript: Transcript, model: Model, now: float, draft: Draft, settings: str, average: _AverageTurn
) -> _Projection:
    coming = estimate(transcript, draft, model, now, settings=settings)
    scale = model.tokens_per_char / average.tokens_per_char if average.tokens_per_char else 1.0
    answer = Usage(output_tokens=round(average.output * scale))
    new = round((average.new_input + average.output) * scale)
    if coming.tokens >= model.min_cache:
        later = Usage(cache_read_input_tokens=coming.tokens, cache_creation_input_tokens=new)
    else:
        later = Usage(input_tokens=coming.tokens + new)
    return _Projection(
        next_turn=coming,
        first_usd=_usd(coming.usage + answer, model),
        later_usd=_usd(later + answer, model),
        later_input_usd=_usd(later, model),
    )


def _usd(usage: Usage, model: Model) -> float | None:
    paid = bill(usage, model)
    return None if paid is None else paid.cost_usd


def _break_even(switch: _Projection, stay: _Projection) -> int | None:
    """Return after how many turns the switch is cheaper: its first turn is expensive, and later ones have to compensate."""
    if switch.first_usd is None or stay.first_usd is None or switch.later_usd is None or stay.later_usd is None:
        return None
    behind = switch.first_usd - stay.first_usd
    if behind < 0:
        return 1
    gain = stay.later_usd - switch.later_usd
    if gain <= 0:
        return None
    turns = math.floor(behind / gain) + 2
    return turns if turns <= MAX_BREAK_EVEN_TURNS else None


def _drops(transcript: Transcript, model: Model) -> tuple[Unsupported, ...]:
    foreign = any(
        is_thinking(block) for message in transcript.messages if message.model != model.id for block in message.blocks
    )
    unsupported: list[Unsupported] = []
    if foreign:
        unsupported.append("thinking")
    if not model.vision and has_images(transcript):
        unsupported.append("images")
    if not model.tools and transcript.tools:
        unsupported.append("tools")
    return tuple(unsupported)


def _refusal(transcript: Transcript, draft: Draft, coming: Estimate, model: Model) -> str:
    if model.lifecycle == "retired":
        return f"{model.name} was retired{f' on {model.retires}' if model.retires else ''}."
    if not coming.fits:
        return f"{model.name} accepts {model.context:,} tokens, and this chat has about {coming.tokens:,}."
    limit = max_images(model)
    count, new = image_count(transcript), len(_attached(draft))
    if model.vision and count + new > limit:
        holder = "with this prompt the chat has" if new else "this chat has"
        return f"{model.name} accepts {limit} images in one request, and {holder} {count + new}."
    return ""


def has_images(transcript: Transcript) -> bool:
    """True if the conversation has images that are sent."""
    return any(_images(transcript.messages))


def image_count(transcript: Transcript, draft: Draft = NO_DRAFT) -> int:
    """Count the images that are sent with this chat and the draft."""
    return sum(1 for _ in _images(transcript.messages)) + len(_attached(draft))


def _images(messages: Sequence[Message]) -> Iterator[Image]:
    """Iterate over the images that are sent."""
    for message in messages:
        for block in message.blocks:
            inner: tuple[Block, ...] = block.content if isinstance(block, ToolResult) else (block,)
            yield from (one for one in inner if isinstance(one, Image) and not one.quarantined)


def _attached(draft: Draft) -> list[Image]:
    """Return the images of a draft: attachments, and a stand-in for each marker in its text."""
    attached = [block for block in draft.attachments if isinstance(block, Image) and not block.quarantined]
    return [*attached, *[_MARKED] * marker_count(draft.text)]
