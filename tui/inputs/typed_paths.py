"""Find the file for a typed path, whose spaces and accents may differ from the real name.

macOS puts a narrow no-break space into the names of screenshots, and some systems store `é` as two characters. Neither can
be seen or typed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_URL = re.compile(r"(https?|ftps?):/+(?=\S)", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\u200b\u2060\ufeff]+")


def normalized(name: str) -> str:
    """Return the name with composed letters and single ASCII spaces."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", name))


def find_path(path: Path) -> Path | None:
    """Return the existing file or folder for a typed path, or None if there is none or several.

    An exact match comes first, then the only name that looks the same. Reads from the disk; `~` must be expanded.
    """
    with suppress(OSError, ValueError):  # an unreadable folder, or a NUL in the name
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
    wanted = normalized(name)
    return [one for one in names if normalized(one) == wanted]


def url_in(path: Path | str) -> str:
    """Return the URL that was given instead of a path, or "". A `Path` has lost one of its slashes."""
    text = str(path)
    return _URL.sub(lambda scheme: f"{scheme[1]}://", text, count=1) if _URL.match(text) else ""
