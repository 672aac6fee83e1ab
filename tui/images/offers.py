"""Which files are offered to be attached: pictures and PDF. Others can be, too, but nobody means them by pasting a path."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.bounded import read_start
from tui.images.errors import CannotAttach
from tui.images.kinds import LONGEST_START, PDF, kind_of
from tui.images.mentions import paths_after_at
from tui.images.sources import paths_in

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".pdf")
)
"""Names that pictures and PDF have: a list of files is made without opening each."""
_ANCHORS = ("/", "~", '"', "'", "file:", "\\")


def looks_offered(name: str) -> bool:
    """Whether a file's name is one of a picture or a PDF."""
    return Path(name).suffix.lower() in SUFFIXES


def may_name_files(pasted: str) -> bool:
    """Whether it is worth asking the disk about a pasted text."""
    text = pasted.strip()
    return text.lower().startswith(_ANCHORS) or text[1:2] == ":"


def pictures_in(pasted: str) -> tuple[Path, ...]:
    """The pictures and PDF files that a pasted text names, where it names nothing else; else (). Reads from the disk."""
    paths = paths_in(pasted)
    return paths if all(map(_is_offered, paths)) else ()


def mentioned_in(text: str, folder: Path) -> tuple[Path, ...]:
    """The pictures and PDF files that a text names after an @, from that folder on. Reads from the disk."""
    found: dict[Path, None] = {}
    for name in paths_after_at(text):
        with suppress(OSError, RuntimeError, ValueError):  # no such home, a name that is too long, a NUL in it
            path = folder / Path(name).expanduser()
            if path.is_file() and _is_offered(path):
                found[path] = None
    return tuple(found)


def _is_offered(path: Path) -> bool:
    try:
        kind = kind_of(read_start(path, LONGEST_START))
    except OSError:
        return looks_offered(path.name)  # why it cannot be read is for the one who attaches it to say
    return kind is not None and (kind.use == "image" or kind == PDF)


def files_after(typed: str, folder: Path, most: int = 200) -> tuple[str, ...]:
    """What a path that was begun may go on as: folders, with a slash, and pictures and PDF, as they would be typed.

    Hidden ones only after a point. Reads from the disk.
    """
    place, slash, begun = typed.rpartition("/")
    try:
        # With a tilde that names no user, expanding fails.
        with os.scandir((folder / Path(place + slash).expanduser()) if slash else folder) as entries:
            names = [
                entry.name + "/" if entry.is_dir() else entry.name
                for entry in entries
                if entry.name.lower().startswith(begun.lower())
                and (begun.startswith(".") or not entry.name.startswith("."))
                and (entry.is_dir() or looks_offered(entry.name))
            ]
    except (OSError, RuntimeError, ValueError):
        return ()
    return tuple(place + slash + name for name in sorted(names, key=str.lower)[:most])


@dataclass(frozen=True)
class Entry:
    """A file or a folder in a list of them."""

    name: str
    is_folder: bool
    size_bytes: int = 0


def entries_of(folder: Path, *, hidden: bool) -> tuple[Entry, ...]:
    """The pictures and PDF files of a folder, then its folders. Reads from the disk; raises CannotAttach."""
    try:
        with os.scandir(folder) as found:
            entries = [
                Entry(entry.name, is_folder := entry.is_dir(), 0 if is_folder else _size_of(entry))
                for entry in found
                if (hidden or not entry.name.startswith(".")) and (entry.is_dir() or looks_offered(entry.name))
            ]
    except OSError as error:
        raise CannotAttach(f"{folder} cannot be read: {error.strerror}") from error
    return tuple(sorted(entries, key=lambda entry: (entry.is_folder, entry.name.lower())))


def _size_of(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a link that leads nowhere; attaching it says so
        return 0
