"""What a chat needs to know of a model: names, limits, prices and abilities. The table itself is `anthropic.models`."""

from __future__ import annotations

from typing import Literal

import msgspec

Effort = Literal["low", "medium", "high", "xhigh", "max"]
Lifecycle = Literal["active", "legacy", "deprecated", "retired", "unknown"]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per million tokens, for prompts up to `up_to` input tokens (None: of any size)."""

    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    up_to: int | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model as the picker shows it and the request builder needs it."""

    id: str
    name: str
    """As people say it: "Sonnet 5.5"."""
    family: str = ""
    """opus, sonnet, haiku, fable, or "" where nobody knows."""
    context: int = 200_000
    """Input window, in tokens."""
    max_output: int = 64_000
    prices: tuple[Price, ...] = ()
    """Cheapest tier first; the whole request is billed at the first tier that the prompt fits. Empty: unknown."""
    vision: bool = True
    tools: bool = True
    thinking: tuple[str, ...] = ()
    """Accepted values of `thinking.type`: adaptive, enabled, disabled, between_tools."""
    thinking_default: bool = False
    """Whether it thinks when the request says nothing of thinking."""
    efforts: tuple[Effort, ...] = ()
    """Accepted values of `output_config.effort`; empty: the field is refused."""
    effort_default: Effort = "high"
    high_effort_needs_thinking: bool = False
    """Takes no effort above high while its thinking is off, or only between tools."""
    min_cache: int = 1024
    """The shortest prefix, in tokens, that the prompt cache keeps."""
    high_vision: bool = False
    """Sees images up to 2576 px and 4784 tokens; the others up to 1568 and 1568."""
    tokens_per_char: float = 0.25
    lifecycle: Lifecycle = "unknown"
    retires: str = ""
    """ISO date on which it stops answering, or "". For a `listed` model it is a plan only."""
    successor: str = ""
    """The ID that answers in its place once it is retired."""
    listed: bool = False
    """Whether the server's own list has it: then `lifecycle` alone says whether it answers."""
    known: bool = True
    """False for a model that neither our table nor the server's list describes."""
    binds_thinking: bool = False
    """Refuses a replayed thinking block when anything before it has changed."""

    def price_for(self, input_tokens: int) -> Price | None:
        """The tier that a prompt of so many tokens is billed at."""
        for price in self.prices:
            if price.up_to is None or input_tokens <= price.up_to:
                return price
        return None
