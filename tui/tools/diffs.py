"""A change of a file as a unified diff, complete and exact: the user decides by it, and it could be applied."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

_CONTEXT = 3
_MAX_COMPARED = 1_000_000
"""Pairs of lines. A larger change is shown as all lines removed and all lines added, without comparing them."""
_NO_END = "\\ No newline at end of file"

_Block = tuple[str, int, int, int, int]


def unified(old: str, new: str, name: str, *, is_new: bool = False) -> str:
    """Return the diff from one text to the other; "" if they are equal."""
    before, after = _lines(old), _lines(new)
    groups = list(_groups(before, after))
    if not groups:
        return ""
    lines = header(name, is_new=is_new)
    for group in groups:
        lines += _hunk(group, before, after)
    return "\n".join(lines) + "\n"


def header(name: str, *, is_new: bool = False) -> list[str]:
    """Return the diff's header. Absolute paths are shown as they are, others with the usual a/ and b/."""
    before, after = (name, name) if name.startswith("/") else (f"a/{name}", f"b/{name}")
    return [f"--- {'/dev/null' if is_new else before}", f"+++ {after}"]


def _lines(text: str) -> list[str]:
    """Split at \
     only, like diff and patch. Line ends are kept, so that a missing last one is seen.
    """
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _groups(before: Sequence[str], after: Sequence[str]) -> Iterator[list[_Block]]:
    """Yield the differences in groups, with the equal lines around them. Equal beginnings and ends are cut off first:
    most changes are small.
    """
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    first, stop_before, stop_after = max(0, start - _CONTEXT), len(before) - end, len(after) - end
    old, new = before[start:stop_before], after[start:stop_after]
    if not old and not new:
        return
    if len(old) * len(new) > _MAX_COMPARED:
        blocks = [("replace", start, stop_before, start, stop_after)]
    else:
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        blocks = [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in matcher.get_opcodes()]
    tail = min(_CONTEXT, end)
    blocks.insert(0, ("equal", first, start, first, start))
    blocks.append(("equal", stop_before, stop_before + tail, stop_after, stop_after + tail))
    yield from _split([block for block in blocks if block[1:3] != block[3:] or block[1] != block[2]])


def _split(blocks: list[_Block]) -> Iterator[list[_Block]]:
    """Begin another group where more lines are equal than both groups need as context."""
    group: list[_Block] = []
    for tag, a, b, c, d in blocks:
        if tag == "equal" and group and b - a > 2 * _CONTEXT:
            yield [*group, (tag, a, a + _CONTEXT, c, c + _CONTEXT)]
            group = []
            a, c = b - _CONTEXT, d - _CONTEXT
        group.append((tag, a, b, c, d))
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _hunk(group: list[_Block], before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from _marked(" ", before[a:b])
        else:
            yield from _marked("-", before[a:b])
            yield from _marked("+", after[c:d])


def _range(start: int, end: int) -> str:
    count = end - start
    return f"{start + (count > 0)}" + (f",{count}" if count != 1 else "")


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_END


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines are equal at the beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
