"""The file that a typed path means: names differ from what is typed in blanks and in the form of their letters.

macOS puts a narrow no-break space into the names of screenshots, and some systems store `é` as two characters. A reader sees
no difference, and a keyboard does not make it.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_ADDRESS = re.compile(r"(https?|ftps?):/+(?=\S)", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\u200b\u2060\ufeff]+")


def folded(name: str) -> str:
    """Return a name in one form: composed letters, and one space for whatever stands between words."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", name))


def found(path: Path) -> Path | None:
    """Return the existing file or folder that a path means; None where there is none, or where several would do.

    It is the one of exactly this name, else the only one that looks the same. Reads from the disk; `~` must be expanded.
    """
    with suppress(OSError, ValueError):  # a folder that may not be read; a NUL in the name
        if os.path.lexists(path):
            return path
        place = Path(path.anchor or ".")
        for part in path.parts[bool(path.anchor) :]:
            below = place / part
            if part != ".." and not os.path.lexists(below):
                alike = _alike(part, (one.name for one in place.iterdir()))
                if len(alike) != 1:
                    return None
                below = place / alike[0]
            place = below
        return place
    return None


def _alike(name: str, names: Iterable[str]) -> list[str]:
    wanted = folded(name)
    return [one for one in names if folded(one) == wanted]


def address_in(path: Path | str) -> str:
    """Return the web address that was given in the place of a path, or "". A `Path` has lost one of its two slashes."""
    text = str(path)
    return _ADDRESS.sub(lambda scheme: f"{scheme[1]}://", text, count=1) if _ADDRESS.match(text) else ""
