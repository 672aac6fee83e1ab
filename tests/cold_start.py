"""Time to the first paint of `prx` beside that of an empty Textual app, each in a real pseudo-terminal. `make cold-start`.

The two are started by turns and compared by their medians, so that a busy machine slows both alike.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from terminal import Terminal

RUNS = 9
EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("ready")

Empty().run()
"""
PROGRAMS = {"an empty Textual app": ["-c", EMPTY], "prx demo": ["-m", "tui", "demo"]}


def first_paint_s(arguments: list[str], home: str) -> float:
    env = {"HOME": home, "PRX_HOME": home, "PYTHONPATH": str(Path(__file__).parent.parent)}
    began = time.monotonic()
    with Terminal([sys.executable, *arguments], env, Path(home)) as terminal:
        terminal.wait(lambda: len("".join(terminal.lines).split()) > 0 and not terminal.text.isspace())
        return time.monotonic() - began


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as home:
        for run in range(RUNS + 1):
            for name, arguments in PROGRAMS.items():
                taken = first_paint_s(arguments, home)
                if run:  # the first one fills the file cache
                    times[name].append(taken)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, median in medians.items():
        print(f"{median * 1000:5.0f} ms  {name}")
    empty, ours = medians.values()
    print(f"{ours / empty:.2f} times as long; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
