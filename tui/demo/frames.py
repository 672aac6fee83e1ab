"""Convert a scripted answer to the events of a stream, or to one complete message."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tui.demo.outcome import Outcome, Setting, outcome, tool_json
from tui.demo.reply import Cut, Gate, Pause, Step
from tui.demo.scenarios import (
    Answer,
    Block,
    Event,
    Interruption,
    Json,
    Part,
    Piece,
    Raw,
    RedactedThinking,
    Search,
    Text,
    Thinking,
    ToolUse,
)
from tui.inputs.bounded import decode_json

Frame = Event | Raw | Step
"""One item of a stream."""

_WORD = re.compile(r"\s*\S{1,40}\s?|\s+")


@dataclass(frozen=True)
class Delta:
    """A change of an open block: the `delta` of a content_block_delta."""

    data: Json


@dataclass(frozen=True)
class _Laid:
    """A block in its wire format: the `content_block` at its start, and everything until it stops."""

    start: Json
    frames: tuple[Delta | Interruption, ...]


def message(answer: Answer, setting: Setting) -> dict[str, Any]:
    """Return the answer as one complete message."""
    seen = outcome(answer, setting)
    content = [_assembled(laid) for part in seen.parts for laid in _laid_out(part, setting, answer.options.delta_chars)]
    return {
        **_empty_message(setting),
        "content": content,
        "stop_reason": seen.stop_reason,
        "stop_sequence": seen.stop_sequence,
        "stop_details": answer.options.stop_details,
        "usage": {**setting.usage, **_output_usage(seen), **answer.options.usage},
        **setting.extras,
    }


def steps_of(answer: Answer) -> tuple[Step, ...]:
    """Return the pauses, gates and cuts of an answer that is not streamed. All of them come before its first byte."""
    held: list[Step] = list(answer.options.before)
    for part in (*answer.options.opening, *answer.parts):
        for piece in part.pieces if isinstance(part, Text | Thinking | ToolUse) else (part,):
            if isinstance(piece, Pause | Gate | Cut):
                held.append(piece)
    return tuple(held)


def frames(answer: Answer, setting: Setting) -> Iterator[Frame]:
    """Yield everything in the stream, in order."""
    left_out = answer.options.leave_out
    for frame in _paced(_all_frames(answer, setting), answer, setting):
        if isinstance(frame, Event):
            if frame.data.get("type") not in left_out:
                yield frame
            if frame.last:
                return
        else:
            yield frame


def _all_frames(answer: Answer, setting: Setting) -> Iterator[Frame]:
    seen = outcome(answer, setting)
    started = {**setting.usage, "output_tokens": min(1, seen.output_tokens), **answer.options.usage}
    yield from answer.options.opening
    yield Event({"type": "message_start", "message": {**_empty_message(setting), "usage": started, **setting.extras}})
    yield Event({"type": "ping"})
    yield from (_interleaved if answer.options.interleaved else _in_turn)(answer, seen, setting)
    delta: dict[str, Any] = {"stop_reason": seen.stop_reason, "stop_sequence": seen.stop_sequence}
    if answer.options.stop_details is not None:
        delta["stop_details"] = answer.options.stop_details
    usage = {**setting.usage, **_output_usage(seen), **answer.options.usage}
    yield Event({"type": "message_delta", "delta": delta, "usage": usage})
    yield Event({"type": "message_stop"})
    yield from answer.options.after


def _paced(frames: Iterator[Frame], answer: Answer, setting: Setting) -> Iterator[Frame]:
    pace = answer.options.pace or setting.pace
    if pace is None:
        yield from frames
        return
    yield Pause(pace.first_s)
    for frame in frames:
        yield frame
        if isinstance(frame, Event) and frame.data.get("type") == "content_block_delta":
            delta = frame.data["delta"]
            text = delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
            yield Pause(len(text) * setting.tokens_per_char / pace.tokens_per_s)


def _in_turn(answer: Answer, seen: Outcome, setting: Setting) -> Iterator[Frame]:
    index = 0
    for part in seen.parts:
        if isinstance(part, Interruption):
            yield part
            continue
        for laid in _laid_out(part, setting, answer.options.delta_chars):
            yield _start(index, laid)
            for frame in laid.frames:
                yield _delta(index, frame) if isinstance(frame, Delta) else frame
            yield _stop(index)
            index += 1


def _interleaved(answer: Answer, seen: Outcome, setting: Setting) -> Iterator[Frame]:
    """Open all blocks at once, alternate their deltas, and stop all at the end, like llama.cpp."""
    blocks = [laid for part in seen.parts for laid in _laid_out(part, setting, answer.options.delta_chars)]
    for index, laid in enumerate(blocks):
        yield _start(index, laid)
    for together in zip_longest(*(laid.frames for laid in blocks)):
        for index, frame in enumerate(together):
            if frame is not None:
                yield _delta(index, frame) if isinstance(frame, Delta) else frame
    for index in range(len(blocks)):
        yield _stop(index)


def _start(index: int, laid: _Laid) -> Event:
    return Event({"type": "content_block_start", "index": index, "content_block": laid.start})


def _delta(index: int, delta: Delta) -> Event:
    return Event({"type": "content_block_delta", "index": index, "delta": delta.data})


def _stop(index: int) -> Event:
    return Event({"type": "content_block_stop", "index": index})


def _laid_out(part: Part, setting: Setting, delta_chars: int | None) -> tuple[_Laid, ...]:
    """Return the blocks of a part: none for an interruption, two for a search."""

    def written(pieces: tuple[Piece, ...], kind: str, name: str) -> Iterator[Delta | Interruption]:
        for piece in pieces:
            if not isinstance(piece, str):
                yield piece
                continue
            for some in _portions(piece, delta_chars):
                yield Delta({"type": kind, name: some})

    match part:
        case Text():
            start: Json = {"type": "text", "text": "", **({"citations": []} if part.citations else {})}
            cited = (Delta({"type": "citations_delta", "citation": citation}) for citation in part.citations)
            return (_Laid(start, (*written(part.pieces, "text_delta", "text"), *cited)),)
        case Thinking():
            text = "".join(piece for piece in part.pieces if isinstance(piece, str))
            signature = setting.sign(text) if part.signature is None else part.signature
            signed = (Delta({"type": "signature_delta", "signature": signature}),) if signature else ()
            start = {"type": "thinking", "thinking": "", "signature": ""}
            return (_Laid(start, (*written(part.pieces, "thinking_delta", "thinking"), *signed)),)
        case RedactedThinking():
            return (_Laid({"type": "redacted_thinking", "data": part.data}, ()),)
        case ToolUse():
            start = {"type": "tool_use", "id": part.id or _tool_id(part, setting), "name": part.name, "input": {}}
            pieces = part.pieces or (tool_json(part),)
            empty = Delta({"type": "input_json_delta", "partial_json": ""})
            return (_Laid(start, (empty, *written(pieces, "input_json_delta", "partial_json"))),)
        case Search():
            return _search(part, setting)
        case Block():
            return (_Laid(part.start, tuple(Delta(data) for data in part.deltas)),)
        case _:
            return ()


def _search(part: Search, setting: Setting) -> tuple[_Laid, _Laid]:
    id = f"srvtoolu_{_tail(setting, part.query)}"
    query = Delta({"type": "input_json_delta", "partial_json": tool_json(ToolUse("", input={"query": part.query}))})
    results: object = [
        {
            "type": "web_search_result",
            "url": result.url,
            "title": result.title,
            "encrypted_content": "RGVtbw==",
            "page_age": result.page_age,
        }
        for result in part.results
    ]
    if part.error_code:
        results = {"type": "web_search_tool_result_error", "error_code": part.error_code}
    return (
        _Laid({"type": "server_tool_use", "id": id, "name": "web_search", "input": {}}, (query,)),
        _Laid({"type": "web_search_tool_result", "tool_use_id": id, "content": results}, ()),
    )


def _tool_id(part: ToolUse, setting: Setting) -> str:
    return f"toolu_{_tail(setting, part.name + tool_json(part))}"


def _tail(setting: Setting, text: str) -> str:
    """Return the end of an ID, the same for the same call in the same message."""
    return hashlib.sha256(f"{setting.message_id}\n{text}".encode()).hexdigest()[:20]


def _portions(text: str, delta_chars: int | None) -> Iterator[str]:
    if delta_chars is not None:
        yield from (text[at : at + delta_chars] for at in range(0, len(text), delta_chars))
    else:
        yield from _WORD.findall(text)


def _assembled(laid: _Laid) -> dict[str, Any]:
    """Return the complete block."""
    block = dict(laid.start)
    partial = ""
    for frame in laid.frames:
        if not isinstance(frame, Delta):
            continue
        data = frame.data
        match data.get("type"):
            case "text_delta":
                block["text"] = block.get("text", "") + data["text"]
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + data["thinking"]
            case "signature_delta":
                block["signature"] = data["signature"]
            case "citations_delta":
                block["citations"] = [*block.get("citations", ()), data["citation"]]
            case "input_json_delta":
                partial += data["partial_json"]
    if partial:
        with contextlib.suppress(ValueError):  # cut at max_tokens: the input cannot be parsed, so it is empty
            block["input"] = decode_json(partial)
    if block["type"] == "text":
        block.setdefault("citations", None)
    return block


def _empty_message(setting: Setting) -> dict[str, Any]:
    return {
        "id": setting.message_id,
        "type": "message",
        "role": "assistant",
        "model": setting.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "diagnostics": None,
    }


def _output_usage(seen: Outcome) -> dict[str, Any]:
    return {
        "output_tokens": seen.output_tokens,
        "output_tokens_details": {"thinking_tokens": seen.thinking_tokens},
        "server_tool_use": {"web_search_requests": seen.searches} if seen.searches else None,
    }
