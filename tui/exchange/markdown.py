"""A chat as Markdown for people: the branch that it was left at, each side under a heading of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tui.chat.transcript import (
    Block,
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from tui.chat.tree import ChatTree

STATES = {"stopped": "stopped", "failed": "failed", "interrupted": "interrupted", "streaming": "not finished"}
"""What is said of an answer that did not end by itself."""


def written(tree: ChatTree, name_of: Callable[[str], str] = str) -> str:
    """The chat as Markdown. `name_of` gives a model's ID as people say it."""
    parts = [f"# {one_line(tree.title) or 'Untitled chat'}"]
    if tree.created:
        parts.append(f"*{moment(tree.created)}*")
    if tree.system:
        parts.append(_quoted(f"System prompt:\n\n{tree.system}"))
    for node in tree.path():
        parts.append(_heading(node.message, name_of))
        parts += [text for block in node.message.blocks if (text := _block(block))]
        if said := ending(node.message):
            parts.append(f"*({said})*")
    return "\n\n".join(parts) + "\n"


def speaker(message: Message, name_of: Callable[[str], str]) -> str:
    """Who says it."""
    return "You" if message.role == "user" else (name_of(message.model) if message.model else "Claude")


def moment(at: float) -> str:
    """A time as people write it, where the user is."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def ending(message: Message) -> str:
    """How an answer ended that did not end by itself; "" for all others."""
    said = STATES.get(message.state, "")
    return f"{said}: {one_line(message.failure.message)}" if said and message.failure else said


def attachment(block: Image | Document) -> str:
    """A picture or document in words."""
    kind = "image" if isinstance(block, Image) else "document"
    size = f", {block.width}×{block.height}" if isinstance(block, Image) and block.width else ""
    left_out = ", set aside: the API would not take it" if block.aside else ""
    return f"{kind}: {one_line(block.name) or block.media_type}{size}{left_out}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def _heading(message: Message, name_of: Callable[[str], str]) -> str:
    at = f" · {moment(message.at)}" if message.at else ""
    return f"## {speaker(message, name_of)}{at}"


def _block(block: Block) -> str:
    match block:
        case Text(text=text):
            return text.strip("\n")
        case Thinking(thinking=text):
            return _quoted(f"Thought:\n\n{text}") if text else ""
        case RedactedThinking():
            return "*(thinking that the provider keeps to itself)*"
        case ToolUse(name=name, input=given):
            return f"Used `{name}`:\n\n{_fenced(given, 'json')}"
        case ToolResult(content=content, is_error=is_error):
            inner = "\n\n".join(
                _fenced(one.text) if isinstance(one, Text) else f"[{attachment(one)}]" for one in content
            )
            return f"{'Error' if is_error else 'Result'}:\n\n{inner}" if inner else ""
        case Image() | Document():
            return f"[{attachment(block)}]"
        case Opaque(kind=kind):
            return f"*({kind})*"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


def _fenced(text: str, language: str = "") -> str:
    """A block of code; its fence is longer than any that stands in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"
