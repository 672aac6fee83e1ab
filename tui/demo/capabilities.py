"""What the API accepts or does for each model, as far as the client's own table does not need it.

Source: Anthropic's pages on models, thinking, tool use and migration, November 2026.
"""

from __future__ import annotations

RELEASED = {
    "claude-fable-5-2": "2026-11-09",
    "claude-mythos-5-2": "2026-11-09",
    "claude-haiku-5-5": "2026-10-07",
    "claude-sonnet-5-5": "2026-09-28",
    "claude-opus-5-5": "2026-09-22",
    "claude-fable-5-1": "2026-09-01",
    "claude-mythos-5-1": "2026-09-01",
    "claude-opus-5": "2026-07-24",
    "claude-sonnet-5": "2026-06-30",
    "claude-fable-5": "2026-06-09",
    "claude-mythos-5": "2026-06-09",
    "claude-opus-4-8": "2026-05-28",
    "claude-opus-4-7": "2026-04-16",
    "claude-sonnet-4-6": "2026-02-17",
    "claude-opus-4-6": "2026-02-05",
    "claude-opus-4-5-20251101": "2025-11-24",
    "claude-haiku-4-5-20251001": "2025-10-15",
    "claude-sonnet-4-5-20250929": "2025-09-29",
}
"""Release date of each current model."""

_4_5 = frozenset({"claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"})
_4_6 = frozenset({"claude-opus-4-6", "claude-sonnet-4-6"})
_FABLES = frozenset(f"claude-{line}-5{minor}" for line in ("fable", "mythos") for minor in ("", "-1", "-2"))

TAKES_PREFILL = _4_5
"""Models that accept a prefilled answer."""

TAKES_SAMPLING = _4_5 | _4_6
"""Models that accept temperature, top_p and top_k, with the older API version."""

SHOWS_THINKING = _4_5 | _4_6
"""Models that return their thinking if the request does not set `display`; the others omit it."""

REFUSES_FORCED_TOOLS = (_FABLES - {"claude-fable-5", "claude-mythos-5"}) | {"claude-opus-5-5", "claude-sonnet-5-5"}
"""Models that reject a `tool_choice` of type any or tool."""

TAKES_SYSTEM_MESSAGES = _FABLES | {
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
}
"""Models that accept messages with the role system within the conversation."""

TAKES_EFFORT_MESSAGES = TAKES_SYSTEM_MESSAGES - {"claude-opus-4-8", "claude-fable-5", "claude-mythos-5"}
"""Models that accept another effort for one turn in such a message, while they think."""

FAST = {
    "claude-opus-5": "fast-mode-2026-02-01",
    "claude-opus-5-5": "",
    "claude-fable-5-2": "",
    "claude-mythos-5-2": "",
}
"""Models that accept `speed: fast`, with its beta header."""
