"""The full screen beside a hostile server, in a real terminal: it says what happened, answers keys, and stays small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hostile import BEGUN, MIB
from key_latency import KEYS, TimedTerminal
from peak_memory import environment, peak_mb, prx_measured, serving
from test_hostile_servers import ALL, LEVELS, MOST_MB, SIZE

LIMIT_S = 120.0
WORST_KEY_S = 0.15 if ALL else 1.5
"""Among other tests, a key is only to show that nothing stands still for seconds."""
FULL = {
    "error": (SIZE, "Only the first 1 MB"),
    "html": (SIZE, "Sorry"),
    "headers": (SIZE, "more than 100 KB of headers"),
    "answer of numbers": (15 * MIB, "is not a message"),
    "answer": (15 * MIB, "so prx stopped it"),
    "line of escapes": (15 * MIB, "ended before it was complete"),
    "line of quotes": (15 * MIB, "so prx stopped it"),
    "line of keys": (15 * MIB, "more than 1,000,000 arrays"),
    "comments": (SIZE, "almost no content"),
    "new events": (SIZE, "almost no content"),
    "stops": (SIZE, "almost no content"),
    "counts": (SIZE, "almost no content"),
    "gzip text": (SIZE, "so prx stopped it"),
    "blocks": (SIZE, "so prx stopped it"),
}
SOME = {"line": (SIZE, "an event of more than 16 MB"), "gzip": (SIZE, "an event of more than 16 MB")}


def opened(url: str, home: Path, *options: str) -> TimedTerminal:
    home.mkdir(exist_ok=True)
    return TimedTerminal([sys.executable, "-m", "tui", *options], environment(home, url), home)


@pytest.mark.parametrize("case", SOME | (FULL if ALL else {}))
def test_what_a_server_sends_is_told_and_keys_are_answered_meanwhile(case: str, tmp_path: Path) -> None:
    size, said = (SOME | FULL)[case]
    with serving("hostile.py", case, size) as url, opened(url, tmp_path / "home") as terminal:
        terminal.wait_for("send")
        terminal.settle(0.3)
        terminal.type("Hi\r")
        worst = terminal.echo_s(KEYS[0], LIMIT_S)
        at = 1
        while said not in " ".join(terminal.text.split()):
            worst = max(worst, terminal.echo_s(KEYS[at % len(KEYS)], LIMIT_S))
            terminal.watch(0.03)
            at += 1
            assert at < 3_000, terminal.text
        worst = max(worst, terminal.echo_s(KEYS[0], LIMIT_S))
        took_mb = peak_mb(terminal.process.pid)
        print(f"{case:24} {took_mb:6.0f} MB {worst * 1000:6.0f} ms {at:5} keys")
        assert "Traceback" not in terminal.text
        assert terminal.process.poll() is None
        assert took_mb <= MOST_MB
        assert worst <= WORST_KEY_S


def test_a_chat_with_a_call_that_is_nested_deeply_is_opened_shown_and_continued(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving("hostile.py", "deep call", LEVELS) as url:
        prx_measured(["-p", "Hi", "--tools", "read"], environment(home, url), tmp_path)
    with serving("hostile.py", "text", 1) as url, opened(url, home, "-c") as terminal:
        terminal.wait_for(BEGUN)
        terminal.wait_for("read_file")
        assert "✗" in terminal.text
        terminal.type("And now?\r")
        terminal.wait(lambda: "comes and goes" in terminal.text, LIMIT_S)
        assert "Traceback" not in terminal.text
        assert peak_mb(terminal.process.pid) <= MOST_MB
