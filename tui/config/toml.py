"""TOML text to values, and to the place of each key. A broken line is reported and left out; the rest is still read."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import tomli

from tui.inputs.bounded import without_bom
from tui.inputs.limits import TOML_DEPTH

_MAX_PROBLEMS = 20  # TOML has no longer lines of this kind

Path = tuple[str, ...]


class Position(NamedTuple):
    """A line and columns, counted from 1."""

    line: int
    key: int
    value: int


class Problem(NamedTuple):
    line: int
    column: int
    what: str
    lost: str = ""
    """The text of the lines that were left out; "" if nothing of the file could be read."""
    start: int = 0
    """The number of the first of these lines, counted from 1."""


class Parsed(NamedTuple):
    data: dict[str, Any]
    text: str
    """The text that was parsed: the same lines, with the broken ones emptied."""
    problems: tuple[Problem, ...]


def parse(raw: bytes) -> Parsed:
    """Return the values of a TOML file, whatever its bytes."""
    text, problems = _decoded(raw)
    text, too_deep = _without_depth(text)
    problems += too_deep
    while len(problems) < _MAX_PROBLEMS:
        try:
            return Parsed(tomli.loads(text), text, tuple(problems))
        except tomli.TOMLDecodeError as error:
            text, problem = _without(text, error)
            problems.append(problem)
        except (ValueError, RecursionError) as error:  # a number with 5,000 digits
            problems.append(Problem(1, 1, f"this cannot be read: {error}"))
            return Parsed({}, "", tuple(problems))
    return Parsed({}, "", (*problems[:-1], problems[-1]._replace(lost="")))


def _decoded(raw: bytes) -> tuple[str, list[Problem]]:
    """Return the text with \
     as line end, without lines that are not UTF-8.
    """
    lines: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(without_bom(raw).replace(b"\r\n", b"\n").split(b"\n"), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as error:
            lines.append("")
            column = len(line[: error.start].decode()) + 1
            what = "this line is not UTF-8: save the file as UTF-8"
            problems.append(Problem(number, column, what, line.decode("utf-8", "replace"), number))
    return "\n".join(lines), problems


def _without_depth(text: str) -> tuple[str, list[Problem]]:
    """Return the text without statements that are nested deeper than TOML_DEPTH, which parsers cannot read."""
    if sum(text.count(sign) for sign in "[{.") <= TOML_DEPTH:
        return text, []
    kept: list[str] = []
    problems: list[Problem] = []
    copied = 0
    for found in _statements(text):
        if found.depth > TOML_DEPTH:
            what = f"this is nested more than {TOML_DEPTH} levels deep"
            lost = text[found.start : found.end]
            problems.append(Problem(found.place.line, found.place.value, what, lost, found.place.line))
            stand_in = f"['{UNREAD}{found.place.line}']" if text[found.start] == "[" else ""
            kept += [text[copied : found.start], stand_in, "\n" * text.count("\n", found.start, found.end)]
            copied = found.end
    return "".join([*kept, text[copied:]]), problems


def _without(text: str, error: tomli.TOMLDecodeError) -> tuple[str, Problem]:
    """Return the text with the statement at the error emptied, and the problem.

    A broken header is replaced by the header of an unknown table, so that its keys are not read as part of the table
    above.
    """
    lines = text.split("\n")
    line, column = error.lineno, error.colno
    if text[: error.pos].endswith(
        "\\\n"
    ):  # an error about a backslash at the end of a line is reported for the next line
        line, column = line - 1, len(lines[line - 2])
    at_end = error.pos >= len(text.rstrip())
    whole = Position(line, column, column)
    start = max((one.place for one in _statements(text) if one.place.line <= line), default=whole)
    if at_end:
        last = len(lines)
    else:
        last = line if start.line == line else line - 1
    header = lines[start.line - 1].lstrip().startswith("[")
    lost = "\n".join(lines[start.line - 1 : last])
    lines[start.line - 1 : last] = [""] * (last - start.line + 1)
    if header:
        lines[start.line - 1] = f"['{UNREAD}{start.line}']"
    where = (start.line, start.value) if at_end and start.line < line else (line, column)
    what = f"this is not TOML: {error.msg[:1].lower()}{error.msg[1:]}"
    return "\n".join(lines), Problem(*where, what, lost, start.line)


UNREAD = "\N{REPLACEMENT CHARACTER} unread "
"""Prefix of the table name that replaces a broken one."""


# A text without a closing quote continues to the end of the file, as in TOML.
_STRING = "|".join(
    (r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)', r"'''.*?(?:'{3,5}|\Z)", r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'"),
)
_VALUE_STEP = re.compile(rf"{_STRING}|#[^\n]*|[\[{{]|[\]}}]|\n|[^\[\]{{}}\n#\"']+|.", re.DOTALL)
_KEY_PART = re.compile(r"[ \t]*(\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*")
_EQUALS = re.compile(r"=[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n\r]|#[^\n]*)*")


def places(text: str) -> dict[Path, Position]:
    """Return the position of each table and key. Keys in inline tables have no position of their own."""
    return {one.path: one.place for one in _statements(text) if one.path}


def nearest(found: dict[Path, Position], path: Path) -> Position:
    """Return the position of a key or table, or of the first header that begins with it (`[a.b]` for a), or of the
    innermost table around it.
    """
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
        for inner, place in found.items():
            if inner[:length] == path[:length]:
                return place
    return Position(1, 1, 1)


class _Statement(NamedTuple):
    """A table header, or a key with its value."""

    path: Path
    place: Position
    start: int
    end: int
    """Offsets in the text; the end includes the line end."""
    depth: int
    """Number of parts of the dotted name plus the nesting of brackets in the value."""


def _statements(text: str) -> list[_Statement]:
    """Return each statement with its position, also for text that is not valid TOML."""
    found: list[_Statement] = []
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
            at = _line_end(text, at)
            found.append(_Statement(table, Position(line + 1, start - left, start - left), start, at, len(table)))
            continue
        path, at = _dotted(text, start)
        equals = _EQUALS.match(text, at)
        value = equals.end() if equals else start
        at, depth = _value_end(text, value) if equals else (_line_end(text, start), 0)
        place = Position(line + 1, start - left, value - left)
        found.append(_Statement((*table, *path), place, start, at, len(path) + depth))


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


def _value_end(text: str, at: int) -> tuple[int, int]:
    """Return where a value ends, its line, and its nesting depth, without brackets in inline keys."""
    depth = deepest = 0
    for step in _VALUE_STEP.finditer(text, at):
        if step[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif step[0] in "]}":
            depth -= 1
        elif step[0] == "\n" and depth <= 0:
            return step.end(), deepest
    return len(text), deepest
