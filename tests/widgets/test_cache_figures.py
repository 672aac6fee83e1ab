"""The figures of the cache as text: bar, ticks, chart and table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.chat.cache import Breakpoint, CacheMap, Segment
from tui.chat.ledger import Bill, Usage
from tui.chat.spending import Entry, Ledger, Total
from tui.widgets.cache_bar import column_ends, draw_map, shares
from tui.widgets.ledger_table import draw_ledger, draw_lifetime, savings
from tui.widgets.spend_chart import SpentDay, draw_days
from tui.widgets.turn_chart import draw_turns

LIFE = Total(
    answers=412,
    usage=Usage(
        input_tokens=1_000_000,
        cache_creation_input_tokens=1_000_000,
        write_1h=500_000,
        cache_read_input_tokens=8_000_000,
        output_tokens=900_000,
        thinking_tokens=120_000,
        searches=1,
    ),
    bill=Bill(cost_usd=12.4, saved_usd=31.0),
    unpriced=3,
)
MAP = CacheMap(
    segments=(
        Segment(part="system", read=600),
        Segment(part="user", number=1, read=200),
        Segment(part="assistant", number=2, written=150),
        Segment(part="user", number=3, uncached=50),
    ),
    breakpoints=(Breakpoint(at=600, segment=0), Breakpoint(at=950, segment=2)),
    read=800,
    written=150,
    uncached=50,
    minimum=512,
    looks_back_to=0,
)


def plain(lines: object) -> list[str]:
    return [line.plain for line in lines]  # type: ignore[attr-defined]


def test_a_bar_is_read_then_written_then_uncached_with_ticks_below() -> None:
    labels, bar, _, ticks, back, amounts, facts = plain(draw_map(MAP, 100))
    assert bar.startswith("█" * 50)
    assert bar.endswith("▓" * 14 + "░" * 6) or "▓" in bar
    assert [labels.split()[0], labels.split()[-1]] == ["system", "3"]
    assert bar[ticks.index("▲")] == "▉"  # the last cell of the system prompt
    assert ticks.rindex("▲") == bar.rindex("▓")
    assert back.startswith("╰")
    assert back.endswith("╯")
    assert len(back) == ticks.rindex("▲") + 1
    assert "read 800" in amounts
    assert "written 150" in amounts
    assert "uncached 50" in amounts
    assert "80 %" in amounts
    assert "2 breakpoints" in facts
    assert "minimum 512" in facts


def test_below_the_minimum_nothing_is_kept() -> None:
    short = CacheMap(
        segments=(Segment(part="user", number=1, uncached=40),),
        breakpoints=(Breakpoint(at=40, segment=0, too_short=True),),
        uncached=40,
        minimum=1024,
    )
    text = "\n".join(plain(draw_map(short, 60)))
    assert "△" in text
    assert "▲" not in text
    assert "below the minimum of 1,024 tokens" in text


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.integers(20, 200))
@settings(max_examples=100, deadline=None)
def test_the_parts_fill_the_bar_in_order(sizes: list[float], width: int) -> None:
    ends = column_ends(sizes, width)
    assert ends[-1] == width
    assert ends == sorted(ends)
    if sum(sizes) and len(sizes) * 2 <= width:
        assert all(after > before for before, after in zip([0, *ends], ends, strict=False))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_cells_are_dealt_out_whole(amounts: list[int], cells: int) -> None:
    dealt = shares(amounts, cells)
    assert sum(dealt) == (cells if sum(amounts) else 0)
    assert min(dealt) >= 0
    if sum(amount > 0 for amount in amounts) <= cells and sum(amounts):
        assert all((count > 0) == (amount > 0) for count, amount in zip(dealt, amounts, strict=True))


@pytest.mark.parametrize("width", [60, 74, 104])
def test_no_line_is_wider_than_its_place(width: int) -> None:
    segments = tuple(Segment(part="user", number=at, read=at * 10) for at in range(1, 120))
    long_map = CacheMap(segments=segments, breakpoints=(Breakpoint(at=900, segment=12),), read=71400, minimum=1024)
    usage = Usage(input_tokens=900, cache_read_input_tokens=12_000, output_tokens=400)
    turns = [(at, usage) for at in range(1, 90)]
    assert all(line.cell_length <= width for line in draw_map(long_map, width)[:5])
    assert all(line.cell_length <= width for line in draw_turns(turns, width, 6))
    assert all(line.cell_length <= width for line in draw_days([SpentDay("2026-11-23", 1.5, 0.4)], width))
    assert all(line.cell_length <= width for line in draw_ledger(ledger(), str, width))
    assert all(line.cell_length <= width for line in draw_lifetime(LIFE, "2026-11-01", width))


def test_the_chart_stacks_and_says_which_turns_there_is_room_for() -> None:
    turns = [
        (1, Usage(cache_creation_input_tokens=100)),
        (2, Usage(cache_read_input_tokens=100, output_tokens=100)),
    ]
    head, *rows, numbers = plain(draw_turns(turns, 60, 4))
    assert head.startswith("2 turns")
    assert "▓" not in rows[0]
    assert "▞" in rows[0]
    assert "200" in rows[0]
    assert "▓" in rows[-1]
    assert "█" in rows[-1]
    assert numbers.split()[1:] == ["1", "2"] or numbers.split()[-1] == "2"
    many = [(at, Usage(input_tokens=9)) for at in range(1, 60)]
    assert plain(draw_turns(many, 27, 4))[0].startswith("turns 50–59 ")
    assert draw_turns([], 60, 4) == []


def ledger() -> Ledger:
    usage = Usage(input_tokens=200, cache_read_input_tokens=700, cache_creation_input_tokens=100, output_tokens=50)
    bill = Bill(cost_usd=0.18, saved_usd=0.41)
    one = Entry(turn=1, at=0, model="claude-sonnet-5-5", usage=usage, bill=bill, state="complete")
    two = Entry(turn=2, at=9, model="claude-sonnet-5-5", usage=usage, bill=None, state="stopped")
    return Ledger((one, two))


def test_the_table_has_a_row_for_each_answer_and_their_sum() -> None:
    head, one, two, total, written, note = plain(draw_ledger(ledger(), lambda _: "Sonnet 5.5", 80))
    assert head.split() == ["turn", "model", "read", "written", "uncached", "output", "hit", "cost", "saved"]
    assert one.split() == ["1", "Sonnet", "5.5", "700", "100", "200", "50", "70", "%", "$0.18", "$0.41"]
    assert two.split()[0] == "2■"
    assert two.split()[-2:] == ["–", "–"]
    assert total.split() == ["all", "1.4k", "200", "400", "100", "70", "%", "$0.18", "$0.41"]
    assert written == "200 written for 5 min"
    assert note == "■ stopped · 1 answer with unknown price"
    assert "Sonnet" not in plain(draw_ledger(ledger(), lambda _: "Sonnet 5.5", 60))[1]


@pytest.mark.parametrize("width", [54, 80])
def test_what_was_cut_off_is_marked_as_an_estimate_in_its_row_and_in_the_sum(width: int) -> None:
    whole, cut = ledger().entries
    usage = replace(cut.usage, output_tokens=12_400)
    cut = replace(cut, usage=usage, bill=Bill(cost_usd=12.40, saved_usd=0.10), is_estimate=True)
    _, one, two, total, _, note = plain(draw_ledger(Ledger((whole, cut)), str, width))
    assert "~" not in one
    assert two.split()[-5:] == ["~12.4k", "70", "%", "~$12.40", "$0.10"]
    assert total.split()[-5:] == ["~12.4k", "70", "%", "~$12.58", "$0.51"]
    assert note == "■ stopped · ~ estimated from partial output"
    assert savings(Ledger((whole, cut)).total).plain == "saved $0.51 of ~$13.09"


def test_a_life_is_all_that_was_ever_used() -> None:
    head, *facts = plain(draw_lifetime(LIFE, "2026-11-01", 80))
    assert head == "since 2026-11-01   $12.40, $31.00 saved of $43.40"
    assert facts == [
        "412 answers · 10M in, 80 % read · 900k out · 500k written for 5 min",
        "500k written for an hour · 120k thinking · 1 search",
        "3 answers with unknown price",
    ]
    assert draw_lifetime(Total(), "", 80) == []
    head, *facts = plain(draw_lifetime(replace(LIFE, estimated=1), "2026-11-01", 80))
    assert head == "since 2026-11-01   ~$12.40, $31.00 saved of ~$43.40"
    assert "~900k out" in facts[0]


def test_savings_are_told_of_what_it_would_have_cost() -> None:
    assert savings(ledger().total).plain == "saved $0.41 of $0.59"
    ahead = Ledger((Entry(turn=1, at=0, model="m", usage=Usage(), bill=Bill(saved_usd=-0.002), state="complete"),))
    assert savings(ahead.total).plain == "$0.002 extra for cache writes that were not read yet"


def test_a_day_is_paid_and_saved() -> None:
    head, row = plain(draw_days([SpentDay("2026-11-23", 0.3, 0.1)], 71))
    assert "paid" in head
    assert "saved" in head
    assert (row.count("▓"), row.count("░")) == (30, 10)
    assert "  $0.30 " in row
    assert "  ~$0.30 " in plain(draw_days([SpentDay("2026-11-23", 0.3, 0.1, is_estimate=True)], 71))[1]
    assert draw_days([SpentDay("2026-11-23", 0.0, 0.0)], 71) == []
