"""Runs a program where only this computer can be reached: in a network namespace with loopback only, on Linux.

`python -m benchmarks.peers.isolation COMMAND…` within a new namespace switches its loopback on and runs the command.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence

_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP_AND_RUNNING = 0x41  # IFF_UP | IFF_RUNNING


def isolated(command: Sequence[str]) -> list[str] | None:
    """Return a command that runs this one in a namespace of its own, or None where that is not allowed."""
    if shutil.which("unshare"):
        for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
            within = [*words, sys.executable, "-m", __spec__.name]
            if subprocess.run([*within, "true"], capture_output=True, check=False).returncode == 0:
                return [*within, *command]
    return None


def _switch_loopback_on() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))


if __name__ == "__main__":
    _switch_loopback_on()
    os.execvp(sys.argv[1], sys.argv[1:])
