"""Titles that a model writes for a chat: the request, and parsing the answer. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.chat.transcript import Message, Transcript

_LONGEST_PIECE = 2_000
"""The most characters of each side that are sent. The beginning tells what a chat is about."""
_LONGEST_TITLE = 80
_AROUND = re.compile(r"""^[\s#*_>"'`“”‘’«»]+|[\s*_"'`“”‘’«».]+$""")


class GeneratedTitle(NamedTuple):
    title: str
    """Empty if the answer had no usable title."""
    answers: tuple[Message, ...]
    """The answers that were billed for it."""


def title_prompt(transcript: Transcript) -> str:
    """Return the prompt that asks for a title of this conversation."""
    texts = {role: _first(transcript, role) for role in ("user", "assistant")}
    return (
        "Give the conversation below a title of two to six words, in the language of its first message. "
        "Answer with the title alone, without quotation marks.\n\n"
        f"<user>\n{texts['user']}\n</user>\n\n<assistant>\n{texts['assistant']}\n</assistant>"
    )


def parse_title(answer: str) -> str:
    """Return the title in an answer, or "" if there is none."""
    first = answer.strip().split("\n")[0].replace("**", "")
    title = " ".join(_AROUND.sub("", first).split())
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"


def _first(transcript: Transcript, role: str) -> str:
    text = next((message.text for message in transcript.messages if message.role == role and message.text), "")
    return text[:_LONGEST_PIECE]
