"""Write chats that could not be stored to a file that `prx import` reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import TuiError
from tui.private_file import write_private

if TYPE_CHECKING:
    from tui.store import Unsaved

_NAME = "prx-unsaved"
_MAX_FILES = 1000


class NotRescued(TuiError):
    """The chats cannot be written to this file."""


def free_name(folder: Path) -> Path:
    """Return the path of a file in the folder that does not exist: `prx-unsaved.json`, or with a number."""
    return next(file for file in _names(folder) if not os.path.lexists(file))


def write_new(unsaved: Unsaved, file: Path) -> None:
    """Write the chats to a new file, readable only by the user, in the JSON of `prx import`. Raises NotRescued."""
    is_ours = False
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # never replaces an existing file
        is_ours = True
        write_private(file, unsaved_json(unsaved).encode())
    except FileExistsError as error:
        raise NotRescued(f"{_shown(file)} already exists.", "Choose another name.") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if is_ours:
            file.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotRescued(f"{_shown(file)} cannot be written: {reason}.", "Choose another place.") from error


def _shown(file: Path) -> str:
    """Return the name of a file in the current folder, and the path of any other."""
    return file.name if file.parent == Path.cwd() else str(file)


def unsaved_json(unsaved: Unsaved) -> str:
    """Return the chats as the JSON that `prx import` reads."""
    from tui.exchange import archive

    return archive.to_json(unsaved.chats, unsaved.unsent)


def _names(folder: Path) -> Iterator[Path]:
    yield folder / f"{_NAME}.json"
    for number in range(2, _MAX_FILES):
        yield folder / f"{_NAME}-{number}.json"
