"""The tools that come with the app, for one folder and those that the user added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from tui.tools import addresses
from tui.tools.command import RunCommand
from tui.tools.editing import Changes, EditFile, WriteFile
from tui.tools.environment import CREDENTIALS
from tui.tools.fetch import FetchUrl
from tui.tools.listing import ListFiles
from tui.tools.paths import Folders
from tui.tools.reading import ReadFile, See
from tui.tools.search import SearchFiles
from tui.tools.tool import ToolKind

COMMAND_TIMEOUT_S = 120


def built_in(
    folder: Path,
    more: Sequence[Path] = (),
    *,
    see: See,
    private_hosts: bool = False,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    ours: Sequence[Path] = (),
    withheld: Collection[str] = CREDENTIALS,
    given: Collection[str] = (),
) -> tuple[ToolKind, ...]:
    """All of them, in an order that never changes. `ours` are this program's own files and folders: reading those asks.
    `withheld` are the variables of the environment that no command gets, `given` those that it gets though they look secret.
    """
    folders, changes = Folders(folder, more, ours), Changes()
    return (
        ListFiles(folders),
        ReadFile(folders, see),
        SearchFiles(folders),
        WriteFile(folders, changes),
        EditFile(folders, changes),
        RunCommand(folders, command_timeout_s, withheld, given),
        FetchUrl(see, allows=addresses.anywhere if private_hosts else addresses.is_public),
    )
