"""Fixtures for every test: no real home, no real credentials, nothing but loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from settling import let_settle

from tui.signals import EXIT_SIGNALS

# How long an example takes says more about the machine, and who else uses it, than about the program. A run checks the same
# examples each time, so that what fails is due to the change at hand; `make explore` draws others.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def _signals_reach_programs() -> None:
    """A shell's `&` and nohup have signals ignored by all that is started from there: the programs under test get theirs."""
    for number in (*EXIT_SIGNALS, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # which programs do not inherit


@pytest.fixture(autouse=True, scope="session")
def _screens_come_to_rest() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        let_settle(patch)
        yield


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of the test's own, and an environment that holds no credential and no proxy."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "CLAUDE_", "PRX_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRX_HOME", str(tmp_path / "prx"))
