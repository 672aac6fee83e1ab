"""Run a small helper program and read what it prints, within limits of time and size."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from tui.inputs.limits import PROGRAM_OUTPUT_BYTES

_PIPE_CLOSE_S = 1.0
"""How long to wait for the end of the output after the program ended, in seconds."""


class ProgramOutput(NamedTuple):
    code: int
    """The exit code; negative if a signal ended the program, or if it was killed for printing too much."""
    output: bytes
    """The complete standard output, or b"" if it exceeds the limit."""


def run_program(
    argv: Sequence[str],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    limit_bytes: int = PROGRAM_OUTPUT_BYTES,
    stdin: bytes = b"",
) -> ProgramOutput:
    """Run a program to its end. Raises OSError if it cannot be started, and subprocess.TimeoutExpired."""
    output = b""

    def read() -> None:
        nonlocal output
        assert process.stdout is not None
        output = process.stdout.read(limit_bytes + 1)

    def write() -> None:
        assert process.stdin is not None
        with suppress(OSError), process.stdin:  # the program may end without reading everything
            process.stdin.write(stdin)

    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=None if env is None else dict(env),
    )
    reader = threading.Thread(target=read, daemon=True)  # select does not support pipes on Windows
    reader.start()
    if stdin:
        threading.Thread(target=write, daemon=True).start()
    reader.join(timeout_s)
    is_late, is_large = reader.is_alive(), len(output) > limit_bytes
    if is_late or is_large:
        process.kill()
    process.wait()
    reader.join(_PIPE_CLOSE_S)
    if not reader.is_alive():  # otherwise a child of the program keeps the pipe open, and the thread ends with it
        assert process.stdout is not None
        process.stdout.close()
    if is_late:
        raise subprocess.TimeoutExpired(list(argv), timeout_s)
    return ProgramOutput(-1, b"") if is_large else ProgramOutput(process.returncode, output)
