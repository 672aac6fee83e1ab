"""`system` messages in an open chat: a system prompt, tools that join or leave, and the effort of one turn.

Source: Anthropic, mid-conversation system messages; SDK 2.14, types/beta/beta_system_message_param.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tui.chat.model import Model
from tui.demo import capabilities
from tui.demo.checks import refuse

EFFORT_BETA = "mid-conversation-output-config-2026-07-01"
REFERENCES_BETA = "mid-conversation-tool-changes-2026-07-01"
INLINE_BETA = "inline-tools-2026-09-15"

Body = dict[str, Any]


def check_system_changes(body: Body, model: Model, betas: Collection[str], *, thinks: bool) -> None:
    """Raise Refused for the first `system` message that needs a beta header, a model or a setting that is missing."""
    offered = {tool["name"]: tool for tool in body.get("tools") or () if "name" in tool}
    defined = set(offered)
    for number, message in enumerate(body["messages"]):
        if message["role"] != "system":
            continue
        path = f"messages.{number}"
        if "output_config" in message:
            _check_effort(path, message["output_config"] or {}, model, betas, thinks=thinks)
        for index, block in enumerate(message["content"] if isinstance(message["content"], list) else ()):
            if block["type"] != "text":
                _check_tool(f"{path}.content.{index}", block, betas, offered, defined)


def offered_tools(body: Body) -> list[dict[str, Any]]:
    """Return the tools that are offered at the end of the conversation."""
    tools = {tool.get("name"): tool for tool in body.get("tools") or ()}
    defined = dict(tools)
    for message in body["messages"]:
        blocks = message["content"] if message["role"] == "system" and isinstance(message["content"], list) else ()
        for block in blocks:
            if block["type"] != "text":
                name = _name(block["tool"])
                tools.pop(name, None)
                defined[name] = block["tool"].get("definition", defined.get(name))
                if block["type"] == "tool_addition":
                    tools[name] = defined[name]
    return list(tools.values())


def _check_effort(path: str, config: Mapping[str, Any], model: Model, betas: Collection[str], *, thinks: bool) -> None:
    if EFFORT_BETA not in betas:
        raise refuse(f"{path}.output_config", "Extra inputs are not permitted")
    effort = config.get("effort")
    if effort is None:
        return
    if model.id not in capabilities.TAKES_EFFORT_MESSAGES:
        raise refuse(f"{path}.output_config.effort", "per-message effort is not supported on this model")
    if not thinks:
        raise refuse(f"{path}.output_config.effort", "per-message effort requires thinking")


def _check_tool(
    path: str, block: Mapping[str, Any], betas: Collection[str], offered: dict[str, Any], defined: set[str]
) -> None:
    kind, tool = block["type"], block["tool"]
    if INLINE_BETA not in betas and REFERENCES_BETA not in betas:
        raise refuse(path, f"Input tag '{kind}' found using 'type' does not match any of the expected tags: 'text'")
    if tool["type"] == "tool_definition" and INLINE_BETA not in betas:
        raise refuse(
            f"{path}.{kind}.tool",
            "Input tag 'tool_definition' found using 'type' does not match any of the expected tags: 'tool_reference'",
        )
    name = _name(tool)
    if tool["type"] == "tool_reference" and name not in defined:
        raise refuse(f"{path}.{kind}.tool.name", f"Tool '{name}' not found in provided tools")
    if kind == "tool_removal":
        if offered.pop(name, None) is None:
            raise refuse(f"{path}.{kind}.tool.name", f"Tool '{name}' is not offered at this point")
        return
    if name in offered:
        raise refuse(f"{path}.{kind}.tool", "Tool names must be unique.")
    defined.add(name)
    offered[name] = tool


def _name(tool: Mapping[str, Any]) -> str:
    return str(tool["definition"]["name"] if tool["type"] == "tool_definition" else tool["name"])
