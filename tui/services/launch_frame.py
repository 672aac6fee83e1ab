"""The first frame of an earlier start, shown while Textual is imported: that takes longer than all the rest of the start.

A file in the state folder has the last first frames: for each the conditions under which it was drawn, as a hash, and its
cells. If one has the conditions of this start, it is written to the terminal at once, and the first real frame covers it.
Nothing else can be sent to the terminal from that file: it has texts, which must be printable, and numbers of colours and
looks. Whatever is wrong with it means that no frame is shown.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.inputs.bounded import read_file
from tui.inputs.limits import LAUNCH_FRAMES_BYTES, SCREEN_COLUMNS, SCREEN_ROWS
from tui.private_file import Occupied, locked, write_private

Row = Sequence[tuple[str, str]]
"""The parts of a line, each with its colours and looks (the numbers of an SGR sequence, e.g. "1;38;5;4") and its text."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_OPENING = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""The alternate screen, without a cursor, without line wrapping."""
_CLOSING = "\x1b[?7h\x1b[?1049l\x1b[?25h"
_SGR = re.compile(r"(?:[0-9]{1,3}(?:;[0-9]{1,3}){0,20})?")
_MOST = 8
"""Frames that are kept: terminals have several sizes."""
_UNREAD_S = 0.05
"""How long the terminal may read nothing until the rest of the frame is discarded. The real one covers what has arrived."""
_VARIABLES = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE")
"""Environment variables that change colours; and those that begin with TEXTUAL_."""


class LaunchFrame:
    """A context manager around the start of the program. At its end the terminal is as before, unless it was taken over."""

    def __init__(self, file: Path, conditions: object) -> None:
        """`conditions`: everything that changes the first frame, besides the terminal; their `repr` is compared. None: no
        frame is shown or kept.
        """
        self._file = file
        self._conditions = conditions
        self._key = ""
        self._stored = ""
        """The frame in the file."""
        self._settings: list[Any] | None = None
        """The terminal's settings to be restored, while the frame is shown."""
        self._terminal = -1
        self._is_taken_over = False

    def __enter__(self) -> LaunchFrame:
        """Show the frame, if there is one."""
        with suppress(OSError, ImportError):  # without a terminal, or on Windows, there is none
            if self._conditions is not None and _is_suitable_terminal():
                size = os.get_terminal_size(_STDOUT)
                self._key = self._key_of(size.columns, size.lines)
                self._stored = dict(_frames(self._file)).get(self._key, "")
                rows = _parse(self._stored)
                if rows and len(rows) == size.lines:
                    self._show(rows)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _key_of(self, columns: int, rows: int) -> str:
        import hashlib

        from tui import __version__

        if columns > SCREEN_COLUMNS or rows > SCREEN_ROWS:
            return ""
        names = sorted(name for name in os.environ if name in _VARIABLES or name.startswith("TEXTUAL_"))
        variables = [(name, os.environ[name]) for name in names]
        everything = repr((__version__, columns, rows, variables, self._conditions))
        return hashlib.blake2b(everything.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def _show(self, rows: list[Row]) -> None:
        import termios

        # Opened a second time, since O_NONBLOCK belongs to the open file, which the shell shares.
        flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        self._terminal = os.open(os.ttyname(_STDOUT), flags)
        with suppress(termios.error):  # the terminal is gone
            self._settings = termios.tcgetattr(_STDIN)
            termios.tcsetattr(_STDIN, termios.TCSANOW, _without_echo(self._settings))
            self._write(_OPENING + "".join(_drawn(rows)))

    def _write(self, text: str) -> None:
        data, end = text.encode(), time.monotonic() + _UNREAD_S
        while data and (left_s := end - time.monotonic()) > 0:
            select.select([], [self._terminal], [], left_s)
            with suppress(BlockingIOError):  # there may be room for less than was thought
                data = data[os.write(self._terminal, data) :]
                end = time.monotonic() + _UNREAD_S

    def take_over(self) -> list[Any] | None:
        """Leave the terminal to the caller, who is about to draw on it.

        Return the settings that it has to restore at its end. None: no frame is shown, so that nothing has changed.
        """
        self._is_taken_over = True
        settings, self._settings = self._settings, None
        self._close()
        return settings

    def leave(self, code: int) -> None:
        """From a signal handler: end the process, unless the terminal was taken over. Before, there is nothing to save."""
        if not self._is_taken_over:
            self._restore()
            os._exit(code)

    def _restore(self) -> None:
        if self._settings is None:
            return
        import termios

        with suppress(OSError, termios.error):  # the terminal is gone
            termios.tcsetattr(_STDIN, termios.TCSANOW, self._settings)
            self._write(_CLOSING)
        self._settings = None  # last, since a signal may arrive in between
        self._close()

    def _close(self) -> None:
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1

    def keep(self, rows: Sequence[Row]) -> None:
        """Store the first frame of this start, unless it is stored already. It must not hold anything private."""
        frame = "".join(f"{_line(row)}\n" for row in rows)
        if not self._key or frame == self._stored or _parse(frame) is None:
            return
        with suppress(OSError, Occupied), locked(self._file, timeout_s=0):
            frames = {self._key: frame, **{key: old for key, old in _frames(self._file) if key != self._key}}
            content = "".join(f"#{key}\n{frame}" for key, frame in list(frames.items())[:_MOST]).encode()
            if len(content) <= LAUNCH_FRAMES_BYTES:
                write_private(self._file, content)


def _is_suitable_terminal() -> bool:
    """True if keys come from and all output goes to one terminal that knows cursor positions, and our driver draws on it."""
    if os.environ.get("TERM", "") in ("", "dumb", "unknown") or os.environ.get("TEXTUAL_DRIVER"):
        return False
    terminals = [file for file in (_STDIN, _STDOUT, _STDERR) if os.isatty(file)]
    return terminals[:2] == [_STDIN, _STDOUT] and len({os.fstat(file).st_rdev for file in terminals}) == 1


def _without_echo(settings: list[Any]) -> list[Any]:
    """Return the settings with which keys are neither shown nor changed until the app reads them. Ctrl+C ends the start."""
    import termios

    inputs, outputs, control, local, in_speed, out_speed, characters = settings
    characters = list(characters)
    characters[termios.VMIN] = 1
    characters[termios.VSUSP] = os.fsencode("\0")  # Ctrl+Z is a key of the app
    inputs &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    local &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    return [inputs, outputs, control, local, in_speed, out_speed, characters]


def _frames(file: Path) -> Iterator[tuple[str, str]]:
    """Yield key and frame of each frame in the file, the latest first; none if the file cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        for frame in f"\n{read_file(file, LAUNCH_FRAMES_BYTES).decode()}".split("\n#")[1:]:
            key, _, lines = frame.partition("\n")
            yield key, lines.removesuffix("\n") + "\n"


def _line(row: Row) -> str:
    return "\t".join(f"{sgr}\t{text}" for sgr, text in row)


def _parse(frame: str) -> list[Row] | None:
    """Return the lines of a stored frame, or None if something in it is neither printable text nor a colour or look."""
    rows: list[Row] = []
    for line in frame.removesuffix("\n").split("\n"):
        fields = line.split("\t")
        row = list(zip(fields[::2], fields[1::2], strict=False))
        if len(fields) % 2 or not all(_SGR.fullmatch(sgr) and text.isprintable() for sgr, text in row):
            return None
        rows.append(row)
    return rows


def _drawn(rows: Sequence[Row]) -> Iterator[str]:
    for y, row in enumerate(rows, 1):
        yield f"\x1b[{y};1H"
        for sgr, text in row:
            yield f"\x1b[0;{sgr}m{text}" if sgr else f"\x1b[0m{text}"
    yield "\x1b[0m"
