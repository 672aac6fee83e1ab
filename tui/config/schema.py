"""The keys of each table of the configuration, and what each accepts."""

from __future__ import annotations

from collections.abc import Mapping

from tui.config import toml, values
from tui.config.settings import Limits
from tui.config.values import Kind

DEFAULT = {
    "provider": values.one_of("anthropic", aliases={"claude-code": "anthropic", "claude-cli": "anthropic"}),
    "model": values.MODEL,
    "system": values.TEXT,
    "tools": values.one_of("none", "read", "ask"),
}
ANTHROPIC = {
    "api_key": values.WORD,
    "api_url": values.URL,
    "model": values.MODEL,
    "workspace_id": values.WORD,
    "oauth_token_url": values.URL,
    "oauth_hosts": values.TEXTS,
    "dialect": values.one_of("auto", "anthropic", "basic"),
    "follow_retired": values.FLAG,
}
MODEL = {
    "name": values.WORD,
    "context": values.COUNT,
    "max_output": values.COUNT,
    "vision": values.FLAG,
    "tools": values.FLAG,
    "thinking": values.some_of("adaptive", "enabled", "disabled", "between_tools"),
    "efforts": values.some_of("low", "medium", "high", "xhigh", "max"),
    "min_cache": values.COUNT,
    "compaction": values.FLAG,
    "price_input": values.AMOUNT,
    "price_output": values.AMOUNT,
    "price_read": values.AMOUNT,
    "price_write": values.AMOUNT,
}
PRESET = {
    "system": values.TEXT,
    "model": values.MODEL,
    "tools": values.one_of("none", "read", "ask"),
    "effort": values.one_of("low", "medium", "high", "xhigh", "max"),
    "thinking": values.one_of("on", "off", aliases={"between_tools": "off"}),
}
BUDGET = dict.fromkeys(Limits.__struct_fields__, values.AMOUNT)
TOOLS = {
    "folders": values.TEXTS,
    "allow": values.RULES,
    "private_hosts": values.FLAG,
    "command_timeout_s": values.COUNT,
    "command_env": values.TEXTS,
    "turns": values.COUNT,
    "web_search": values.FLAG_OR_TABLE,
}
WEB_SEARCH = {"max_uses": values.COUNT, "allowed_domains": values.TEXTS, "blocked_domains": values.TEXTS}
MCP = {
    "command": values.WORD,
    "args": values.TEXTS,
    "env": values.TABLE,
    "url": values.URL,
    "headers": values.TABLE,
    "enabled": values.FLAG,
    "start_timeout_s": values.COUNT,
}
_PICTURES = values.one_of("auto", "kitty", "sixel", "blocks", "none")
UI = {
    "theme": values.one_of("dark", "light"),
    "reduced_motion": values.FLAG,
    "pictures": _PICTURES,
    "titles": values.FLAG,
}
HOMES: dict[toml.Path, Mapping[str, Kind]] = {
    ("default",): DEFAULT,
    ("providers", "anthropic"): ANTHROPIC,
    ("budget",): BUDGET,
    ("tools",): TOOLS,
    ("ui",): UI,
}
"""The tables that exist once."""


def settings_named(name: str) -> list[toml.Path]:
    """Return the settings that a key in the wrong table may be meant for."""
    return [(*home, name) for home, table in HOMES.items() if name in table]
