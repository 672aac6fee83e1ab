"""Definitions of tools that run on Anthropic's servers. Source: Messages API, web search tool."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.chat.transcript import Tool

_WEB_SEARCH = "web_search_20250305"
"""The basic version. Later ones run code to filter results, which not every model can do."""


def web_search(max_uses: int | None, allowed: Sequence[str], blocked: Sequence[str]) -> Tool:
    """Return the web search tool. The API accepts only one of the two domain lists. The same arguments give the
    same bytes.
    """
    definition: dict[str, object] = {"type": _WEB_SEARCH, "name": "web_search"}
    if max_uses is not None:
        definition["max_uses"] = max_uses
    if allowed:
        definition["allowed_domains"] = list(allowed)
    if blocked:
        definition["blocked_domains"] = list(blocked)
    return Tool(name="web_search", server=msgspec.json.encode(definition).decode())
