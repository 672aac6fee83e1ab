"""The keyboard of a plain terminal, read more closely than Textual does: Esc within 50 ms, Alt+Enter, and pastes whole.

A terminal without the newer keyboard protocol sends a bare ESC byte for Esc, and begins every other special key with the
same byte, so one has to wait whether more follows. Textual waits for 100 ms and looks every 100 ms; that is all the time in
which Esc has to stop an answer. Its parser also takes escape sequences within a paste for keys.
"""

from __future__ import annotations

import os
import select
import sys
from codecs import getincrementaldecoder
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from textual import _ansi_sequences, constants, events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tui.images.protocol import ANSWER, LAST_ANSWER
from tui.render.gate import TerminalText, passed
from tui.widgets.gallery import Answered
from tui.widgets.key_stream import KeyStream, Piece
from tui.widgets.stderr import StderrAside

ESC_S = 0.05
"""How long more may follow an ESC byte. Keys that come over a slow line in two parts need some of it."""


HUNG_UP = 128 + 1
"""Exit code of a program whose terminal went away, as a shell reports SIGHUP."""


class _Chord(Enum):
    ALT_ENTER = "alt+enter"
    SHIFT_ENTER = "shift+enter"


_CHORDS = {
    "\x1b\r": (_Chord.ALT_ENTER,),
    "\x1b[27;3;13~": (_Chord.ALT_ENTER,),  # xterm with modifyOtherKeys, and so tmux
    "\x1b[27;2;13~": (_Chord.SHIFT_ENTER,),
}


class _Bell(Event):
    """An event that also ends a `select` on its file descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self._heard, self._rung = os.pipe()

    def fileno(self) -> int:
        return self._heard

    def set(self) -> None:
        super().set()
        os.write(self._rung, b".")

    def clear(self) -> None:
        if self.is_set():
            os.read(self._heard, 4096)
        super().clear()

    def close(self) -> None:
        os.close(self._heard)
        os.close(self._rung)


class PromptDriver(LinuxDriver):
    """Textual's own driver for terminals, with another way to read keys. While none is pressed, nothing runs."""

    stderr_file: ClassVar[Path] = Path(os.devnull)
    """Where to what is printed on stderr goes while the screen is drawn."""
    _bell: _Bell | None = None
    """One for each stay in application mode."""
    _aside: StderrAside | None = None
    """The same."""
    _answers: str | None = None
    """What has come of them, once the terminal was asked something."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        constants.ESCAPE_DELAY = 0.0  # type: ignore[misc]  # the waiting is ours: what the parser gets is complete
        _ansi_sequences.ANSI_SEQUENCES_KEYS.update(_CHORDS)  # type: ignore[attr-defined]

    def start_application_mode(self) -> None:
        self.exit_event = self._bell = _Bell()
        if os.isatty(2) and self._aside is None:
            self._aside = StderrAside(self.stderr_file)
            self._file = self._aside.terminal
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def _sigcont_application(self, *_: object) -> None:
        if self._bell is not None and self._auto_restart:
            # It was stopped without notice (SIGSTOP), and whoever had the terminal may have set it to something else.
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()

    def write(self, data: str) -> None:
        """Writes to the terminal what may be written there: see `render.gate`."""
        super().write(passed(data))

    def run_input_thread(self) -> None:
        """Reads keys until the bell is rung."""
        bell = self._bell
        assert bell is not None, "only application mode has keys to read"
        stream, parser = KeyStream(), XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not bell.is_set():
            readable, _, _ = select.select([self.fileno, bell], [], [], ESC_S if stream.waits else None)
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

    def _read(self) -> bytes:
        """What was typed; nothing if the terminal is gone."""
        try:
            return os.read(self.fileno, 65_536)
        except OSError:
            return b""

    def ask(self, questions: str) -> None:
        """Asks the terminal. The last question has to be what it is; the answers come to the app as a message."""
        self._answers = self._answers or ""
        self.write(TerminalText(questions))

    def _without_answers(self, text: str) -> str:
        """What was typed. Answers come the same way."""
        if self._answers is None or "\x1b" not in text:
            return text
        self._answers += "".join(answer[0] for answer in ANSWER.finditer(text))
        if LAST_ANSWER.search(self._answers):
            self.send_message(Answered(self._answers))
            self._answers = ""
        return ANSWER.sub("", text)

    def _pass_on(self, piece: Piece, parser: XTermParser) -> None:
        if piece.pasted:
            self.process_message(events.Paste(piece.text.replace("\x00", "")))
            return
        typed = self._without_answers(piece.text)
        for event in (*parser.feed(typed), *parser.tick()) if typed else ():  # nothing would mean the end of all input
            self.process_message(event)

    def close(self) -> None:
        """Leaves application mode for good, or until it is started again: for the user's editor, or after Ctrl+Z."""
        super().close()
        if self._bell is not None:
            self._bell.close()
            self._bell, self.exit_event = None, Event()
        if self._aside is not None:
            self._aside.end()
            self._aside, self._file = None, sys.__stderr__
