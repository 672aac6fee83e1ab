"""Run prx with restricted resources: `python limited.py KIND ARGUMENTS…`. Mostly for Linux.

`full`: no file may grow beyond a page, as on a disk without room; `resource.prlimit` makes room again. `modes`: modes of
files hold even for root.
"""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import sys

PAGE = 4096


def without_privileges() -> None:
    """Drop all capabilities. Does nothing for a user who is not root."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        sys.exit(f"capset: {os.strerror(ctypes.get_errno())}")


def main() -> None:
    kind = sys.argv.pop(1)
    sys.dont_write_bytecode = True  # a file of bytecode that is cut off would break every later start
    if kind == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, resource.RLIM_INFINITY))
    else:
        without_privileges()
    runpy.run_module("tui", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
