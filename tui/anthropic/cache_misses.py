"""Explain why a request read less from the cache than it could have, by comparing it with the previous request.

The API can report the reason in one word (`diagnostics`). This comparison says which block changed, who changed it and what
to do, with any server. Source of what each change invalidates: Anthropic, prompt caching.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from tui.anthropic.cache_map import blocks_of
from tui.chat.cache import Miss, MissKind
from tui.chat.cache_state import LIFETIME_S, cached_tokens
from tui.chat.ledger import Lifetime, Usage
from tui.chat.look_back import LOOK_BACK, positions
from tui.chat.model import Model
from tui.chat.tokens import MANY_IMAGES, MANY_IMAGES_MAX_SIDE_PX
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH

TOLERANCE_TOKENS = 64
"""A difference of so many tokens is not reported."""
_NAMED = 3  # name at most so many tools
_REASONING = frozenset({"thinking", "redacted_thinking"})
_FILLED = "It has been written again."
_IfFilled = Callable[[str], str]
"""Return the given text if the request filled the cache, else a text that says why it did not."""


class SentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was sent, and the usage of its answer."""

    body: bytes
    at: float
    """When it was sent, in seconds since the epoch."""
    usage: Usage
    reported: str = ""
    """The API's `cache_miss_reason`."""


def miss_reason(before: SentRequest, now: SentRequest, model: Model) -> Miss | None:
    """Return why the second request did not read what the first had left in the cache, or None if it did.

    `model` is the model of the second request. Both are requests of one chat, one after the other.
    """
    expected, read = cached_tokens(before.usage), now.usage.cache_read_input_tokens
    if read >= expected - TOLERANCE_TOKENS:
        return None
    old, new = (decode_json(body, depth=REQUEST_DEPTH) for body in (before.body, now.body))

    def filled(words: str) -> str:
        if cached_tokens(now.usage):
            return words
        too_short = now.usage.total_input < model.min_cache
        return f"{model.name} caches nothing below {model.min_cache:,} tokens." if too_short else "Nothing was cached."

    kind, text = _difference(old, new, model, filled) or _same_bytes(old, new, now.at - before.at, now.reported, filled)
    return Miss(kind=kind, expected=expected, read=read, text=text, reported=now.reported)


def too_short(now: SentRequest, model: Model) -> Miss | None:
    """Return why the first request of a chat left nothing in the cache, or None unless it is below the model's minimum."""
    size = now.usage.total_input
    if cached_tokens(now.usage) or not 0 < size < model.min_cache:
        return None
    text = f"below the minimum of {model.min_cache:,} tokens for {model.name}: nothing is cached yet"
    return Miss(kind="too_short", expected=0, read=0, text=text, reported=now.reported)


def _difference(
    old: Mapping[str, Any], new: Mapping[str, Any], model: Model, filled: _IfFilled
) -> tuple[MissKind, str] | None:
    """Return the first difference between the requests, or None if the second only continues the first."""
    if old["model"] != new["model"]:
        now = filled("It has been written; keep this model to use it.")
        return "model", f"{model.name} read nothing: each model has its own cache. {now}"
    if _bare(old.get("tools", [])) != _bare(new.get("tools", [])):
        how = _changed_tools(old.get("tools", []), new.get("tools", []))
        return (
            "tools",
            f"The tools changed ({how}), and everything else follows them. Choose tools before you start a chat.",
        )
    if _bare(blocks_of(old.get("system", []))) != _bare(blocks_of(new.get("system", []))):
        return "system", "The system prompt changed, and the messages follow it. Change it in a new chat instead."
    if _settings(old, model) != _settings(new, model):
        return "thinking", f"Thinking or effort changed, which invalidates the cached messages. {filled(_FILLED)}"
    were, are = _image_count(old), _image_count(new)
    if bool(were) != bool(are):
        if not are:
            return "image", f"The last image was removed, which invalidates the cached messages. {filled(_FILLED)}"
        return "image", "The first image was added, which invalidates the cached messages once. Further images do not."
    anew = f"Everything after it was sent again. {filled('It has been cached again.')}"
    changed = _changed_message(old["messages"], new["messages"], anew)
    if changed is not None and changed[0] == "image" and were <= MANY_IMAGES < are:
        return "image", (
            f"With more than {MANY_IMAGES} images, those over {MANY_IMAGES_MAX_SIDE_PX:,} pixels are sent smaller, which "
            f"invalidates the cached messages once. {filled(_FILLED)}"
        )
    return changed


def _changed_message(old: list[Any], new: list[Any], anew: str) -> tuple[MissKind, str] | None:
    """Return the first block that differs. An edit also removes thinking, so other blocks are compared first."""
    was, is_ = list(_rows(old)), list(_rows(new))
    old_rows, new_rows = ([row for row in rows if row[2].get("type") not in _REASONING] for rows in (was, is_))
    for (_, role, block), (number, other_role, other) in zip(old_rows, new_rows, strict=False):
        if (role, block) != (other_role, other):
            return _message_change(number, other_role, {block.get("type"), other.get("type")}, anew)
    if len(new_rows) < len(old_rows):
        return "message", f"The chat continues from message {new_rows[-1][0]}; later messages are no longer sent."
    for (number, _, block), (_, _, other) in zip(was, is_, strict=False):
        if block != other:
            return "reasoning", f"The thinking of message {number} is no longer sent. {anew}"
    return None


def _message_change(number: int, role: str, kinds: set[str], anew: str) -> tuple[MissKind, str]:
    if kinds & {"image", "document"}:
        return "image", f"An image of message {number} changed. {anew}"
    whose = {"user": "your message", "system": "the system prompt"}.get(role, "the answer")
    return "message", f"Message {number} ({whose}) changed. {anew}"


def _same_bytes(
    old: Mapping[str, Any], new: Mapping[str, Any], pause_s: float, reported: str, filled: _IfFilled
) -> tuple[MissKind, str]:
    """Return the reason if nothing has changed: time, distance or the server."""
    lifetime = _lifetime(old)
    if pause_s >= LIFETIME_S[lifetime]:
        kept = "an hour" if lifetime == "1h" else "5 minutes"
        minutes = f"{pause_s / 60:.0f} minutes" if pause_s < 5400 else f"{pause_s / 3600:.1f} hours"
        return "expired", f"The cache had expired: it lasts {kept}, and the last request was {minutes} earlier."
    numbers = _numbers(new["messages"])
    added = numbers[-1] - numbers[sum(1 for _ in _rows(old["messages"])) - 1]
    if added >= LOOK_BACK and not _marks_old_end(old, new):
        return (
            "too_far",
            f"{added} positions were added at once, and the cache searches only {LOOK_BACK} back. {filled(_FILLED)}",
        )
    because = f" Reported reason: {reported}." if reported else ""
    return "unknown", f"Nothing had changed, but the server did not find its cache.{because} {filled(_FILLED)}"


def _rows(messages: list[Any]) -> Iterator[tuple[int, str, Any]]:
    """Yield every block without cache markers, with the number (from 1) and role of its message."""
    for number, message in enumerate(messages, 1):
        for block in blocks_of(message["content"]):
            yield number, message["role"], _bare(block)


def _bare(value: Any) -> Any:
    """Return the value without its cache markers."""
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if key != "cache_control"}
    return [_bare(item) for item in value]


def _changed_tools(old: list[Any], new: list[Any]) -> str:
    """Describe which tools were added, removed or changed."""
    was, is_ = ({str(tool.get("name")): _bare(tool) for tool in tools} for tools in (old, new))
    changes = {
        "new": [name for name in is_ if name not in was],
        "removed": [name for name in was if name not in is_],
        "changed": [name for name in is_ if name in was and was[name] != is_[name]],
    }
    return "; ".join(f"{how}: {_listed(names)}" for how, names in changes.items() if names) or "their order"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _settings(body: Mapping[str, Any], model: Model) -> tuple[Any, ...]:
    thinking = body.get("thinking") or {"type": "adaptive" if model.thinking_default else "disabled"}
    effort = (body.get("output_config") or {}).get("effort")
    return thinking.get("type"), thinking.get("budget_tokens"), effort, body.get("tool_choice")


def _image_count(body: Mapping[str, Any]) -> int:
    """Count the images, including those in tool results."""
    blocks = [block for _, _, block in _rows(body["messages"])]
    inner = [one for block in blocks if isinstance(content := block.get("content"), list) for one in content]
    return sum(isinstance(block, dict) and block.get("type") == "image" for block in [*blocks, *inner])


def _lifetime(body: Mapping[str, Any]) -> Lifetime:
    """Return the lifetime of the last breakpoint."""
    lifetime: Lifetime = "5m"
    for message in body["messages"]:
        for block in blocks_of(message["content"]):
            control = block.get("cache_control") if isinstance(block, dict) else None
            if control:
                lifetime = "1h" if control.get("ttl") == "1h" else "5m"
    return lifetime


def _marks_old_end(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True if a breakpoint of the new request looks back as far as the end of the old one."""
    end = sum(1 for _ in _rows(old["messages"])) - 1
    blocks = [block for message in new["messages"] for block in blocks_of(message["content"])]
    marks = [at for at, block in enumerate(blocks) if isinstance(block, dict) and "cache_control" in block]
    numbers = _numbers(new["messages"])
    return any(end <= mark and numbers[mark] - numbers[end] < LOOK_BACK for mark in marks)


def _numbers(messages: list[Any]) -> list[int]:
    """Return the position of each block, as the look-back counts them."""
    return positions(str(block.get("type")) for _, _, block in _rows(messages))
