"""The keys of each table of the configuration, and what each accepts."""

from __future__ import annotations

from collections.abc import Mapping

from tui.config import kinds, toml
from tui.config.kinds import Kind
from tui.config.settings import Limits

DEFAULT = {
    "provider": kinds.one_of("anthropic", aliases={"claude-code": "anthropic", "claude-cli": "anthropic"}),
    "model": kinds.MODEL,
    "system": kinds.TEXT,
    "tools": kinds.one_of("none", "read", "ask"),
}
ANTHROPIC = {
    "api_key": kinds.WORD,
    "api_url": kinds.URL,
    "model": kinds.MODEL,
    "workspace_id": kinds.WORD,
    "oauth_token_url": kinds.URL,
    "oauth_hosts": kinds.TEXTS,
    "dialect": kinds.one_of("auto", "anthropic", "basic"),
    "follow_retired": kinds.FLAG,
}
MODEL = {
    "name": kinds.WORD,
    "context": kinds.COUNT,
    "max_output": kinds.COUNT,
    "vision": kinds.FLAG,
    "tools": kinds.FLAG,
    "thinking": kinds.some_of("adaptive", "enabled", "disabled", "between_tools"),
    "efforts": kinds.some_of("low", "medium", "high", "xhigh", "max"),
    "min_cache": kinds.COUNT,
    "price_input": kinds.AMOUNT,
    "price_output": kinds.AMOUNT,
    "price_read": kinds.AMOUNT,
    "price_write": kinds.AMOUNT,
}
PRESET = {
    "system": kinds.TEXT,
    "model": kinds.MODEL,
    "tools": kinds.one_of("none", "read", "ask"),
    "effort": kinds.one_of("low", "medium", "high", "xhigh", "max"),
    "thinking": kinds.one_of("on", "off", "between_tools"),
}
BUDGET = dict.fromkeys(Limits.__struct_fields__, kinds.AMOUNT)
TOOLS = {
    "folders": kinds.TEXTS,
    "allow": kinds.RULES,
    "private_hosts": kinds.FLAG,
    "command_timeout_s": kinds.COUNT,
    "command_env": kinds.TEXTS,
    "turns": kinds.COUNT,
    "web_search": kinds.FLAG_OR_TABLE,
}
WEB_SEARCH = {"max_uses": kinds.COUNT, "allowed_domains": kinds.TEXTS, "blocked_domains": kinds.TEXTS}
MCP = {
    "command": kinds.WORD,
    "args": kinds.TEXTS,
    "env": kinds.TABLE,
    "url": kinds.URL,
    "headers": kinds.TABLE,
    "enabled": kinds.FLAG,
    "start_timeout_s": kinds.COUNT,
}
_PICTURES = kinds.one_of("auto", "kitty", "sixel", "blocks", "none")
UI = {
    "theme": kinds.one_of("dark", "light"),
    "reduced_motion": kinds.FLAG,
    "pictures": _PICTURES,
    "titles": kinds.FLAG,
}
HOMES: dict[toml.Path, Mapping[str, Kind]] = {
    ("default",): DEFAULT,
    ("providers", "anthropic"): ANTHROPIC,
    ("budget",): BUDGET,
    ("tools",): TOOLS,
    ("ui",): UI,
}
"""The tables that stand at one place."""


def meant_by(name: str) -> list[toml.Path]:
    """The settings that a key in a wrong table may be meant for."""
    return [(*home, name) for home, table in HOMES.items() if name in table]
