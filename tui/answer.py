"""`prx -p`: one prompt, one answer on stdout, as text, as one JSON object, or as one JSON event a line.

Stdout carries the answer and nothing else; what there is to say about it goes to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

import msgspec

from tui.bounded import decode_input
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
from tui.errors import TuiError
from tui.printing import put, say
from tui.render.json_text import json_text
from tui.render.safe import safe
from tui.signals import Endings
from tui.widgets.figures import seconds

if TYPE_CHECKING:
    from tui.config import Settings
    from tui.connection import Connection
    from tui.continuing import Kept

Output = Literal["text", "json", "stream-json"]

_LARGEST_INPUT = 32_000_000  # bytes; the API takes no more in a whole request
_SILENCE_S = 3.0  # before we say that we are waiting for stdin


class InputProblem(TuiError):
    """What stands on stdin cannot be sent."""


def joined(prompt: str, piped_in: str) -> str:
    """The prompt and, below a blank line, what came on stdin."""
    return "\n\n".join(part for part in (prompt, piped_in) if part.strip())


def piped(stdin: IO[str] | None) -> str:
    """What stands on stdin where that is no terminal, read to its end; "" else. Raises `InputProblem`."""
    if stdin is None or stdin.closed or stdin.isatty():
        return ""
    _announce_silence(stdin)
    try:
        raw = stdin.buffer.read(_LARGEST_INPUT + 1)  # type: ignore[attr-defined]
    except OSError as error:
        raise InputProblem(f"stdin cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST_INPUT:
        raise InputProblem("stdin holds more than 32 MB", "That is the most that a request may hold.")
    try:
        text: str = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputProblem("stdin is no UTF-8 text") from error
    return text.removesuffix("\n").removesuffix("\r")


def _announce_silence(stdin: IO[str]) -> None:
    """Says what we wait for when a pipe stays open and silent: some programs start others with one that never ends."""
    with contextlib.suppress(OSError, ValueError):  # not everything can be waited for
        if not select.select([stdin], [], [], _SILENCE_S)[0]:
            _say("waiting for the end of stdin; to go without it, add </dev/null")


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
    demo: bool = False,
    env: Mapping[str, str] = os.environ,
) -> int:
    """Answers the prompt on stdout. Returns the exit code: 0, 1 for a failure, 128 and the number of a signal that ended it.

    `resume` names the chat to go on with, by its id or `continuing.LAST`; without it, a new one begins. `attach`: files.
    """
    from tui.connection import Connection
    from tui.continuing import begin
    from tui.shelves import Shelves
    from tui.sight import attached

    tally = Tally()
    printer = _PRINTERS[output]()
    endings = Endings()
    troubles: list[str] = []
    """Of the disk; one that ended it is told as the failure that it is."""
    code = 0
    try:
        # What was said is on disk before the result is told.
        with (
            endings,
            Connection(settings, env, demo=demo) as connection,
            Shelves(settings.folders.data / "chats.db") as shelves,
        ):
            if connection.obstacle:
                raise connection.obstacle
            shelves.trouble = lambda problem: troubles.append(problem.message)
            store = shelves.store(demo=demo)
            kept = begin(
                store, connection, resume=resume, model=model or "", system=system, tools=tools, reasoning=reasoning
            )
            draft = Draft(text=prompt, attachments=attached(attach, connection.choose(kept.model).model, tally.note))
            asyncio.run(_take(connection, kept, draft, tally, printer, endings))
    except (asyncio.CancelledError, KeyboardInterrupt):
        tally.note("Interrupted: this is what had arrived.")
        code = endings.exit_code
    except TuiError as error:
        tally.failure = Failure(message=error.message, hint=error.hint, type=type_of(error))
    for text in troubles:
        if tally.failure is None or text != tally.failure.message:
            tally.note(text)
    try:
        printer.end(tally)
    except OSError:
        if not code:  # else the terminal is gone, and with it whoever could be told
            raise
    return code or (1 if tally.failure else 0)


async def _take(
    connection: Connection,
    kept: Kept,
    draft: Draft,
    tally: Tally,
    printer: Printer,
    endings: Endings,
) -> None:
    """One turn from the prompt to its end, however it ends; a cancellation goes on to the caller."""
    from tui.continuing import within_budget

    choice = connection.choose(kept.model)
    tally.model, tally.chat_id = choice.model.id, kept.recorder.chat.id
    if connection.remark:
        _pass(Notice(connection.remark), tally, printer)
    if text := await within_budget(connection, kept, draft, choice.model):
        _pass(Notice(text), tally, printer)
    loop = asyncio.get_running_loop()
    connection.warn = lambda text: _on(loop, lambda: _pass(Notice(text), tally, printer))
    turn = kept.session.take_turn(draft, kept.ask(connection), choice.model)
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in one"
    with endings.cancelling(task):
        try:
            async for event in turn:
                _pass(event, tally, printer)
        except asyncio.CancelledError as stopped:
            with contextlib.suppress(OSError):  # nobody may be left to read the rest
                for event in turn.conclude(stopped):
                    _pass(event, tally, printer)
            raise
        finally:
            await connection.aclose()


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

    def __init__(self) -> None:
        self.model = ""
        self.is_complete = False
        self.failure: Failure | None = None
        self.notices: list[str] = []
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

    def __init__(self) -> None:
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
        put(text)

    def _end_line(self) -> None:
        self._write("\n")
        self._open = False


class JsonPrinter:
    """Nothing until the end, then one object."""

    def take(self, event: TurnEvent) -> None:
        pass

    def end(self, tally: Tally) -> None:
        _write_json(tally.result())


class StreamPrinter:
    """One object a line: what happens as it happens, and last the result."""

    def take(self, event: TurnEvent) -> None:
        match event:
            case Asked(model=model):
                _write_json({"type": "request", "model": model})
            case Grew(events=events):
                for one in events:
                    match one:
                        case TextDelta(text=text) | BlockStart(block=Text(text=text)) if text:
                            _write_json({"type": "delta", "text": text})
                        case ThinkingDelta(thinking=text) | BlockStart(block=Thinking(thinking=text)) if text:
                            _write_json({"type": "thinking", "text": text})
            case Waiting():
                _write_json(
                    {
                        "type": "waiting",
                        "message": event.failure.message,
                        "attempt": event.attempt,
                        "attempts": event.attempts,
                        "delay_s": round(max(0.0, event.until - time.monotonic()), 3),
                    }
                )
            case ToolBegan(call=call):
                _write_json({"type": "tool", "id": call.id, "name": call.name, "input": _arguments(call)})
            case ToolOutput(id=id, text=text):
                _write_json({"type": "tool_output", "id": id, "text": text})
            case ToolEnded(result=result):
                _write_json(_told(result))
            case Notice(text=text):
                _write_json({"type": "notice", "text": text})

    def end(self, tally: Tally) -> None:
        _write_json({"type": "result", **tally.result()})


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


def _write_json(value: object) -> None:
    put(json_text(value) + "\n")


def _say(text: str) -> None:
    say(f"prx: {safe(text, keep_newlines=False)}", err=True)
