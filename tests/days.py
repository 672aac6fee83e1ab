"""Run the tests on future days and in distant time zones: none may depend on when or where it runs.

    python tests/days.py [ARGUMENTS OF PYTEST]

The tests run in an environment of their own, whose interpreter moves its clock when it starts, so the clock is moved in
every Python process, also in those that tests start. File times and other programs keep the real clock. The exit code is 1
if any run failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parent.parent
DAYS = (
    ("2027-02-01T00:30:00", "Pacific/Kiritimati"),  # 14 hours ahead of UTC
    ("2029-01-01T23:30:00", "America/St_Johns"),  # three hours and a half behind
)
OPTIONS = (
    *(
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ),  # the plugin that comes with the moved clock is there before pytest
    "--ignore=tests/test_start_up.py",  # counts modules, and the moved clock brings some
    "--deselect=tests/anthropic/test_claude_locks.py",  # compares the ages of folders, which stay, with the clock
)
CLOCK = """\
import os, time
os.environ["TZ"] = {zone!r}
time.tzset()
import datetime, sys, zoneinfo
sys.modules["pytest"] = None  # which time_machine would load into every program under test
import time_machine
del sys.modules["pytest"]
now = datetime.datetime.now(zoneinfo.ZoneInfo({zone!r}))
time_machine.travel(now + datetime.timedelta(seconds={ahead_s})).start()
"""
"""Moves the clock of every process by the same offset, so that the clocks of all processes agree."""


def environment(folder: Path, day: str, zone: str) -> Path:
    """Return the interpreter of an environment with the packages of this one, whose clock stands at another day."""
    venv.create(folder)
    folder.chmod(0o755)  # some tests run programs as another user
    ahead_s = (datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) - datetime.now(timezone.utc)).total_seconds()
    packages = next((folder / "lib").glob("python*/site-packages"))
    (packages / "moved_clock.py").write_text(CLOCK.format(ahead_s=ahead_s, zone=zone))
    here = sysconfig.get_path("purelib")
    (packages / "moved_clock.pth").write_text(f"import site; site.addsitedir({here!r})\nimport moved_clock\n")
    python = folder / "bin" / "python"
    prx = folder / "bin" / "prx"
    prx.write_text(f"#!{python}\nimport sys\nfrom tui.cli.main import main\nsys.exit(main())\n")
    prx.chmod(0o755)
    return python


def main() -> int:
    failed = 0
    for day, zone in DAYS:
        print(f"+ {day}, {zone}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            python = environment(Path(folder), day, zone)
            path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
            command = [python, "-m", "pytest", "-q", *OPTIONS, *sys.argv[1:]]
            failed |= subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
