"""The work for one step of a growing text is bounded, whatever the text is: between two steps, the screen takes keys.

Work is counted in calls of functions, which is the same on every machine; 100,000 calls take some 10 to 15 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest
from flood import UNITS

from tui.chat.events import TextDelta
from tui.chat.transcript import Message
from tui.render.strips import DARK, Document
from tui.widgets.conversation.backlog import Backlog

SIZE, LONG_SIZE = 24_000, 60_000
STEPS_BETWEEN_VIEWS = 17
MOST_CALLS, MOST_CALLS_OF_VIEW = 100_000, 350_000
ROWS_IN_VIEW = 40
MORE: dict[str, tuple[str, str]] = {
    "table of marks": ("| a | b |\n|---|---|\n", "|" + " *_*_" * 180 + "| x |\n"),
    "table of long cells": ("| a | b | c |\n|---|---|---|\n", ("|" + "word " * 60) * 3 + "|\n"),
    "table of 25 columns": ("|" + "a|" * 25 + "\n|" + "-|" * 25 + "\n", "|" + "1|" * 25 + "\n"),
    "long headings": ("", "# " + "*a* " * 240 + "\n"),
    "line of json": ("```json\n", '{"a": [1, 2, {"b": null}], "c": "d"}, '),
    "line of C": ("```c\n", 'int main(void) { return x[1] + "two"; } '),
    "line of HTML": ("```html\n", '<a href="x">y</a><script>var x=1;</script> '),
    "formula": ("$$\n", "x_1 = 2\n"),
}
SHAPES = {name: unit() for name, unit in UNITS.items()} | MORE


def steps(shape: str, size: int = SIZE) -> Iterator[str]:
    """Yield the slices in which a text of this shape is taken, if it arrives as one delta."""
    first, unit = SHAPES[shape]
    backlog = Backlog()
    backlog.put_events(Message(role="assistant"), [TextDelta(index=0, text=first + unit * max(1, size // len(unit)))])
    while backlog:
        if isinstance(step := backlog.take(), TextDelta):
            yield step.text


def calls(work: Callable[[], object]) -> int:
    count = 0

    def watch(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def look_at_end(document: Document) -> None:
    """As the viewport does: until the rows at the end are exact."""
    while document.settle(document.height - ROWS_IN_VIEW, document.height):
        pass


@pytest.fixture(scope="module", autouse=True)
def lexers() -> None:
    """Import everything first."""
    for language in ("python", "json", "c", "html"):
        Document(DARK, 80, f"```{language}\n<a>x = [1, 'two']</a>\n```\n\n| a |\n|---|\n").settle(0, 10)


@pytest.mark.parametrize("width", [40, 200])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_step_of_a_growing_text_takes_long(shape: str, width: int) -> None:
    document = Document(DARK, width, closed=False)
    work = [calls(lambda text=text: document.feed(text)) for text in steps(shape)]
    assert max(work) <= MOST_CALLS, f"step {work.index(max(work))} of {len(work)}"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_view_of_a_text_that_scrolled_by_takes_long(shape: str) -> None:
    document = Document(DARK, 120, closed=False)
    work: list[int] = []
    for number, text in enumerate(steps(shape, LONG_SIZE), start=1):
        document.feed(text, drawn=False)
        if number % STEPS_BETWEEN_VIEWS == 0:
            work.append(calls(lambda: look_at_end(document)))
    assert max(work) <= MOST_CALLS_OF_VIEW, f"view {work.index(max(work))} of {len(work)}"
