"""Text piped to `prx -p` on stdin."""

from __future__ import annotations

from typing import IO, NamedTuple

from tui.cli.printing import say
from tui.errors import TuiError
from tui.inputs.charset import decode_text
from tui.inputs.limits import STDIN_BYTES
from tui.signals import ExitSignals, Interrupted

_SILENCE_S = 3.0
"""How long stdin may be silent before the user is told that prx waits for it, in seconds."""


class InputProblem(TuiError):
    """The text on stdin cannot be sent."""


class PipedText(NamedTuple):
    text: str
    notices: tuple[str, ...] = ()
    """For the user: how the text was decoded, if that is a guess."""


def with_piped_text(prompt: str, piped: str) -> str:
    """Return the prompt and, after a blank line, the text from stdin."""
    return "\n\n".join(part for part in (prompt, piped) if part.strip())


def read_piped_text(stdin: IO[str] | None, exit_signals: ExitSignals) -> PipedText:
    """Read stdin to its end, unless it is a terminal. Raises InputProblem and Interrupted."""
    if stdin is None or stdin.closed or stdin.isatty():
        return PipedText("")
    found = decode_text(_read_all(stdin.fileno(), exit_signals))
    if found is None:
        raise InputProblem("stdin is binary, not text", "To send an image or a PDF, attach it: -a FILE.")
    text = found.text.removesuffix("\n").removesuffix("\r")
    return PipedText(text, (f"stdin: {found.remark}",) if found.is_guess else ())


def _read_all(file: int, exit_signals: ExitSignals) -> bytes:
    silence_s: float | None = _SILENCE_S
    raw = bytearray()
    while True:
        try:
            data = exit_signals.read(file, 1 << 16, silence_s)
        except Interrupted:
            raise
        except OSError as error:
            raise InputProblem(f"stdin cannot be read: {error.strerror}") from error
        if data is None:
            # Some programs start others with a stdin that stays open and silent.
            say("prx: waiting for the end of stdin. To send the prompt alone, add </dev/null", err=True)
        elif not data:
            return bytes(raw)
        else:
            raw += data
        silence_s = None
        if len(raw) > STDIN_BYTES:
            raise InputProblem("stdin is larger than 32 MB", "This is the limit for one request.")
