"""Summaries, from the request to the bill: what is sent, what the simulator makes of it, and what it costs."""

from __future__ import annotations

import asyncio
import json

import pytest
import sdk_types

from tui.anthropic import wire
from tui.anthropic.models import find
from tui.anthropic.replay import SUMMARY_LEAD
from tui.anthropic.request import Options, betas_for, build_body, encode
from tui.chat.compaction import NoSummary, lost_attachments, run_compaction
from tui.chat.events import AnswerEnded, TurnEnded
from tui.chat.forecast import NO_DRAFT, estimate
from tui.chat.ledger import bill
from tui.chat.request import Request
from tui.chat.session import Session
from tui.chat.spending import ledger_of
from tui.chat.transcript import Compaction, Draft, Image, Message, Text, ToolResult, ToolUse, Transcript
from tui.chat.turn import run_turn
from tui.demo.scenarios import Answer, Thinking
from tui.demo.scenarios import Text as Said
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.errors import TuiError

MODEL = "claude-sonnet-5-5"
BETA = "compact-2026-09-04"


class Api:
    """The simulator as a session sees it: strict, in process, with a clock of its own."""

    def __init__(self, model: str = MODEL, dialect: str = "anthropic", **how) -> None:
        self.now = 1000.0
        self.service = FakeAnthropic(clock=lambda: self.now, **how)
        self.model = find(model)
        self.dialect = dialect
        self.sent: list[tuple[dict, tuple[str, ...]]] = []
        self.reported: list[dict] = []
        """The usage of each answer, as the server sent it."""
        self.session = Session(bill=lambda message: bill(message.usage, self.model), now=lambda: self.now)

    def asking(self, compact: str | None = None):
        def ask(transcript: Transcript) -> Request:
            options = Options(model=self.model, dialect=self.dialect, compact=compact)
            body = encode(build_body(transcript, options))
            betas = betas_for(body, transcript, options)
            return Request(self.model.id, body, lambda: self._stream(body, betas))

        return ask

    async def _stream(self, body: bytes, betas: tuple[str, ...]):
        self.sent.append((json.loads(body), betas))
        self.now += 10
        headers = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "anthropic-beta": ",".join(betas)}
        reply = self.service.respond("POST", "/v1/messages", headers, body)
        if reply.status != 200:
            raise TuiError(reply.json()["error"]["message"])
        for chunk in reply.read().split(b"\n\n"):
            _, _, data = chunk.partition(b"data: ")
            if b'"message_delta"' in data:
                self.reported.append(json.loads(data)["usage"])
            if (event := wire.parse(data)) is not None:
                yield event

    def say(self, text: str, *answers: Answer) -> Message:
        """Send a prompt; return the answer."""
        self.service.script(*answers)
        return self._run(run_turn(self.session, Draft(text=text), self.asking()))[-1]

    def compact(self, keep: str = "", *answers: Answer) -> Message:
        """Ask for a summary, and go on from it."""
        self.service.script(*answers)
        return self._run(run_compaction(self.session, self.asking(keep)))[-1]

    def _run(self, turn) -> list[Message]:
        async def read():
            return [event async for event in turn]

        events = asyncio.run(read())
        ended = events[-1]
        assert isinstance(ended, TurnEnded)
        if ended.failure is not None:
            raise TuiError(ended.failure.message)
        return [event.message for event in events if isinstance(event, AnswerEnded)]


def test_a_summary_replaces_the_conversation_and_comes_back_byte_for_byte():
    api = Api()
    api.say("How many moons has Mars?", Answer(Thinking("Two."), Said("Phobos and Deimos.")))
    before = api.session.transcript.messages
    summary = api.compact("", Answer(Said("The user asked for the moons of Mars: Phobos, Deimos.")))
    assert api.session.transcript.messages == (summary,)
    assert summary.stop_reason == "compaction"
    asked, betas = api.sent[-1]
    assert asked["compaction"] == {"type": "summarize"}
    assert betas == (BETA,)
    assert [one["role"] for one in asked["messages"]] == ["user", "assistant"]
    assert len(before) == 2

    api.say("And which is larger?", Answer(Said("Phobos.")))
    later, betas = api.sent[-1]
    assert betas == (BETA,)
    assert later["messages"][0] == {"role": "assistant", "content": [json.loads(summary.summary.json)]}
    assert summary.summary.json.encode() in encode(
        build_body(api.session.transcript.with_message(before[0]), Options(model=api.model))
    )
    assert len(later["messages"]) == 2


def test_what_is_to_be_kept_goes_with_the_instructions():
    api = Api()
    api.say("Hi", Answer(Said("Hello.")))
    api.compact("every file name", Answer(Said("A summary.")))
    assert api.sent[-1][0]["compaction"]["instructions"].endswith("Keep in particular: every file name")


def test_the_requests_are_ones_by_the_sdk_and_other_chats_send_no_beta():
    api = Api()
    api.say("Hi", Answer(Said("Hello.")))
    assert api.sent[-1][1] == ()
    api.compact("names", Answer(Said("A summary.")))
    api.say("Go on", Answer(Said("Yes.")))
    for body, _ in api.sent[1:]:
        sdk_types.check(json.dumps(body).encode(), beta=True)


def test_a_second_summary_covers_the_first_and_only_the_newest_is_sent():
    api = Api()
    api.say("One", Answer(Said("1")))
    api.compact("", Answer(Said("First summary.")))
    api.say("Two", Answer(Said("2")))
    api.compact("", Answer(Said("Second summary.")))
    assert json.dumps(api.sent[-1][0]).count('"type": "compaction"') == 1
    api.say("Three", Answer(Said("3")))
    assert "Second summary." in json.dumps(api.sent[-1][0])
    assert "First summary." not in json.dumps(api.sent[-1][0])


def test_a_summary_is_billed_from_its_step_though_the_counts_of_the_answer_are_zero():
    api = Api()
    api.say("The tide runs out. " * 400, Answer(Said("Noted.")))  # 7,600 characters: 2,470 tokens
    summary = api.compact("", Answer(Said("s" * 400)))  # 130 tokens
    (step,) = summary.usage.iterations
    assert summary.usage.total_input == summary.usage.output_tokens == 0
    assert (step.type, step.output_tokens) == ("compaction", 130)
    assert step.cache_read_input_tokens == 2470  # the request before had written it
    assert (step.input_tokens, step.cache_creation_input_tokens) == (0, 2)  # its answer
    # Sonnet 5.5: read $0.10, write $2.50, input $2, output $10 per million.
    paid = (2470 * 0.10 + step.input_tokens * 2 + step.cache_creation_input_tokens * 2.50 + 130 * 10) / 1e6
    assert summary.bill is not None
    assert summary.bill.cost_usd == pytest.approx(paid, abs=1e-12)
    (entry,) = ledger_of(api.session.transcript).entries
    assert (entry.usage.total_input, entry.usage.output_tokens) == (2472, 130)


def test_the_next_request_is_estimated_from_the_summary_alone():
    api = Api()
    api.say("The tide runs out. " * 4000, Answer(Said("Noted.")))
    full = estimate(api.session.transcript, NO_DRAFT, api.model, api.now).tokens
    api.compact("", Answer(Said("s" * 400)))
    left = estimate(api.session.transcript, NO_DRAFT, api.model, api.now).tokens
    assert full > 24_000
    assert left < 200


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(Said("Half"), stop_reason="max_tokens"), "it was cut off at the output limit"),
        (Answer(Said("No"), stop_reason="refusal"), "Claude declined"),
        (Answer(), "the answer has no text"),
    ],
)
def test_without_a_summary_the_chat_is_unchanged_and_the_request_is_billed(answer, why):
    api = Api()
    api.say("Hi", Answer(Said("Hello.")))
    before = api.session.transcript
    with pytest.raises(TuiError) as error:
        api.compact("", answer)
    assert why in error.value.message
    assert api.session.transcript == before
    assert not api.session.is_busy
    (lost,) = api.session.discarded
    assert lost.usage.iterations[0].type == "compaction"
    assert lost.bill is not None
    assert lost.bill.cost_usd > 0


def test_no_summary_is_an_error_that_says_that_nothing_changed():
    assert "The chat is unchanged." in NoSummary("tool_use").hint


@pytest.mark.parametrize(("model", "dialect"), [("claude-haiku-4-5-20251001", "anthropic"), (MODEL, "basic")])
def test_where_the_api_makes_none_an_ordinary_request_makes_the_summary(model, dialect):
    api = Api(model, dialect)
    api.say("The tide runs out. " * 400, Answer(Said("Noted.")))
    summary = api.compact("the tides", Answer(Said("It was about tides.")))
    body, betas = api.sent[-1]
    assert betas == ()
    assert "compaction" not in body
    assert body["messages"][-1]["content"][0]["text"].endswith("Keep in particular: the tides")
    assert summary.blocks == (Compaction("It was about tides."),)
    assert summary.usage.total_input == 0  # what it read is no part of the new branch
    assert summary.usage.billed.total_input > 1500
    assert summary.bill == bill(summary.usage.billed, api.model)

    api.say("Go on", Answer(Said("Yes.")))
    body, betas = api.sent[-1]
    assert betas == ()
    assert len(body["messages"]) == 1
    texts = [block["text"] for block in body["messages"][0]["content"]]
    assert texts == [f"{SUMMARY_LEAD}\n\nIt was about tides.", "Go on"]


def test_a_signed_summary_is_sent_as_text_to_a_model_that_does_not_read_it():
    api = Api()
    api.say("Hi", Answer(Said("Hello.")))
    api.compact("", Answer(Said("They said hello.")))
    api.model = find("claude-haiku-4-5-20251001")
    api.say("Go on", Answer(Said("Yes.")))
    body, betas = api.sent[-1]
    assert betas == ()
    assert "They said hello." in body["messages"][0]["content"][0]["text"]


def test_a_tool_call_instead_of_a_summary_runs_nothing():
    api = Api()
    api.say("Hi", Answer(Said("Hello.")))
    message = Message(role="assistant", blocks=(ToolUse("toolu_1", "delete"),), stop_reason="tool_use")
    assert message.summary is None
    with pytest.raises(TuiError, match="Claude called a tool instead"):
        api.compact("", Answer(Said("Half"), stop_reason="tool_use"))


def test_attachments_that_drop_out_of_sight_are_named():
    image = Image("image/png", "", name="fjord.png")
    messages = (
        Message(role="user", blocks=(image, Image("image/png", ""), Text("Which?"))),
        Message(role="user", blocks=(ToolResult("toolu_1", (image, Image("image/png", "", quarantined=True))),)),
    )
    assert lost_attachments(messages) == ("fjord.png", "an image")


def test_a_chat_of_three_windows_goes_on_through_two_summaries_with_every_price_to_the_cent():
    api = Api("claude-opus-5-5")
    window = api.model.context
    part = "The tide runs out. " * 40_000  # 760,000 characters: 247,000 tokens
    paid: list[float] = []
    for turn in range(12):
        if estimate(api.session.transcript, Draft(text=part), api.model, api.now).tokens > window:
            summary = api.compact("", Answer(Said(f"Summary before turn {turn}.")))
            paid.append(summary.bill.cost_usd)
        answer = api.say(part, Answer(Said(f"Turn {turn}.")))
        paid.append(answer.bill.cost_usd)
        api.now += 60
    compactions = [body for body, betas in api.sent if "compaction" in body]
    assert 2.9 * window < 12 * 247_000
    assert len(compactions) == 2
    assert len(paid) == len(api.reported) == 14
    assert paid == pytest.approx([_by_hand(usage) for usage in api.reported], abs=1e-9)


def _by_hand(usage: dict) -> float:
    """The price of a request from the server's own JSON: Opus 5.5, five-minute writes, a summary from its step."""
    counts = usage["iterations"][0] if "iterations" in usage else usage
    names = {"cache_creation_input_tokens": 5, "cache_read_input_tokens": 0.20, "input_tokens": 4, "output_tokens": 20}
    return sum(counts[name] * usd for name, usd in names.items()) / 1e6
