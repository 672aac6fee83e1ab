"""How answers and turns end, and how to describe that to the user."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui.chat.events import Outcome
from tui.chat.transcript import Failure, Message, Text
from tui.errors import TuiError


@runtime_checkable
class _Described(Protocol):
    """An error that describes itself as a Failure, such as a provider error."""

    def failure(self) -> Failure: ...


def outcome_of(error: BaseException | None) -> tuple[Outcome, Failure | None]:
    """Return the outcome of a turn that ended with this error (None: it completed), and its failure if there is one."""
    match error:
        case None:
            return "complete", None
        case asyncio.CancelledError():
            return "stopped", None
        case _Described():
            return "failed", error.failure()
        case TuiError():
            return "failed", Failure(message=error.message, hint=error.hint, type=error_type(error))
    return "failed", Failure(message=f"prx has a bug: {type(error).__name__}", type="internal_error")


def error_type(error: TuiError) -> str:
    """Return the type name of one of our errors in the API's spelling, e.g. "credentials_missing" for CredentialsMissing."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")


def notice_for(message: Message) -> str:
    """Return one sentence about how the answer ended, or "" if it ended normally."""
    if message.state != "complete":
        return ""
    match message.stop_reason:
        case "max_tokens":
            return "The answer was truncated: it reached the limit of output tokens (max_tokens)."
        case "model_context_window_exceeded":
            return "The answer was truncated: the model's context window is full (model_context_window_exceeded)."
        case "refusal":
            category = f" ({message.stop_category})" if message.stop_category else ""
            because = f": {message.stop_explanation}" if message.stop_explanation else "."
            return f"Claude refused to answer{category}{because} This turn is no longer sent."
        case "" | "end_turn" | "stop_sequence" if not _says_something(message):
            return "The answer is empty."
    return ""


def notices_for(answers: Sequence[Message]) -> tuple[str, ...]:
    """Return everything to report about the last answer of a turn where only its text is shown."""
    from tui.chat.searches import cited_before, source_summary  # not needed for the first paint

    return (*filter(None, (notice_for(answers[-1]),)), *source_summary(answers[-1], cited_before(answers)[-1]))


def _says_something(message: Message) -> bool:
    """True if the answer has text, or a call that the turn continues with."""
    return bool(message.calls) or any(isinstance(block, Text) and block.text.strip() for block in message.blocks)
