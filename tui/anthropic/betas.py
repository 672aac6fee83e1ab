"""The beta headers that a request needs, from what is in it."""

from __future__ import annotations

EFFORT = "mid-conversation-output-config-2026-07-01"
TOOLS = "inline-tools-2026-09-15"

_NEEDED = {
    b'],"output_config":{"effort":': EFFORT,
    b'{"type":"tool_addition",': TOOLS,
    b'{"type":"tool_removal",': TOOLS,
}
"""JSON that only our own `system` messages contain -> its beta. In a string every quotation mark is escaped."""


def betas_of(body: bytes) -> tuple[str, ...]:
    """Return the beta headers for a request as it is sent."""
    return tuple(dict.fromkeys(beta for piece, beta in _NEEDED.items() if piece in body))
