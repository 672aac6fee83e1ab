"""Find files to attach: in pasted text, after an @, and in folders. Images and PDFs come first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tui.images.errors import CannotAttach
from tui.images.kinds import LONGEST_START, PDF, kind_of
from tui.images.markers import MARKER_START, markers_in
from tui.images.mentions import mentions_in
from tui.images.sources import paths_in, single_path
from tui.inputs.bounded import read_start
from tui.inputs.typed_paths import find_path, normalized, url_in

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".pdf")
)
"""File name endings of images and PDFs, for listing files without opening each."""
_ANCHORS = ("/", "~", '"', "'", "file:", "\\")


def looks_attachable(name: str) -> bool:
    """True if the file name is that of an image or a PDF."""
    return Path(name).suffix.lower() in SUFFIXES


def may_be_paths(pasted: str) -> bool:
    """True if a pasted text may name files, so that it is worth checking the disk."""
    text = pasted.strip()
    return text.lower().startswith(_ANCHORS) or text[1:2] == ":"


def attachable_paths(pasted: str) -> tuple[Path, ...]:
    """Return the images and PDFs that a pasted text names if it names nothing else, else (). Reads from the disk."""
    paths = paths_in(pasted)
    return paths if all(map(_is_offered, paths)) else ()


def paste_notice(pasted: str) -> str:
    """Return a notice for a pasted text that names one file which is not attached, or ""."""
    paths = paths_in(pasted)
    if len(paths) == 1:
        return "pasted as text; type @ before the path to attach the file"
    name = single_path(pasted)
    return f"no file {Path(name).name}; pasted as text" if name and looks_attachable(name) else ""


class MentionedFiles(NamedTuple):
    """The files that a text mentions after an @."""

    files: tuple[Path, ...]
    notice: str
    """A notice about mentions that are not attached, or ""."""


def mentioned_files(text: str, folder: Path) -> MentionedFiles:
    """Return the files that a text mentions after an @, relative to that folder. Reads from the disk."""
    files: dict[Path, None] = {}
    missing: list[str] = []
    hidden = ""
    for mention in mentions_in(text):
        path = _first_file(mention.readings, folder)
        if path is None:
            missing.append(mention.name)
        elif _is_hidden(path) and not _is_offered(path):
            hidden = hidden or f"@{mention.name} is hidden and not attached; use the dialog or -a"
        else:
            files[path] = None
    return MentionedFiles(tuple(files), hidden or _missing_notice(missing, folder) or broken_marker_notice(text))


def broken_marker_notice(text: str) -> str:
    """Return a notice about a marker without an image, or ""."""
    if MARKER_START not in text or text.count(MARKER_START) == len(markers_in(text)):
        return ""
    return f"{MARKER_START}…] contains no image (data:image/png;base64,…) and stays text"


def _is_hidden(path: Path) -> bool:
    """True for a path with a hidden part: those may be keys and passwords, which a pasted text could mention."""
    return any(part.startswith(".") and part != ".." for part in (*path.parts, *path.resolve().parts))


def _first_file(names: Sequence[str], folder: Path) -> Path | None:
    """Return the first of these names that is a file: exactly as written, else with Unicode differences ignored."""
    for look in (lambda path: path, find_path):
        for name in names:
            with suppress(OSError, RuntimeError, ValueError):  # no such home folder, a name that is too long, or a NUL
                path = look(folder / Path(name).expanduser())
                if path is not None and path.is_file():
                    return path
    return None


def _missing_notice(names: Sequence[str], folder: Path) -> str:
    if not names:
        return ""
    if len(names) > 1:
        return f"@{names[0]} and {len(names) - 1} more are not files here; they stay text"
    name = names[0]
    if url_in(name):
        return f"@{name} is an address, not a file; it stays text"
    with suppress(OSError, RuntimeError, ValueError):
        if (folder / Path(name).expanduser()).is_dir():
            return f"@{name} is a folder, not a file; it stays text"
    return f"@{name} is not a file here; it stays text"


def _is_offered(path: Path) -> bool:
    try:
        kind = kind_of(read_start(path, LONGEST_START))
    except OSError:
        return looks_attachable(path.name)  # attaching it reports why it cannot be read
    return kind is not None and (kind.use == "image" or kind == PDF)


def path_completions(typed: str, folder: Path, most: int = 200) -> tuple[str, ...]:
    """Return the completions of a path: folders with a slash, and files, as they would be typed.

    Hidden ones only after a dot. Reads from the disk.
    """
    place, slash, begun = typed.rpartition("/")
    try:
        # Expanding a tilde fails if there is no such user.
        with os.scandir((folder / Path(place + slash).expanduser()) if slash else folder) as entries:
            names = [
                entry.name + "/" if entry.is_dir() else entry.name
                for entry in entries
                if normalized(entry.name).lower().startswith(normalized(begun).lower())
                and (begun.startswith(".") or not entry.name.startswith("."))
                and (entry.is_dir() or entry.is_file())
            ]
    except (OSError, RuntimeError, ValueError):
        return ()
    return tuple(place + slash + name for name in sorted(names, key=str.lower)[:most])


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder in a list."""

    name: str
    is_folder: bool
    size_bytes: int = 0


def list_folder(folder: Path, *, hidden: bool) -> tuple[FolderEntry, ...]:
    """Return the files of a folder, images and PDFs first, then its folders. Reads from the disk; raises CannotAttach."""
    try:
        with os.scandir(folder) as found:
            entries = [
                FolderEntry(entry.name, is_folder := entry.is_dir(), 0 if is_folder else _size_of(entry))
                for entry in found
                if (hidden or not entry.name.startswith(".")) and (entry.is_dir() or entry.is_file())
            ]
    except OSError as error:
        raise CannotAttach(
            f"{folder} cannot be read: {error.strerror}", "Check its permissions, or choose another folder."
        ) from error
    return tuple(sorted(entries, key=_place_in_list))


def _place_in_list(entry: FolderEntry) -> tuple[bool, bool, str]:
    return entry.is_folder, not entry.is_folder and not looks_attachable(entry.name), entry.name.lower()


def _size_of(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a broken link; attaching it reports that
        return 0
