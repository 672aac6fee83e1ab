"""A server of tools over standard input and output that says something hostile wherever it may say anything."""

from __future__ import annotations

import json
import sys
from typing import Any

from grammar import HOSTILE
from planting import planted

KEEP = {"protocolVersion", "jsonrpc", "type", "name", "mimeType"}


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    match message.get("method"):
        case "initialize":
            version = message["params"]["protocolVersion"]
            info = {"name": "near", "title": "Near", "version": "1"}
            return {
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": info,
                "instructions": "Be kind.",
            }
        case "tools/list":
            schema = {"type": "object", "properties": {"text": {"type": "string", "description": "what"}}}
            names = ("echo", "fails", "odd" + HOSTILE)
            return {
                "tools": [
                    {"name": name, "title": "Echo", "description": "Says it", "inputSchema": schema} for name in names
                ]
            }
        case "tools/call":
            content = [{"type": "text", "text": "said"}]
            return {
                "content": content,
                "isError": message["params"]["name"] == "fails",
                "structuredContent": {"a": "b"},
            }
    return None


sys.stderr.write(HOSTILE + "\n")
sys.stderr.flush()
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        told = answer(message)
        reply = {"result": told} if told is not None else {"error": {"code": -32601, "message": "no such method"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **planted(reply, KEEP)}), flush=True)
