"""Thinking and effort within a model's rules, and removal of thinking that is no longer valid.

A signed thinking block is bound to everything before it. It may be sent unchanged, or left out: from the oldest on, or all.
Source: Anthropic, extended thinking, effort, and preserved thinking.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

from msgspec.structs import replace

from tui.chat.model import Effort, Model
from tui.chat.transcript import Block, Message, RedactedThinking, Thinking, Transcript

ThinkingMode = Literal["on", "off"]

LEAST_BUDGET = 1_024
"""The smallest `budget_tokens` that the API accepts."""
LEVELS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
_HIGHEST_UNTHINKING = LEVELS.index("high")


def thinking_modes(model: Model) -> tuple[ThinkingMode, ...]:
    """Return the modes of the model; empty if there is no choice."""
    kinds = model.thinking
    modes: tuple[tuple[ThinkingMode, bool], ...] = (
        ("on", "adaptive" in kinds or "enabled" in kinds),
        ("off", "disabled" in kinds or "between_tools" in kinds),
    )
    return tuple(mode for mode, allowed in modes if allowed)


def mode_in_use(model: Model, asked: ThinkingMode | None) -> ThinkingMode | None:
    """Return the requested mode if the model has it, else None: the model's default."""
    return asked if asked in thinking_modes(model) else None


def efforts(model: Model, mode: ThinkingMode | None) -> tuple[Effort, ...]:
    """Return the efforts that the model accepts in that mode; empty if it rejects the field."""
    if mode == "off" and model.high_effort_needs_thinking:
        return tuple(effort for effort in model.efforts if LEVELS.index(effort) <= _HIGHEST_UNTHINKING)
    return model.efforts


def effort_in_use(model: Model, mode: ThinkingMode | None, asked: Effort | None) -> Effort | None:
    """Return the effort to send: the highest supported one that does not exceed the requested one.

    None if the field is rejected, or if that effort is the model's default: naming it explicitly can invalidate the cache.
    """
    if asked is None:
        return None
    taken = [effort for effort in efforts(model, mode) if LEVELS.index(effort) <= LEVELS.index(asked)]
    return taken[-1] if taken and taken[-1] != model.effort_default else None


def budget_in_use(asked: int, max_tokens: int) -> int | None:
    """Return `budget_tokens` for models with a thinking budget, below `max_tokens`, or None if there is no room to think."""
    budget = min(max(asked, LEAST_BUDGET), max_tokens - 1)
    return budget if budget >= LEAST_BUDGET else None


def without_thinking(transcript: Transcript, signatures: Container[str] | None = None) -> Transcript:
    """Return the conversation without thinking; with `signatures`, without everything up to the last block that has one of
    them.

    Use it when the system prompt or the tools changed, when an earlier message was edited in place, and when the API
    rejects a signature. Removing messages from the end keeps the thinking before them valid.
    """
    messages = list(transcript.messages)
    end = len(messages) if signatures is None else _after_last(messages, signatures)
    for at in range(end):
        kept = tuple(block for block in messages[at].blocks if not is_thinking(block))
        if len(kept) < len(messages[at].blocks):
            messages[at] = replace(messages[at], blocks=kept)
    return replace(transcript, messages=tuple(messages))


def without_stale_thinking(transcript: Transcript, edited: Transcript) -> Transcript:
    """Return the edited conversation without the thinking that the edit made invalid.

    A shortened history keeps its thinking, and so does one that continues differently. Otherwise all of it is removed,
    since the API accepts no gaps.
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
    """Return the signatures of all thinking blocks."""
    return frozenset(name for message in transcript.messages for block in message.blocks if (name := _signature(block)))


def is_thinking(block: Block) -> bool:
    """True for a thinking block, redacted or not."""
    return isinstance(block, Thinking | RedactedThinking)


def _signature(block: Block) -> str:
    """Return what identifies a thinking block; "" for other blocks."""
    match block:
        case Thinking():
            return block.signature
        case RedactedThinking():
            return block.data
    return ""


def _after_last(messages: list[Message], signatures: Container[str]) -> int:
    """Return the number of messages up to the last one that has one of these signatures."""
    for at in range(len(messages) - 1, -1, -1):
        if any((name := _signature(block)) and name in signatures for block in messages[at].blocks):
            return at + 1
    return 0
