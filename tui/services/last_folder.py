"""Folders that are remembered between runs, in files of the state folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import write_private


class LastFolder:
    """The last folder of the attach dialog.

    Call its methods in a thread: a disk may be slow. They do not raise errors."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Path | None:
        """Return the folder, or None if it does not exist any more."""
        try:
            folder = Path(os.fsdecode(read_file(self._file, SETTINGS_FILE_BYTES)))
            return folder if folder.is_absolute() and folder.is_dir() else None
        except (OSError, ValueError):  # ValueError: a NUL in it
            return None

    def keep(self, folder: Path) -> None:
        with suppress(OSError):
            write_private(self._file, os.fsencode(folder))


class KnownFolders:
    """The folders in which the user was told that Claude can read files. The file is read once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: set[bytes] | None = None

    def knows(self, folder: Path) -> bool:
        return os.fsencode(folder) in self._read()

    def add(self, folder: Path) -> None:
        known = self._read()
        if os.fsencode(folder) not in known:
            known.add(os.fsencode(folder))
            with suppress(OSError):
                write_private(self._file, b"\0".join(sorted(known)))

    def _read(self) -> set[bytes]:
        if self._known is None:
            try:
                self._known = set(read_file(self._file, SETTINGS_FILE_BYTES).split(b"\0"))
            except OSError:
                self._known = set()
        return self._known
