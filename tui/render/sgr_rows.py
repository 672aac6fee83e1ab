"""Lines as texts with their colours and looks, for a file. `services.launch_frame` draws them again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from textual.strip import Strip


def sgr_rows(lines: Iterable[Iterable[Strip]], console: Console) -> list[list[tuple[str, str]]]:
    """Return for each line its parts: the numbers of the SGR sequence that the console would write, and the text."""
    return [[*_parts((segment for strip in line for segment in strip), console)] for line in lines]


def _parts(segments: Iterable[Segment], console: Console) -> Iterable[tuple[str, str]]:
    for sgr, same in groupby(segments, lambda segment: _sgr(segment, console)):
        yield sgr, "".join(segment.text for segment in same)


def _sgr(segment: Segment, console: Console) -> str:
    if segment.style is None or console.color_system is None:
        return ""
    written = segment.style.update_link(None).render("x", color_system=COLOR_SYSTEMS[console.color_system])
    return written[2 : written.index("m")] if written.startswith("\x1b[") else ""
