"""What the imports up to the first paint cost: by package, and by module of ours. `make import-times`.

The times are of each module itself, without what it imports: the least of several runs, since a busy machine only adds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from test_start_up import FIRST_PAINT

RUNS = 5
SHOWN_MODULES = 40
ROOT = Path(__file__).parent.parent
_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.M)


def import_times_us(home: str) -> dict[str, int]:
    """The microseconds of each module that is imported before the first paint."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import tui.cli.main\n{FIRST_PAINT}", "demo"],
        capture_output=True,
        text=True,
        env={"HOME": home, "PRX_HOME": home, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        check=True,
    )
    painted = set(json.loads(run.stdout.splitlines()[0]))  # what comes later is for the end of the program
    return {name: int(self_us) for self_us, name in _LINE.findall(run.stderr) if name in painted}


def print_table(title: str, times_us: Counter[str], counts: Counter[str] | None, most: int) -> None:
    print(f"\n{sum(times_us.values()) / 1000:7.1f} ms  {title}")
    for name, time_us in times_us.most_common(most):
        print(f"{time_us / 1000:7.1f}     {name}" + (f"  ({counts[name]})" if counts else ""))


def main() -> None:
    times_us: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as home:
        for _ in range(RUNS):
            for name, time_us in import_times_us(home).items():
                times_us[name] = min(time_us, times_us.get(name, time_us))
    packages: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for name, time_us in times_us.items():
        packages[name.partition(".")[0]] += time_us
        counts[name.partition(".")[0]] += 1
    print_table(f"{len(times_us)} modules, by package (and how many modules it has)", packages, counts, SHOWN_MODULES)
    ours = Counter({name: time_us for name, time_us in times_us.items() if name.partition(".")[0] == "tui"})
    print_table(f"{len(ours)} modules of ours", ours, None, len(ours))
    others = Counter({name: time_us for name, time_us in times_us.items() if name not in ours})
    print_table("the others, the slowest first", others, None, SHOWN_MODULES)


if __name__ == "__main__":
    main()
