"""Measure how soon a stored chat is on the screen: `python benchmarks/opening.py [--runs 5]`.

Runs the program in a terminal, in turns: a new chat to its first frame, and chats of 10, 1,000 and 10,000 messages to their
last line. Then it types while the rest of the longest one is read. The exit code is 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from terminal import RawTerminal  # noqa: E402  (needs the path above)

from tui.chat.transcript import Message, Text  # noqa: E402
from tui.chat.tree import ChatTree, Node  # noqa: E402
from tui.store import Store  # noqa: E402

LENGTHS = (10, 1_000, 10_000)
MOST = 1.3
"""The longest chat may take so many times as long as the shortest."""
KEYS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
"""Letters that occur nowhere else on the screen."""
ANSWER = "It runs **out**: the kelp lies seaward, and the wet line is a hand above the water.\n\n- one\n- two\n\n" * 8


def fill(home: Path, length: int) -> None:
    """Store one chat of so many messages, the last of which ends with a word that no other has."""
    nodes = []
    for number in range(length):
        text = ANSWER if number % 2 else f"Which way does it run, for the {number}th time?"
        text += "ENDOFCHAT" if number == length - 1 else ""
        message = Message(role="assistant" if number % 2 else "user", blocks=(Text(text),), at=1.0 + number)
        nodes.append(Node(id=f"{number}", parent_id=f"{number - 1}" if number else None, message=message))
    with Store(home / "data" / "chats.db") as store:
        tree = ChatTree(
            id="long", title="A long chat", created=1.0, updated=2.0, head=f"{length - 1}", nodes=tuple(nodes)
        )
        store.merge(tree).result()


def opened(home: Path, *options: str, until: str, types: str = "") -> tuple[float, list[float]]:
    """Return the seconds from the command to a text, and from each key that is typed then to its letter."""
    env = {"HOME": str(home), "PRX_HOME": str(home), "PYTHONPATH": str(ROOT), "ANTHROPIC_API_KEY": "sk-ant-api03-none"}
    env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9"
    began = perf_counter()
    with RawTerminal([sys.executable, "-m", "tui", *options], env, home, 120, 40) as terminal:
        terminal.until(until)
        seconds, keys = perf_counter() - began, []
        for key in types:
            since, began = len(terminal.output), perf_counter()
            terminal.type(key)
            terminal.until(key, since)
            keys.append(perf_counter() - began)
    return seconds, keys


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        homes = {length: Path(folder) / f"{length}" for length in LENGTHS}
        for length, home in homes.items():
            fill(home, length)
        empty = Path(folder) / "new"
        empty.mkdir()
        rows: dict[str, list[float]] = {}
        keys: list[float] = []
        for run in range(runs + 1):
            found = {"a new chat, first frame": opened(empty, until="Talk to")[0]}
            for length, home in homes.items():
                found[f"{length:,} messages, last line"] = opened(home, "-c", until="ENDOFCHAT")[0]
            if run:  # the first one fills the file cache
                keys += opened(homes[LENGTHS[-1]], "-c", until="ENDOFCHAT", types=KEYS)[1]
                for name, seconds in found.items():
                    rows.setdefault(name, []).append(seconds)
    medians = {name: statistics.median(times) for name, times in rows.items()}
    for name, seconds in medians.items():
        print(f"{name:26} {seconds * 1000:6.0f} ms")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"a key meanwhile: median {statistics.median(keys) * 1e3:.1f} ms, longest {max(keys) * 1e3:.1f} ms")
    _, short, *_, long = medians.values()
    print(
        f"{long / short:.2f}x, at most {MOST}x; {used.ru_utime + used.ru_stime:.1f} s of CPU, load {os.getloadavg()[0]:.1f}"
    )
    return int(long / short > MOST)


if __name__ == "__main__":
    sys.exit(main())
