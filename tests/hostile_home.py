"""A home in which every text is hostile, with commands that run in it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from drawing import corners, file
from grammar import HOSTILE
from planting import ANSWERS, CLAUDE_AI, NAME, PDF, ROOT, HostileService, env_of, plant_database, planted

from tui.anthropic.model_cache import cache_file, write_list
from tui.anthropic.models import MODELS
from tui.chat.model import Model
from tui.demo.server import Server

CONFIG = f"""
[default]
system = {json.dumps(HOSTILE)}
[presets.{json.dumps(HOSTILE)}]
model = {json.dumps(HOSTILE)}
[models.{json.dumps(HOSTILE)}]
name = {json.dumps(HOSTILE)}
"""


class Said(NamedTuple):
    text: str
    code: int


class Shell:
    """Runs commands as `commanding` does, one process for all."""

    def __init__(self, env: dict[str, str], cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "commanding.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", **env},
            cwd=cwd,
        )

    def run(self, *argv: str, typed: tuple[str, str] = ("", ""), pipe: bool = False, **env: str) -> Said:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {"argv": argv, "when": typed[0], "typed": typed[1], "pipe": pipe, "env": env}
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return Said(base64.b64decode(told["output"]).decode("utf-8", "surrogateescape"), told["code"])

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.__exit__(None, None, None)  # closes its stdin, which ends it, and waits


class Home(NamedTuple):
    folder: Path
    env: dict[str, str]
    prx_home: Path
    server: Server[HostileService]
    shell: Shell
    chat: str
    """The ID of a chat, as the database has it now."""
    columns: set[str]
    """The columns of the database that were planted."""


def hostile_models() -> tuple[Model, ...]:
    """The models that we know, with the text in every field that may hold any."""
    texts = {field.name for field in msgspec.structs.fields(Model) if field.type is str} - {"family"}
    return tuple(
        msgspec.structs.replace(model, **{name: getattr(model, name) + HOSTILE for name in texts}) for model in MODELS
    )


@contextmanager
def hostile_home(folder: Path) -> Iterator[Home]:
    """A folder with hostile files, and in it a home with a chat, a configuration and a list of models that are no better."""
    with Server(HostileService()) as server, Shell(env := env_of(folder, server), folder) as shell:
        server.service.real.script(*ANSWERS[:1])
        (folder / f"{NAME}.pdf").write_bytes(PDF)
        (folder / f"{NAME}.png").write_bytes(file(corners(), "PNG"))
        said = shell.run("-p", "Hello", "-a", f"{NAME}.pdf", "--system", HOSTILE)
        assert said.code == 0, said.text
        (chat,) = json.loads(shell.run("chats", "--json", pipe=True).text)
        archive = json.loads(shell.run("export", chat["id"], "--format", "json", pipe=True).text)
        (folder / "archive.json").write_text(json.dumps(planted(archive)))
        (folder / "claude.json").write_text(json.dumps(planted(CLAUDE_AI)))
        prx_home = Path(env["PRX_HOME"])
        columns = plant_database(prx_home / "data" / "chats.db")
        write_list(cache_file(prx_home / "cache", server.url), hostile_models(), time.time())
        (prx_home / "config" / "config.toml").write_text(CONFIG)
        yield Home(folder, env, prx_home, server, shell, chat["id"] + HOSTILE, columns)
