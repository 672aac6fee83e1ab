"""What could not be stored goes elsewhere before it is lost: a file that the user named, the temporary folder, or stdout."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.printing import put, say
from tui.errors import TuiError
from tui.private_file import write_private

if TYPE_CHECKING:
    from tui.store import Unsaved

_NAME = "prx-unsaved"
_MOST = 1000


class NotRescued(TuiError):
    """The chats could not be written to that file."""


def free_name(folder: Path) -> Path:
    """Return a file in that folder that does not exist: `prx-unsaved.json`, or with a number."""
    return next(file for file in _names(folder) if not os.path.lexists(file))


def write_new(unsaved: Unsaved, file: Path) -> None:
    """Write the chats to a new file, readable by the user alone, in the JSON that `prx import` reads. Raises NotRescued."""
    is_ours = False
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # nobody else's file is replaced
        is_ours = True
        write_private(file, _text(unsaved).encode())
    except FileExistsError as error:
        raise NotRescued(f"{file} exists already.", "Choose another name.") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if is_ours:
            file.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotRescued(f"{file} cannot be written: {reason}.", "Choose another place.") from error


def rescue(unsaved: Unsaved, database: Path, *, file: Path | None = None, prints: bool = False) -> bool:
    """Keep the chats that the closed database has not taken, and say on stderr where. Return True if they are safe.

    `file`: what the user chose and `write_new` has written; its content is brought up to date. `prints`: the user wants them
    on stdout.
    """
    chats = "1 chat" if unsaved.count == 1 else f"{unsaved.count} chats"
    if file is not None:
        with suppress(OSError):
            write_private(file, _text(unsaved).encode())
            _say(f"Saved {chats} to {file}, as {database} could not be written. To add later: prx import {file}")
            return True
    if not prints and (kept := _kept_elsewhere(unsaved)):
        _say(
            f"Saved {chats} to {kept}, as {database} could not be written. Move that file to a safe place. To add later: "
            f"prx import {kept}"
        )
    elif _printed(unsaved):
        _say(f"Printed {chats} on stdout, as {database} could not be written. It is JSON that prx import reads.")
    else:
        _say(f"Lost {chats}: neither {database} nor any other place could be written.")
    return False


def _kept_elsewhere(unsaved: Unsaved) -> Path | None:
    """The file in the first folder that takes it."""
    for folder in (Path(tempfile.gettempdir()), Path.cwd(), Path.home()):
        file = free_name(folder)
        with suppress(NotRescued):
            write_new(unsaved, file)
            return file
    return None


def _printed(unsaved: Unsaved) -> bool:
    try:
        put(_text(unsaved))
    except OSError:  # the terminal is gone
        return False
    return True


def _names(folder: Path) -> Iterator[Path]:
    yield folder / f"{_NAME}.json"
    for number in range(2, _MOST):
        yield folder / f"{_NAME}-{number}.json"


def _say(text: str) -> None:
    from tui.render.safe import safe

    with suppress(OSError):
        say(f"prx: {safe(text, keep_newlines=False)}", err=True)


def _text(unsaved: Unsaved) -> str:
    from tui.exchange import archive

    return archive.written(unsaved.chats, unsaved.unsent)
