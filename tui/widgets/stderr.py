"""File descriptor 2 while the screen is drawn: a file, so that what libraries print there does not land in the picture.

libtiff, for one, writes what is wrong with a picture straight to it, past everything in Python. Textual draws on the same
terminal; it gets a descriptor of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tui.inputs.bounded import open_to_write

_STDERR = 2


class StderrAside:
    """From its making to `end`, descriptor 2 is `file`. `terminal` is where it led before."""

    def __init__(self, file: Path) -> None:
        """A file that cannot be written is done without: then nothing is kept of what is printed."""
        kept = os.dup(_STDERR)
        self.terminal = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
        opened = _opened(file)
        os.dup2(opened, _STDERR)
        os.close(opened)

    def end(self) -> None:
        with suppress(OSError):  # the terminal is gone
            self.terminal.flush()
        os.dup2(self.terminal.fileno(), _STDERR)
        with suppress(OSError):
            self.terminal.close()


def _opened(file: Path) -> int:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_to_write(file, os.O_TRUNC)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
