"""Tool names in the form that the API accepts: `SERVER__TOOL`, letters, digits, `_` and `-`, at most 64 characters. No
I/O.
"""

from __future__ import annotations

import hashlib
import re

from tui.chat.transcript import JsonText
from tui.tools.patterns import pattern_of

BETWEEN = "__"
_LONGEST = 64
_OTHERS = re.compile(r"[^a-zA-Z0-9_-]")
_DIGEST = 8  # hexadecimal digits


def name_of(server: str, tool: str) -> str:
    """Return the name under which a server's tool is offered. It is always the same, and unique within the server."""
    plain = _OTHERS.sub("_", tool)
    room = _LONGEST - len(server) - len(BETWEEN)
    if plain == tool and len(plain) <= room:
        return f"{server}{BETWEEN}{plain}"
    digest = hashlib.sha256(tool.encode("utf-8", "replace")).hexdigest()[:_DIGEST]
    return f"{server}{BETWEEN}{plain[: room - _DIGEST - 1]}_{digest}"


def server_of(name: str) -> str:
    """Return the configured name of the server that a tool belongs to; "" for a built-in tool."""
    server, between, _ = name.partition(BETWEEN)
    return server if between else ""


def tool_of(name: str) -> str:
    """Return the tool's own name, without the server."""
    return name.partition(BETWEEN)[2]


def rules_for(name: str, arguments: JsonText) -> tuple[str, ...]:
    """Return the rules to offer for a call, narrowest first: with these arguments, and with any."""
    return f"{name}({pattern_of(arguments)})", f"{name}(*)"
