"""What the pane says around the words: figures, endings, failures, tools and sources."""

from __future__ import annotations

import time

import msgspec
import pytest
from conversation_app import answer, prompt

from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Failure, Image, Opaque, Text, ToolResult, ToolUse
from tui.inputs.limits import SHOWN_CHARS
from tui.widgets.conversation import captions
from tui.widgets.conversation.parts import truncated


def said(caption: captions.Caption) -> str:
    return "".join(text for text, _ in caption)


def test_the_figures_of_an_answer_sum_its_responses() -> None:
    assert captions.figures_of([answer("a")]) == "3.1 s · 214 tok · $0.012"
    assert captions.figures_of([answer("a"), prompt("result"), answer("b")]) == "6.2 s · 428 tok · $0.024"


def test_output_that_nobody_counted_is_told_to_be_about_that_much() -> None:
    cut = msgspec.structs.replace(answer("a"), state="stopped", stop_reason="")
    assert captions.figures_of([cut]) == "3.1 s · ~214 tok · ~$0.012"
    assert captions.figures_of([answer("b"), cut]) == "6.2 s · ~428 tok · ~$0.024"
    cheap = msgspec.structs.replace(cut, bill=Bill(cost_usd=0.0001))
    assert captions.figures_of([cheap]) == "3.1 s · ~214 tok · <$0.001"
    counted = msgspec.structs.replace(cut, stop_reason="end_turn")
    assert captions.figures_of([counted]) == "3.1 s · 214 tok · $0.012"


def test_one_character_more_is_one_character() -> None:
    assert truncated("x" * (SHOWN_CHARS + 1)).endswith("x\n… 1 more character")
    assert truncated("x" * (SHOWN_CHARS + 2)).endswith("x\n… 2 more characters")


def test_figures_that_nobody_knows_are_left_out() -> None:
    assert captions.figures_of([answer("a", bill=None, usage=Usage())]) == "3.1 s"


@pytest.mark.parametrize(
    ("usage", "bill", "line"),
    [
        (Usage(input_tokens=6, cache_read_input_tokens=94), Bill(saved_usd=0.021), "cache 94 % read · saved $0.021"),
        (Usage(input_tokens=6, cache_read_input_tokens=94), None, "cache 94 % read"),
        (
            Usage(cache_creation_input_tokens=900, cache_read_input_tokens=100),
            Bill(saved_usd=-0.004),
            "cache 10 % read · cost $0.004 more",
        ),
        (Usage(input_tokens=6, cache_creation_input_tokens=1200), None, "cache 1.2k written, nothing read yet"),
        (Usage(input_tokens=6), None, ""),
        (Usage(), None, ""),
    ],
)
def test_the_cache_line(usage: Usage, bill: Bill | None, line: str) -> None:
    assert said(captions.cache_line(answer("a", usage=usage, bill=bill))) == line


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stop_reason": "end_turn"}, ""),
        ({"stop_reason": "max_tokens"}, "stopped at the output limit (max_tokens) · /continue to get the rest"),
        ({"stop_reason": "refusal", "stop_category": "cyber"}, "(cyber)"),
        ({"stop_reason": "refusal"}, "It is left out of later requests"),
        ({"stop_reason": "model_context_window_exceeded"}, "context window is full"),
        ({"state": "stopped", "stop_reason": ""}, "stopped by you"),
        ({"state": "interrupted"}, "interrupted"),
    ],
)
def test_every_ending_is_told_for_what_it_is(fields: dict[str, str], words: str) -> None:
    ending = said(captions.ending(answer("text", **fields)))
    assert words in ending
    assert bool(words) == bool(ending)


def test_an_empty_reply_says_so_and_a_tool_call_is_none() -> None:
    assert said(captions.ending(answer(" \n"))) == "(empty reply)"
    assert said(captions.ending(answer("", ToolUse(id="t", name="read")))) == ""


def test_a_failure_says_what_to_do_and_where_to_look() -> None:
    failure = Failure(
        message="Claude is overloaded.", hint="Wait a moment.", type="overloaded_error", status=529, request_id="req_1"
    )
    first, second, third = captions.failure_lines(failure)
    assert "Claude is overloaded." in said(first)
    assert "Wait a moment." in said(second)
    assert " ".join(said(third).split()) == "529 · overloaded_error · request req_1"


def test_a_failure_that_no_server_knows_of_has_no_name_for_its_logs() -> None:
    assert len(captions.failure_lines(Failure(message="No room.", hint="Free some.", type="no_room"))) == 2


def test_the_countdown_keeps_its_width() -> None:
    lines = {len(said(captions.waiting_line(left, 2, 3))) for left in (12.0, 9.1, 3.0, 0.2, -1.0)}
    assert len(lines) == 1
    assert "retry in  3 s (attempt 2 of 3)" in said(captions.waiting_line(2.2, 2, 3))
    assert "retry in 59 s (attempt 2 of 3)" in said(captions.waiting_line(59.0, 2, 3))
    assert "retry in 59:40 (attempt 2 of 3)" in said(captions.waiting_line(3_579.9, 2, 3))


def test_a_tool_line_names_the_argument_that_matters() -> None:
    assert (
        captions.tool_line(ToolUse(id="t", name="read_file", input='{"limit": 3, "path": "a/b.py"}'))
        == "read_file  a/b.py"
    )
    assert captions.tool_line(ToolUse(id="t", name="half", input='{"path": "a')) == "half"
    fetch = Opaque("server_tool_use", '{"type":"server_tool_use","name":"web_fetch","input":{"url":"https://a"}}')
    assert captions.tool_line(fetch) == "web_fetch  https://a"
    found = Opaque("web_fetch_tool_result", '{"type":"web_fetch_tool_result","content":[{"url":"https://a"}]}')
    assert captions.tool_line(found) == "web fetch: 1 result"


def test_a_tool_result_in_one_line() -> None:
    assert captions.result_line(ToolResult("t", (Text("one\ntwo\nthree"),))) == "one  (+2 lines)"
    assert captions.result_line(ToolResult("t", (Text("no such file"),), is_error=True)) == "failed: no such file"


def test_an_attachment_says_its_size_and_tokens() -> None:
    chip = captions.attachment(Image("image/jpeg", "", name="fjord.jpg", width=2576, height=1449))
    assert said(chip) == "▣ fjord.jpg  2576×1449 · 4.8k tokens"


def test_the_time_of_a_message_gets_a_date_once_it_is_not_today() -> None:
    noon = time.mktime((2026, 11, 23, 12, 0, 0, 0, 0, -1))
    assert captions.when(noon - 3600, noon) == "11:00"
    assert captions.when(noon - 86_400, noon) == "22 Nov 12:00"
    assert captions.when(noon - 365 * 86_400, noon).startswith("23 Nov 2025")
    assert captions.when(0.0, noon) == ""
