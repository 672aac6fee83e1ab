"""The folder that the attach dialog was left in, kept in a file of the state folder for the next start."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tui.private_file import write_private


class LastFolder:
    """Reading and writing may take a while on a slow disk, so they are for threads. Neither fails: it is a convenience."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Path | None:
        """That folder, if it is still one."""
        try:
            folder = Path(os.fsdecode(self._file.read_bytes()))
            return folder if folder.is_absolute() and folder.is_dir() else None
        except (OSError, ValueError):  # ValueError: a NUL in it
            return None

    def keep(self, folder: Path) -> None:
        with suppress(OSError):
            write_private(self._file, os.fsencode(folder))
