"""What there is to see of the prompt cache, as values: the map of one request, and why one read less than it might have.

`anthropic.cache_map` and `anthropic.misses` make these from requests as they were sent; screens draw them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.chat.ledger import Lifetime

Part = Literal["tools", "system", "user", "assistant"]
Fate = Literal["read", "written", "uncached"]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a request that belongs together: the tools, the system prompt, or one message."""

    part: Part
    number: int = 0
    """Of a message, from 1; 0 for tools and system prompt."""
    read: float = 0
    written: float = 0
    uncached: float = 0

    @property
    def tokens(self) -> float:
        return self.read + self.written + self.uncached

    @property
    def label(self) -> str:
        return str(self.number) if self.number else self.part


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A breakpoint."""

    at: float
    """How many tokens of the request stand before it and in its block."""
    segment: int
    """The index of its segment."""
    lifetime: Lifetime = "5m"
    too_short: bool = False
    """The prefix is below the model's minimum: nothing is kept there."""


class CacheMap(msgspec.Struct, frozen=True, kw_only=True):
    """One request from its first token to its last. Sums are the provider's own figures, what lies between is estimated."""

    segments: tuple[Segment, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    read: int = 0
    written: int = 0
    uncached: int = 0
    minimum: int = 0
    """The shortest prefix that the model keeps, in tokens."""
    look_back: int = 20
    """How many blocks back from a breakpoint an earlier entry is found."""
    looks_back_to: float = 0
    """How far the last breakpoint looks back, in tokens from the start."""

    @property
    def tokens(self) -> int:
        return self.read + self.written + self.uncached


MissKind = Literal[
    "model",
    "tools",
    "system",
    "thinking",
    "image",
    "message",
    "reasoning",
    "expired",
    "too_short",
    "too_far",
    "unknown",
]
"""thinking: its mode, or the effort. message: an earlier one says something else. reasoning: an earlier thinking block went.
too_far: the look-back did not reach. unknown: nothing had changed."""


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request read less from the cache than the one before it had left there."""

    kind: MissKind
    expected: int
    """Tokens that the request before had left in the cache."""
    read: int
    text: str
    """What happened and what to do, in a sentence or two."""
    said: str = ""
    """The API's own reason, where it gave one."""

    @property
    def lost(self) -> int:
        return self.expected - self.read
