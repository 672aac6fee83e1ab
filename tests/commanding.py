"""Run commands, each in a pty or with pipes, in forks of one process that has loaded all modules: `commanding.py < jobs`.

A job is {"argv": […], "env": {…}, "pipe": bool, "when": str, "typed": str}: what is typed once the program has written what.
For each, {"output": base64, "code": int} is printed.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import sys
import termios
import time
from typing import Any

_LIMIT_S = 60.0


def run(job: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe() if job.get("pipe") else os.openpty()
    pid = os.fork()
    if pid == 0:
        _be_command(job, reading, writing)
    os.close(writing)
    output = _read(reading, job.get("typed", "").encode(), job.get("when", "").encode())
    return {"output": base64.b64encode(output).decode(), "code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def _be_command(job: dict[str, Any], reading: int, writing: int) -> None:
    os.setsid()
    stdin = os.open(os.devnull, os.O_RDONLY) if job.get("pipe") else writing
    for number, source in enumerate((stdin, writing, writing)):
        os.dup2(source, number)
    if not job.get("pipe"):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.close(reading)
    os.environ.update(job.get("env", {}))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  (as a new process has them)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = ["prx", *job["argv"]]
    from tui.cli.main import main as prx

    try:
        prx()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(end.code or 0))
    finally:
        os._exit(70)


def _read(fd: int, typed: bytes, when: bytes) -> bytes:
    output, end = b"", time.monotonic() + _LIMIT_S
    while select.select([fd], [], [], max(0.0, end - time.monotonic()))[0]:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:  # a pty that nobody has open any more
            break
        if not data:
            break
        output += data
        if typed and when in output:
            os.write(fd, typed)
            typed = b""
    os.close(fd)
    return output


def main() -> None:
    from tui import app  # noqa: F401  (for all copies)
    from tui.anthropic import client  # noqa: F401
    from tui.cli import auth, chats, doctor, print_mode  # noqa: F401
    from tui.exchange import archive, html_page, markdown  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


main()
