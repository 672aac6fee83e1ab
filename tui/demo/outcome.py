"""The part of a scripted answer that a request receives, and its token counts: the API's rules, without the wire format.

Thinking is included only if the request asks for it. Nothing comes after a stop sequence, or beyond `max_tokens`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui.demo.scenarios import Answer, Pace, Part, Piece, Search, Text, Thinking, ToolUse


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a request and its account decide about the answer."""

    model: str
    message_id: str
    usage: Mapping[str, Any]
    """The token counts of the input."""
    thinking: Literal["off", "between_tools", "omitted", "summarized"] = "off"
    max_tokens: int = 128_000
    stop_sequences: tuple[str, ...] = ()
    tokens_per_char: float = 0.25
    sign: Callable[[str], str] = field(default=lambda _: "", repr=False)
    """Returns the signature of a thinking block with this text."""
    pace: Pace | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the message: diagnostics, input_transformations."""

    def tokens(self, text: str) -> int:
        """Return how many output tokens a text has; at least one if it is not empty."""
        return math.ceil(len(text) * self.tokens_per_char)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The visible parts, why the answer ends, and the output tokens that are billed."""

    parts: tuple[Part, ...]
    stop_reason: str | None
    stop_sequence: str | None = None
    output_tokens: int = 0
    thinking_tokens: int = 0
    searches: int = 0


Written = Text | Thinking | ToolUse
"""The parts that are streamed in pieces, and billed as output."""


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the strings among the pieces, joined."""
    return "".join(piece for piece in pieces if isinstance(piece, str))


def tool_json(part: ToolUse) -> str:
    """Return a tool call's input as JSON on the wire."""
    return text_of(part.pieces) if part.pieces else json.dumps(dict(part.input), ensure_ascii=False)


def outcome(answer: Answer, setting: Setting) -> Outcome:
    """Return the answer as this request receives it."""
    if setting.max_tokens == 0:  # the request only warms the cache
        return Outcome(parts=(), stop_reason="max_tokens")
    seen: list[Part] = []
    spent = thought = 0
    stop_reason, stop_sequence = _natural_stop(answer), None
    for part in answer.parts:
        if isinstance(part, Thinking) and not _is_sent(answer, setting):
            seen += [piece for piece in part.pieces if not isinstance(piece, str)]
            continue
        if not isinstance(part, Written):
            seen.append(part)
            continue
        if isinstance(part, Text):
            part, stop_sequence = _up_to_stop(part, setting.stop_sequences)
        tokens, left = setting.tokens(_written(part)), setting.max_tokens - spent
        is_cut = tokens > left
        if is_cut:
            part, tokens = _first_chars(part, int(left / setting.tokens_per_char)), left
        spent += tokens
        thought += tokens if isinstance(part, Thinking) else 0
        if not (is_cut and not _written(part)):
            seen.append(_blank(part) if setting.thinking == "omitted" else part)
        if is_cut:
            stop_reason, stop_sequence = "max_tokens", None
            break
        if stop_sequence is not None:
            stop_reason = "stop_sequence"
            break
    return Outcome(
        parts=tuple(seen),
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        output_tokens=spent,
        thinking_tokens=thought,
        searches=sum(isinstance(part, Search) for part in seen),
    )


def _is_sent(answer: Answer, setting: Setting) -> bool:
    """True if the answer has its thinking blocks. With between_tools, these are progress updates before a call."""
    if setting.thinking == "between_tools":
        return any(isinstance(part, ToolUse) for part in answer.parts)
    return setting.thinking != "off"


def _natural_stop(answer: Answer) -> str | None:
    if answer.options.stop_reason != "":
        return answer.options.stop_reason
    return "tool_use" if any(isinstance(part, ToolUse) for part in answer.parts) else "end_turn"


def _written(part: Written) -> str:
    return tool_json(part) if isinstance(part, ToolUse) else text_of(part.pieces)


def _blank(part: Part) -> Part:
    """Return the part with its thinking omitted, as for `display: omitted`."""
    if isinstance(part, Thinking):
        return _with_pieces(part, tuple(piece for piece in part.pieces if not isinstance(piece, str)))
    return part


def _up_to_stop(part: Text, sequences: tuple[str, ...]) -> tuple[Written, str | None]:
    """Return the text before the first stop sequence, and that sequence."""
    text = text_of(part.pieces)
    found = [(at, sequence) for sequence in sequences if sequence and (at := text.find(sequence)) >= 0]
    if not found:
        return part, None
    at, sequence = min(found)
    return _first_chars(part, at), sequence


def _first_chars(part: Written, chars: int) -> Written:
    """Return the part cut after this many characters."""
    pieces: tuple[Piece, ...] = part.pieces
    if isinstance(part, ToolUse) and not pieces:
        pieces = (tool_json(part),)
    kept: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, str):
            kept.append(piece)
            continue
        kept.append(piece[:chars])
        chars -= len(piece)
        if chars <= 0:
            break
    return _with_pieces(part, tuple(kept))


def _with_pieces(part: Written, pieces: tuple[Piece, ...]) -> Written:
    match part:
        case Text():
            return Text(*pieces, citations=part.citations)
        case Thinking():
            return Thinking(*pieces, signature=part.signature)
        case ToolUse():
            return ToolUse(part.name, *pieces, input=part.input, id=part.id)
