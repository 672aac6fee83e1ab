"""What is measured is the program alone, and nothing of it stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from peak_memory import run_measured

HUNDRED_MB = "a = bytearray(100_000_000); a[::4096] = b'x' * len(a[::4096]); print(len(a)); raise SystemExit(3)"


def test_the_memory_of_the_one_who_measures_does_not_count(tmp_path: Path) -> None:
    ours = bytearray(300_000_000)
    ours[::4096] = b"x" * len(ours[::4096])
    run = run_measured([sys.executable, "-c", HUNDRED_MB], os.environ, tmp_path)
    assert run[:3] == (3, "100000000\n", "")
    assert 100 < run.peak_mb < 200
    assert len(ours) == 300_000_000


def test_what_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    here, there = socket.socketpair()
    with here:
        with there, pytest.raises(subprocess.TimeoutExpired):
            run_measured(["sh", "-c", "sleep 1000 & sleep 1000"], os.environ, tmp_path, there.fileno(), 0.3)
        here.settimeout(60)
        assert here.recv(1) == b""  # nobody has the other end
