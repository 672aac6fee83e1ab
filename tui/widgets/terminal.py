"""The terminal driver: Textual's, with a key reader of our own that has Esc within 50 ms, Alt+Enter, and whole pastes.

A terminal without the newer keyboard protocol sends a bare ESC byte for Esc, and starts every other special key with the
same byte, so a reader has to wait for what follows. Textual waits for 100 ms and looks every 100 ms, which is too long for
an Esc that stops an answer. Its parser also takes escape sequences within a paste for keys.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any, ClassVar, TextIO

from textual import _ansi_sequences, constants, events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._xterm_parser import XTermParser
from textual.app import App, ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui.images.terminal_graphics import ANSWER, LAST_ANSWER
from tui.inputs.limits import PASTE_CHARS, PENDING_KEYS, SCREEN_COLUMNS, SCREEN_ROWS
from tui.render.gate import TerminalText, passed
from tui.widgets.gallery import Answered
from tui.widgets.key_stream import KeyStream, Piece
from tui.widgets.sequences import ALT_ENTER
from tui.widgets.stderr import StderrFile
from tui.widgets.terminal_file import StallingTerminalWriter, TerminalWriter

HUNG_UP = 128 + 1
"""The exit code after the terminal was closed, as a shell reports SIGHUP."""


_STDERR = 2
_ALTERNATE_SCREEN = "\x1b[?1049h"
_LOOK_AGAIN_S = 0.02


class _Chord(Enum):
    ALT_ENTER = "alt+enter"


class _Bell(Event):
    """An event that also wakes a `select` on its file descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = os.pipe()

    def fileno(self) -> int:
        return self._reader

    def set(self) -> None:
        super().set()
        os.write(self._writer, b".")

    def clear(self) -> None:
        if self.is_set():
            os.read(self._reader, 4096)
        super().clear()

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class PromptDriver(LinuxDriver):
    """Textual's driver for terminals with another key reader. It does not poll."""

    stderr_file: ClassVar[Path] = Path(os.devnull)
    """The file that gets stderr while the screen is drawn."""
    take_over: ClassVar[Callable[[], list[Any] | None]] = staticmethod(lambda: None)
    """Takes the terminal over from what draws on it before, and returns the settings to restore at the end; or None."""
    _is_alternate = False
    """True while Textual starts on the alternate screen, which shows something: to switch to it again could clear it."""
    _bell: _Bell | None = None
    """Ends the input thread. Set in application mode."""
    _stderr: StderrFile | None = None
    """Set in application mode."""
    _frame: list[str] | None = None
    """What was written of a frame that has not ended."""
    _answers: str | None = None
    """The answers so far, after the terminal was queried."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._wants_keys = Event()
        self._handle_signals()
        constants.ESCAPE_DELAY = 0.0  # type: ignore[misc]  # the waiting is ours: what the parser gets is complete
        _ansi_sequences.ANSI_SEQUENCES_KEYS[ALT_ENTER] = (_Chord.ALT_ENTER,)  # type: ignore[index]

    def start_application_mode(self) -> None:
        self.exit_event = self._bell = _Bell()
        if self._stderr is None and os.isatty(_STDERR):
            self._stderr = StderrFile(self.stderr_file)
            self._file = self._file_for(self._stderr.terminal)  # type: ignore[assignment]
        elif self._stderr is None:
            self._file = self._file_for(sys.__stdout__ or sys.stdout)  # type: ignore[assignment]
        settings = type(self).take_over()
        self._is_alternate = settings is not None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if settings is not None:
            self.attrs_before, self._is_alternate = settings, False
        self._handle_signals()  # Textual has just set its own

    def _file_for(self, terminal: TextIO) -> TerminalWriter:
        try:
            return StallingTerminalWriter(
                terminal, lambda: self.send_message(self.SignalResume())
            )  # draws everything again
        except OSError:  # in some containers it has no name
            return TerminalWriter(terminal)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return columns and rows from the terminal, and not from the environment, which may be wrong."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns, rows = 0, 0
        return min(columns or 80, SCREEN_COLUMNS), min(rows or 25, SCREEN_ROWS)

    def stop_application_mode(self) -> None:
        if self._mouse_pixels:
            self.write("\x1b[?1016l")  # Textual leaves it on
            self._mouse_pixels = False
        super().stop_application_mode()

    # Signal handlers run in the event loop. A handler of the `signal` module would run between two instructions, where
    # its own thread may hold a lock that it needs, such as that of the output queue.

    def _handle_signals(self) -> None:
        for number, handler in self._handlers:
            self._loop.add_signal_handler(number, handler)

    @property
    def _handlers(self) -> Iterator[tuple[signal.Signals, Callable[[], None]]]:
        yield signal.SIGTSTP, self._sigtstp_application
        yield signal.SIGCONT, self._continue
        yield signal.SIGWINCH, self._tell_size

    def _continue(self) -> None:
        if self._bell is not None and self._auto_restart:
            # After SIGSTOP another program may have changed the terminal's modes.
            self.suspend_application_mode()
            self._must_signal_resume = True
        self._sigcont_application()

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.send_message(events.Resize(size, size))

    def write(self, data: str) -> None:
        """Write what `render.gate` lets pass; a frame as one piece, since each wakes the writing thread."""
        if self._is_alternate and data == _ALTERNATE_SCREEN:
            return
        text = passed(data)
        if text == SYNC_START:
            self._frame = []
        if self._frame is None:
            super().write(text)
        else:
            self._frame.append(text)
            if text == SYNC_END:
                super().write(TerminalText("".join(self._frame)))
                self._frame = None

    def has_unwritten(self) -> bool:
        """Return True while frames wait for the terminal."""
        return self._writer_thread is not None and self._writer_thread._queue.qsize() > 0

    def read_keys(self) -> None:
        """Read keys from now on. Before something has the focus they would be lost; they wait in the terminal."""
        self._wants_keys.set()

    def run_input_thread(self) -> None:
        """Read keys until the bell is set."""
        bell = self._bell
        assert bell is not None, "only application mode has keys to read"
        while not self._wants_keys.wait(_LOOK_AGAIN_S):
            if bell.is_set():
                return
        stream, parser = KeyStream(), XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not bell.is_set():
            readable, _, _ = select.select([self.fileno, bell], [], [], stream.wait_s)
            if self.fileno in readable:
                raw = self._read()
                if not raw:
                    self._app.call_later(self._app.exit, None, HUNG_UP)
                    return
                pieces = stream.feed(decode(raw))
            else:
                pieces = stream.expire()
            for piece in pieces:
                self._pass_on(piece, parser)
            if stream.is_cut:
                stream.is_cut = False
                self._app.call_later(self._notify_cut)
            while self._backlog > PENDING_KEYS and not bell.wait(_LOOK_AGAIN_S):
                pass  # the rest stays in the terminal

    @property
    def _backlog(self) -> int:
        """The number of messages that wait in the app, the screen and the focused widget."""
        with suppress(ScreenStackError):  # the app is ending
            pumps = (self._app, self._app.screen, self._app.focused)
            return sum(pump._message_queue.qsize() for pump in pumps if pump is not None)
        return 0

    def _read(self) -> bytes:
        """Return what was typed; nothing if the terminal is gone."""
        try:
            return os.read(self.fileno, 65_536)
        except OSError:
            return b""

    def _pass_on(self, piece: Piece, parser: XTermParser) -> None:
        match piece.kind:
            case "paste":
                self.process_message(events.Paste(piece.text.replace("\x00", "")))
            case "reply":
                self._take_reply(piece.text)
            case "keys":
                for event in (*parser.feed(piece.text), *parser.tick()):
                    self.process_message(event)

    def _notify_cut(self) -> None:
        self._app.notify(f"Only the first {PASTE_CHARS // 1_000_000} million characters of the paste were kept.")

    def ask(self, questions: str) -> None:
        """Query the terminal. The last query has to be for its device attributes. The app gets the answers as a message."""
        self._answers = self._answers or ""
        self.write(TerminalText(questions))

    def _take_reply(self, reply: str) -> None:
        """Keep an answer to a query. Other replies are dropped."""
        if self._answers is None or not ANSWER.fullmatch(reply):
            return
        self._answers += reply
        if LAST_ANSWER.fullmatch(reply):
            answers, self._answers = self._answers, None
            self.send_message(Answered(answers))

    def close(self) -> None:
        """Leave application mode, for good or until it starts again, after the user's editor or Ctrl+Z."""
        super().close()
        if self._bell is not None:
            self._bell.close()
            self._bell, self.exit_event = None, Event()
        if isinstance(self._file, TerminalWriter):
            self._file.close()
            self._file = sys.__stderr__
        if self._stderr is not None:
            self._stderr.end()
            self._stderr = None
