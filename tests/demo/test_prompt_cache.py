"""The prompt cache, with figures worked out by hand.

Haiku 4.5 counts 0.25 tokens a character and keeps prefixes of 4,096 tokens or more; Sonnet 4.6 keeps 1,024. So a text of
4 n characters is n tokens. Usage is given as (input, read, written for 5 minutes, written for an hour).
"""

from __future__ import annotations

import pytest
from asking import ask, assistant, events, request, text, usage, user

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.demo.service import FakeAnthropic

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def service(clock):
    return FakeAnthropic(clock=clock)


def tokens(count, letter="x"):
    """A text of that many tokens."""
    return letter * (4 * count)


def sonnet(*messages, **fields):
    return request(*messages, **{"model": "claude-sonnet-4-6", **fields})


def used(service, body):
    return usage(ask(service, body))


def test_a_second_turn_reads_what_the_first_one_wrote(service):
    system = [text(tokens(1000), **MARK)]
    first = user(text(tokens(500), **MARK))
    assert used(service, sonnet(first, system=system)) == (0, 0, 1500, 0)
    # The markers move on: 1,500 tokens are read, 40 of the answer and 60 of the new prompt are written.
    second = sonnet(
        user(text(tokens(500))), assistant(tokens(40)), user(text(tokens(60), **MARK), text(tokens(7))), system=system
    )
    assert used(service, second) == (7, 1500, 100, 0)


def test_without_a_marker_nothing_is_cached(service):
    body = sonnet(user(tokens(5000)))
    assert used(service, body) == (5000, 0, 0, 0)
    assert used(service, body) == (5000, 0, 0, 0)


@pytest.mark.parametrize(
    ("model", "minimum", "per_char"),
    [
        ("claude-haiku-4-5", 4096, 4),
        ("claude-sonnet-4-6", 1024, 4),
        ("claude-opus-4-6", 4096, 4),
        ("claude-opus-4-7", 2048, 40 / 13),
        ("claude-sonnet-5-5", 512, 40 / 13),
    ],
)
def test_each_model_keeps_prefixes_from_its_own_minimum_on(service, model, minimum, per_char):
    for count, is_kept in ((minimum - 1, False), (minimum, True)):
        body = request(user(text("y" * int(count * per_char), **MARK)), model=model)
        expected = (0, 0, count, 0) if is_kept else (count, 0, 0, 0)
        assert used(service, body) == expected


def test_a_short_prefix_is_passed_over_for_a_longer_one(service):
    body = sonnet(user(text(tokens(900), **MARK), text(tokens(200), **MARK), text(tokens(5))))
    assert used(service, body) == (5, 0, 1100, 0)
    # Only the longer prefix was written: nothing is found at the shorter one.
    assert used(service, sonnet(user(text(tokens(900), **MARK), text(tokens(9))))) == (909, 0, 0, 0)


def test_an_entry_lives_five_minutes_and_each_read_renews_it(service, clock):
    body = sonnet(user(text(tokens(2000), **MARK)))
    assert used(service, body) == (0, 0, 2000, 0)
    for _ in range(3):
        clock.now += 299
        assert used(service, body) == (0, 2000, 0, 0)
    clock.now += 301
    assert used(service, body) == (0, 0, 2000, 0)


def test_an_entry_of_an_hour_lives_an_hour(service, clock):
    body = sonnet(user(text(tokens(2000), **HOUR)))
    assert used(service, body) == (0, 0, 0, 2000)
    clock.now += 3599
    assert used(service, body) == (0, 2000, 0, 0)
    clock.now += 3601
    assert used(service, body) == (0, 0, 0, 2000)


def test_writes_are_split_by_lifetime(service):
    body = sonnet(
        user(text(tokens(300)), text(tokens(100), **MARK), text(tokens(11))), system=[text(tokens(1500), **HOUR)]
    )
    assert used(service, body) == (11, 0, 400, 1500)


def test_after_five_minutes_only_the_hours_part_is_left(service, clock):
    body = sonnet(user(text(tokens(400), **MARK)), system=[text(tokens(1500), **HOUR)])
    assert used(service, body) == (0, 0, 400, 1500)
    clock.now += 301
    assert used(service, body) == (0, 1500, 400, 0)


@pytest.mark.parametrize(("new_blocks", "is_found"), [(19, True), (20, False)])
def test_a_breakpoint_looks_back_twenty_positions_its_own_included(service, new_blocks, is_found):
    start = text(tokens(2000))
    used(service, sonnet(user({**start, **MARK})))
    more = [text(tokens(1)) for _ in range(new_blocks)]
    more[-1] = {**more[-1], **MARK}
    expected = (0, 2000, new_blocks, 0) if is_found else (0, 0, 2000 + new_blocks, 0)
    assert used(service, sonnet(user(start, *more))) == expected


@pytest.mark.parametrize(("texts", "is_found"), [(17, True), (18, False)])
def test_a_run_of_calls_is_one_position_and_one_of_results_too(service, texts, is_found):
    """The breakpoint's own position is the run of results; the calls are one more, and so is each text."""
    tools = [{"name": "tide", "input_schema": {"type": "object"}}]
    start = text(tokens(2000))
    used(service, sonnet(user({**start, **MARK}), tools=tools))
    calls = [{"type": "tool_use", "id": f"toolu_{at}", "name": "tide", "input": {}} for at in range(30)]
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{at}", "content": "ebb"} for at in range(30)]
    results[-1] = {**results[-1], **MARK}
    said = [text(tokens(1)) for _ in range(texts)]
    _, read, _, _ = used(service, sonnet(user(start), assistant(*said, *calls), user(*results), tools=tools))
    assert (read > 2000) == is_found


def test_a_hit_needs_an_entry_written_at_a_breakpoint(service):
    used(service, sonnet(user(text(tokens(2000)), text(tokens(500), **MARK))))
    # The first block was part of what was written, but no breakpoint stood there.
    assert used(service, sonnet(user(text(tokens(2000), **MARK), text(tokens(500, "z"))))) == (500, 0, 2000, 0)


def test_the_automatic_breakpoint_moves_with_the_chat(service):
    first = user(tokens(2000))
    assert used(service, sonnet(first, **MARK)) == (0, 0, 2000, 0)
    assert used(service, sonnet(first, assistant(tokens(50)), user(tokens(30)), **MARK)) == (0, 2000, 80, 0)


def test_an_entry_can_be_read_once_the_first_answer_begins(service):
    body = sonnet(user(text(tokens(2000), **MARK)))
    service.script(Answer(Text("held"), before=(Gate(),)))
    first, second = ask(service, body), ask(service, body)
    assert usage(second) == (0, 0, 2000, 0)  # the first had not begun when this was asked
    assert usage(first) == (0, 0, 2000, 0)
    assert used(service, body) == (0, 2000, 0, 0)


def test_warming_writes_without_an_answer(service):
    body = sonnet(user(text(tokens(2000), **MARK)))
    warmed = ask(service, {**body, "max_tokens": 0})
    assert warmed.json()["content"] == []
    assert warmed.json()["stop_reason"] == "max_tokens"
    assert warmed.json()["usage"]["output_tokens"] == 0
    assert usage(warmed) == (0, 0, 2000, 0)
    assert used(service, body) == (0, 2000, 0, 0)


def test_a_stream_tells_the_same_figures(service):
    body = sonnet(user(text(tokens(2000), **MARK), text(tokens(3))), stream=True)
    for expected in ((3, 0, 2000), (3, 2000, 0)):
        told = events(ask(service, body))
        counts = [e["message"]["usage"] for e in told if e["type"] == "message_start"]
        counts += [e["usage"] for e in told if e["type"] == "message_delta"]
        for count in counts:
            assert (
                count["input_tokens"],
                count["cache_read_input_tokens"],
                count["cache_creation_input_tokens"],
            ) == expected


TOOL = {"name": "tide", "description": tokens(1200), "input_schema": {"type": "object"}}
SEARCH_TOOL = {"type": "web_search_20250305", "name": "web_search"}
PICTURE = {"type": "image", "source": {"type": "url", "url": "https://tides.example/a.png"}}


def layered(**fields):
    """Three levels with a breakpoint each: 1,200 tokens and more of tools, 1,300 of system, 1,400 of messages."""
    return sonnet(
        user(text(tokens(1400), **MARK)),
        **{"tools": [{**TOOL, **MARK}], "system": [text(tokens(1300), **MARK)], **fields},
    )


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, "tools system messages"),
        ({"max_tokens": 5, "metadata": {"user_id": "u"}}, "tools system messages"),
        ({"output_config": {"effort": "high"}}, "tools system messages"),  # the default, said aloud
        ({"thinking": {"type": "disabled"}}, "tools system messages"),
        ({"tool_choice": {"type": "auto"}}, "tools system"),
        ({"thinking": {"type": "adaptive"}}, "tools system"),
        ({"output_config": {"effort": "low"}}, "tools system"),
        ({"messages": [user(PICTURE, text(tokens(1400), **MARK))]}, "tools system"),
        ({"system": [text(tokens(1301), **MARK)]}, "tools"),
        ({"tools": [{**TOOL, **MARK}, SEARCH_TOOL]}, "tools"),
        ({"tools": [{**TOOL, "description": tokens(1201), **MARK}]}, ""),
        ({"tools": [{**TOOL, "name": "wind", **MARK}]}, ""),
        ({"model": "claude-sonnet-4-5"}, ""),
    ],
)
def test_what_a_change_loses(service, change, kept):
    used(service, layered())
    _, read, *_ = used(service, layered(**change))
    tools = used(FakeAnthropic(), sonnet(tools=[{**TOOL, **MARK}]))[2]
    sizes = {"tools": tools, "system": 1300, "messages": 1400}
    assert read == sum(sizes[level] for level in kept.split())


def test_markers_are_no_part_of_what_is_compared(service):
    used(service, sonnet(user(text(tokens(2000), **MARK))))
    assert used(service, sonnet(user(text(tokens(2000), **HOUR)))) == (0, 2000, 0, 0)
    moved = sonnet(user(text(tokens(2000)), text(tokens(10), **MARK)))
    assert used(service, moved) == (0, 2000, 10, 0)


def test_who_said_it_is_part_of_what_is_compared(service):
    used(service, sonnet(user("a"), assistant("b"), user(text(tokens(2000), **MARK))))
    said_by_user = sonnet(user("a"), user("b"), user(text(tokens(2000), **MARK)))
    assert used(service, said_by_user)[1] == 0


def miss(service, body, previous):
    told = ask(service, {**body, "diagnostics": {"previous_message_id": previous}}).json()
    return told["id"], told["diagnostics"]


def test_diagnostics_name_what_changed(service):
    body = sonnet(user("Hi"), system=[text(tokens(100))], tools=[TOOL])
    first, nothing = miss(service, body, None)
    assert nothing is None
    grown = {**body, "messages": [*body["messages"], assistant("Yes?"), user("So?")]}
    second, nothing = miss(service, grown, first)
    assert nothing is None

    def reason(**change):
        _, told = miss(service, {**grown, **change}, second)
        return told["cache_miss_reason"]["type"] if told else None

    assert reason() is None
    assert reason(model="claude-opus-4-6") == "model_changed"
    assert reason(tools=[]) == "tools_changed"
    assert reason(system="Other.") == "system_changed"
    assert reason(messages=[user("Ho"), assistant("Yes?"), user("So?")]) == "messages_changed"
    assert reason(messages=[user("Hi")]) == "messages_changed"
    assert reason(thinking={"type": "adaptive"}) == "unavailable"
    unknown = {"cache_miss_reason": {"type": "previous_message_not_found"}}
    assert miss(service, body, "msg_lost")[1] == unknown
    unasked = ask(service, body).json()
    assert unasked["diagnostics"] is None
    assert miss(service, grown, unasked["id"])[1] == unknown, "what did not ask is not remembered"
