"""What stands on stdin of `prx -p`, and how it is joined to the prompt."""

from __future__ import annotations

from typing import IO, NamedTuple

from tui.cli.printing import say
from tui.errors import TuiError
from tui.inputs.charset import decoded
from tui.inputs.limits import STDIN_BYTES
from tui.signals import ExitSignals, Interrupted

_SILENCE_S = 3.0  # before we say that we are waiting for stdin


class InputProblem(TuiError):
    """What stands on stdin cannot be sent."""


class Piped(NamedTuple):
    text: str
    notices: tuple[str, ...] = ()
    """What the user should know about how it was read."""


def joined(prompt: str, piped_in: str) -> str:
    """The prompt and, below a blank line, what came on stdin."""
    return "\n\n".join(part for part in (prompt, piped_in) if part.strip())


def piped(stdin: IO[str] | None, exit_signals: ExitSignals) -> Piped:
    """What stands on stdin where that is no terminal, read to its end. Raises InputProblem and Interrupted."""
    if stdin is None or stdin.closed or stdin.isatty():
        return Piped("")
    found = decoded(_read_all(stdin.fileno(), exit_signals))
    if found is None:
        raise InputProblem("stdin is binary, not text", "Attach an image or a PDF with -a FILE.")
    text = found.text.removesuffix("\n").removesuffix("\r")
    return Piped(text, (f"stdin: {found.remark}",) if found.is_guess else ())


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
            _announce_silence()
        elif not data:
            return bytes(raw)
        else:
            raw += data
        silence_s = None
        if len(raw) > STDIN_BYTES:
            raise InputProblem("stdin holds more than 32 MB", "That is the most that a request may hold.")


def _announce_silence() -> None:
    """Says what we wait for when a pipe stays open and silent: some programs start others with one that never ends."""
    say("prx: waiting for the end of stdin; to go without it, add </dev/null", err=True)
