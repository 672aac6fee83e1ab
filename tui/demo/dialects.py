"""The dialects of compatible servers: what each omits, adds or does differently.

Observed in Ollama, llama.cpp's server, vLLM and LiteLLM in 2026. Answers are converted to these forms, so that the client
is tested with all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tui.demo.frames import Frame
from tui.demo.scenarios import DONE, Event, Json

Adapt = Callable[[Iterable[Frame]], Iterator[Frame]]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The dialect of a compatible server. The defaults are common to all of them."""

    adapt: Adapt
    """Converts the events of a stream."""
    message: Callable[[Json], Json]
    """Converts a complete message."""
    interleaved: bool = False
    after: tuple[Frame, ...] = ()
    counts_tokens: bool = False
    error_types: bool = True
    """True if error types are Anthropic's; otherwise `internal_error`, without a request ID."""


def _usage(usage: Json, *names: str) -> dict[str, Any]:
    return {name: usage[name] for name in names if name in usage}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _each(convert: Callable[[dict[str, Any]], Json | None]) -> Adapt:
    """Convert each event separately; None omits it."""

    def adapt(frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if not isinstance(frame, Event):
                yield frame
                continue
            data = convert(dict(frame.data))
            if data is not None:
                yield Event(data, frame.last)

    return adapt


def _ollama(frames: Iterable[Frame]) -> Iterator[Frame]:
    """No pings, no signatures, no cache usage; a tool's input arrives at once."""
    held = ""
    for frame in frames:
        if not isinstance(frame, Event):
            yield frame
            continue
        data = dict(frame.data)
        delta = data.get("delta", {})
        match data.get("type"), delta.get("type"):
            case ("ping", _) | (_, "signature_delta"):
                continue
            case "message_start", _:
                message = _ollama_message(data["message"])
                del message["stop_reason"]
                yield Event({**data, "message": message}, frame.last)
            case "content_block_start", _:
                data["content_block"] = _unsigned(data["content_block"])
                yield Event(data, frame.last)
            case _, "input_json_delta":
                held += delta["partial_json"]
            case "content_block_stop", _:
                if held:
                    whole = {"type": "input_json_delta", "partial_json": held}
                    yield Event({"type": "content_block_delta", "index": data["index"], "delta": whole})
                    held = ""
                yield frame
            case "message_delta", _:
                yield Event({**data, "usage": _usage(data["usage"], "input_tokens", "output_tokens")}, frame.last)
            case _:
                yield frame


def _ollama_message(message: Json) -> dict[str, Any]:
    kept = {name: message[name] for name in ("id", "type", "role", "model", "content", "stop_reason")}
    content = [_unsigned(block) for block in message["content"]]
    return {**kept, "content": content, "usage": _usage(message["usage"], "input_tokens", "output_tokens")}


def _unsigned(block: Json) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "signature"}


def _llama_cpp(data: dict[str, Any]) -> Json | None:
    """The ID of a chat completion, all blocks open at once, an empty signature, and only output tokens, at the end."""
    match data.get("type"):
        case "ping":
            return None
        case "message_start":
            return {**data, "message": _llama_cpp_message(data["message"])}
        case "content_block_start":
            leave_out = {"tool_use": "input", "thinking": "signature"}.get(data["content_block"]["type"])
            return {**data, "content_block": {k: v for k, v in data["content_block"].items() if k != leave_out}}
        case "content_block_delta" if data["delta"]["type"] == "signature_delta":
            return {**data, "delta": {"type": "signature_delta", "signature": ""}}
        case "message_delta":
            return {**data, "usage": _usage(data["usage"], "output_tokens")}
    return data


def _llama_cpp_message(message: Json) -> dict[str, Any]:
    kept = {name: message[name] for name in ("type", "role", "model", "content", "stop_reason", "stop_sequence")}
    usage = _usage(message["usage"], "input_tokens", "output_tokens")
    return {"id": f"chatcmpl-{message['id'].removeprefix('msg_')}", **kept, "usage": usage}


def _vllm(data: dict[str, Any]) -> Json | None:
    """No input tokens at the start, invented signatures, no null values."""
    match data.get("type"):
        case "ping":
            return None
        case "message_start":
            message = _without_nulls(data["message"])
            return {**data, "message": {**message, "usage": {"input_tokens": 0, "output_tokens": 0}}}
        case "content_block_delta" if data["delta"]["type"] == "signature_delta":
            return {**data, "delta": {"type": "signature_delta", "signature": "d41d8cd98f00b204e9800998ecf8427e"}}
        case "message_delta":
            usage = _usage(data["usage"], "input_tokens", "output_tokens")
            return {**data, "delta": _without_nulls(data["delta"]), "usage": usage}
    return data


def _litellm(data: dict[str, Any]) -> Json | None:
    """A proxy: token counts only at the end, and null as the content at the start."""
    match data.get("type"):
        case "ping":
            return None
        case "message_start":
            usage = {**data["message"]["usage"], "input_tokens": 0, "output_tokens": 0}
            return {**data, "message": {**data["message"], "content": None, "usage": usage}}
    return data


def _untouched(message: Json) -> Json:
    return message


DIALECTS = {
    "ollama": Dialect(adapt=_ollama, message=_ollama_message),
    "llama.cpp": Dialect(adapt=_each(_llama_cpp), message=_llama_cpp_message, interleaved=True, counts_tokens=True),
    "vllm": Dialect(adapt=_each(_vllm), message=_without_nulls, after=(DONE,), error_types=False),
    "litellm": Dialect(adapt=_each(_litellm), message=_untouched, counts_tokens=True),
}
