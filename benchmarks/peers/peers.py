"""The programs that are compared: how each is found, started, and given a stored chat.

Each has a home of its own, asks the benchmark's server, and is told to look for no updates or the like.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.answer import chat

HERE = Path(__file__).parent
CLAUDE_CODE = "2.1.332"
"""The version of Claude Code that prx is measured against."""
INSTALL_CLAUDE_CODE = (
    f"npm install --prefix DIR @anthropic-ai/claude-code@{CLAUDE_CODE} && "
    "node DIR/node_modules/@anthropic-ai/claude-code/install.cjs, with DIR/node_modules/.bin in PATH"
)
_KEY = "sk-ant-api03-bench-dummy-key"


@dataclass(frozen=True)
class Launch:
    """The words and variables that start a program with a certain chat."""

    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A program, and what can be measured with it."""

    name: str
    version: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    home: Path
    works: tuple[str, ...] = ("start", "open", "answer")
    """The kinds of work that it does."""
    has_prompt: bool = True
    """False if it shows no keys while an answer comes."""
    stored: Callable[[int], Launch] = lambda messages: Launch()
    """Stores a chat of so many messages, the first time, and returns how to open it."""


@dataclass(frozen=True)
class Missing:
    """A program that is not installed."""

    name: str
    hint: str
    """How to install it, in one line."""


def peers(prx: Path, url: str, homes: Path) -> dict[str, Peer | Missing]:
    """Return all programs: our own, other chats, then the least that a program of this kind can do."""
    python = prx.with_name("python")
    every = (
        _prx(prx, url, _home(homes, "prx")),
        _claude_code(url, _home(homes, "claude")),
        _floor_app(python, _home(homes, "textual")),
        _floor_loop(python, url, _home(homes, "httpx")),
    )
    return {peer.name: peer for peer in every}


def _prx(program: Path, url: str, home: Path) -> Peer:
    env = {"HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": _KEY}

    @functools.cache
    def stored(messages: int) -> Launch:
        own = {"PRX_HOME": str(home / f"chat-{messages}")}
        file = home / f"{messages}.json"
        file.write_text(json.dumps([_exported(messages)]))
        subprocess.run([program, "import", file], env={**env, **own}, check=True, stdout=subprocess.DEVNULL)
        return Launch(("-c",), own)

    return Peer("prx", _version(program), (str(program),), env, home, stored=stored)


def _exported(messages: int) -> dict[str, object]:
    """Return a chat as Claude.ai exports it."""
    rows = [
        {
            "uuid": str(uuid.UUID(int=number)),
            "text": turn.text,
            "content": [{"type": "text", "text": turn.text}],
            "sender": "human" if turn.role == "user" else turn.role,
            "created_at": _time(number),
            "updated_at": _time(number),
            "attachments": [],
            "files": [],
        }
        for number, turn in enumerate(chat(messages), 1)
    ]
    times = {"created_at": _time(0), "updated_at": _time(messages)}
    return {"uuid": str(uuid.UUID(int=messages << 40)), "name": "bench", **times, "chat_messages": rows}


def _claude_code(url: str, home: Path) -> Peer | Missing:
    program = shutil.which("claude")
    if program is None:
        return Missing("claude", INSTALL_CLAUDE_CODE)
    settings = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "numStartups": 5,
        "customApiKeyResponses": {"approved": [_KEY[-20:]], "rejected": []},
        "projects": {str(home): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
    (home / ".claude.json").write_text(json.dumps(settings))
    switches = (
        "DISABLE_TELEMETRY",
        "DISABLE_AUTOUPDATER",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_BUG_COMMAND",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    )
    env = {"HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": _KEY, **dict.fromkeys(switches, "1")}
    version = _version(Path(program)).split()[0]

    @functools.cache
    def stored(messages: int) -> Launch:
        session = str(uuid.UUID(int=messages))
        folder = home / ".claude" / "projects" / str(home).translate(str.maketrans("/._", "---"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{session}.jsonl").write_text(_session(messages, session, home, version))
        return Launch(("--resume", session))

    return Peer("claude", version, (program,), env, home, stored=stored)


def _session(messages: int, session: str, folder: Path, version: str) -> str:
    """Return a chat as Claude Code stores it: a line of JSON a message, each with the ID of the one before."""
    lines, before = [], None
    for number, turn in enumerate(chat(messages), 1):
        message: dict[str, object] = {"role": turn.role, "content": turn.text}
        if turn.role == "assistant":
            message |= {"id": f"msg_{number}", "type": "message", "model": "claude-opus-4-8", "stop_sequence": None}
            message |= {"content": [{"type": "text", "text": turn.text}], "stop_reason": "end_turn"}
            message |= {"usage": {"input_tokens": 25, "output_tokens": 250}}
        line = {
            "parentUuid": before,
            "isSidechain": False,
            "type": turn.role,
            "uuid": (before := str(uuid.UUID(int=(messages << 32) + number))),
            "timestamp": _time(number),
            "userType": "external",
            "entrypoint": "cli",
            "cwd": str(folder),
            "sessionId": session,
            "version": version,
            "gitBranch": "HEAD",
            "message": message,
        }
        lines.append(json.dumps(line))
    return "\n".join(lines) + "\n"


def _floor_app(python: Path, home: Path) -> Peer:
    code = "from importlib.metadata import version; print(version('textual'))"
    argv = (str(python), str(HERE / "floor_app.py"))
    return Peer("textual", _version(python, "-c", code), argv, {"HOME": str(home)}, home, ("start",))


def _floor_loop(python: Path, url: str, home: Path) -> Peer:
    code = "from importlib.metadata import version; print(version('httpx'))"
    env = {"HOME": str(home), "ANTHROPIC_BASE_URL": url}
    argv = (str(python), str(HERE / "floor_loop.py"))
    return Peer("httpx", _version(python, "-c", code), argv, env, home, ("answer",), has_prompt=False)


def _home(homes: Path, name: str) -> Path:
    home = homes / name
    home.mkdir()
    return home


def _version(program: Path, *words: str) -> str:
    """Return what a program says its version is."""
    run = subprocess.run(
        [program, *(words or ["--version"])], capture_output=True, text=True, check=True, env=os.environ
    )
    return run.stdout.strip().removeprefix("prx ")


def _time(second: int) -> str:
    """Return a time of one day, in UTC."""
    return f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"
