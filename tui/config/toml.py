"""TOML text to values, and to the place of each key. A broken line is reported and left out; the rest is still read."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import tomli

_MOST_PROBLEMS = 20  # a file with more is not TOML at all

Path = tuple[str, ...]


class Place(NamedTuple):
    """Line and columns, from 1."""

    line: int
    key: int
    value: int


class Problem(NamedTuple):
    line: int
    column: int
    what: str
    lost: str = ""
    """The lines that were left out; of a file of which nothing could be read, none."""
    start: int = 0
    """The number of the first of them, from 1."""


class Parsed(NamedTuple):
    data: dict[str, Any]
    text: str
    """What was parsed in the end: the same lines, the broken ones empty."""
    problems: tuple[Problem, ...]


def parse(raw: bytes) -> Parsed:
    """The values of a TOML file, whatever the bytes."""
    text, problems = _decoded(raw)
    while len(problems) < _MOST_PROBLEMS:
        try:
            return Parsed(tomli.loads(text), text, tuple(problems))
        except tomli.TOMLDecodeError as error:
            text, problem = _without(text, error)
            problems.append(problem)
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits; 500 brackets one inside the other
            problems.append(Problem(1, 1, f"this cannot be read: {error}"))
            break
    return Parsed({}, "", tuple(problems))


def _decoded(raw: bytes) -> tuple[str, list[Problem]]:
    """The text as TOML sees it (line ends are \\n), without lines that are not UTF-8."""
    lines: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n"), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as error:
            lines.append("")
            column = len(line[: error.start].decode()) + 1
            what = "this line is not UTF-8: save the file as UTF-8"
            problems.append(Problem(number, column, what, line.decode("utf-8", "replace"), number))
    return "\n".join(lines), problems


def _without(text: str, error: tomli.TOMLDecodeError) -> tuple[str, Problem]:
    """The text with the statement around a broken place emptied, and what was wrong there.

    A broken header becomes that of a table nobody knows, so that its keys are not taken for part of the table above.
    """
    lines = text.split("\n")
    at_end = error.pos >= len(text.rstrip())
    whole = Place(error.lineno, error.colno, error.colno)
    start = max((place for _, place in _walk(text) if place.line <= error.lineno), default=whole)
    if at_end:
        last = len(lines)
    else:
        last = error.lineno if start.line == error.lineno else error.lineno - 1
    header = lines[start.line - 1].lstrip().startswith("[")
    lost = "\n".join(lines[start.line - 1 : last])
    lines[start.line - 1 : last] = [""] * (last - start.line + 1)
    if header:
        lines[start.line - 1] = f"['{UNREAD}{start.line}']"
    where = (start.line, start.value) if at_end and start.line < error.lineno else (error.lineno, error.colno)
    what = f"this is not TOML: {error.msg[:1].lower()}{error.msg[1:]}"
    return "\n".join(lines), Problem(*where, what, lost, start.line)


UNREAD = "\N{REPLACEMENT CHARACTER} unread "
"""How the name of a table begins that stands in for a broken one."""


# A text that is never closed runs to the end of the file, as it does for TOML.
_STRING = "|".join(
    (r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)', r"'''.*?(?:'{3,5}|\Z)", r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'"),
)
_VALUE_STEP = re.compile(rf"{_STRING}|#[^\n]*|[\[{{]|[\]}}]|\n|[^\[\]{{}}\n#\"']+|.", re.DOTALL)
_KEY_PART = re.compile(r"[ \t]*(\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*")
_EQUALS = re.compile(r"=[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n\r]|#[^\n]*)*")


def places(text: str) -> dict[Path, Place]:
    """Where each table and key stands. Keys inside inline tables have no place of their own."""
    return {path: place for path, place in _walk(text) if path}


def nearest(found: dict[Path, Place], path: Path) -> Place:
    """The place of a key, else of the innermost table around it that has one."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return Place(1, 1, 1)


def _walk(text: str) -> list[tuple[Path, Place]]:
    """Each statement (a table's header, or a key and its value) with its place. Text that is not TOML has some, too."""
    found: list[tuple[Path, Place]] = []
    table: Path = ()
    at = line = counted = 0
    while True:
        blank = _BLANK.match(text, at)
        start = blank.end() if blank else at
        if start >= len(text):
            return found
        line += text.count("\n", counted, start)
        counted = start
        left = text.rfind("\n", 0, start)
        if text[start] == "[":
            table, at = _dotted(text, start + (2 if text.startswith("[[", start) else 1))
            found.append((table, Place(line + 1, start - left, start - left)))
            at = _line_end(text, at)
            continue
        path, at = _dotted(text, start)
        equals = _EQUALS.match(text, at)
        value = equals.end() if equals else start
        found.append(((*table, *path), Place(line + 1, start - left, value - left)))
        at = _value_end(text, value) if equals else _line_end(text, start)


def _dotted(text: str, at: int) -> tuple[Path, int]:
    parts: list[str] = []
    while part := _KEY_PART.match(text, at):
        parts.append(part[1].strip("\"'"))
        at = part.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    return tuple(parts), at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _value_end(text: str, at: int) -> int:
    depth = 0
    for step in _VALUE_STEP.finditer(text, at):
        if step[0] in "[{":
            depth += 1
        elif step[0] in "]}":
            depth -= 1
        elif step[0] == "\n" and depth <= 0:
            return step.end()
    return len(text)
