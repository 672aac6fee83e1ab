"""A request as the model reads it: a sequence of items, tools before system before messages, without cache markers.

Caching, token counting and the check of thinking blocks all use this sequence, so that they agree on what a prefix is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tui.chat.model import Model
from tui.demo.history import Block, blocks_of
from tui.demo.tokens import block_tokens, text_tokens

Level = Literal["tools", "system", "messages"]

_EFFORT_TOKENS = 4
WEB_TOOLS = ("web_search_", "web_fetch_")


@dataclass(frozen=True)
class Item:
    """One position of the prefix."""

    level: Level
    path: str
    kind: str
    """The block's type; "tool" for a tool."""
    data: bytes
    """Its content with the role, without `cache_control`."""
    tokens: int
    marker: str = ""
    """The lifetime of its cache breakpoint, 5m or 1h; "" without one."""
    can_be_marked: bool = True


def items_of(body: dict[str, Any], model: Model) -> tuple[Item, ...]:
    """Return the items of a valid request."""
    items = [_tool(tool, f"tools.{index}", model) for index, tool in enumerate(body.get("tools") or ())]
    # Web search is part of the system prompt here: switching it keeps the cache of the other tools.
    items.sort(key=lambda item: item.level == "system")
    for index, block in enumerate(blocks_of(body.get("system") or [])):
        items.append(_item("system", f"system.{index}", "system", block, model))
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(blocks_of(message["content"])):
            items.append(_item("messages", f"messages.{number}.content.{index}", message["role"], block, model))
        if message.get("output_config"):
            items.append(_effort(message["output_config"], f"messages.{number}.output_config"))
    return tuple(items)


def _tool(tool: Block, path: str, model: Model) -> Item:
    level: Level = "system" if str(tool.get("type")).startswith(WEB_TOOLS) else "tools"
    data = canonical(tool)
    return Item(level, path, "tool", data, text_tokens(data.decode(), model), _marker(tool))


def _item(level: Level, path: str, role: str, block: Block, model: Model) -> Item:
    kind = block["type"]
    return Item(
        level=level,
        path=path,
        kind=kind,
        data=role.encode() + b"\n" + canonical(block),
        tokens=block_tokens(block, model),
        marker=_marker(block),
        can_be_marked=kind not in ("thinking", "redacted_thinking"),
    )


def _effort(config: Block, path: str) -> Item:
    """Return the item of an effort for one turn."""
    return Item("messages", path, "output_config", canonical(config), _EFFORT_TOKENS, can_be_marked=False)


def _marker(block: Block) -> str:
    control = block.get("cache_control")
    return control.get("ttl", "5m") if control else ""


def canonical(block: Block) -> bytes:
    """Return a block's JSON without its cache marker. The order of its own fields is ignored; that of its input counts."""
    kept = {name: block[name] for name in sorted(block) if name != "cache_control"}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def digest(parts: Iterable[bytes]) -> bytes:
    """Return a hash of the parts in order."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()
