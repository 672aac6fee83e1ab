"""Repair what servers answer, so that a mistake in one part costs only that part. No I/O.

The SDK rejects an answer as a whole, also when a result does not fit the output schema of its tool.
"""

from __future__ import annotations

from typing import Any

import msgspec

_OBJECT = 'is not of type "object"'
_CONTENT = {"text": "text", "image": "data", "audio": "data", "resource_link": "uri", "resource": "resource"}
"""Type of a content block -> the key that it must have."""


def repair(result: dict[str, Any], is_old: bool) -> list[str]:
    """Change an answer in place so that it fits the protocol. Return the tools that were left out, each with the reason.

    `is_old`: the protocol is from before 2026, when structured results had to be objects.
    """
    if isinstance(result.get("tools"), list):
        return _repair_list(result, is_old)
    if result.get("resultType", "complete") == "complete" and ("content" in result or "structuredContent" in result):
        _repair_result(result, is_old)
    return []


def _repair_list(result: dict[str, Any], is_old: bool) -> list[str]:
    kept: dict[str, dict[str, Any]] = {}
    left_out: list[str] = []
    for tool in result["tools"]:
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not name:
            left_out.append("one without a name")
        elif name in kept:
            left_out.append(f"{name} (a second one of that name)")
        elif problem := _problem(tool, is_old):
            left_out.append(f"{name} ({problem})")
        else:
            kept[name] = _tool(tool)
    result["tools"] = list(kept.values())
    if not isinstance(result.get("nextCursor"), str):
        result.pop("nextCursor", None)
    return left_out


def _problem(tool: dict[str, Any], is_old: bool) -> str:
    """Return what is wrong with a tool; "" if it can be offered."""
    taken, given = tool.get("inputSchema"), tool.get("outputSchema")
    if not isinstance(taken, dict) or taken.get("type") != "object":
        return f"its input schema {_OBJECT}"
    if not isinstance(taken.get("properties") or {}, dict):
        return "the properties in its input schema are not an object"
    if given is not None and (not isinstance(given, dict) or (is_old and given.get("type") != "object")):
        return f"its output schema {_OBJECT}"
    return ""


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Return the used parts of a tool. The output schema is dropped: a result that does not fit it is still worth
    reading.
    """
    words = {key: tool[key] for key in ("name", "title", "description") if isinstance(tool.get(key), str)}
    schema = {key: value for key, value in tool["inputSchema"].items() if value is not None}
    if not isinstance(schema.get("required", []), list):
        del schema["required"]
    if not schema.get("properties", True):  # some servers write an empty object as []
        schema["properties"] = {}
    return {**words, "inputSchema": schema}


def _repair_result(result: dict[str, Any], is_old: bool) -> None:
    content = result.get("content")
    blocks = content if isinstance(content, list) else [] if content is None else [content]
    result["content"] = [_block(block) for block in blocks]
    structured = result.get("structuredContent")
    if structured is None or (is_old and not isinstance(structured, dict)):
        result.pop("structuredContent", None)
        if structured is not None:
            result["content"].append(_text(msgspec.json.encode(structured).decode()))
    if not isinstance(result.get("isError"), bool):
        result.pop("isError", None)


def _block(block: object) -> dict[str, Any]:
    """Return a content block that the SDK accepts; for an unusable one, a text that says so."""
    if isinstance(block, str):
        return _text(block)
    if not isinstance(block, dict) or not isinstance(kind := block.get("type"), str):
        return _text("[a part without a type: left out]")
    value = block.get(_CONTENT.get(kind, ""))
    match kind:
        case "text" if isinstance(value, str):
            return _text(value)
        case "image" | "audio" if isinstance(value, str):
            mime = block.get("mimeType")
            return {
                "type": kind,
                "data": value,
                "mimeType": mime if isinstance(mime, str) else "application/octet-stream",
            }
        case "resource_link" if isinstance(value, str):
            return {"type": kind, "uri": value, "name": str(block.get("name") or value)}
        case "resource" if isinstance(value, dict) and isinstance(value.get("uri"), str):
            kept = {key: value[key] for key in ("uri", "mimeType", "text", "blob") if isinstance(value.get(key), str)}
            if "text" in kept or "blob" in kept:
                return {"type": kind, "resource": kept}
    return _text(f"[{kind}: left out]")


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
