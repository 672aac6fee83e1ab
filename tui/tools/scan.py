"""Searches as ripgrep would where there is none: prints `PATH NUL LINE` for each line of text that matches.

A process of its own (`command`): a pattern that never comes to an end is ended with it. Standard library alone.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from tui.tools.walk import walk

_START = "import sys; sys.path.insert(0, sys.argv[1]); from tui.tools.scan import main; main(*sys.argv[2:])"
_PACKAGE = str(Path(__file__).parent.parent.parent)


def command(pattern: str, path: Path, ignore_case: bool, most_bytes: int, most_lines: int) -> list[str]:
    """How to run it."""
    arguments = (pattern, str(path), str(int(ignore_case)), str(most_bytes), str(most_lines))
    return [sys.executable, "-I", "-S", "-c", _START, _PACKAGE, *arguments]


def main(pattern: str, path: str, ignore_case: str, most_bytes: str, most_lines: str) -> None:
    """Exits with 2 and says why where the pattern is none."""
    try:
        regex = re.compile(pattern, re.IGNORECASE if int(ignore_case) else 0)
    except (re.error, RecursionError, OverflowError) as error:
        sys.stdout.write(f"regex parse error: {error}\n")
        raise SystemExit(2) from error
    top = Path(path)
    if not top.is_dir():
        _search(regex, top, int(most_bytes), int(most_lines))
        return
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    for entry in walk(folder, top):
        if entry.kind == "file" and entry.size_bytes <= int(most_bytes):
            _search(regex, top / entry.path, int(most_bytes), int(most_lines))


def _search(regex: re.Pattern[str], path: Path, most_bytes: int, most_lines: int) -> None:
    data = _read(path, most_bytes)
    if b"\0" in data:
        return
    found = 0
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if regex.search(line.removesuffix("\r")):
            sys.stdout.buffer.write(os.fsencode(path) + b"\0%d:\n" % number)
            found += 1
            if found == most_lines:
                return


def _read(path: Path, most_bytes: int) -> bytes:
    with suppress(OSError):
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as file:
            if stat.S_ISREG(os.fstat(opened).st_mode):
                return file.read(most_bytes)
    return b""
