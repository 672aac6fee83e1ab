"""Compaction on demand: the rules of a request for a summary and of the block that it returns, and the block itself.

Source: Anthropic, compaction on demand; SDK 2.14, types/beta and types/compaction_*_error.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from tui.chat.model import Model
from tui.demo.checks import refuse
from tui.demo.errors import Refused
from tui.demo.history import blocks_of
from tui.demo.outcome import Setting, outcome
from tui.demo.scenarios import Answer, Block, Scenario, Text

BETA = "compact-2026-09-04"
_KEY = b"another key for a pretend server"
_MAX_INSTRUCTIONS = 16_384
_QUOTED = 60


def check_beta(body: dict[str, Any], betas: Collection[str]) -> None:
    """Raise Refused if a summary is requested without the beta."""
    if "compaction" in body and BETA not in betas:
        raise Refused(f"compaction: the `compaction` parameter requires anthropic-beta: {BETA}")


def check_compaction(body: dict[str, Any], model: Model) -> None:
    """Raise Refused for the first rule that summaries break in a request: one that is asked for, or one that is sent."""
    _check_blocks(body["messages"])
    asked = body.get("compaction")
    if not asked:
        return
    if not model.compaction:
        raise refuse("compaction", "this model does not support compaction")
    if len(asked.get("instructions") or "") > _MAX_INSTRUCTIONS:
        raise refuse("compaction.instructions", f"String should have at most {_MAX_INSTRUCTIONS} characters")
    for breaks, what in (
        (body.get("context_management"), "`context_management`"),
        (body.get("stop_sequences"), "`stop_sequences`"),
        ((body.get("output_config") or {}).get("format"), "`output_config.format`"),
        ((body.get("tool_choice") or {}).get("type") in ("any", "tool"), '`tool_choice` of type "any" or "tool"'),
        (body.get("max_tokens") == 0, "`max_tokens` of 0"),
    ):
        if breaks:
            raise refuse("compaction", f"cannot be combined with {what}")


def check_finished(body: dict[str, Any]) -> None:
    """Raise Refused if a summary is requested while a tool call has no result."""
    last = body["messages"][-1] if body["messages"] else None
    if not body.get("compaction"):
        return
    if last is None:
        raise Refused(
            "messages: there is nothing to summarize", details={"error_code": "compaction_nothing_to_summarize"}
        )
    if last["role"] == "assistant" and any(block["type"] == "tool_use" for block in blocks_of(last["content"])):
        raise Refused(
            "compaction: the last `assistant` turn ends in a tool call without a result",
            details={"error_code": "compaction_incomplete_turn"},
        )


def summary(answer: Scenario, setting: Setting) -> Scenario:
    """Return the answer to a request for a summary. The text of a scripted answer is the summary, if it ends normally."""
    if not isinstance(answer, Answer):
        return answer
    setting = replace(setting, thinking="off")
    seen = outcome(answer, setting)
    text = "".join(
        piece for part in seen.parts if isinstance(part, Text) for piece in part.pieces if isinstance(piece, str)
    )
    step = {**setting.usage, "type": "compaction", "output_tokens": seen.output_tokens}
    kept = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation")
    usage = {
        **{name: 0 for name in kept if name != "cache_creation"},
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"thinking_tokens": 0},
        "iterations": [{name: step[name] for name in ("type", *kept, "output_tokens") if name in step}],
    }
    options = replace(answer.options, usage={**usage, **answer.options.usage})
    if seen.stop_reason != "end_turn" or not text.strip():
        return Answer().with_options(replace(options, stop_reason=seen.stop_reason))
    block = Block({"type": "compaction", "content": text, "signature": _sign(text)})
    return Answer(block).with_options(replace(options, stop_reason="compaction"))


def usual_summary(body: dict[str, Any]) -> Answer:
    """Return the summary that the simulator writes by itself: what was asked, in the user's words."""
    asked = [
        block["text"]
        for message in body["messages"]
        if message["role"] == "user"
        for block in blocks_of(message["content"])
        if block["type"] == "text"
    ]
    before = [
        block["content"]
        for message in body["messages"][:1]
        for block in blocks_of(message["content"])
        if block["type"] == "compaction"
    ]
    lines = [f"- {' '.join(text.split())[:_QUOTED]}" for text in asked]
    wish = (body.get("compaction") or {}).get("instructions") or ""
    kept = wish.rpartition("Keep in particular: ")[2] if "Keep in particular: " in wish else ""
    return Answer(Text("\n".join([*before, "The user asked:", *lines, *([f"Kept: {kept}"] if kept else [])])))


def _check_blocks(messages: list[dict[str, Any]]) -> None:
    found = [
        (number, at, block)
        for number, message in enumerate(messages)
        for at, block in enumerate(blocks_of(message["content"]))
        if block["type"] == "compaction" and block.get("content") is not None
    ]
    if len(found) > 1:
        raise Refused(
            "messages: holds more than one `compaction` block", details={"error_code": "compaction_block_ambiguous"}
        )
    for number, at, block in found:
        path = f"messages.{number}.content.{at}"
        if (number, at) != (0, 0):
            raise _refused(path, "a `compaction` block must come first in `messages`", "compaction_block_misplaced")
        if not block.get("signature"):
            raise refuse(path, "a `compaction` block with `content` requires its `signature`")
        text, signature = block["content"], _read(block["signature"])
        if signature is None:
            raise _refused(path, "Invalid `signature` in `compaction` block", "compaction_signature_invalid")
        if not hmac.compare_digest(signature, _mac(text)):
            raise _refused(path, "`content` was changed after it was signed", "compaction_content_mismatch")


def _refused(path: str, what: str, code: str) -> Refused:
    return Refused(f"{path}: {what}", details={"error_code": code})


def _sign(text: str) -> str:
    return base64.b64encode(b"summary:" + _mac(text)).decode()


def _read(signature: str) -> bytes | None:
    try:
        data = base64.b64decode(signature, validate=True)
    except ValueError:
        return None
    return data.removeprefix(b"summary:") if data.startswith(b"summary:") else None


def _mac(text: str) -> bytes:
    return hmac.new(_KEY, text.encode(errors="replace"), hashlib.sha256).digest()
