"""How answers and turns end, and what that means in words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui.chat.events import Outcome
from tui.chat.transcript import Failure, Message, Text
from tui.errors import TuiError


@runtime_checkable
class _Described(Protocol):
    """An error that can say more of itself than its sentence: the provider's."""

    def failure(self) -> Failure: ...


def outcome_of(error: BaseException | None) -> tuple[Outcome, Failure | None]:
    """What an error says of the turn that it ended; None: nothing went wrong."""
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
    """A name for an error that is ours, in the API's spelling: CredentialsMissing is "credentials_missing"."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")


def notice_for(message: Message) -> str:
    """What the end of an answer means for the user, in one sentence; "" where it ended as it should."""
    if message.state != "complete":
        return ""
    match message.stop_reason:
        case "max_tokens":
            return "The answer was cut: it reached the limit of output tokens (max_tokens)."
        case "model_context_window_exceeded":
            return "The answer was cut: the model's context window is full (model_context_window_exceeded)."
        case "refusal":
            category = f" ({message.stop_category})" if message.stop_category else ""
            because = f": {message.stop_explanation}" if message.stop_explanation else "."
            return f"Claude refused to answer{category}{because} This turn is left out of what is sent from now on."
        case "" | "end_turn" | "stop_sequence" if not _says_something(message):
            return "The answer is empty."
    return ""


def notices_for(answers: Sequence[Message]) -> tuple[str, ...]:
    """All there is to say of the last of a turn's answers where nothing but its text is shown."""
    from tui.chat.searches import cited_before, source_summary  # not needed for the first paint

    return (*filter(None, (notice_for(answers[-1]),)), *source_summary(answers[-1], cited_before(answers)[-1]))


def _says_something(message: Message) -> bool:
    """Whether there is text to read, or a call that the turn goes on with."""
    return bool(message.calls) or any(isinstance(block, Text) and block.text.strip() for block in message.blocks)
