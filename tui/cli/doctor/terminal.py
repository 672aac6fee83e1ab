"""Looks at the terminal: colours, size, pictures, keys, clipboard, and settings of tmux that get in the way.

What the environment does not tell, the terminal itself is asked; `look` gathers the facts, the rest judges them.
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

_ANSWER_S = 0.5  # for the whole answer; over a slow line it is then taken for none
_QUESTIONS = b"\x1b[?u\x1b[>0q"
"""Kitty keys, name and version. The questions about pictures follow; the last of them every terminal answers."""
_LAST_ANSWER = re.compile(rb"\x1b\[\?([0-9;]*)c")
_NARROW, _LOW = 40, 12


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the terminal."""

    is_terminal: bool
    columns: int
    rows: int
    encoding: str
    env: Mapping[str, str]
    answers: bytes = b""
    """What the terminal said to the questions."""
    tmux: Mapping[str, str] | None = None
    """tmux's options, inside tmux."""


def look(env: Mapping[str, str]) -> Facts:
    """The facts of the terminal that this program runs in."""
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
    """What the app will and will not be able to do here."""
    if not facts.is_terminal:
        return [Finding("terminal", "note", "no terminal: only `prx -p` and the listings work here")]
    found = [_kind(facts), _size(facts), _colours(facts), _characters(facts), _pictures(facts), _keys(facts)]
    return [*found, _clipboard(facts), *_multiplexer(facts)]


def _kind(facts: Facts) -> Finding:
    term = facts.env.get("TERM", "")
    if term in ("", "dumb"):
        fix = "Use a terminal that can move its cursor; TERM is usually xterm-256color."
        return Finding("terminal", "failed", f'TERM is "{term}": nothing can be drawn', fix)
    named = re.search(rb"\x1bP>\|([^\x1b]{1,60})\x1b\\", facts.answers)
    name = named.group(1).decode("ascii", "replace") if named else facts.env.get("TERM_PROGRAM", "")
    return Finding("terminal", "ok", f"{name or 'a terminal'} (TERM={term})")


def _size(facts: Facts) -> Finding:
    size = f"{facts.columns} columns by {facts.rows} rows"
    if facts.columns < _NARROW or facts.rows < _LOW:
        return Finding("terminal", "warning", f"{size}: too small to read in", f"At least {_NARROW} by {_LOW}.")
    return Finding("terminal", "ok", size)


def _colours(facts: Facts) -> Finding:
    env = facts.env
    if env.get("NO_COLOR"):
        return Finding("terminal", "note", "NO_COLOR is set: everything is drawn without colours")
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Finding("terminal", "ok", "16 million colours")
    fix = "If the terminal has them: export COLORTERM=truecolor"
    if "256" in env.get("TERM", ""):
        return Finding("terminal", "note", "256 colours: themes are approximated", fix)
    return Finding("terminal", "warning", "few colours", fix)


def _characters(facts: Facts) -> Finding:
    if facts.encoding.replace("-", "") == "utf8":
        return Finding("terminal", "ok", "UTF-8")
    fix = "export LANG=C.UTF-8, or another locale that ends so"
    return Finding("terminal", "warning", f"the encoding is {facts.encoding or 'unknown'}: text will be garbled", fix)


def _pictures(facts: Facts) -> Finding:
    match canvas("auto", facts.answers.decode("ascii", "replace")).way:
        case "kitty":
            return Finding("terminal", "ok", "pictures by the kitty protocol")
        case "sixel":
            return Finding("terminal", "ok", "pictures by Sixel")
        case "blocks":
            says = "no picture protocol that prx can use: images are shown in coarse blocks, and sent all the same"
            return Finding("terminal", "note", says)


def _keys(facts: Facts) -> Finding:
    if re.search(rb"\x1b\[\?[0-9]+u", facts.answers):
        return Finding("terminal", "ok", "keys by the kitty protocol: Shift+Enter makes a new line")
    return Finding("terminal", "note", "keys as of old: Ctrl+J makes a new line where Shift+Enter sends")


def _clipboard(facts: Facts) -> Finding:
    env = facts.env
    if env.get("TERM_PROGRAM") == "Apple_Terminal":
        fix = "Select with the mouse and Option held, or use another terminal."
        return Finding("terminal", "warning", "Apple's Terminal does not let programs copy (OSC 52)", fix)
    where = ", also from this remote machine" if env.get("SSH_CONNECTION") or env.get("SSH_TTY") else ""
    return Finding(
        "terminal", "ok", f"copying by OSC 52{where}; some terminals want to be allowed it in their settings"
    )


def _multiplexer(facts: Facts) -> list[Finding]:
    if facts.env.get("STY"):
        fix = "tmux or no multiplexer at all serves better."
        return [Finding("terminal", "warning", "inside screen: no pictures, few colours, and no copying", fix)]
    if facts.tmux is None:
        return []
    if not facts.tmux:
        return [Finding("terminal", "note", "inside tmux, whose options cannot be read")]
    found = [
        Finding("terminal", "warning", f"tmux: {option} is {facts.tmux[option]}: {effect}", fix)
        for option, bad, effect, fix in _TMUX
        if option in facts.tmux and re.fullmatch(bad, facts.tmux[option])
    ]
    return found or [Finding("terminal", "ok", "inside tmux, with fitting options")]


_TMUX = (
    ("set-clipboard", "off", "copying does not reach the clipboard", "set -s set-clipboard on"),
    ("extended-keys", "off", "Shift+Enter arrives as Enter", "set -s extended-keys on"),
    ("focus-events", "off", "the app is not told when you look away", "set -g focus-events on"),
    ("escape-time", r"[2-9]\d\d|\d{4,}", "Esc stops an answer that much later", "set -s escape-time 10"),
    ("default-terminal", "screen|ansi|vt100|linux", "few colours", 'set -g default-terminal "tmux-256color"'),
)
"""Option, the values that get in the way, what that does, and the line for tmux.conf."""


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
    """What the terminal answers to the questions; nothing where it cannot be asked."""
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
            termios.tcsetattr(fd, termios.TCSAFLUSH, before)  # and a late answer is not left to the shell
    return answers
