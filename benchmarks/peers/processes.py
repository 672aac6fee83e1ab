"""What a program and the processes it started use: CPU time and memory, as Linux counts them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def cpu_s(pid: int) -> float:
    """Return the CPU time of the process, its descendants, and those of them that have ended, in seconds."""
    return sum(sum(map(int, fields[11:15])) for one in tree(pid) if (fields := _fields(one))) / _TICKS


def memory_mb(pid: int) -> float:
    """Return the resident memory of the process and its descendants."""
    return sum(int(fields[21]) for one in tree(pid) if (fields := _fields(one))) * _PAGE_BYTES / 1e6


def peak_mb(pid: int) -> float:
    """Return the sum of the most memory that each of them has had."""
    total_kb = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):  # it has just ended
            total_kb += sum(map(int, re.findall(r"VmHWM:\s*(\d+)", Path(f"/proc/{one}/status").read_text())))
    return total_kb * 1024 / 1e6


def machine_busy_s() -> float:
    """Return the CPU time that the whole machine has spent since it was started."""
    user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / _TICKS


def raise_priority(pid: int | str = "self") -> None:
    """Give a program a higher priority, where that is allowed, so that only its own threads delay it."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("-12")
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0 if pid == "self" else int(pid), -10)


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on, or none if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
