"""Names of tools as the API takes them: `SERVER__TOOL`, letters, digits, `_` and `-`, 64 characters at most. Pure."""

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
    """What a server's tool is called here. Always the same; two tools of a server have two names, whatever is in theirs."""
    plain = _OTHERS.sub("_", tool)
    room = _LONGEST - len(server) - len(BETWEEN)
    if plain == tool and len(plain) <= room:
        return f"{server}{BETWEEN}{plain}"
    digest = hashlib.sha256(tool.encode("utf-8", "replace")).hexdigest()[:_DIGEST]
    return f"{server}{BETWEEN}{plain[: room - _DIGEST - 1]}_{digest}"


def server_of(name: str) -> str:
    """The server that a name belongs to, as it is called in the configuration; "" for a tool of our own."""
    server, between, _ = name.partition(BETWEEN)
    return server if between else ""


def tool_of(name: str) -> str:
    """The tool that a name means, without its server."""
    return name.partition(BETWEEN)[2]


def rules_for(name: str, arguments: JsonText) -> tuple[str, ...]:
    """The rules to offer for a call, narrowest first: with these arguments, and with any."""
    return f"{name}({pattern_of(arguments)})", f"{name}(*)"
