"""The `diagnostics` of an answer: why a request could not read what the previous one wrote to the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from tui.demo.prompt import Level
from tui.demo.rules import effort, thinking_type
from tui.demo.validation import Request


@dataclass(frozen=True)
class _Print:
    """The fingerprint of a request."""

    model: str
    settings: tuple[Any, ...]
    rows: dict[Level, tuple[bytes, ...]]
    tokens: tuple[int, ...]


class Diagnosis:
    """Keeps the fingerprints of answered requests, by the ID of the answer."""

    def __init__(self) -> None:
        self._prints: dict[str, _Print] = {}

    def remember(self, message_id: str, request: Request) -> None:
        """Store the fingerprint of a request that asked for diagnostics."""
        if request.body.get("diagnostics") is not None:
            self._prints[message_id] = _print(request)

    def of(self, request: Request) -> dict[str, Any] | None:
        """Return the value of the field; None if it was not requested, or the cache was hit."""
        previous_id = (request.body.get("diagnostics") or {}).get("previous_message_id")
        if previous_id is None:
            return None
        previous = self._prints.get(previous_id)
        if previous is None:
            return {"cache_miss_reason": {"type": "previous_message_not_found"}}
        current = _print(request)
        if current.model != previous.model:
            return _changed("model", sum(previous.tokens))
        at = 0
        levels: tuple[Level, ...] = ("tools", "system", "messages")
        for level in levels:
            before, now = previous.rows[level], current.rows[level]
            same = next(
                (n for n, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now))
            )
            is_kept = same == len(before) and (level == "messages" or same == len(now))
            if not is_kept:
                return _changed(level, sum(previous.tokens[at + same :]))
            at += len(before)
        return None if current.settings == previous.settings else {"cache_miss_reason": {"type": "unavailable"}}


def _changed(what: str, tokens: int) -> dict[str, Any]:
    return {"cache_miss_reason": {"type": f"{what}_changed", "cache_missed_input_tokens": tokens}}


def _print(request: Request) -> _Print:
    body, model = request.body, request.model
    rows: dict[Level, list[bytes]] = {"tools": [], "system": [], "messages": []}
    for item in request.items:
        rows[item.level].append(hashlib.sha256(item.data).digest())
    return _Print(
        model=f"{model.id} {body.get('speed') or 'standard'}",
        settings=(thinking_type(body, model), effort(body, model), repr(body.get("tool_choice"))),
        rows={level: tuple(row) for level, row in rows.items()},
        tokens=tuple(item.tokens for item in request.items),
    )
