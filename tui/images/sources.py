"""Where the bytes of an attachment come from: a file on disk, the paths in a pasted text, a data URI.

Reading a file may take long (a network drive), so it runs in a thread. It never waits for a writer: whatever is no regular
file is refused before it is opened.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote_to_bytes, urlsplit

from tui.images.errors import CannotAttach
from tui.images.markers import decode_base64
from tui.inputs.typed_paths import address_in, found

MAX_FILE_BYTES = 200 * 1024 * 1024
"""More than this is not read into memory."""
_LONGEST_PASTE = 32 * 1024
"""A longer text is not taken for a list of paths."""
_MOST_PATHS = 200
_SAVE_FIRST = "Save what it delivers to a file, and attach that."
_NOT_FILES = (
    (stat.S_ISDIR, "is a folder", "Attach the files in it instead."),
    (stat.S_ISFIFO, "is a pipe, not a file", _SAVE_FIRST),
    (stat.S_ISSOCK, "is a socket, not a file", _SAVE_FIRST),
    (stat.S_ISCHR, "is a device, not a file", _SAVE_FIRST),
    (stat.S_ISBLK, "is a device, not a file", _SAVE_FIRST),
)


def read_file(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """All of the file that a typed path means. Raises CannotAttach with a sentence that names it."""
    if address := address_in(path):
        raise CannotAttach(
            f"{address} is an address, not a file",
            "Download it and attach the file. Claude can fetch an address that stands in the prompt, with tools on.",
        )
    try:
        path = resolve_path(path)
        _refuse_unfit(path.stat(), path, max_bytes)
        # Should it have become a pipe since, opening must not wait for a writer either.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(opened, "rb") as file:
            _refuse_unfit(os.fstat(opened), path, max_bytes)
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise CannotAttach(f"{path} does not exist", "Was it moved or renamed?") from error
    except PermissionError as error:
        raise CannotAttach(f"{path} may not be read by you", "Change its permissions, or copy it.") from error
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the name; RuntimeError: no such home
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CannotAttach(
            f"{path} cannot be read: {reason}", "Check the path, or attach a copy of the file."
        ) from error
    if not data:
        raise CannotAttach(f"{path} is empty", "Is it still being written or downloaded?")
    if len(data) > max_bytes:  # it grew meanwhile
        raise _too_large(path, len(data), max_bytes)
    return data


def resolve_path(path: Path) -> Path:
    """The file that a path means, if there is one: with `~` as the home, or as a `file:` URL. Raises RuntimeError for a home
    that there is not.
    """
    if str(path).lower().startswith("file:"):
        path = Path(_path_of_url(str(path)) or path)
    path = path.expanduser()
    return found(path) or path


def _refuse_unfit(found: os.stat_result, path: Path, max_bytes: int) -> None:
    for is_one, what, hint in _NOT_FILES:
        if is_one(found.st_mode):
            raise CannotAttach(f"{path} {what}", hint)
    if found.st_size > max_bytes:
        raise _too_large(path, found.st_size, max_bytes)


def _too_large(path: Path, size_bytes: int, max_bytes: int) -> CannotAttach:
    return CannotAttach(
        f"{path} has {size_bytes / 2**20:,.0f} MB, and more than {max_bytes // 2**20} MB are not read",
        "Attach a smaller version.",
    )


def data_in_uri(uri: str) -> bytes:
    """The bytes of a data URI, in base64 or percent signs; b"" where it is none. Its label is not looked at."""
    head, comma, body = uri.strip().partition(",")
    if not comma or not head.lower().startswith("data:"):
        return b""
    return decode_base64(body) if head.lower().endswith(";base64") else unquote_to_bytes(body)


def paths_in(pasted: str) -> tuple[Path, ...]:
    """The files that a pasted text names, where it names nothing else; else ().

    Terminals paste a dropped file as it is, in quotes, with backslashes before blanks, or as a `file://` URL, and several of
    them in a line or one a line. Only absolute paths, and those from the home folder (`~`), count: a word that happens to
    be a file's name too is a word.
    """
    text = pasted.strip()
    if not text or len(text) > _LONGEST_PASTE or "\0" in text:
        return ()
    for names in _readings(text):
        if 0 < len(names) <= _MOST_PATHS:
            paths = tuple(path for name in names if (path := _existing(name)) is not None)
            if len(paths) == len(names):
                return paths
    return ()


def single_path(pasted: str) -> str:
    """The absolute path that a pasted text is, as a terminal pastes one file, whether or not it exists; else ""."""
    text = pasted.strip()
    if not text or len(text) > _LONGEST_PASTE or "\n" in text:
        return ""
    names = [text]
    with suppress(ValueError):  # an open quote
        names = shlex.split(text) if "\\ " in text or text[0] in "'\"" else names
    name = _path_of_url(names[0]) if names[0].lower().startswith("file:") else names[0]
    return name if len(names) == 1 and name.startswith(("/", "~")) else ""


def _readings(text: str) -> Iterator[list[str]]:
    """The ways in which a text may list names: one whole, one a line, in the manner of a shell, and of Windows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield lines
    yield [_unquoted(line) for line in lines]
    with suppress(ValueError):  # an open quote
        yield shlex.split(text)
    yield [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]


def _unquoted(line: str) -> str:
    return line[1:-1] if len(line) > 1 and line[0] == line[-1] and line[0] in "'\"" else line


def _existing(name: str) -> Path | None:
    """The file of an absolute name, if there is one."""
    if name.lower().startswith("file:"):
        name = _path_of_url(name)
    try:
        path = Path(name).expanduser()
        if not path.is_absolute():
            path = _below_wsl(name)
        path = found(path) or path
        return path if path.is_absolute() and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _path_of_url(url: str) -> str:
    """The path of a `file:` URL on this computer, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.netloc.lower() not in ("", "localhost", os.uname().nodename.lower() if hasattr(os, "uname") else ""):
        return ""
    # In a file's name a question mark or number sign is a character like any other.
    path = url[url.index(":") + 1 :].removeprefix(f"//{parts.netloc}")
    name = os.fsdecode(unquote_to_bytes(path))
    return name[1:] if re.match(r"/[A-Za-z]:", name) else name


def _below_wsl(name: str) -> Path:
    """Where Linux under Windows finds a file of Windows: `C:\\a\\b.png` is `/mnt/c/a/b.png`."""
    windows = PureWindowsPath(name)
    if os.name == "nt" or not re.fullmatch(r"[A-Za-z]:\\?", windows.anchor):
        return Path()
    return Path("/mnt", windows.drive[0].lower(), *windows.parts[1:])
