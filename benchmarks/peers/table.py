"""Makes the table of docs/performance.md from the rows of the last full measurement: `python -m benchmarks.peers.table`."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers import ROOT

ROWS = ROOT / "docs" / "performance.jsonl"
"""The last full measurement: a line about the machine and the programs, then a line for each run."""
PAGE = ROOT / "docs" / "performance.md"
OURS = "prx"
NAMES = {"prx": "prx", "claude": "Claude Code", "textual": "bare Textual app", "httpx": "bare httpx loop"}
FLOORS = ("textual", "httpx")
_MARKED = re.compile(r"(<!-- measurements: [^\n]*-->\n).*?(?=<!-- end -->)", re.DOTALL)

Row = Mapping[str, Any]


class Figure(NamedTuple):
    """A figure of a work, and how it is shown."""

    key: str
    label: str
    unit: str
    digits: int


FIGURES = {
    "start": (
        Figure("paint_s", "first paint", "s", 3),
        Figure("interactive_s", "first key on the screen", "s", 3),
        Figure("key_p50_ms", "key to screen, median", "ms", 1),
        Figure("idle_mb", "idle: memory", "MB", 0),
        Figure("idle_cpu_s", "idle: CPU time", "s", 2),
        Figure("idle_bytes", "idle: bytes written", "", 0),
    ),
    "open": (
        Figure("open_s", "to its last line", "s", 3),
        Figure("cpu_s", "CPU time", "s", 2),
        Figure("peak_mb", "peak memory", "MB", 0),
    ),
    "answer": (
        Figure("wall_s", "to its last word", "s", 2),
        Figure("cpu_s", "CPU time", "s", 2),
        Figure("key_p50_ms", "key to screen, median", "ms", 1),
        Figure("key_p99_ms", "key to screen, 99 %", "ms", 1),
        Figure("key_worst_ms", "key to screen, worst", "ms", 0),
        Figure("peak_mb", "peak memory", "MB", 0),
        Figure("written_kb", "written to the terminal", "kB", 0),
    ),
}
"""By kind of work, in the order of the table."""
GROWTH = (("2000@0", "100000@0"), ("2000@400", "12000@400"))
"""Pairs of answers at one speed, whose CPU times give the growth."""


def read(file: Path) -> tuple[Row, list[Row]]:
    """Return the line about the machine and the programs, and the rows."""
    about, *rows = map(json.loads, file.read_text().splitlines())
    return about, rows


def page_with(text: str, table: str) -> str:
    """Return the page with this table between its marks."""
    return _MARKED.sub(lambda found: f"{found[1]}{table}\n", text)


def tables(about: Row, rows: Sequence[Row]) -> str:
    """Return what was measured, on what, and when, as Markdown."""
    programs = about["programs"]
    named = ", ".join(f"{NAMES[name]} {version}" for name, version in programs.items())
    runs = max(row["run"] for row in rows)
    lines = [
        f"{about['date']}, {about['cpu']}, {about['cores']} cores, {about['system']}, Python {about['python']}; {named}.",
        f"{'One run' if runs == 1 else f'{runs} runs'} each, in alternation, {about['network']}"
        + f"{'' if runs == 1 else ': median (lowest–highest)'}. "
        + f"Other programs used {statistics.median(row['other_load'] for row in rows):.2f} cores meanwhile (median).",
    ]
    for kind in FIGURES:
        if of_kind := [row for row in rows if row["kind"] == kind]:
            lines += ["", *_table(kind, of_kind, list(programs))]
    return "\n".join(lines)


def _table(kind: str, rows: Sequence[Row], programs: Sequence[str]) -> list[str]:
    columns = [name for name in programs if any(row["program"] == name for row in rows)]
    peer = next((name for name in columns if name not in (OURS, *FLOORS)), None) if OURS in columns else None
    head = [_TITLES[kind], *(NAMES[name] for name in columns), *(["ratio"] if peer else [])]
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    works = dict.fromkeys(row["work"] for row in rows)
    for work in works:
        for figure in FIGURES[kind]:
            cells = [_values(rows, work, name, figure.key) for name in columns]
            if any(cells):
                shown = [_cell(cell, figure) for cell in cells]
                ratio = [_ratio(cells[0], cells[columns.index(peer)])] if peer else []
                lines.append(_line([f"{_spelled(work)}{figure.label}", *shown, *ratio]))
    for pair in GROWTH if kind == "answer" else ():
        exponents = [_growth(rows, name, pair) for name in columns]
        if any(exponents):
            label = f"growth of CPU time from {' to '.join(_length(one) for one in pair)} {_speed(pair[0])}"
            lines.append(_line([label, *(exponents), *([""] if peer else [])]))
    return lines


_TITLES = {"start": "Start", "open": "Opening a stored chat", "answer": "An answer"}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _values(rows: Sequence[Row], work: str, program: str, key: str) -> list[float]:
    return [row[key] for row in rows if (row["work"], row["program"]) == (work, program) and key in row]


def _cell(values: Sequence[float], figure: Figure) -> str:
    if not values:
        return "–"
    shown = [f"{value:,.{figure.digits}f}" for value in (statistics.median(values), min(values), max(values))]
    unit = f" {figure.unit}" if figure.unit else ""
    spread = f" ({shown[1]}–{shown[2]})" if shown[1] != shown[2] else ""
    return f"{shown[0]}{unit}{spread}"


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    if not ours or not theirs or not statistics.median(theirs):
        return "–"
    return f"{statistics.median(ours) / statistics.median(theirs):.2f}"


def _growth(rows: Sequence[Row], program: str, pair: tuple[str, str]) -> str:
    """Return the exponent of the CPU time over the length: 1.00 if twice the text takes twice the time."""
    short, long = (_values(rows, f"answer {one}", program, "cpu_s") for one in pair)
    if not short or not long:
        return ""
    lengths = [int(one.partition("@")[0]) for one in pair]
    more = statistics.median(long) / max(0.01, statistics.median(short))
    return f"{math.log(more) / math.log(lengths[1] / lengths[0]):.2f}"


def _spelled(work: str) -> str:
    kind, _, of = work.partition(" ")
    if kind == "open":
        return f"{int(of):,} messages: "
    return f"{_length(of)} tokens {_speed(of)}: " if of else ""


def _length(of: str) -> str:
    return f"{int(of.partition('@')[0]):,}"


def _speed(of: str) -> str:
    rate = int(of.partition("@")[2])
    return f"at {rate}/s" if rate else "at full speed"


def main() -> None:
    PAGE.write_text(page_with(PAGE.read_text(), tables(*read(ROWS))))


if __name__ == "__main__":
    main()
