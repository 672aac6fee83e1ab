"""Which files are offered to be attached: pictures and PDF. Others can be, too, but nobody means them by pasting a path."""

from __future__ import annotations

from pathlib import Path

from tui.images.kinds import LONGEST_START, PDF, kind_of
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


def _is_offered(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(LONGEST_START))
    except OSError:
        return looks_offered(path.name)  # why it cannot be read is for the one who attaches it to say
    return kind is not None and (kind.use == "image" or kind == PDF)
