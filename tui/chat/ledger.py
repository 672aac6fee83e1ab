"""Tokens and money of one request or a sum of them: what it used, what it cost, and what the cache saved. Pure.

`spending` groups requests by chat, day and model.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from tui.chat.model import Model

Lifetime = Literal["5m", "1h"]
"""How long the cache keeps an entry that is not read."""

SEARCH_USD = 0.01  # one web search: $10 per 1,000


class Iteration(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a request, where the API reports steps. Source: SDK 2.14, types/beta/beta_iterations_usage.py."""

    type: str = ""
    """message, compaction, fallback_message or advisor_message."""
    model: str = ""
    """The model of the step, or "" if it is that of the answer."""
    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output_tokens: int = 0

    @property
    def usage(self) -> Usage:
        """Its counts as a usage."""
        return Usage(**{name: getattr(self, name) for name in _STEP_COUNTS})


_STEP_COUNTS = tuple(name for name in Iteration.__struct_fields__ if name not in ("type", "model"))


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts of one request or a sum of several, under the API's names.

    `input_tokens` counts only what follows the last cache breakpoint; `total_input` is the whole prompt.
    """

    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    """Included in `output_tokens`."""
    searches: int = 0
    iterations: tuple[Iteration, ...] = ()
    """The steps of the request, where the API reports them."""

    @property
    def compaction(self) -> Usage:
        """What making summaries took. The counts above do not include it."""
        return sum((one.usage for one in self.iterations if one.type == "compaction"), Usage())

    @property
    def billed(self) -> Usage:
        """All counts that are billed, without the steps."""
        return msgspec.structs.replace(self, iterations=()) + self.compaction

    @property
    def total_input(self) -> int:
        """Tokens of the whole prompt."""
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens

    @property
    def hit_rate(self) -> float:
        """Share of the prompt that was read from the cache, 0 to 1."""
        return self.cache_read_input_tokens / self.total_input if self.total_input else 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.__struct_fields__})


def api_fields(usage: Usage) -> dict[str, object]:
    """Return the counts under the API's names, nested as in its responses."""
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.write_5m, "ephemeral_1h_input_tokens": usage.write_1h},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.thinking_tokens},
        "server_tool_use": {"web_search_requests": usage.searches},
    }


def cache_fields(usage: Usage, saved_usd: float | None) -> dict[str, object]:
    """Return what the cache did, for scripts."""
    return {
        "hit_rate": usage.hit_rate,
        "read_tokens": usage.cache_read_input_tokens,
        "written_tokens": usage.cache_creation_input_tokens,
        "saved_usd": saved_usd if saved_usd is None else round(saved_usd, 9),
    }


class UsageUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The counts in one event. None means that the event does not report the count, so the earlier value stays."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    write_5m: int | None = None
    write_1h: int | None = None
    output_tokens: int | None = None
    thinking_tokens: int | None = None
    searches: int | None = None
    iterations: tuple[Iteration, ...] | None = None


_Counts = TypeVar("_Counts", Usage, UsageUpdate)


def merged(usage: _Counts, update: UsageUpdate) -> _Counts:
    """Return the usage after an update. Counts in a stream are running totals: a value replaces the earlier one.

    Source: Messages API, streaming, `message_delta`.
    """
    updates = {name: value for name in UsageUpdate.__struct_fields__ if (value := getattr(update, name)) is not None}
    return msgspec.structs.replace(usage, **updates) if updates else usage


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a request, in US dollars."""

    cost_usd: float = 0.0
    saved_usd: float = 0.0
    """Price of the same input without the cache, minus what was paid for it. Negative if writes were not read yet."""

    @property
    def uncached_usd(self) -> float:
        """What the same answer would have cost without the cache."""
        return self.cost_usd + self.saved_usd

    def __add__(self, other: Bill) -> Bill:
        return Bill(cost_usd=self.cost_usd + other.cost_usd, saved_usd=self.saved_usd + other.saved_usd)


def bill(usage: Usage, model: Model) -> Bill | None:
    """Return the bill of one request, or None if the model's price is unknown.

    Summaries are billed beside the counts of the answer, which are 0 where a summary is all that was asked for. Cache
    writes that the server does not split by lifetime count as five-minute writes. Source: Anthropic, pricing.
    """
    price = model.price_for(usage.total_input)
    if price is None:
        return None
    if usage.iterations:
        steps = [one.usage for one in usage.iterations if one.type == "compaction"]
        bills = [bill(one, model) for one in (msgspec.structs.replace(usage, iterations=()), *steps)]
        return sum((one for one in bills if one is not None), Bill())
    write_1h = min(usage.write_1h, usage.cache_creation_input_tokens)
    write_5m = usage.cache_creation_input_tokens - write_1h
    paid_input = (
        usage.input_tokens * price.input
        + write_5m * price.write_5m
        + write_1h * price.write_1h
        + usage.cache_read_input_tokens * price.read
    ) / 1e6
    uncached = usage.total_input * price.input / 1e6
    cost = paid_input + usage.output_tokens * price.output / 1e6 + usage.searches * SEARCH_USD
    return Bill(cost_usd=cost, saved_usd=uncached - paid_input)
