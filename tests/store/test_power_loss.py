"""The power fails: what stands on disk then is copied from under a process that writes, the end of its log torn.

A kill leaves all that was written; a power loss leaves only what was synced, and of the rest any piece. So the log is cut,
or spoilt, anywhere behind the last transaction of which the process knew that it was synced.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from storing import LIMIT_S, opened, said
from test_processes import file_in, is_sound, writer
from wal import HEADER, Log, looked_at

MOMENTS = int(os.environ.get("PRX_POWER_LOSSES", "12"))
CHECKPOINT = 1000
"""Frames from which on SQLite copies the log into the database: what it copies it has synced."""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process has to stand still meanwhile")


def torn(log: Path, now: Log, known: Log, chance: random.Random) -> None:
    """Spoils what may not have reached the disk."""
    floor = known.committed if known.generation == now.generation else HEADER
    end = log.stat().st_size
    if now.frames >= CHECKPOINT or now.written <= floor:  # all of it was synced, but what comes now never was
        with log.open("r+b") as stream:
            stream.seek(now.written)
            stream.write(chance.randbytes(5000))
        return
    cut = chance.randint(floor, now.written)
    with log.open("r+b") as stream:
        match chance.choice(["cut", "zeros", "noise"]):
            case "cut":
                stream.truncate(cut)
            case "zeros":
                stream.seek(cut)
                stream.write(bytes(end - cut))
            case "noise":
                stream.seek(cut)
                stream.write(chance.randbytes(end - cut))


def test_what_was_synced_is_there_after_a_power_loss(tmp_path: Path) -> None:
    chance, live = random.Random(7), tmp_path / "live"
    lines: list[dict] = []
    with writer(live, "synced", 7) as process:
        lines.append(json.loads(process.stdout.readline()))
        for number in range(MOMENTS):
            until = time.monotonic() + chance.uniform(0.0, 0.15)
            while time.monotonic() < until:
                lines.append(json.loads(process.stdout.readline()))
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            copy = file_in(tmp_path / f"copy{number}")
            copy.parent.mkdir(parents=True)
            for ending in ("", "-wal"):
                shutil.copyfile(f"{file_in(live)}{ending}", f"{copy}{ending}")
            known = lines[-1]
            torn(Path(f"{copy}-wal"), looked_at(copy), Log(*known["log"]), chance)
            process.send_signal(signal.SIGCONT)
            check(tmp_path / f"copy{number}", known["synced"])


def check(folder: Path, synced: int) -> None:
    assert is_sound(folder)
    with opened(folder) as store:
        assert {chat.id for chat in store.chats().result(LIMIT_S)} >= {f"chat-{n}" for n in range(1, synced + 1)}
        assert said(store, f"chat-{synced}")[0].startswith(f"prompt {synced} ")
        assert store.told == []


def test_every_transaction_is_synced(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        settings = store._worker.read(
            lambda db: [
                db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "fullfsync")
            ]
        ).result(LIMIT_S)
    assert settings == [2, "wal", 1]
    with closing(sqlite3.connect(file_in(tmp_path))) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
