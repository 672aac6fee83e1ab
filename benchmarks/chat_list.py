"""Measure how soon the chat list is drawn: `python benchmarks/chat_list.py [--chats 10000] [--messages 60000]`.

Runs the installed program in a terminal and measures from Ctrl+S to the first title, compared with a database without chats.
The best of several rounds counts, since other load only makes them slower. The exit code is 1 if the limit is missed.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from store import fill  # noqa: E402  (needs the path above)
from terminal import RawTerminal  # noqa: E402

LIMIT = 1.5
"""The limit, as a multiple of the time with an empty database."""
ROUNDS = 10
CTRL_S = "\x13"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--chats", type=int, default=10_000)
    options.add_argument("--messages", type=int, default=60_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chats.db"
        fill(file, asked.chats, asked.messages)
        with closing(sqlite3.connect(file)) as db:
            (title,) = db.execute("SELECT title FROM chats ORDER BY pinned DESC, updated DESC LIMIT 1").fetchone()
        empty, full = [], []
        for _ in range(2):  # in turns, so that a busy moment does not fall on one of them alone
            empty += drawn(None, "no chats yet")
            full += drawn(file, title.split()[0])
    ratio = min(full) / min(empty)
    print(f"no chats            {min(empty) * 1000:6.1f} ms")
    print(f"{asked.chats:,} chats {min(full) * 1000:12.1f} ms   {ratio:.2f}x, at most {LIMIT}x")
    return int(ratio > LIMIT)


def drawn(file: Path | None, first: str) -> list[float]:
    """Return the seconds from the key to the first row, in a program that is already open."""
    with tempfile.TemporaryDirectory() as home:
        if file is not None:
            (Path(home) / "data").mkdir()
            shutil.copy(file, Path(home) / "data" / "chats.db")
        env = {"HOME": home, "PRX_HOME": home, "PYTHONPATH": str(ROOT), "ANTHROPIC_API_KEY": "sk-ant-api03-none"}
        env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9"
        times = []
        with RawTerminal([sys.executable, "-m", "tui"], env, Path(home), 100, 30) as terminal:
            terminal.until("Talk to")
            terminal.watch(1.5)  # what follows the first paint is done
            for _ in range(ROUNDS):
                since, began = len(terminal.output), perf_counter()
                terminal.type(CTRL_S)
                terminal.until(first, since)
                times.append(perf_counter() - began)
                terminal.watch(0.4)  # the rest of the rows is read
                terminal.type(CTRL_S)
                terminal.watch(0.2)
        return times[1:]  # the first one loads modules


if __name__ == "__main__":
    sys.exit(main())
