"""`prx -p`: one prompt, one answer on stdout, as text, as one JSON object, or as one JSON event a line.

Stdout carries the answer and nothing else; what there is to say about it goes to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from tui.chat.endings import notices_for, type_of
from tui.chat.events import (
    Asked,
    BlockStart,
    Grew,
    Notice,
    Settled,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    TurnEnded,
    TurnEvent,
    Waiting,
)
from tui.chat.ledger import Bill, Usage, api_fields, cache_fields
from tui.chat.reasoning import BY_ITSELF, Reasoning
from tui.chat.tools import Access, ToolBegan, ToolEnded, ToolOutput
from tui.chat.transcript import Draft, Failure, Message, Text, Thinking, ToolResult, ToolUse
from tui.chat.turn import run_turn
from tui.cli.printing import put, say
from tui.errors import TuiError
from tui.inputs.bounded import decode_input
from tui.render.figures import seconds
from tui.render.json_text import json_text
from tui.render.safe import safe
from tui.signals import ExitSignals, Interrupted

if TYPE_CHECKING:
    from tui.config import Settings
    from tui.services.connection import Connection
    from tui.services.resume import Kept

Output = Literal["text", "json", "stream-json"]

_PIECE = 1_000  # characters


def run(
    settings: Settings,
    *,
    prompt: str,
    model: str | None,
    system: str | None,
    output: Output,
    attach: Sequence[Path] = (),
    resume: str | None = None,
    reasoning: Reasoning = BY_ITSELF,
    tools: Access | None = None,
    notices: Sequence[str] = (),
    demo: bool = False,
    exit_signals: ExitSignals,
    env: Mapping[str, str] = os.environ,
) -> int:
    """Answers the prompt on stdout. Returns the exit code: 0, 1 for a failure, 128 and the number of a signal that ended it.

    `resume` names the chat to go on with, by its id or `continuing.LAST`; without it, a new one begins. `attach`: files.
    """
    from tui.services.attachments import attached
    from tui.services.connection import Connection
    from tui.services.library import ChatLibrary
    from tui.services.resume import begin

    tally = Tally(notices)
    printer = _PRINTERS[output](exit_signals)
    troubles: list[str] = []
    """Of the disk; one that ended it is told as the failure that it is."""
    library = ChatLibrary(settings.folders.data / "chats.db")
    try:
        # What was said is on disk before the result is told.
        with (
            Connection(settings, env, demo=demo) as connection,
            library,
        ):
            if connection.obstacle:
                raise connection.obstacle
            library.trouble = lambda problem: troubles.append(problem.message)
            store = library.store(demo=demo)
            kept = begin(
                store, connection, resume=resume, model=model or "", system=system, tools=tools, reasoning=reasoning
            )
            draft = Draft(text=prompt, attachments=attached(attach, connection.choose(kept.model).model, tally.note))
            asyncio.run(_take(connection, kept, draft, tally, printer, exit_signals))
    except (asyncio.CancelledError, Interrupted):
        pass
    except TuiError as error:
        tally.fail(error)
    if library.lost is not None and library.lost.chats:
        tally.note(f"This chat was not stored in {library.file}. Its answer stands on stdout alone.")
    for text in troubles:
        if tally.failure is None or text != tally.failure.message:
            tally.note(text)
    return _end(tally, printer, exit_signals)


def end_early(output: Output, exit_signals: ExitSignals, error: TuiError | None = None) -> int:
    """Say in the output's format why nothing was asked: an error, or a signal. Returns the exit code."""
    if error is None and output == "text":
        return exit_signals.exit_code
    tally = Tally()
    if error is not None:
        tally.fail(error)
    return _end(tally, _PRINTERS[output](exit_signals), exit_signals)


def _end(tally: Tally, printer: Printer, exit_signals: ExitSignals) -> int:
    if exit_signals.received:
        tally.note("Interrupted: this is what had arrived.")
    try:
        printer.end(tally)
    except OSError:
        if not exit_signals.received:  # else the terminal is gone, and with it whoever could be told
            raise
    return exit_signals.exit_code if exit_signals.received else 1 if tally.failure else 0


async def _take(
    connection: Connection,
    kept: Kept,
    draft: Draft,
    tally: Tally,
    printer: Printer,
    exit_signals: ExitSignals,
) -> None:
    """One turn from the prompt to its end, however it ends; a cancellation goes on to the caller."""
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in one"
    with exit_signals.cancelling(task):
        try:
            await _turn(connection, kept, draft, tally, printer)
        finally:
            await connection.aclose()


async def _turn(connection: Connection, kept: Kept, draft: Draft, tally: Tally, printer: Printer) -> None:
    from tui.services.resume import within_budget

    choice = connection.choose(kept.model)
    tally.model, tally.chat_id = choice.model.id, kept.recorder.chat.id
    if connection.remark:
        _pass(Notice(connection.remark), tally, printer)
    if text := await within_budget(connection, kept, draft, choice.model):
        _pass(Notice(text), tally, printer)
    loop = asyncio.get_running_loop()
    connection.warn = lambda text: _on(loop, lambda: _pass(Notice(text), tally, printer))
    turn = run_turn(kept.session, draft, kept.ask(connection), choice.model)
    try:
        async for event in turn:
            _pass(event, tally, printer)
    except (asyncio.CancelledError, Interrupted):
        with contextlib.suppress(OSError):  # nobody may be left to read the rest
            for event in turn.conclude(asyncio.CancelledError()):
                _pass(event, tally, printer)
        raise


def _on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the answer was stopped, and the loop with it
        loop.call_soon_threadsafe(call)


def _pass(event: TurnEvent, tally: Tally, printer: Printer) -> None:
    tally.take(event)
    printer.take(event)
    for text in notices_for(tally.answers) if isinstance(event, Settled) else ():
        _pass(Notice(text), tally, printer)


class Tally:
    """What has become of the prompt so far."""

    def __init__(self, notices: Sequence[str] = ()) -> None:
        self.model = ""
        self.is_complete = False
        self.failure: Failure | None = None
        self.notices = list(notices)
        self.chat_id = ""
        self._asked = 0
        self._settled: list[Message] = []
        self._growing: Message | None = None

    @property
    def answers(self) -> list[Message]:
        return [*self._settled, self._growing] if self._growing else self._settled

    def take(self, event: TurnEvent) -> None:
        match event:
            case Asked():
                self._asked += 1
            case Grew(message=message):
                self._growing = message
            case Settled(message=message):
                self._growing = None
                self._settled.append(message)
            case Notice(text=text):
                self.note(text)
            case TurnEnded(outcome=outcome, failure=failure):
                self.is_complete = outcome == "complete"
                self.failure = failure

    def fail(self, error: TuiError) -> None:
        self.failure = Failure(message=error.message, hint=error.hint, type=type_of(error))

    def note(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)

    def result(self) -> dict[str, object]:
        """The object that `--output-format json` prints. Its fields are promised to scripts."""
        answers = self.answers
        last = answers[-1] if answers else Message(role="assistant")
        usage = sum((message.usage for message in answers), Usage())
        bills = [message.bill for message in answers if message.bill]
        bill = sum(bills, Bill()) if bills else None
        result: dict[str, object] = {
            "text": last.text,
            "model": last.model or self.model,
            "stop_reason": last.stop_reason or None,
            "usage": api_fields(usage),
            "requests": self._asked,
            "cache": cache_fields(usage, bill.saved_usd if bill else None),
            "cost_usd": round(bill.cost_usd, 9) if bill else None,
            "estimated": not all(message.is_counted for message in answers),
            "chat_id": self.chat_id or None,
            "request_id": last.request_id or (self.failure.request_id if self.failure else "") or None,
            "notices": self.notices,
        }
        if self.failure:
            failure = self.failure
            result["error"] = {
                "type": failure.type,
                "status": failure.status or None,
                "message": failure.message,
                "hint": failure.hint,
                "request_id": failure.request_id or None,
            }
        return result


class Printer(Protocol):
    def take(self, event: TurnEvent) -> None: ...

    def end(self, tally: Tally) -> None: ...


class TextPrinter:
    """The answer as it arrives, exactly; on a terminal without what would command the terminal."""

    def __init__(self, exit_signals: ExitSignals) -> None:
        self._exit_signals = exit_signals
        self._open = False
        """Something was written since the last line end of our own."""

    def take(self, event: TurnEvent) -> None:
        match event:
            case Grew(events=events):
                for piece in _texts(events):
                    self._write(piece)
            case Settled() if self._open:
                self._end_line()
            case Waiting():
                left = seconds(event.until - time.monotonic())
                what = event.failure.message.rstrip(".")
                _say(f"{what}; next try in {left} ({event.attempt} of {event.attempts})")

    def end(self, tally: Tally) -> None:
        is_empty = tally.is_complete and not any(message.text for message in tally.answers)
        if self._open or is_empty:
            self._end_line()
        for notice in tally.notices:
            _say(notice)
        if failure := tally.failure:
            _say(failure.message)
            for line in filter(None, (failure.hint, failure.request_id and f"request {failure.request_id}")):
                say(safe(line), err=True)

    def _write(self, text: str) -> None:
        self._open = True
        _put(text, self._exit_signals)

    def _end_line(self) -> None:
        self._write("\n")
        self._open = False


class JsonPrinter:
    """Nothing until the end, then one object."""

    def __init__(self, exit_signals: ExitSignals) -> None:
        self._exit_signals = exit_signals

    def take(self, event: TurnEvent) -> None:
        pass

    def end(self, tally: Tally) -> None:
        self._write(tally.result())

    def _write(self, value: object) -> None:
        _put(json_text(value) + "\n", self._exit_signals)


class StreamPrinter(JsonPrinter):
    """One object a line: what happens as it happens, and last the result."""

    def take(self, event: TurnEvent) -> None:
        match event:
            case Asked(model=model):
                self._write({"type": "request", "model": model})
            case Grew(events=events):
                for one in events:
                    match one:
                        case TextDelta(text=text) | BlockStart(block=Text(text=text)) if text:
                            self._write({"type": "delta", "text": text})
                        case ThinkingDelta(thinking=text) | BlockStart(block=Thinking(thinking=text)) if text:
                            self._write({"type": "thinking", "text": text})
            case Waiting():
                self._write(
                    {
                        "type": "waiting",
                        "message": event.failure.message,
                        "attempt": event.attempt,
                        "attempts": event.attempts,
                        "delay_s": round(max(0.0, event.until - time.monotonic()), 3),
                    }
                )
            case ToolBegan(call=call):
                self._write({"type": "tool", "id": call.id, "name": call.name, "input": _arguments(call)})
            case ToolOutput(id=id, text=text):
                self._write({"type": "tool_output", "id": id, "text": text})
            case ToolEnded(result=result):
                self._write(_told(result))
            case Notice(text=text):
                self._write({"type": "notice", "text": text})

    def end(self, tally: Tally) -> None:
        self._write({"type": "result", **tally.result()})


_PRINTERS: dict[Output, type[TextPrinter | JsonPrinter | StreamPrinter]] = {
    "text": TextPrinter,
    "json": JsonPrinter,
    "stream-json": StreamPrinter,
}


def _arguments(call: ToolUse) -> object:
    """As JSON; as text where they cannot be read."""
    with contextlib.suppress(msgspec.DecodeError):
        return decode_input(call.input)
    return call.input


def _told(result: ToolResult) -> dict[str, object]:
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
    """Write to stdout in pieces that a pipe takes at once, so that a signal is heard where nobody reads."""
    for start in range(0, len(text), _PIECE):
        exit_signals.wait_until_writable(sys.stdout.fileno())
        put(text[start : start + _PIECE])


def _say(text: str) -> None:
    say(f"prx: {safe(text, keep_newlines=False)}", err=True)
