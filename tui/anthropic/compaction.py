"""Summaries made by the API (compaction on demand), and by an ordinary request where it makes none.

Source: Anthropic, compaction on demand.
"""

from __future__ import annotations

from tui.anthropic.changes_in_chat import Param
from tui.anthropic.replay import Dialect, first_sent, is_signed
from tui.chat.model import Model
from tui.chat.transcript import Message, Text, Transcript

COMPACTION_BETA = "compact-2026-09-04"
"""The beta of a request for a summary, and of every later request that contains one."""
_MAX_KEPT_CHARS = 12_000
"""The longest wish of the user. The API accepts 16,384 characters of instructions."""
_PROMPT = """\
Summarize this conversation so that it can continue from the summary alone. Cover what the user wants, what was decided \
and why, facts, names, numbers and file paths that are still needed, what images and documents showed, and what is left to \
do. Do not answer the last message, and do not call tools: respond with the text of the summary only."""


def makes_summaries(model: Model, dialect: Dialect) -> bool:
    """True if the API makes the summary; False if an ordinary request has to."""
    return model.compaction and dialect == "anthropic"


def summary_prompt(keep: str) -> str:
    """Return the prompt for a summary that keeps what the user names."""
    wish = f"\n\nKeep in particular: {keep.strip()[:_MAX_KEPT_CHARS]}" if keep.strip() else ""
    return f"{_PROMPT}{wish}"


def compaction_param(keep: str) -> Param:
    """Return the `compaction` of a request. Without a wish of the user, the API's own instructions apply."""
    return {"type": "summarize", "instructions": summary_prompt(keep)} if keep.strip() else {"type": "summarize"}


def with_summary_prompt(transcript: Transcript, keep: str) -> Transcript:
    """Return the conversation with a prompt for a summary of it."""
    return transcript.with_message(Message(role="user", blocks=(Text(summary_prompt(keep)),)))


def compaction_betas(transcript: Transcript, model: Model, dialect: Dialect, *, compacts: bool) -> tuple[str, ...]:
    """Return the betas that summaries need in a request: one that asks for a summary, or one that contains one."""
    messages = transcript.messages
    summary = messages[first_sent(messages)].summary if messages else None
    has_block = summary is not None and is_signed(summary, model, dialect)
    is_asked = compacts and makes_summaries(model, dialect)
    return (COMPACTION_BETA,) if has_block or is_asked else ()
