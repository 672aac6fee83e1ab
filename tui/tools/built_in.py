"""The built-in tools, for the working folder and the folders that the user added."""

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
from tui.tools.reading import MakeBlock, ReadFile
from tui.tools.search import SearchFiles
from tui.tools.tool import ToolKind

COMMAND_TIMEOUT_S = 120


def built_in(
    folder: Path,
    more: Sequence[Path] = (),
    *,
    see: MakeBlock,
    private_hosts: bool = False,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    ours: Sequence[Path] = (),
    withheld: Collection[str] = CREDENTIALS,
    given: Collection[str] = (),
) -> tuple[ToolKind, ...]:
    """Return all built-in tools, always in the same order.

    `ours` are prx's own files and folders: reading those needs permission. Commands never receive the environment
    variables `withheld`, and receive those in `given` although they look like secrets.
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
