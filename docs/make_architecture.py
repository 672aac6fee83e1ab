"""Draw docs/architecture.svg and write the list of steps in docs/architecture.md: `make docs`.

Both are made from STEPS. A test holds them against these files, and the names in STEPS against the program.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent

LANES = ("Textual's event loop", "Worker thread's event loop", "Network and disk")
_LANE, _GAP, _EDGE = 364, 20, 12
_HEAD, _ROW, _BOX = 56, 84, 56
_ANCHORS = ('text-anchor="end"', 'text-anchor="start"')
_WIDTH = 2 * _EDGE + 3 * _LANE + 2 * _GAP


class Step(NamedTuple):
    lane: int
    file: str
    names: tuple[str, ...]
    """Classes or functions of that file which the step is about."""
    title: str
    text: str
    """What happens, for the page."""
    via: str = ""
    """The module that carries the step over from the lane before."""


class Aside(NamedTuple):
    """A box beside a step, in another lane, that the step writes to."""

    step: int
    lane: int
    file: str
    title: str


STEPS = (
    Step(
        0,
        "tui/widgets/prompt.py",
        ("PromptArea",),
        "Enter posts Submitted",
        "The prompt area posts `Submitted` with a draft: the text and its attachments. The chat screen "
        "(`tui/chat_screen/screen.py`) hands it to the controller.",
    ),
    Step(
        0,
        "tui/chat_screen/controllers/turns.py",
        ("TurnController",),
        "The draft becomes a submission",
        "The controller makes a submission: which session it is for, the draft, and of which kind it is. Queued prompts, "
        "regenerated and continued answers are submissions, too.",
    ),
    Step(
        0,
        "tui/chat_screen/pipeline.py",
        ("Pipeline", "WaitUntilReady", "QueueWhileRunning", "Send"),
        "The pipeline takes its steps",
        "Each step passes the submission on, keeps it, or asks first: wait until the store is open, queue while a turn is "
        "running, check the budget, branch from an edit, record the model, send. `tui/chat_screen/steps.py` lists them.",
    ),
    Step(
        0,
        "tui/chat_screen/session.py",
        ("ChatSession",),
        "The session starts a turn",
        "The session owns everything that belongs to one chat. It hands the turn to the engine.",
    ),
    Step(
        1,
        "tui/chat/turn.py",
        ("Turn",),
        "The turn saves the prompt",
        "The engine runs the turn as a task in the worker thread; to stop an answer is to cancel this task. The turn reads "
        "the attachments, saves the prompt before anything is sent, and asks the provider for an answer.",
        "tui/engine.py",
    ),
    Step(
        1,
        "tui/anthropic/request.py",
        ("build_body",),
        "The request is built",
        "A pure function builds the body of the request; `tui/anthropic/cache_breakpoints.py` sets the cache breakpoints.",
    ),
    Step(
        2,
        "tui/anthropic/client.py",
        ("Client",),
        "The request is sent",
        "The client sends the request and reads the stream of server-sent events. Authentication happens inside httpx.",
    ),
    Step(
        1,
        "tui/chat/reducer.py",
        ("fold",),
        "Events become a message",
        "`tui/anthropic/wire.py` turns each payload into an event, and `fold` adds the event to the message, a frozen "
        "value. The store gets the message while it grows, and when it has ended.",
    ),
    Step(
        0,
        "tui/chat_screen/dispatch.py",
        ("Dispatcher",),
        "The events reach their subscribers",
        "The engine wakes the screen once per frame at most. The dispatcher collects the session's events and hands each to "
        "its subscribers in order, for the chat on view and those in the background alike. The first one is the presenter "
        "(`tui/chat_screen/presenter.py`), which draws the chat on view.",
        "tui/engine.py",
    ),
    Step(
        0,
        "tui/widgets/conversation/transcript_view.py",
        ("TranscriptView",),
        "Changed rows are drawn",
        "The conversation renders the open block and refreshes the rows that changed. Finished blocks stay as they are.",
    ),
)
ASIDES = (
    Aside(5, 2, "tui/store/store.py", "SQLite, on its own thread"),
    Aside(8, 2, "tui/store/store.py", "SQLite, on its own thread"),
)


def _left(lane: int) -> int:
    return _EDGE + lane * (_LANE + _GAP)


def _top(number: int) -> int:
    return _HEAD + (number - 1) * _ROW + (_ROW - _BOX) // 2


def _box(lane: int, top: int, title: str, file: str, number: int = 0) -> str:
    left, indent = _left(lane), 44 if number else 14
    circle = (
        f'<circle cx="{left + 24}" cy="{top + _BOX // 2}" r="13" fill="#3465a4"/>'
        f'<text x="{left + 24}" y="{top + _BOX // 2 + 5}" class="number">{number}</text>'
    )
    style = 'fill="#fff" stroke="#3465a4"' if number else 'fill="#f4f4f4" stroke="#888" stroke-dasharray="4 3"'
    return (
        f'<rect x="{left + 4}" y="{top}" width="{_LANE - 8}" height="{_BOX}" rx="6" {style}/>'
        f"{circle if number else ''}"
        f'<text x="{left + indent}" y="{top + 23}" fill="#222">{escape(title)}</text>'
        f'<text x="{left + indent}" y="{top + 43}" class="file">{escape(file)}</text>'
    )


def _arrow(number: int) -> str:
    """The way from a step to the next one: down, or around the corner into another lane."""
    here, there = STEPS[number - 1].lane, STEPS[number].lane
    start, end = _top(number) + _BOX, _top(number + 1)
    middle = _left(there) + _LANE // 2
    if here == there:
        return f'<path d="M{middle} {start}V{end - 6}" class="way"/>'
    side, across = _left(here) + (_LANE - 4 if there > here else 4), start - _BOX // 2
    label = f'<text x="{middle + (8 if there < here else -8)}" y="{across - 8}" class="file" {_ANCHORS[there < here]}>'
    via = f"{label}{STEPS[number].via}</text>" if STEPS[number].via else ""
    return f'<path d="M{side} {across}H{middle}V{end - 6}" class="way"/>{via}'


def _way_aside(aside: Aside) -> str:
    middle = _top(aside.step) + _BOX // 2
    start, end = _left(STEPS[aside.step - 1].lane) + _LANE - 4, _left(aside.lane) + 4
    return f'<path d="M{start} {middle}H{end - 6}" class="way aside"/>'


def picture() -> str:
    """Return the picture as SVG."""
    height = _HEAD + len(STEPS) * _ROW + _EDGE
    lanes = "\n".join(
        f'<rect x="{_left(lane)}" y="12" width="{_LANE}" height="{height - 24}" rx="8" fill="{fill}"/>'
        f'<text x="{_left(lane) + _LANE // 2}" y="38" text-anchor="middle" font-weight="bold" fill="#444">{name}</text>'
        for lane, (name, fill) in enumerate(zip(LANES, ("#e8eef7", "#e9f3e6", "#f6efe2"), strict=True))
    )
    boxes = [_box(step.lane, _top(number), step.title, step.file, number) for number, step in enumerate(STEPS, 1)]
    boxes += [_box(aside.lane, _top(aside.step), aside.title, aside.file) for aside in ASIDES]
    arrows = [*(_arrow(number) for number in range(1, len(STEPS))), *map(_way_aside, ASIDES)]
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"
  font-family="-apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="14">
<title>One prompt, from the key to the screen, in {len(STEPS)} steps</title>
<style>
.file {{ font: 12px ui-monospace, 'DejaVu Sans Mono', monospace; fill: #666; }}
.number {{ font-weight: bold; text-anchor: middle; fill: #fff; }}
.way {{ fill: none; stroke: #3465a4; stroke-width: 2; marker-end: url(#head); }}
.aside {{ stroke: #888; stroke-dasharray: 4 3; }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="4" markerHeight="4" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#3465a4"/></marker></defs>
<rect width="{_WIDTH}" height="{height}" rx="10" fill="#fff"/>
{lanes}
{chr(10).join(arrows)}
{chr(10).join(boxes)}
</svg>
"""


def steps_list() -> str:
    """Return the steps as a numbered list in Markdown."""
    lines = []
    for number, step in enumerate(STEPS, 1):
        names = "".join(f", `{name}`" for name in step.names)
        lines.append(f"{number}. **{step.title}** ([`{step.file}`](../{step.file}){names}). {step.text}")
    return "\n".join(lines)


def main() -> None:
    (HERE / "architecture.svg").write_text(picture())


if __name__ == "__main__":
    main()
