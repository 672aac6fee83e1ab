"""How a chat is thought about: what was chosen for it, what a model makes of that, and what another choice costs.

A choice stays as it was made. Where a model does not take it, that model comes as near as it can, and this says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tui.chat.forecast import Loss, messages_in_cache
from tui.chat.model import Effort, Model
from tui.chat.thinking import LEVELS, ThinkingMode, effort_in_use, efforts, mode_in_use, thinking_modes
from tui.chat.transcript import Transcript
from tui.chat.warmth import lifetime_for

Kind = Literal["thinking", "effort"]
MODES: tuple[ThinkingMode, ...] = ("on", "between_tools", "off")
WORDS: Mapping[str, str] = {"on": "on", "between_tools": "between tools", "off": "off"}


class Reasoning(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen. None: as the model does by itself."""

    thinking: ThinkingMode | None = None
    effort: Effort | None = None


BY_ITSELF = Reasoning()


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What a model makes of a choice."""

    thinking: ThinkingMode
    effort: Effort | None
    """None where the model has none."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things to choose from."""

    kind: Kind
    value: ThinkingMode | Effort
    is_used: bool
    is_default: bool
    refused: str = ""
    """Why the model does not take it, in a few words."""


def remembered(thinking: str, effort: str) -> Reasoning:
    """The choice by its words in the store, in a file or after a command. Words that nobody knows say nothing."""
    return Reasoning(
        thinking=next((mode for mode in MODES if mode == thinking), None),
        effort=next((level for level in LEVELS if level == effort), None),
    )


def used(model: Model, chosen: Reasoning) -> Used:
    """What the model does with that choice."""
    mode = mode_in_use(model, chosen.thinking)
    effort = effort_in_use(model, mode, chosen.effort) or (model.effort_default if model.efforts else None)
    return Used(thinking=mode or default_mode(model), effort=effort)


def default_mode(model: Model) -> ThinkingMode:
    """What happens where nothing is chosen: every model thinks that can decide for itself how much."""
    return "on" if "adaptive" in model.thinking or model.thinking_default else "off"


def with_choice(chosen: Reasoning, option: Option) -> Reasoning:
    """The choice with that option taken; taking what is the default anyway chooses nothing."""
    value = "" if option.is_default else option.value
    if option.kind == "thinking":
        return msgspec.structs.replace(chosen, thinking=remembered(value, "").thinking)
    return msgspec.structs.replace(chosen, effort=remembered("", value).effort)


def options(model: Model, chosen: Reasoning) -> tuple[Option, ...]:
    """Everything there is, the modes before the efforts, with why the model does not take it."""
    now = used(model, chosen)
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


def unusual(model: Model, chosen: Reasoning) -> str:
    """What of it is not as the model does by itself, in a word or two; "" where all is."""
    now, said = used(model, chosen), []
    if now.thinking != default_mode(model):
        said.append("no thinking" if now.thinking == "off" else f"thinking {WORDS[now.thinking]}")
    if now.effort is not None and now.effort != model.effort_default:
        said.append(f"effort {now.effort}")
    return ", ".join(said)


def adjusted(model: Model, chosen: Reasoning) -> str:
    """What the model makes of a choice that it does not take as it is, in a sentence's worth; "" where it takes it."""
    now, said = used(model, chosen), []
    if chosen.thinking is not None and chosen.thinking != now.thinking:
        said.append(f"thinking is {WORDS[now.thinking]}: {_why_no_mode(model, chosen.thinking)}")
    if chosen.effort is not None and chosen.effort != now.effort:
        why = _why_no_effort(model, now.thinking, chosen.effort)
        said.append(f"effort is {now.effort}, not {chosen.effort}: {why}" if now.effort else why)
    return ", ".join(said)


def manner(model: Model, chosen: Reasoning) -> str:
    """What the model does with that choice, in a word for each: what the cache of its messages depends on."""
    now = used(model, chosen)
    return f"{now.thinking} {now.effort}" if now.effort else now.thinking


def of_manner(said: str) -> Reasoning:
    """A choice that comes to what `manner` said."""
    mode, _, effort = said.partition(" ")
    return remembered(mode, effort)


def change(transcript: Transcript, model: Model, before: Reasoning, after: Reasoning, now: float) -> Loss:
    """What the next turn loses of the cache when it is asked for like that. Nothing where it is cold, or used alike.

    The cache is as the last answer was asked for; where that is not known, as `before` says.
    """
    asked = next((one.manner for one in reversed(transcript.messages) if one.model == model.id), "")
    if (asked or manner(model, before)) == manner(model, after):
        return Loss()
    return messages_in_cache(transcript, model, now, lifetime_for(transcript, model, now, manner=manner(model, after)))


def thought_per_answer(transcript: Transcript, model: Model) -> int:
    """How many tokens the model has thought before an answer of this chat, on average; 0 where it has not answered."""
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
