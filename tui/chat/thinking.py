"""Thinking and effort within a model's rules, and a conversation without the thinking that no longer fits it.

Signed thinking is bound to everything that stood before it: it may be sent back unchanged, or left out from the oldest
on, or altogether. Source: Anthropic's pages on thinking, effort and preserved thinking.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

from msgspec.structs import replace

from tui.chat.model import Effort, Model
from tui.chat.transcript import Block, Message, RedactedThinking, Thinking, Transcript

ThinkingMode = Literal["on", "off", "between_tools"]
"""between_tools: it thinks after a tool's result, and not before it answers."""

LEAST_BUDGET = 1_024
"""The smallest `budget_tokens` that the API takes."""
LEVELS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
_HIGHEST_UNTHINKING = LEVELS.index("high")


def thinking_modes(model: Model) -> tuple[ThinkingMode, ...]:
    """The modes to choose from; none where the model has nothing to choose."""
    kinds = model.thinking
    modes: tuple[tuple[ThinkingMode, bool], ...] = (
        ("on", "adaptive" in kinds or "enabled" in kinds),
        ("between_tools", "between_tools" in kinds),
        ("off", "disabled" in kinds),
    )
    return tuple(mode for mode, allowed in modes if allowed)


def mode_in_use(model: Model, asked: ThinkingMode | None) -> ThinkingMode | None:
    """The asked mode where the model has it; None: what the model does by itself."""
    return asked if asked in thinking_modes(model) else None


def efforts(model: Model, mode: ThinkingMode | None) -> tuple[Effort, ...]:
    """The efforts that the model takes in that mode; none where it refuses the field."""
    if mode in ("off", "between_tools") and model.high_effort_needs_thinking:
        return tuple(effort for effort in model.efforts if LEVELS.index(effort) <= _HIGHEST_UNTHINKING)
    return model.efforts


def effort_in_use(model: Model, mode: ThinkingMode | None, asked: Effort | None) -> Effort | None:
    """The effort to send: the highest that the model takes and that is not above what was asked for.

    None where the field is refused, and where that effort is what the model does anyway: saying so can cost the cache.
    """
    if asked is None:
        return None
    taken = [effort for effort in efforts(model, mode) if LEVELS.index(effort) <= LEVELS.index(asked)]
    return taken[-1] if taken and taken[-1] != model.effort_default else None


def budget_in_use(asked: int, max_tokens: int) -> int | None:
    """`budget_tokens` for models that think by budget: less than `max_tokens`. None: no room to think in."""
    budget = min(max(asked, LEAST_BUDGET), max_tokens - 1)
    return budget if budget >= LEAST_BUDGET else None


def without_thinking(transcript: Transcript, signatures: Container[str] | None = None) -> Transcript:
    """The conversation without its thinking: all of it, or (with `signatures`) from the last of these back to the oldest.

    To be used when the system prompt or the tools have changed, when an earlier message was edited in place, and when the
    API says that a signature no longer fits. Cutting messages off at the end leaves what stands before them valid.
    """
    messages = list(transcript.messages)
    end = len(messages) if signatures is None else _after_last(messages, signatures)
    for at in range(end):
        kept = tuple(block for block in messages[at].blocks if not is_thinking(block))
        if len(kept) < len(messages[at].blocks):
            messages[at] = replace(messages[at], blocks=kept)
    return replace(transcript, messages=tuple(messages))


def changed(transcript: Transcript, edited: Transcript) -> Transcript:
    """The edited conversation as it may be sent: without the thinking whose past is not what it was.

    A shorter history keeps its thinking, and so does one that goes on differently. Anything else loses all of it: the API
    takes no gaps.
    """
    if edited.system == transcript.system and edited.tools == transcript.tools:
        same = 0
        for before, after in zip(transcript.messages, edited.messages, strict=False):
            if before.blocks != after.blocks or before.role != after.role:
                break
            same += 1
        later = (block for message in edited.messages[same:] for block in message.blocks)
        if same == len(transcript.messages) or not any(is_thinking(block) for block in later):
            return edited
    return without_thinking(edited)


def signatures_in(transcript: Transcript) -> frozenset[str]:
    """Those of all thinking in it."""
    return frozenset(name for message in transcript.messages for block in message.blocks if (name := _signature(block)))


def is_thinking(block: Block) -> bool:
    return isinstance(block, Thinking | RedactedThinking)


def _signature(block: Block) -> str:
    """What tells one thinking block from another; "" for other blocks."""
    match block:
        case Thinking():
            return block.signature
        case RedactedThinking():
            return block.data
    return ""


def _after_last(messages: list[Message], signatures: Container[str]) -> int:
    """How many messages reach up to the last one with one of these signatures."""
    for at in range(len(messages) - 1, -1, -1):
        if any((name := _signature(block)) and name in signatures for block in messages[at].blocks):
            return at + 1
    return 0
