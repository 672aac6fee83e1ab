"""What a process holds, read from Linux's /proc."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    """At one moment."""

    memory_kb: int
    """Of its own and its share of what is shared (PSS)."""
    threads: int
    sockets: int
    files: int
    """Open descriptors that are no sockets."""
    children: int


def held_by(pid: int) -> Held:
    process = Path("/proc") / str(pid)
    lines = (process / "smaps_rollup").read_text().splitlines()
    memory_kb = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    targets = []
    for descriptor in (process / "fd").iterdir():
        try:
            targets.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    sockets = sum(target.startswith("socket:") for target in targets)
    threads = len(list((process / "task").iterdir()))
    return Held(memory_kb, threads, sockets, len(targets) - sockets, len(children_of(pid)))


def children_of(pid: int) -> list[int]:
    tasks = (Path("/proc") / str(pid) / "task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def with_environment(entry: str) -> list[int]:
    """The processes that were started with `NAME=value` in their environment, zombies aside."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if entry.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:  # gone, or not ours
            continue
    return found
