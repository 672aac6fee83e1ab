"""What a chat needs to know about a model: names, limits, prices and abilities. `anthropic.models` has the table."""

from __future__ import annotations

from typing import Literal

import msgspec

Effort = Literal["low", "medium", "high", "xhigh", "max"]
InChat = Literal["system", "effort", "tools"]
Lifecycle = Literal["active", "legacy", "deprecated", "retired", "unknown"]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per million tokens, for prompts up to `up_to` input tokens (None: any size)."""

    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    up_to: int | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model as the picker shows it and as the request builder needs it."""

    id: str
    name: str
    """The display name, e.g. "Sonnet 5.5"."""
    family: str = ""
    """opus, sonnet, haiku, fable, mythos, or "" if unknown."""
    context: int = 200_000
    """Input window, in tokens."""
    max_output: int = 64_000
    prices: tuple[Price, ...] = ()
    """Price tiers, cheapest first. The whole request is billed at the first tier that fits the prompt. Empty: unknown."""
    vision: bool = True
    tools: bool = True
    thinking: tuple[str, ...] = ()
    """Accepted values of `thinking.type`: adaptive, enabled, disabled, between_tools.

    Each of the last two turns thinking off, on the models that accept it. Source: SDK 2.14, types/thinking_types.py.
    """
    thinking_default: bool = False
    """True if the model thinks when the request does not mention thinking."""
    efforts: tuple[Effort, ...] = ()
    """Accepted values of `output_config.effort`; empty if the field is rejected."""
    effort_default: Effort = "high"
    high_effort_needs_thinking: bool = False
    """True if efforts above high are rejected while thinking is off."""
    min_cache: int = 1024
    """The shortest prefix that the prompt cache keeps, in tokens."""
    high_vision: bool = False
    """True if it sees images up to 2576 px and 4784 tokens; otherwise up to 1568 px and 1568 tokens."""
    tokens_per_char: float = 0.25
    lifecycle: Lifecycle = "unknown"
    retires: str = ""
    """ISO date of its retirement, or "". For a `listed` model the date is only a plan."""
    successor: str = ""
    """ID of the model that answers in its place after its retirement."""
    listed: bool = False
    """True if it is in the server's own list. Then `lifecycle` alone decides whether it answers."""
    known: bool = True
    """False for a model that neither our table nor the server's list describes."""
    in_chat: tuple[InChat, ...] = ()
    """What a `system` message in an open chat can change, so that everything before it stays cached."""
    compaction: bool = False
    """True if the API makes summaries of its conversations on request."""
    binds_thinking: bool = False
    """True if it rejects a replayed thinking block after anything before it has changed."""

    def price_for(self, input_tokens: int) -> Price | None:
        """Return the price tier for a prompt of this many tokens, or None."""
        for price in self.prices:
            if price.up_to is None or input_tokens <= price.up_to:
                return price
        return None
