"""Check the terminal: size, colours, images, keys, clipboard, and tmux options that cause problems.

`look` collects the facts from the environment and from the terminal itself; `terminal_findings` judges them.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping

import msgspec

from tui.cli.doctor.findings import Finding
from tui.images.terminal_graphics import canvas, questions
from tui.inputs.bounded_program import run_program

_ANSWER_S = 0.5
"""How long to wait for the whole answer of the terminal, in seconds."""
_QUESTIONS = b"\x1b[?u\x1b[>0q"
"""Queries for Kitty keys, name and version. The queries about images follow; every terminal answers the last of them."""
_LAST_ANSWER = re.compile(rb"\x1b\[\?([0-9;]*)c")
_NARROW, _LOW = 40, 12


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about the terminal."""

    is_terminal: bool
    columns: int
    rows: int
    encoding: str
    env: Mapping[str, str]
    answers: bytes = b""
    """The bytes the terminal sent in answer to the queries."""
    tmux: Mapping[str, str] | None = None
    """The options of tmux, or None outside tmux."""


def look(env: Mapping[str, str]) -> Facts:
    """Collect the facts about the terminal of this process."""
    is_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    columns, rows = os.get_terminal_size(sys.stdout.fileno()) if is_terminal else (0, 0)
    return Facts(
        is_terminal=is_terminal,
        columns=columns,
        rows=rows,
        encoding=(sys.stdout.encoding or "").lower(),
        env=env,
        answers=_ask(env) if is_terminal and env.get("TERM", "dumb") not in ("dumb", "linux") else b"",
        tmux=_tmux_options(env) if env.get("TMUX") else None,
    )


def terminal_findings(facts: Facts) -> list[Finding]:
    """Return what the full screen can and cannot do in this terminal."""
    if not facts.is_terminal:
        return [
            Finding(
                "terminal", "note", "no terminal: the full screen does not work here, only `prx -p` and other commands"
            )
        ]
    found = [_kind(facts), _size(facts), _colours(facts), _characters(facts), _images(facts), _keys(facts)]
    return [*found, _clipboard(facts), *_multiplexer(facts)]


def _kind(facts: Facts) -> Finding:
    term = facts.env.get("TERM", "")
    if term in ("", "dumb"):
        fix = "Use a terminal that can move its cursor. TERM is usually xterm-256color."
        return Finding("terminal", "failed", f'TERM is "{term}": the full screen cannot be drawn', fix)
    named = re.search(rb"\x1bP>\|([^\x1b]{1,60})\x1b\\", facts.answers)
    name = named.group(1).decode("ascii", "replace") if named else facts.env.get("TERM_PROGRAM", "")
    return Finding("terminal", "ok", f"{name or 'a terminal'} (TERM={term})")


def _size(facts: Facts) -> Finding:
    size = f"{facts.columns} columns by {facts.rows} rows"
    if facts.columns < _NARROW or facts.rows < _LOW:
        return Finding("terminal", "warning", f"{size}: too small", f"Enlarge it to at least {_NARROW} by {_LOW}.")
    return Finding("terminal", "ok", size)


def _colours(facts: Facts) -> Finding:
    env = facts.env
    if env.get("NO_COLOR"):
        return Finding("terminal", "note", "NO_COLOR is set: prx uses no colours")
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Finding("terminal", "ok", "16 million colours")
    fix = "If the terminal supports more: export COLORTERM=truecolor"
    if "256" in env.get("TERM", ""):
        return Finding("terminal", "note", "256 colours: the themes look slightly different", fix)
    return Finding("terminal", "warning", "few colours", fix)


def _characters(facts: Facts) -> Finding:
    if facts.encoding.replace("-", "") == "utf8":
        return Finding("terminal", "ok", "UTF-8")
    fix = "Use a UTF-8 locale: export LANG=C.UTF-8"
    return Finding("terminal", "warning", f"the encoding is {facts.encoding or 'unknown'}: text will be garbled", fix)


def _images(facts: Facts) -> Finding:
    match canvas("auto", facts.answers.decode("ascii", "replace")).way:
        case "kitty":
            return Finding("terminal", "ok", "images by the Kitty protocol")
        case "sixel":
            return Finding("terminal", "ok", "images by Sixel")
        case "blocks":
            text = "no image protocol that prx supports: images are shown as coarse blocks, and sent in full"
            return Finding("terminal", "note", text)


def _keys(facts: Facts) -> Finding:
    if re.search(rb"\x1b\[\?[0-9]+u", facts.answers):
        return Finding("terminal", "ok", "keys by the Kitty protocol: Shift+Enter inserts a new line")
    return Finding("terminal", "note", "no Kitty keys: if Shift+Enter sends the prompt, Ctrl+J inserts a new line")


def _clipboard(facts: Facts) -> Finding:
    env = facts.env
    if env.get("TERM_PROGRAM") == "Apple_Terminal":
        fix = "Hold Option and select with the mouse, or use another terminal."
        return Finding(
            "terminal", "warning", "Apple's Terminal does not let programs copy to the clipboard (OSC 52)", fix
        )
    where = ", even from this remote computer" if env.get("SSH_CONNECTION") or env.get("SSH_TTY") else ""
    return Finding("terminal", "ok", f"copying by OSC 52{where}; some terminals need it enabled in their settings")


def _multiplexer(facts: Facts) -> list[Finding]:
    if facts.env.get("STY"):
        fix = "Use tmux, or no multiplexer."
        return [
            Finding(
                "terminal", "warning", "inside GNU Screen: no images, few colours, no copying to the clipboard", fix
            )
        ]
    if facts.tmux is None:
        return []
    if not facts.tmux:
        return [Finding("terminal", "note", "inside tmux; its options cannot be read")]
    found = [
        Finding("terminal", "warning", f"tmux: {option} is {facts.tmux[option]}: {effect}", fix)
        for option, bad, effect, fix in _TMUX
        if option in facts.tmux and re.fullmatch(bad, facts.tmux[option])
    ]
    return found or [Finding("terminal", "ok", "inside tmux, with suitable options")]


_TMUX = (
    ("set-clipboard", "off", "text is not copied to the clipboard", "set -s set-clipboard on"),
    ("extended-keys", "off", "Shift+Enter arrives as Enter", "set -s extended-keys on"),
    ("focus-events", "off", "prx does not notice when its window loses the focus", "set -g focus-events on"),
    ("escape-time", r"[2-9]\d\d|\d{4,}", "Esc takes effect after this many milliseconds", "set -s escape-time 10"),
    ("default-terminal", "screen|ansi|vt100|linux", "few colours", 'set -g default-terminal "tmux-256color"'),
)
"""Option, the values that cause a problem, the problem, and the line for tmux.conf."""


def _tmux_options(env: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for arguments in (["show-options", "-s"], ["show-options", "-g"], ["show-options", "-gw"]):
        try:
            asked = run_program(["tmux", *arguments], timeout_s=2, env=env)
        except (OSError, subprocess.TimeoutExpired):
            continue
        for line in asked.output.decode("utf-8", "replace").splitlines():
            name, _, value = line.partition(" ")
            found[name] = value.strip('"')
    return found


def _ask(env: Mapping[str, str]) -> bytes:
    """Send the queries and return what the terminal answers; b"" if it cannot be asked."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        return b""
    fd = sys.stdin.fileno()
    try:
        before = termios.tcgetattr(fd)
        tty.setcbreak(fd)
    except termios.error:
        return b""
    answers = b""
    try:
        os.write(sys.stdout.fileno(), _QUESTIONS + questions("auto", env).encode())
        until = time.monotonic() + _ANSWER_S
        while not _LAST_ANSWER.search(answers) and (left := until - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0]:
                answers += os.read(fd, 1024)
    except OSError:
        pass
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(
                fd, termios.TCSAFLUSH, before
            )  # and discard a late answer instead of leaving it to the shell
    return answers
