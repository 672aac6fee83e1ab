"""Search files where ripgrep is not installed: print `PATH NUL LINE` for each line of text that matches.

It runs in a process of its own (`command`), which is killed if a pattern takes too long. It loads the standard library and
pathspec only, to start quickly.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from tui.tools.walk import walk

_START = "import sys; sys.path += sys.argv[1:3]; from tui.tools.scan import main; main(*sys.argv[3:])"
_PACKAGE = str(Path(__file__).parent.parent.parent)


def command(pattern: str, path: Path, ignore_case: bool, most_bytes: int, most_lines: int) -> list[str]:
    """Return the command line of a search. The process does not look for packages, so it is told where they are."""
    pathspec = importlib.util.find_spec("pathspec")
    libraries = str(Path(pathspec.origin).parent.parent) if pathspec and pathspec.origin else _PACKAGE
    arguments = (pattern, str(path), str(int(ignore_case)), str(most_bytes), str(most_lines))
    return [sys.executable, "-I", "-S", "-c", _START, _PACKAGE, libraries, *arguments]


def main(pattern: str, path: str, ignore_case: str, most_bytes: str, most_lines: str) -> None:
    """Run a search. Exits with 2 and a message if the pattern is invalid."""
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
