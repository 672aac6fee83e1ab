"""The fold: blocks by index, whatever order they come in, and the same message however its deltas are joined."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chat.events import (
    BlockStart,
    BlockStop,
    CitationDelta,
    InputDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    Unknown,
)
from tui.chat.ledger import Usage, UsageUpdate
from tui.chat.reducer import coalesce, finish, fold, fold_all, start
from tui.chat.transcript import Failure, Opaque, Text, Thinking, ToolUse


def blocks(*events):
    return finish(fold_all(start("m", 1.0), events), "complete").blocks


def test_the_message_can_be_shown_after_every_step():
    partial = start("m", 5.0)
    assert (partial.message.state, partial.message.model, partial.message.at) == ("streaming", "m", 5.0)
    before = fold(partial, BlockStart(0, Text("")))
    after = fold(fold(before, TextDelta(0, "Two ")), TextDelta(0, "moons"))
    assert after.message.text == "Two moons"
    assert before.message.blocks == (Text(""),), "an earlier value has changed"


def test_interleaved_blocks_are_told_apart_by_index():
    assert blocks(
        BlockStart(0, Thinking("")),
        BlockStart(1, Text("")),
        TextDelta(1, "a"),
        ThinkingDelta(0, "h"),
        TextDelta(1, "b"),
        ThinkingDelta(0, "m"),
        SignatureDelta(0, "S="),
    ) == (Thinking("hm", "S="), Text("ab"))


def test_an_index_that_is_used_again_means_the_later_block():
    assert blocks(
        BlockStart(0, Thinking("")),
        ThinkingDelta(0, "hm"),
        BlockStop(0),
        BlockStart(0, Text("")),
        TextDelta(0, "yes"),
    ) == (Thinking("hm"), Text("yes"))


def test_deltas_without_a_start_begin_a_block():
    assert blocks(ThinkingDelta(0, "hm"), TextDelta(1, "yes"), TextDelta(1, "!")) == (Thinking("hm"), Text("yes!"))


def test_text_for_a_block_of_another_kind_is_not_lost():
    assert blocks(BlockStart(0, Thinking("")), ThinkingDelta(0, "hm"), TextDelta(0, "yes")) == (
        Thinking("hm"),
        Text("yes"),
    )


def test_deltas_that_fit_nothing_do_no_harm():
    only = (BlockStart(0, Text("a")), BlockStop(0))
    stray = (SignatureDelta(0, "s"), SignatureDelta(7, "s"), InputDelta(0, "{"), InputDelta(7, "{"), Unknown("new"))
    assert blocks(*only, *stray, BlockStop(9), CitationDelta(9, "{}"), MessageStop()) == (Text("a"),)


@pytest.mark.parametrize(
    ("first", "deltas", "expected"),
    [
        ("{}", ["", '{"a"', ":1}"], '{"a":1}'),
        ("{}", [], "{}"),
        ("{}", [""], "{}"),
        ('{"whole": true}', [], '{"whole": true}'),
        ("{}", ['{"a":'], '{"a":'),  # cut off: kept as it is
    ],
)
def test_tool_input_is_the_text_that_streamed(first, deltas, expected):
    events = [BlockStart(0, ToolUse("t", "n", first)), *(InputDelta(0, text) for text in deltas), BlockStop(0)]
    assert blocks(*events) == (ToolUse("t", "n", expected),)


SEARCH = '{"type":"server_tool_use","id":"s","name":"web_search","input":{},"new": 1.0}'


@pytest.mark.parametrize("stop", [(BlockStop(0),), ()])
def test_a_server_tools_input_is_put_into_its_json(stop):
    found = blocks(
        BlockStart(0, Opaque("server_tool_use", SEARCH)), InputDelta(0, '{"query": '), InputDelta(0, '"x"}'), *stop
    )
    assert found == (
        Opaque("server_tool_use", SEARCH.replace('"input":{}', '"input":{"query": "x"}').replace(": 1.0", ":1.0")),
    )


def test_a_server_tools_input_that_was_cut_leaves_the_block_as_it_began():
    block = Opaque("server_tool_use", SEARCH)
    assert blocks(BlockStart(0, block), InputDelta(0, '{"que')) == (block,)


def test_an_opaque_block_without_input_keeps_its_bytes():
    block = Opaque("new", '{ "type" : "new", "n": 1e2 }')
    assert blocks(BlockStart(0, block), BlockStop(0)) == (block,)


def test_citations_are_added_in_order():
    assert blocks(
        BlockStart(0, Text("", ('{"a":1}',))), CitationDelta(0, '{"b": 2}'), TextDelta(0, "x"), CitationDelta(0, "{}")
    ) == (Text("x", ('{"a":1}', '{"b": 2}', "{}")),)


def test_empty_blocks_are_left_out_at_the_end_but_signed_ones_stay():
    assert blocks(BlockStart(0, Text("")), BlockStart(1, Thinking("")), BlockStart(2, Thinking("", "S"))) == (
        Thinking("", "S"),
    )


def test_what_is_said_later_overwrites_and_what_is_not_said_stays():
    message = fold_all(
        start("asked", 0.0),
        [
            MessageStart(
                id="msg", model="answered", request_id="req", usage=UsageUpdate(input_tokens=5, output_tokens=1)
            ),
            MessageDelta(usage=UsageUpdate(output_tokens=7)),
            MessageDelta(stop_reason="refusal", stop_category="bio", usage=UsageUpdate(output_tokens=9)),
            MessageDelta(),
        ],
    ).message
    assert (message.id, message.model, message.request_id) == ("msg", "answered", "req")
    assert (message.stop_reason, message.stop_category) == ("refusal", "bio")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 9)


def test_a_failed_message_keeps_its_text_and_its_failure():
    failure = Failure(message="cut")
    message = finish(fold(start("m", 0.0), TextDelta(0, "half")), "failed", failure)
    assert (message.text, message.state, message.failure) == ("half", "failed", failure)


def test_what_was_written_of_a_cut_answer_is_counted_as_far_as_it_can_be_seen():
    said = [
        MessageStart(id="msg", usage=UsageUpdate(input_tokens=5, output_tokens=1)),
        BlockStart(0, Thinking("")),
        ThinkingDelta(0, "t" * 300),
        BlockStop(0),
        BlockStart(1, Text("")),
        TextDelta(1, "x" * 100),
    ]
    for state in ("stopped", "failed"):
        assert finish(fold_all(start("m", 0.0), said), state).usage.output_tokens == 100
    assert finish(fold_all(start("m", 0.0), said), "complete").usage.output_tokens == 1
    told = [*said, MessageDelta(stop_reason="end_turn", usage=UsageUpdate(output_tokens=7))]
    assert finish(fold_all(start("m", 0.0), told), "stopped").usage.output_tokens == 7  # the server has said it
    silent = finish(fold(start("m", 0.0), TextDelta(0, "half")), "stopped")
    assert silent.usage == Usage()  # of what began without any figures nothing is known to be billed


def test_neighbours_are_joined_and_others_are_not():
    assert coalesce(
        [
            TextDelta(0, "a"),
            TextDelta(0, "b"),
            TextDelta(1, "c"),
            ThinkingDelta(1, "d"),
            ThinkingDelta(1, "e"),
            BlockStop(1),
        ]
    ) == (TextDelta(0, "ab"), TextDelta(1, "c"), ThinkingDelta(1, "de"), BlockStop(1))
    assert coalesce([BlockStop(0), BlockStop(0), InputDelta(0, "{"), InputDelta(0, "}")]) == (
        BlockStop(0),
        InputDelta(0, "{}"),
    )
    assert coalesce([]) == ()


def test_thousands_of_events_that_say_nothing_new_are_few():
    counts = [MessageDelta(usage=UsageUpdate(output_tokens=count)) for count in range(5_000)]
    ending = MessageDelta(stop_reason="end_turn", usage=UsageUpdate(input_tokens=3))
    assert coalesce([*[BlockStop(0), BlockStop(1)] * 5_000, *counts, ending]) == (
        BlockStop(0),
        BlockStop(1),
        MessageDelta(stop_reason="end_turn", usage=UsageUpdate(input_tokens=3, output_tokens=4_999)),
    )


INDEX = st.integers(0, 3)
EVENTS = st.lists(
    st.one_of(
        st.builds(TextDelta, INDEX, st.text(max_size=3)),
        st.builds(ThinkingDelta, INDEX, st.text(max_size=3)),
        st.builds(InputDelta, INDEX, st.text(max_size=3)),
        st.builds(SignatureDelta, INDEX, st.text(max_size=3)),
        st.builds(CitationDelta, INDEX, st.just("{}")),
        st.builds(BlockStop, INDEX),
        st.builds(MessageDelta, stop_reason=st.sampled_from(["", "end_turn"])),
        st.builds(
            BlockStart,
            INDEX,
            st.sampled_from([Text(""), Thinking(""), ToolUse("t", "n"), Opaque("server_tool_use", SEARCH)]),
        ),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.lists(st.integers(0, 30), max_size=4))
def test_joining_changes_nothing_wherever_the_batches_end(events, cuts):
    one_by_one = fold_all(start("m", 0.0), events)
    edges = [0, *sorted(cuts), len(events)]
    batched = start("m", 0.0)
    for begin, end in pairwise(edges):
        batched = fold_all(batched, coalesce(events[begin:end]))
    assert batched == one_by_one
    assert finish(batched, "complete") == finish(one_by_one, "complete")


def test_a_megabyte_in_small_deltas_costs_no_more_than_its_length():
    """A frame's worth at a time, as the session folds. Twice the text may take twice the time, with room for noise."""

    def spent(size):
        deltas = [TextDelta(0, "four")] * 2_000
        began = time.process_time()
        partial = start("m", 0.0)
        for _ in range(size // 8_000):
            partial = fold_all(partial, coalesce(deltas))
        assert len(partial.message.text) == size
        return time.process_time() - began

    spent(80_000)
    assert spent(1_600_000) < 6 * spent(400_000) + 0.05
