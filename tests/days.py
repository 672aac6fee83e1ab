"""Runs the tests on days to come and in time zones far away: none may depend on when or where it runs.

    python tests/days.py [ARGUMENTS OF PYTEST]

The clock is moved by libfaketime, for the tests and for every program that they start. Ends with 1 if any run failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DAYS = (
    ("2027-02-01 00:30:00", "Pacific/Kiritimati"),  # 14 hours before UTC's noon
    ("2029-01-01 23:30:00", "America/St_Johns"),  # half an hour off the full one
)


def libfaketime() -> str:
    """The library for programs with threads, where Debian, Fedora, Arch or Homebrew put it; empty where there is none."""
    folders = ("/usr/lib", "/usr/lib64", "/opt/homebrew/lib", "/usr/local/lib")
    found = [file for folder in folders for file in Path(folder).glob("**/faketime/libfaketimeMT.so.1")]
    return str(found[0]) if found else ""


def main() -> int:
    library = libfaketime()
    if not library:
        print("libfaketime was not found. Install the package `libfaketime` (or `faketime`).", file=sys.stderr)
        return 2
    failed = 0
    for day, zone in DAYS:
        print(f"+ {day}, TZ={zone}", flush=True)
        # Waits and durations go by the monotonic clock, which stays; ages of files move with the clock.
        moved = {"LD_PRELOAD": library, "FAKETIME": f"@{day}", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": zone}
        command = [sys.executable, "-m", "pytest", "-q", *sys.argv[1:]]
        failed |= subprocess.run(command, cwd=ROOT, env=os.environ | moved, check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
