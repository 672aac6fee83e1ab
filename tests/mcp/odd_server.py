"""A server of the tests' own, in plain Python, so that it starts at once and can misbehave: `odd_server.py [HABIT…]`

Habits: `mute` never answers; `dies` ends before it does; `asks` something on standard error, where nobody answers; `tells`
its environment there, and `grumbles` much; `deaf` stays although its input has ended and it was asked to go; `parent` starts
a process of its own; `grows` has another tool each time it starts, `changes` each time it is asked for them, and `announces`
so with each call; `rambles` on when it lists them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAADklEQVR4nGP4z8AARwwAHfUB/6xlmbkAAAAASUVORK5CYII="
NAMES = ["echo", "count", "huge", "endless", "picture", "fails", "structured", "crash", "hang", "odd name/é", "x" * 80]


def tools() -> list[dict[str, Any]]:
    reference = {"type": "object", "properties": {"text": {"$ref": "#/$defs/T"}}, "$defs": {"T": {"type": "string"}}}
    listed = [{"name": name, "description": f"\x1b[31m{name}\x1b[0m", "inputSchema": reference} for name in NAMES]
    listed[0]["annotations"] = {"readOnlyHint": True}
    if "changes" in sys.argv:
        count = Path("lists.txt").stat().st_size + 1 if Path("lists.txt").exists() else 1
        Path("lists.txt").write_text("x" * count)
        listed.append({"name": f"list_{count}", "inputSchema": {"type": "object"}})
    if "grows" in sys.argv:
        listed.append({"name": f"new_{starts()}", "inputSchema": {"type": "object"}})
    return listed


def starts() -> int:
    """How often a server was started here, this time included."""
    return len(Path("starts.txt").read_text()) if Path("starts.txt").exists() else 0


def result(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    text = str(arguments.get("text", ""))
    match name:
        case "echo":
            return said(text)
        case "count":
            return said(str(starts()))
        case "huge":
            return said("tide " * 1_000_000)
        case "picture":
            return {
                "content": [{"type": "image", "data": PNG, "mimeType": "image/png"}, {"type": "text", "text": "seen"}]
            }
        case "fails":
            return {**said("no water"), "isError": True}
        case "structured":
            return {"content": [], "structuredContent": {"tide": [1, 2]}}
        case "crash":
            os._exit(3)
        case "hang":
            time.sleep(1000)
    return said(f"called {name}")


def said(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    match message.get("method"):
        case "initialize":
            version = message["params"]["protocolVersion"]
            facts = {
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "odd", "version": "1"},
            }
            return {"result": facts}
        case "tools/list":
            more = {"nextCursor": "on", "_meta": {"words": "x" * 2_000_000}} if "rambles" in sys.argv else {}
            return {"result": {"tools": tools(), **more}}
        case "tools/call":
            return {"result": result(message["params"]["name"], message["params"].get("arguments") or {})}
    return {"error": {"code": -32601, "message": "Method not found"}} if "id" in message else None


def main() -> None:
    if "tells" in sys.argv:
        sys.stderr.write("".join(f"{name} is {value}\n" for name, value in os.environ.items()))
        sys.stderr.flush()
    if "asks" in sys.argv:
        sys.stderr.write("Password for the harbour:")
        sys.stderr.flush()
    if "dies" in sys.argv:
        sys.exit("the harbour is closed")
    with Path("starts.txt").open("a") as file:
        file.write("x")
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "grumbles" in sys.argv:
        sys.stderr.write("grumble \x1b]0;title\x07\n" * 200_000)
    pids = [os.getpid()]
    if "parent" in sys.argv:
        pids.append(subprocess.Popen(["sleep", "1000"], start_new_session=True).pid)
    Path("pids.txt").write_text(" ".join(map(str, pids)))
    print("this is no JSON")
    for line in sys.stdin:
        message = json.loads(line)
        if "mute" in sys.argv:
            continue
        if message.get("method") == "tools/call" and message["params"]["name"] == "endless":
            while True:
                sys.stdout.write("x" * 100_000)
        if message.get("method") == "tools/call" and "announces" in sys.argv:
            print(json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}), flush=True)
        if (reply := answer(message)) is not None:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}), flush=True)
    if "deaf" in sys.argv:
        time.sleep(1000)


if __name__ == "__main__":
    main()
