"""The cache map as text: a bar for one request with labels above, breakpoints and look-back below, then the figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from textual.content import Content

from tui.chat.cache import Breakpoint, CacheMap, Segment
from tui.render import figures

READ, WRITTEN, UNCACHED, OUTPUT = ("█", "$success"), ("▓", "$warning"), ("░", "$dim"), ("▞", "$accent")
"""Sign and colour of each kind of token, in all charts."""
_TICK, _SHORT_TICK, _MINIMUM = "▲", "△", "┆"
_ENDS = {"█": "▉"}
"""The last cell of a part that was read, with a gap to the next part."""


def draw_map(cache_map: CacheMap, width: int) -> list[Content]:
    """Return the lines of the map for `width` cells."""
    sizes = [segment.tokens for segment in cache_map.segments]
    ends = column_ends(sizes, width)
    bar = _bar(cache_map.segments, ends)
    return [
        _labels(cache_map.segments, ends, width),
        bar,
        bar,
        _tick_line(cache_map, sizes, ends, width),
        *_look_back(cache_map, sizes, ends, width),
        *_wrapped(_amounts(cache_map), width),
        *_wrapped(_facts(cache_map), width),
    ]


def column_ends(sizes: Sequence[float], width: int) -> list[int]:
    """Return the cell in which each part ends, in proportion. The smallest part has a cell if there are enough for all."""
    total = sum(sizes)
    if not sizes or not total:
        return [width * (at + 1) // max(1, len(sizes)) for at in range(len(sizes))]
    least = 1 if len(sizes) * 2 <= width else 0
    free = width - least * len(sizes)
    return [round(free * sum_ / total) + least * (at + 1) for at, sum_ in enumerate(accumulate(sizes))]


def shares(amounts: Sequence[float], cells: int) -> list[int]:
    """Divide cells in proportion to amounts, with at least one for each amount above 0 if there are enough."""
    total = sum(amounts)
    if not total or not cells:
        return [0] * len(amounts)
    dealt = [round(cells * amount / total) for amount in amounts]
    if sum(amount > 0 for amount in amounts) <= cells:
        dealt = [max(count, 1) if amount > 0 else 0 for count, amount in zip(dealt, amounts, strict=True)]
    while (over := sum(dealt) - cells) != 0:
        largest = max(range(len(dealt)), key=lambda at: dealt[at])
        dealt[largest] -= 1 if over > 0 else -1
    return dealt


def _bar(segments: Sequence[Segment], ends: Sequence[int]) -> Content:
    runs: list[tuple[str, str]] = []
    start = 0
    for segment, end in zip(segments, ends, strict=True):
        counts = shares((segment.read, segment.written, segment.uncached), end - start)
        cells = [kind for kind, count in zip((READ, WRITTEN, UNCACHED), counts, strict=True) for _ in range(count)]
        if len(cells) > 1:
            sign, colour = cells[-1]
            cells[-1] = (_ENDS.get(sign, sign), colour)
        runs += cells
        start = end
    return Content.assemble(*runs)


def _labels(segments: Sequence[Segment], ends: Sequence[int], width: int) -> Content:
    """Return the labels of the parts that are wide enough for one."""
    cells = [" "] * width
    start = free = 0
    for segment, end in zip(segments, ends, strict=True):
        room, name = end - max(start, free), segment.label
        if room > len(name) or (room == len(name) and end == width):
            _put(cells, max(start, free), name)
            free = max(start, free) + len(name) + 1
        start = end
    return Content.styled("".join(cells), "$foreground")


def _column(tokens: float, sizes: Sequence[float], ends: Sequence[int]) -> int:
    """Return the cell in which so many tokens end."""
    passed, start = 0.0, 0
    for size, end in zip(sizes, ends, strict=True):
        if size and tokens <= passed + size + 1e-6:
            return max(0, start + round((end - start) * max(0.0, tokens - passed) / size) - 1)
        passed, start = passed + size, end
    return max(0, start - 1)


def _tick_line(cache_map: CacheMap, sizes: Sequence[float], ends: Sequence[int], width: int) -> Content:
    cells = [" "] * width
    if 0 < cache_map.minimum <= cache_map.tokens:
        _put(cells, _column(cache_map.minimum, sizes, ends), _MINIMUM)
    for tick in cache_map.breakpoints:
        _put(cells, _column(tick.at, sizes, ends), _SHORT_TICK if tick.too_short else _TICK)
    return Content.styled("".join(cells), "$accent")


def _look_back(cache_map: CacheMap, sizes: Sequence[float], ends: Sequence[int], width: int) -> list[Content]:
    """Return the line that shows how far the last breakpoint looks back for cached blocks."""
    if not cache_map.breakpoints:
        return []
    left = _column(cache_map.looks_back_to, sizes, ends) if cache_map.looks_back_to else 0
    right = _column(cache_map.breakpoints[-1].at, sizes, ends)
    room = right - left - 1
    if room < 0:
        return []
    names = (f" look-back {cache_map.look_back} blocks ", f" look-back {cache_map.look_back} ", " back ", "")
    name = next(name for name in names if len(name) <= room)
    return [Content.styled(f"{' ' * left}╰{name.center(room, '╌')}╯"[:width], "$dim")]


def _amounts(cache_map: CacheMap) -> list[Content]:
    kinds = (
        (READ, "read", cache_map.read),
        (WRITTEN, "written", cache_map.written),
        (UNCACHED, "uncached", cache_map.uncached),
    )
    share = cache_map.read / cache_map.tokens if cache_map.tokens else None
    return [
        *(
            Content.assemble((sign, colour), f" {name} ", (figures.tokens(count), "bold"))
            for (sign, colour), name, count in kinds
        ),
        Content.assemble((figures.percent(share), "bold $success"), (" of the request read", "$dim")),
    ]


def _facts(cache_map: CacheMap) -> list[Content]:
    facts: list[Content] = []
    ticks: Sequence[Breakpoint] = cache_map.breakpoints
    if kept := [tick for tick in ticks if not tick.too_short]:
        hours = sum(tick.lifetime == "1h" for tick in kept)
        lasting = f", {hours} for an hour" if hours else ""
        facts.append(
            Content.assemble((_TICK, "$accent"), (f" {figures.plural(len(kept), 'breakpoint')}{lasting}", "$dim"))
        )
    if len(kept) < len(ticks):
        facts.append(
            Content.assemble((_SHORT_TICK, "$accent"), (f" {len(ticks) - len(kept)} too short to cache", "$dim"))
        )
    if not ticks:
        facts.append(Content.styled("no breakpoints", "$dim"))
    if cache_map.minimum > cache_map.tokens:
        facts.append(
            Content.styled(f"below the minimum of {cache_map.minimum:,} tokens: nothing is cached yet", "$dim")
        )
    else:
        facts.append(Content.assemble((_MINIMUM, "$accent"), (f" minimum {cache_map.minimum:,}", "$dim")))
    return facts


def _wrapped(parts: Iterable[Content], width: int, gap: int = 3) -> list[Content]:
    """Return the parts side by side, as many on a line as fit."""
    lines: list[list[Content]] = [[]]
    used = 0
    for part in parts:
        if used and used + gap + part.cell_length > width:
            lines.append([])
            used = 0
        used += part.cell_length + (gap if lines[-1] else 0)
        lines[-1].append(part)
    return [Content(" " * gap).join(line) for line in lines]


def _put(cells: list[str], at: int, text: str) -> None:
    for offset, sign in enumerate(text):
        if 0 <= at + offset < len(cells):
            cells[at + offset] = sign
