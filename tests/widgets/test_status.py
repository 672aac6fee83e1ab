"""The figures at the foot: what they count, and what stays when there is little room."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tui.chat.ledger import Bill, Usage
from tui.chat.model import Model
from tui.chat.transcript import Message, Text, Transcript
from tui.widgets.status import ChatFigures, figures_of, parts

MODEL = Model(id="claude-sonnet-5-5", name="Sonnet 5.5", context=1_000_000)
FIRST = Message(
    role="assistant",
    blocks=(Text("a"),),
    usage=Usage(input_tokens=100, cache_creation_input_tokens=900, output_tokens=50),
    bill=Bill(cost_usd=0.01),
)
SECOND = Message(
    role="assistant",
    blocks=(Text("b"),),
    usage=Usage(input_tokens=100, cache_read_input_tokens=2_900, output_tokens=150),
    bill=Bill(cost_usd=0.02, saved_usd=0.005),
)
PROMPT = Message(role="user", blocks=(Text("q"),))


def shown(state: ChatFigures, width: int) -> dict[str, str]:
    return dict(parts(state, width))


def test_the_last_answer_and_the_chat_have_their_own_cache_figure() -> None:
    state = figures_of(Transcript(messages=(PROMPT, FIRST, PROMPT, SECOND)), MODEL)
    figures = shown(state, 120)
    assert figures["cache"].split() == ["cache", "97", "%"]
    assert figures["chat"].split() == ["chat", "72", "%"]
    assert figures["tokens"].split() == ["4k", "in", "200", "out"]
    assert shown(state, 72)["tokens"].split() == ["↑", "4k", "↓", "200"]
    assert figures["cost"].strip() == "$0.030"


def test_the_sum_is_about_so_much_where_an_answer_was_cut_off() -> None:
    cut = replace(SECOND, state="stopped")
    figures = shown(figures_of(Transcript(messages=(PROMPT, FIRST, PROMPT, cut)), MODEL), 120)
    assert (figures["cost"].strip(), figures["tokens"].split()) == ("~$0.030", ["4k", "in", "~200", "out"])
    ended = replace(cut, stop_reason="end_turn")
    assert shown(figures_of(Transcript(messages=(FIRST, ended)), MODEL), 120)["cost"].strip() == "$0.030"


def test_what_was_lost_before_its_first_word_is_in_the_sums_alone() -> None:
    lost = replace(FIRST, blocks=(), state="stopped", usage=Usage(input_tokens=1_000), bill=Bill(cost_usd=0.5))
    figures = shown(figures_of(Transcript(messages=(PROMPT, FIRST)), MODEL, (lost,)), 120)
    assert (figures["cost"].strip(), figures["tokens"].split()[0]) == ("$0.51", "2k")
    assert figures["ctx"].split() == ["ctx", "<1", "%"]
    assert shown(figures_of(Transcript(), MODEL, (lost,)), 120)["cost"] == "$0.50"


def test_the_window_holds_the_last_prompt_and_its_answer() -> None:
    state = figures_of(Transcript(messages=(FIRST, SECOND)), Model(id="m", name="M", context=6_300))
    assert shown(state, 120)["ctx"].split() == ["ctx", "50", "%"]


def test_before_the_first_answer_there_is_nothing_to_tell() -> None:
    figures = shown(figures_of(Transcript(messages=(PROMPT,)), MODEL), 120)
    assert figures["cache"].split() == ["cache", "–"]
    assert figures["cost"].strip() == "$0"


def test_an_unknown_price_is_not_shown_as_nothing() -> None:
    answer = Message(role="assistant", usage=Usage(input_tokens=5, output_tokens=5))
    assert shown(figures_of(Transcript(messages=(answer,)), MODEL), 120)["cost"].strip() == "–"


def test_a_failure_without_usage_leaves_the_last_figures() -> None:
    failed = Message(role="assistant", state="failed")
    state = figures_of(Transcript(messages=(SECOND, failed)), MODEL)
    assert state.last == SECOND.usage


@pytest.mark.parametrize("width", [77, 97, 117, 197])
def test_all_figures_fit_from_80_columns_on(width: int) -> None:
    state = figures_of(Transcript(messages=(FIRST, SECOND)), MODEL)
    assert list(shown(state, width)) == ["model", "ctx", "tokens", "cache", "chat", "cost"]


def test_at_60_columns_model_cache_and_cost_stay() -> None:
    figures = shown(figures_of(Transcript(messages=(FIRST, SECOND)), MODEL), 56)
    assert {"model", "cache", "chat", "cost"} <= set(figures)
    assert "tokens" not in figures


@pytest.mark.parametrize("width", [20, 57, 77, 117])
def test_a_figure_that_changes_moves_nothing(width: int) -> None:
    small = figures_of(Transcript(messages=(FIRST,)), MODEL)
    large = ChatFigures(
        model=MODEL,
        last=Usage(input_tokens=10_000, cache_read_input_tokens=400_000),
        total=Usage(input_tokens=87_654_321, cache_read_input_tokens=8_765_432, output_tokens=123_456),
        bill=Bill(cost_usd=123.4),
    )
    widths = [[len(text) for kind, text in parts(state, width) if kind != "cost"] for state in (small, large)]
    assert widths[0] == widths[1]
