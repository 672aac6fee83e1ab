"""Redirects file descriptor 2 to a file while the screen is drawn, so that libraries do not print onto the screen.

libtiff, for one, writes its warnings straight to the descriptor. Textual draws on the same terminal through a descriptor of
its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tui.inputs.bounded import open_to_write

_STDERR = 2


class StderrFile:
    """Redirects descriptor 2 to `file` until `end`. `terminal` is where it led before."""

    def __init__(self, file: Path) -> None:
        """If the file cannot be written, output is discarded."""
        kept = os.dup(_STDERR)
        self.terminal = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
        opened = _opened(file)
        os.dup2(opened, _STDERR)
        os.close(opened)

    def end(self) -> None:
        """Restore the descriptor."""
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
