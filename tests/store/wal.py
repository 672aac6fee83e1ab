"""The log of SQLite (the `-wal` file) as far as tests look into it. Format: sqlite.org/fileformat2.html, section 4."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

HEADER = 32
_FRAME_HEADER = 24


class Log(NamedTuple):
    generation: str
    """Changes when the log is begun anew, after all of it has come into the database."""
    committed: int
    """Bytes up to and with the last whole transaction."""
    written: int
    """Bytes up to and with the last frame of this generation."""
    frames: int


def looked_at(database: Path) -> Log:
    """The log beside a database as it is now."""
    data = Path(f"{database}-wal").read_bytes()
    if len(data) < HEADER:
        return Log("", 0, 0, 0)
    size = _FRAME_HEADER + struct.unpack(">I", data[8:12])[0]
    salts, committed, frames = data[16:24], HEADER, 0
    for at in range(HEADER, len(data) - size + 1, size):
        _, pages_after, *_ = struct.unpack(">II", data[at : at + 8])
        if data[at + 8 : at + 16] != salts:
            break
        frames += 1
        if pages_after:
            committed = at + size
    return Log(salts.hex(), committed, HEADER + frames * size, frames)
