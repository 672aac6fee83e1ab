"""At the end of the full screen: keep chats that could not be stored, in a file or on stdout, and report where."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.printing import put, say
from tui.private_file import write_private
from tui.services.unsaved import NotRescued, free_name, unsaved_json, write_new

if TYPE_CHECKING:
    from tui.store import Unsaved


def keep_unsaved(unsaved: Unsaved, database: Path, *, file: Path | None = None, print_it: bool = False) -> bool:
    """Keep the chats that the closed database does not hold, and report on stderr where. Return True if they are safe.

    `file` is the one the user chose and `write_new` has written; it is updated. `print_it`: the user wants them on stdout.
    """
    chats = "1 chat" if unsaved.count == 1 else f"{unsaved.count} chats"
    reason = f"because {database} could not be written"
    if file is not None:
        with suppress(OSError):
            write_private(file, unsaved_json(unsaved).encode())
            _say(f"Saved {chats} to {file}, {reason}. To add them later: prx import {file}")
            return True
    if not print_it and (kept := _write_somewhere(unsaved)):
        _say(f"Saved {chats} to {kept}, {reason}. Move the file to a safe place. To add them later: prx import {kept}")
    elif _print(unsaved):
        _say(f"Printed {chats} on stdout as JSON, {reason}. To add them later, save it and run: prx import FILE")
    else:
        _say(f"Lost {chats}: neither {database} nor any other place could be written.")
    return False


def _write_somewhere(unsaved: Unsaved) -> Path | None:
    """Write to the first folder that accepts the file and return its path, or None."""
    for folder in (Path(tempfile.gettempdir()), Path.cwd(), Path.home()):
        file = free_name(folder)
        with suppress(NotRescued):
            write_new(unsaved, file)
            return file
    return None


def _print(unsaved: Unsaved) -> bool:
    try:
        put(unsaved_json(unsaved))
    except OSError:  # the terminal is gone
        return False
    return True


def _say(text: str) -> None:
    from tui.render.safe import safe

    with suppress(OSError):
        say(f"prx: {safe(text, keep_newlines=False)}", err=True)
