"""The output formats of `prx -p`: plain text, one JSON object, or one JSON event per line."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    BlockStart,
    Notice,
    RequestSent,
    RetryScheduled,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    TurnEnded,
    TurnEvent,
)
from tui.chat.ledger import Bill, Usage, api_fields, cache_fields
from tui.chat.outcomes import error_type
from tui.chat.tools import ToolEnded, ToolOutput, ToolStarted
from tui.chat.transcript import Failure, Message, Text, Thinking, ToolResult, ToolUse
from tui.cli.printing import put, say
from tui.errors import TuiError
from tui.inputs.bounded import decode_input
from tui.render.figures import seconds
from tui.render.json_text import json_text
from tui.render.safe import safe
from tui.signals import ExitSignals

OutputFormat = Literal["text", "json", "stream-json"]

_CHUNK = 1_000
"""How many characters to write at once."""


class TurnResult:
    """What a turn has produced so far."""

    def __init__(self, notices: Sequence[str] = ()) -> None:
        self.model = ""
        self.is_complete = False
        self.failure: Failure | None = None
        self.notices = list(notices)
        self.chat_id = ""
        self._requests = 0
        self._settled: list[Message] = []
        self._growing: Message | None = None

    @property
    def answers(self) -> list[Message]:
        """The answers of the turn, one per request; the last may be incomplete."""
        return [*self._settled, self._growing] if self._growing else self._settled

    def handle(self, event: TurnEvent) -> None:
        match event:
            case RequestSent():
                self._requests += 1
            case AnswerUpdated(message=message):
                self._growing = message
            case AnswerEnded(message=message):
                self._growing = None
                self._settled.append(message)
            case Notice(text=text):
                self.add_notice(text)
            case TurnEnded(outcome=outcome, failure=failure):
                self.is_complete = outcome == "complete"
                self.failure = failure

    def fail(self, error: TuiError) -> None:
        self.failure = Failure(message=error.message, hint=error.hint, type=error_type(error))

    def add_notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)

    def fields(self) -> dict[str, object]:
        """Return the object that `--output-format json` prints. Scripts depend on its keys."""
        answers = self.answers
        last = answers[-1] if answers else Message(role="assistant")
        usage = sum((message.usage for message in answers), Usage())
        bills = [message.bill for message in answers if message.bill]
        bill = sum(bills, Bill()) if bills else None
        fields: dict[str, object] = {
            "text": last.text,
            "model": last.model or self.model,
            "stop_reason": last.stop_reason or None,
            "usage": api_fields(usage),
            "requests": self._requests,
            "cache": cache_fields(usage, bill.saved_usd if bill else None),
            "cost_usd": round(bill.cost_usd, 9) if bill else None,
            "estimated": not all(message.is_counted for message in answers),
            "chat_id": self.chat_id or None,
            "request_id": last.request_id or (self.failure.request_id if self.failure else "") or None,
            "notices": self.notices,
        }
        if self.failure:
            failure = self.failure
            fields["error"] = {
                "type": failure.type,
                "status": failure.status or None,
                "message": failure.message,
                "hint": failure.hint,
                "request_id": failure.request_id or None,
            }
        return fields


class Printer(Protocol):
    def handle(self, event: TurnEvent) -> None: ...

    def finish(self, result: TurnResult) -> None: ...


class TextPrinter:
    """Print the text of the answer as it arrives. On a terminal, control characters are made visible."""

    def __init__(self, exit_signals: ExitSignals) -> None:
        self._exit_signals = exit_signals
        self._is_line_open = False
        """True if text was written since the last newline of our own."""

    def handle(self, event: TurnEvent) -> None:
        match event:
            case AnswerUpdated(events=events):
                for text in _texts(events):
                    self._write(text)
            case AnswerEnded() if self._is_line_open:
                self._end_line()
            case RetryScheduled():
                left = seconds(event.until - time.monotonic())
                problem = event.failure.message.rstrip(".")
                _say(f"{problem}; next try in {left} ({event.attempt} of {event.attempts})")

    def finish(self, result: TurnResult) -> None:
        is_empty = result.is_complete and not any(message.text for message in result.answers)
        if self._is_line_open or is_empty:
            self._end_line()
        for notice in result.notices:
            _say(notice)
        if failure := result.failure:
            _say(failure.message)
            for line in filter(None, (failure.hint, failure.request_id and f"request {failure.request_id}")):
                say(safe(line), err=True)

    def _write(self, text: str) -> None:
        self._is_line_open = True
        _put(text, self._exit_signals)

    def _end_line(self) -> None:
        self._write("\n")
        self._is_line_open = False


class JsonPrinter:
    """Print one JSON object at the end of the turn."""

    def __init__(self, exit_signals: ExitSignals) -> None:
        self._exit_signals = exit_signals

    def handle(self, event: TurnEvent) -> None:
        pass

    def finish(self, result: TurnResult) -> None:
        self._write(result.fields())

    def _write(self, value: object) -> None:
        _put(json_text(value) + "\n", self._exit_signals)


class StreamPrinter(JsonPrinter):
    """Print one JSON object per event, and the result as the last one."""

    def handle(self, event: TurnEvent) -> None:
        match event:
            case RequestSent(model=model):
                self._write({"type": "request", "model": model})
            case AnswerUpdated(events=events):
                for one in events:
                    match one:
                        case TextDelta(text=text) | BlockStart(block=Text(text=text)) if text:
                            self._write({"type": "delta", "text": text})
                        case ThinkingDelta(thinking=text) | BlockStart(block=Thinking(thinking=text)) if text:
                            self._write({"type": "thinking", "text": text})
            case RetryScheduled():
                self._write(
                    {
                        "type": "waiting",
                        "message": event.failure.message,
                        "attempt": event.attempt,
                        "attempts": event.attempts,
                        "delay_s": round(max(0.0, event.until - time.monotonic()), 3),
                    }
                )
            case ToolStarted(call=call):
                self._write({"type": "tool", "id": call.id, "name": call.name, "input": _arguments(call)})
            case ToolOutput(id=id, text=text):
                self._write({"type": "tool_output", "id": id, "text": text})
            case ToolEnded(result=result):
                self._write(_result_fields(result))
            case Notice(text=text):
                self._write({"type": "notice", "text": text})

    def finish(self, result: TurnResult) -> None:
        self._write({"type": "result", **result.fields()})


PRINTERS: dict[OutputFormat, type[TextPrinter | JsonPrinter | StreamPrinter]] = {
    "text": TextPrinter,
    "json": JsonPrinter,
    "stream-json": StreamPrinter,
}


def _arguments(call: ToolUse) -> object:
    """Return the arguments of a call as decoded JSON, or as text if they are not valid JSON."""
    with contextlib.suppress(msgspec.DecodeError):
        return decode_input(call.input)
    return call.input


def _result_fields(result: ToolResult) -> dict[str, object]:
    return {
        "type": "tool_result",
        "id": result.tool_use_id,
        "text": "\n".join(block.text for block in result.content if isinstance(block, Text)),
        "is_error": result.is_error,
        "elapsed_s": round(result.elapsed_s, 3),
    }


def _texts(events: tuple[StreamEvent, ...]) -> list[str]:
    texts: list[str] = []
    for event in events:
        match event:
            case TextDelta(text=text) | BlockStart(block=Text(text=text)):
                texts.append(text)
    return texts


def _put(text: str, exit_signals: ExitSignals) -> None:
    """Write to stdout in chunks that fit into a pipe, so that a signal gets through even if nobody reads the pipe."""
    for start in range(0, len(text), _CHUNK):
        exit_signals.wait_until_writable(sys.stdout.fileno())
        put(text[start : start + _CHUNK])


def _say(text: str) -> None:
    say(f"prx: {safe(text, keep_newlines=False)}", err=True)
