"""What the prompt cache did, as values to draw: the map of one request, and the reason for a cache miss.

`anthropic.cache_map` and `anthropic.cache_misses` build them from requests as they were sent.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.chat.ledger import Lifetime

Part = Literal["tools", "system", "user", "assistant"]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a request: the tools, the system prompt, or one message. Counts are in tokens."""

    part: Part
    number: int = 0
    """Number of the message, from 1; 0 for tools and the system prompt."""
    read: float = 0
    written: float = 0
    uncached: float = 0

    @property
    def tokens(self) -> float:
        """Tokens of the segment."""
        return self.read + self.written + self.uncached

    @property
    def label(self) -> str:
        """Short name: the message number, or the part, or both for a system message within the chat."""
        if self.number and self.part == "system":
            return f"{self.part} {self.number}"
        return str(self.number) if self.number else self.part


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A cache breakpoint."""

    at: float
    """Tokens of the request up to the end of the marked block."""
    segment: int
    """Index of the segment that it belongs to."""
    lifetime: Lifetime = "5m"
    too_short: bool = False
    """True if the prefix is below the model's minimum, so that nothing is cached at this breakpoint."""


class CacheMap(msgspec.Struct, frozen=True, kw_only=True):
    """One request from its first token to its last. The sums are the provider's figures; the shares of segments are
    estimates.
    """

    segments: tuple[Segment, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    read: int = 0
    written: int = 0
    uncached: int = 0
    minimum: int = 0
    """The shortest prefix that the model caches, in tokens."""
    look_back: int = 20
    """How many blocks before a breakpoint the API searches for an earlier cache entry."""
    looks_back_to: float = 0
    """Where the look-back of the last breakpoint ends, in tokens from the start."""

    @property
    def tokens(self) -> int:
        """Input tokens of the request."""
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
"""thinking: the thinking mode or the effort changed. message: an earlier message changed. reasoning: an earlier thinking
block was dropped. too_far: the look-back did not reach the entry. unknown: nothing had changed.
"""


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request read less from the cache than the previous one had left in it."""

    kind: MissKind
    expected: int
    """Tokens that the previous request left in the cache."""
    read: int
    text: str
    """What happened and what to do, in one or two sentences."""
    reported: str = ""
    """The reason that the API gave, or ""."""

    @property
    def lost(self) -> int:
        """Tokens that were expected from the cache but not read."""
        return self.expected - self.read
