"""Read the bytes of an attachment: from a file, or from the paths in a pasted text.

Reading a file may take long (a network drive), so it runs in a thread. It never waits for a writer: anything but a regular
file is rejected before it is opened.
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
from tui.inputs.typed_paths import find_path, url_in

MAX_FILE_BYTES = 200 * 1024 * 1024
"""The largest file that is read into memory."""
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
    """Return the content of the file that a typed path means. Raises CannotAttach, which names it."""
    if address := url_in(path):
        raise CannotAttach(
            f"{address} is an address, not a file",
            "Download it and attach the file. With tools on, Claude can fetch an address in the prompt.",
        )
    try:
        path = resolve_path(path)
        _refuse_unfit(path.stat(), path, max_bytes)
        # If it has become a pipe meanwhile, opening must not wait for a writer.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(opened, "rb") as file:
            _refuse_unfit(os.fstat(opened), path, max_bytes)
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise CannotAttach(f"{path} does not exist", "It may have been moved.") from error
    except PermissionError as error:
        raise CannotAttach(
            f"You do not have permission to read {path}", "Change its permissions, or copy it."
        ) from error
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # ValueError: a NUL in the name; RuntimeError: no such home folder
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CannotAttach(
            f"{path} cannot be read: {reason}", "Check the path, or attach a copy of the file."
        ) from error
    if not data:
        raise CannotAttach(f"{path} is empty", "Perhaps it is still being written or downloaded.")
    if len(data) > max_bytes:  # it grew meanwhile
        raise _too_large(path, len(data), max_bytes)
    return data


def resolve_path(path: Path) -> Path:
    """Return the file that a path means, with `~` expanded, or from a `file:` URL. Raises RuntimeError for an unknown home
    folder.
    """
    if str(path).lower().startswith("file:"):
        path = Path(_path_of_url(str(path)) or path)
    path = path.expanduser()
    return find_path(path) or path


def _refuse_unfit(found: os.stat_result, path: Path, max_bytes: int) -> None:
    for is_one, what, hint in _NOT_FILES:
        if is_one(found.st_mode):
            raise CannotAttach(f"{path} {what}", hint)
    if found.st_size > max_bytes:
        raise _too_large(path, found.st_size, max_bytes)


def _too_large(path: Path, size_bytes: int, max_bytes: int) -> CannotAttach:
    return CannotAttach(
        f"{path} has {size_bytes / 2**20:,.0f} MB; the limit is {max_bytes // 2**20} MB",
        "Attach a smaller version.",
    )


def data_in_uri(uri: str) -> bytes:
    """Return the bytes of a data URI, base64 or percent-encoded; b"" if it is invalid. Its label is ignored."""
    head, comma, body = uri.strip().partition(",")
    if not comma or not head.lower().startswith("data:"):
        return b""
    return decode_base64(body) if head.lower().endswith(";base64") else unquote_to_bytes(body)


def paths_in(pasted: str) -> tuple[Path, ...]:
    """Return the files that a pasted text names if it names nothing else, else ().

    Terminals paste a dropped file plain, quoted, with escaped blanks, or as a `file://` URL, and several in one line or one
    per line. Only absolute paths and those from the home folder (`~`) count: a word that is also a file name is a word.
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
    """Return the absolute path that a pasted text is, whether or not it exists, else ""."""
    text = pasted.strip()
    if not text or len(text) > _LONGEST_PASTE or "\n" in text:
        return ""
    names = [text]
    with suppress(ValueError):  # an open quote
        names = shlex.split(text) if "\\ " in text or text[0] in "'\"" else names
    name = _path_of_url(names[0]) if names[0].lower().startswith("file:") else names[0]
    return name if len(names) == 1 and name.startswith(("/", "~")) else ""


def _readings(text: str) -> Iterator[list[str]]:
    """Yield the ways in which a text may list paths: one path, one per line, as in a shell, and as in Windows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield lines
    yield [_unquoted(line) for line in lines]
    with suppress(ValueError):  # an open quote
        yield shlex.split(text)
    yield [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]


def _unquoted(line: str) -> str:
    return line[1:-1] if len(line) > 1 and line[0] == line[-1] and line[0] in "'\"" else line


def _existing(name: str) -> Path | None:
    """Return the file of an absolute path if it exists."""
    if name.lower().startswith("file:"):
        name = _path_of_url(name)
    try:
        path = Path(name).expanduser()
        if not path.is_absolute():
            path = _below_wsl(name)
        path = find_path(path) or path
        return path if path.is_absolute() and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _path_of_url(url: str) -> str:
    """Return the path of a `file:` URL on this computer, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.netloc.lower() not in ("", "localhost", os.uname().nodename.lower() if hasattr(os, "uname") else ""):
        return ""
    # In a file name, question marks and number signs are ordinary characters.
    path = url[url.index(":") + 1 :].removeprefix(f"//{parts.netloc}")
    name = os.fsdecode(unquote_to_bytes(path))
    return name[1:] if re.match(r"/[A-Za-z]:", name) else name


def _below_wsl(name: str) -> Path:
    r"""Return where WSL mounts a file of Windows: `C:\a\b.png` is `/mnt/c/a/b.png`."""
    windows = PureWindowsPath(name)
    if os.name == "nt" or not re.fullmatch(r"[A-Za-z]:\\?", windows.anchor):
        return Path()
    return Path("/mnt", windows.drive[0].lower(), *windows.parts[1:])
