"""Replies of any shape and size: what memory they take, and how long keys wait meanwhile, in a real terminal.

A part of it runs with all tests, with replies of some 100 KB; `make bounds` runs all of it, with replies of 60 MB.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from flood import END, LINKS, SHAPES, UNITS
from key_latency import Cost, cost_of, cost_of_opening
from peak_memory import Run, environment, prx_measured, serving

from tui.inputs.limits import MIB, REPLY_BYTES

IS_FULL = bool(os.environ.get("PRX_BOUNDS"))
MOST_MB = 250
IDLE_MB = 130
"""Of the program with all that it loads for an answer, and what waits in its queues where the machine is busy: 85 to 110."""
WORST_KEY_S = 0.15 if IS_FULL else 1.5
"""Among other tests, a key is only to show that nothing stands still for seconds."""
LIMIT_S = 900.0 if IS_FULL else 120.0
SIZE = 60_000_000
SLOW = (
    "plain fence",
    "fence",
    "fences",
    "headings",
    "rules",
    "paragraphs",
    "table",
    "lines",
    "blank",
    "fence line",
    "wide table",
)
"""Shapes with so much to draw in few bytes that the whole size takes minutes."""
SOME = {
    **{"prose": 2_000_000, "thinking prose": 2_000_000, "tool": 2_000_000, "word": 2_000_000},
    **{"fence": 30_000, "table": 50_000, "quotes": 200_000, "emphasis": 100_000},
}
"""With all tests, in such sizes."""
COUNTED = ("search", "citations", "text blocks", "thinking blocks", "new blocks")
"""Shapes of which there are so many, whatever their size."""
ROWS = (
    {shape: LINKS if shape in COUNTED else 500_000 if shape in SLOW else SIZE for shape in SHAPES} if IS_FULL else SOME
)


def within_bounds(cost: Cost, what: str, text_bytes: int) -> None:
    print(f"{what:28} {cost.peak_mb:6.0f} MB {cost.worst_key_s * 1000:6.0f} ms {cost.took_s:6.1f} s {cost.keys:5} keys")
    assert cost.peak_mb <= min(MOST_MB, IDLE_MB + 3 * text_bytes / MIB)
    assert cost.worst_key_s <= WORST_KEY_S


@pytest.mark.parametrize(("shape", "size"), ROWS.items())
def test_no_shape_of_reply_swells_or_holds_keys_up(shape: str, size: int, tmp_path: Path) -> None:
    cost = cost_of(shape, size, 4000, tmp_path / "home", limit_s=LIMIT_S)
    within_bounds(cost, f"{shape} {size:,}", SIZE if shape in COUNTED else size)
    if shape in UNITS and size > 2 * REPLY_BYTES:
        assert "so prx stopped it" in " ".join(cost.end.split())


@pytest.mark.parametrize(
    ("step", "size"), [(1, 200_000), (8_000_000, SIZE)] if IS_FULL else [(1, 20_000), (10**6, 10**6)]
)
def test_deltas_may_have_any_size(step: int, size: int, tmp_path: Path) -> None:
    within_bounds(cost_of("prose", size, step, tmp_path / "home", limit_s=LIMIT_S), f"deltas of {step:,}", size)


def test_a_long_chat_is_opened_again_without_holding_keys_up(tmp_path: Path) -> None:
    size = 6_000_000 if IS_FULL else 500_000
    cost_of("prose", size, 65_536, tmp_path / "home", limit_s=LIMIT_S)
    within_bounds(cost_of_opening(tmp_path / "home", limit_s=LIMIT_S), f"opening {size:,}", size)


def printed(size: int, form: str, tmp_path: Path) -> Run:
    with serving("flood.py", "prose", size, 65_536) as url:
        env = environment(tmp_path / "home", url)
        return prx_measured(["-p", "go", "--output-format", form], env, tmp_path / "home")


@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_a_long_answer_is_printed_as_it_came(form: str, tmp_path: Path) -> None:
    size = 6_000_000 if IS_FULL else 500_000
    run = printed(size, form, tmp_path)
    assert run.code == 0
    text = json.loads(run.out.splitlines()[-1])["text"] if form != "text" else run.out
    assert text.rstrip().endswith(END)
    assert len(text) >= size
    assert run.peak_mb <= MOST_MB


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_without_end_is_ended_and_what_came_is_printed(form: str, tmp_path: Path) -> None:
    run = printed(60_000_000, form, tmp_path)
    assert run.code == 1
    said = json.loads(run.out)["error"]["message"] if form == "json" else run.err
    assert "so prx stopped it" in said
    text = json.loads(run.out)["text"] if form == "json" else run.out
    assert REPLY_BYTES <= len(text) <= REPLY_BYTES + 2 * MIB
    assert run.peak_mb <= MOST_MB
