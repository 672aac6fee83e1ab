"""The thinking mode and effort of a chat: what was chosen, what a model makes of it, and what a change costs.

A choice is kept as it was made. A model that does not support it uses the closest setting that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tui.chat.cache_state import lifetime_for
from tui.chat.forecast import CacheLoss, cached_messages_loss
from tui.chat.model import Effort, Model
from tui.chat.thinking import LEVELS, ThinkingMode, effort_in_use, efforts, mode_in_use, thinking_modes
from tui.chat.transcript import Transcript

Kind = Literal["thinking", "effort"]
MODES: tuple[ThinkingMode, ...] = ("on", "off")
_FORMER_MODES: Mapping[str, ThinkingMode] = {"between_tools": "off"}
"""Modes of earlier versions, which stored chats may contain: Sonnet 5.5's word for off."""


class Reasoning(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen settings. None means the model's default."""

    thinking: ThinkingMode | None = None
    effort: Effort | None = None


MODEL_DEFAULTS = Reasoning()


class EffectiveReasoning(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a model actually uses."""

    thinking: ThinkingMode
    effort: Effort | None
    """None if the model has no effort setting."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option of the dialog."""

    kind: Kind
    value: ThinkingMode | Effort
    is_used: bool
    is_default: bool
    refused: str = ""
    """Why the model does not support it, in a few words, or ""."""


def parse_reasoning(thinking: str, effort: str) -> Reasoning:
    """Parse the settings as stored, exported or typed in a command. Unknown words are ignored."""
    return Reasoning(
        thinking=next((mode for mode in MODES if mode == _FORMER_MODES.get(thinking, thinking)), None),
        effort=next((level for level in LEVELS if level == effort), None),
    )


def effective(model: Model, chosen: Reasoning) -> EffectiveReasoning:
    """Return the settings that the model uses for this choice."""
    mode = mode_in_use(model, chosen.thinking)
    effort = effort_in_use(model, mode, chosen.effort) or (model.effort_default if model.efforts else None)
    return EffectiveReasoning(thinking=mode or default_mode(model), effort=effort)


def default_mode(model: Model) -> ThinkingMode:
    """Return the model's thinking mode if nothing is chosen: on, if it can decide by itself how much to think."""
    return "on" if "adaptive" in model.thinking or model.thinking_default else "off"


def with_choice(chosen: Reasoning, option: Option) -> Reasoning:
    """Return the settings with this option chosen. Choosing the default clears the choice."""
    value = "" if option.is_default else option.value
    if option.kind == "thinking":
        return msgspec.structs.replace(chosen, thinking=parse_reasoning(value, "").thinking)
    return msgspec.structs.replace(chosen, effort=parse_reasoning("", value).effort)


def options(model: Model, chosen: Reasoning) -> tuple[Option, ...]:
    """Return all options, thinking modes before efforts, each with the reason if the model does not support it."""
    now = effective(model, chosen)
    modes = (
        Option(
            kind="thinking",
            value=mode,
            is_used=mode == now.thinking,
            is_default=mode == default_mode(model),
            refused=_why_no_mode(model, mode),
        )
        for mode in MODES
    )
    levels = (
        Option(
            kind="effort",
            value=level,
            is_used=level == now.effort,
            is_default=bool(model.efforts) and level == model.effort_default,
            refused=_why_no_effort(model, now.thinking, level),
        )
        for level in LEVELS
    )
    return (*modes, *levels)


def describe_choice(model: Model, chosen: Reasoning) -> str:
    """Describe the settings that differ from the model's defaults in a few words, e.g. "effort high", or return ""."""
    now, parts = effective(model, chosen), []
    if now.thinking != default_mode(model):
        parts.append("no thinking" if now.thinking == "off" else f"thinking {now.thinking}")
    if now.effort is not None and now.effort != model.effort_default:
        parts.append(f"effort {now.effort}")
    return ", ".join(parts)


def describe_adjustments(model: Model, chosen: Reasoning) -> str:
    """Describe how the model adjusts settings that it does not support, or return ""."""
    now, parts = effective(model, chosen), []
    if chosen.thinking is not None and chosen.thinking != now.thinking:
        parts.append(f"thinking is {now.thinking}: {_why_no_mode(model, chosen.thinking)}")
    if chosen.effort is not None and chosen.effort != now.effort:
        why = _why_no_effort(model, now.thinking, chosen.effort)
        parts.append(f"effort is {now.effort}, not {chosen.effort}: {why}" if now.effort else why)
    return ", ".join(parts)


def sent_at_top(transcript: Transcript, model: Model, chosen: Reasoning) -> EffectiveReasoning:
    """Return the settings of the next request as a whole, on which the cache of the messages depends.

    Where a `system` message can change the effort of a turn, the request keeps the effort of the last one.
    """
    now = effective(model, chosen)
    if "effort" not in model.in_chat or now.thinking != "on":
        return now
    settings = next((one.settings for one in reversed(transcript.messages) if one.model == model.id), "")
    last = parse_request_settings(settings)
    return msgspec.structs.replace(now, effort=last.effort) if last.effort and last.thinking == "on" else now


def request_settings(model: Model, chosen: Reasoning, transcript: Transcript = Transcript()) -> str:  # noqa: B008
    """Format the settings of the next request to the model, e.g. "on high" (`sent_at_top`)."""
    now = sent_at_top(transcript, model, chosen)
    return f"{now.thinking} {now.effort}" if now.effort else now.thinking


def parse_request_settings(text: str) -> Reasoning:
    """Parse what `request_settings` returned."""
    mode, _, effort = text.partition(" ")
    return parse_reasoning(mode, effort)


def change_loss(transcript: Transcript, model: Model, before: Reasoning, after: Reasoning, now: float) -> CacheLoss:
    """Return the cache that the next turn loses if the settings change; nothing if the cache is cold or they are equal.

    The cached settings are those of the last answer, or `before` if they are unknown.
    """
    asked = next((one.settings for one in reversed(transcript.messages) if one.model == model.id), "")
    coming = request_settings(model, after, transcript)
    if (asked or request_settings(model, before)) == coming:
        return CacheLoss()
    return cached_messages_loss(transcript, model, now, lifetime_for(transcript, model, now, settings=coming))


def average_thinking_tokens(transcript: Transcript, model: Model) -> int:
    """Return the average thinking tokens of the model's answers in this chat, or 0 if there are none."""
    thought = [
        message.usage.thinking_tokens
        for message in transcript.messages
        if message.role == "assistant" and message.model == model.id and message.usage.output_tokens
    ]
    return round(sum(thought) / len(thought)) if thought else 0


def _why_no_mode(model: Model, mode: ThinkingMode) -> str:
    if mode in thinking_modes(model) or (mode == "off" and not model.thinking):
        return ""
    if not model.thinking:
        return f"{model.name} does not think"
    return f"{model.name} always thinks" if mode == "off" else f"{model.name} has no such mode"


def _why_no_effort(model: Model, mode: ThinkingMode, level: Effort) -> str:
    if level in efforts(model, mode):
        return ""
    if not model.efforts:
        return f"{model.name} takes no effort"
    return "needs thinking on" if level in model.efforts else f"{model.name} has no such level"
