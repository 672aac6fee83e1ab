"""What the inspector makes of an exchange."""

from __future__ import annotations

import json

from msgspec.structs import replace

from tui.chat.exchange import Exchange
from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Failure, Message
from tui.screens.request_inspector import elided, inspection


def test_a_long_string_at_any_depth_is_shown_by_its_beginning_and_size() -> None:
    picture = {"source": {"type": "base64", "data": "A" * 1_048_576}}
    shown = elided({"messages": [{"content": [picture, {"text": "short"}]}]})
    assert shown == {
        "messages": [
            {"content": [{"source": {"type": "base64", "data": "A" * 80 + "… (1.0 MB in total)"}}, {"text": "short"}]}
        ]
    }


def test_it_tells_ids_usage_and_how_it_ended() -> None:
    answer = Message(
        role="assistant",
        id="msg_1",
        request_id="req_1",
        stop_reason="refusal",
        stop_category="cyber",
        usage=Usage(input_tokens=100, cache_read_input_tokens=900),
        elapsed_s=3.1,
        failure=Failure(message="Overloaded", type="overloaded_error", status=529),
    )
    text = inspection(Exchange(body=b'{"model":"m"}', answer=answer))
    for fact in ("msg_1", "req_1", "refusal cyber", "3.1 s", "90 % of the prompt read", "overloaded_error 529"):
        assert fact in text
    assert json.loads(text[text.index("{") :]) == {"model": "m"}


def test_what_was_cut_off_is_told_as_an_estimate() -> None:
    answer = Message(role="assistant", state="stopped", usage=Usage(output_tokens=1_200), bill=Bill(cost_usd=0.012))
    text = inspection(Exchange(body=b"{}", answer=answer))
    assert [line.split() for line in text.splitlines() if "~" in line] == [
        ["cost", "~$0.012"],
        ["output_tokens", "~1,200"],
    ]
    assert "~" not in inspection(Exchange(body=b"{}", answer=replace(answer, stop_reason="end_turn")))


def test_while_the_answer_runs_it_says_so() -> None:
    assert "not complete yet" in inspection(Exchange(body=b"{}"))
