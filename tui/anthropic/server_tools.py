"""Tools that Anthropic's own servers carry out, as they stand in a request. Facts: Messages API, web search tool."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.chat.transcript import Tool

_WEB_SEARCH = "web_search_20250305"
"""The basic version: the later ones run code to filter what they find, and not every model can."""


def web_search(max_uses: int | None, allowed: Sequence[str], blocked: Sequence[str]) -> Tool:
    """Web search. Of the two lists of domains the API takes one; the same arguments give the same bytes."""
    definition: dict[str, object] = {"type": _WEB_SEARCH, "name": "web_search"}
    if max_uses is not None:
        definition["max_uses"] = max_uses
    if allowed:
        definition["allowed_domains"] = list(allowed)
    if blocked:
        definition["blocked_domains"] = list(blocked)
    return Tool(name="web_search", server=msgspec.json.encode(definition).decode())
