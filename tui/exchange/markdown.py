"""A chat as Markdown: the branch that was last open, each message under a heading."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from tui.chat.searches import Source, cited_before, marks, new_sources, search_in, search_result_in, sources
from tui.chat.transcript import (
    Block,
    Compaction,
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
from tui.render.figures import about, money, percent, plural, tokens

STATES = {"stopped": "stopped", "failed": "failed", "interrupted": "interrupted", "streaming": "not finished"}
"""How an incomplete answer is described."""


def to_markdown(tree: ChatTree, name_of: Callable[[str], str] = str) -> str:
    """Return the chat as Markdown. `name_of` returns the display name of a model ID."""
    parts = [f"# {one_line(tree.title) or 'Untitled chat'}"]
    if tree.created:
        parts.append(f"*{moment(tree.created)}*")
    if usage := ledger_line(tree):
        parts.append(f"*{usage}*")
    if tree.system:
        parts.append(_quoted(f"System prompt:\n\n{tree.system}"))
    messages = [node.message for node in tree.history()]
    for message, speaker, before in zip(messages, speakers(messages, name_of), cited_before(messages), strict=True):
        parts += [_heading(message, speaker)] if speaker else []
        parts += [text for block in with_citations(message, before) if (text := _block(block))]
        parts += [cited] if (cited := source_list(message, before)) else []
        if state := ending(message):
            parts.append(f"*({state})*")
    return "\n\n".join(parts) + "\n"


def with_citations(message: Message, before: Sequence[Source]) -> tuple[Block, ...]:
    """Return the blocks of a message with cited text joined again and the numbers of its sources added.

    `before`: the sources that its turn has cited so far.
    """
    known = sources(message.blocks, before)
    blocks: list[Block] = []
    for block in message.blocks:
        if isinstance(block, Text) and message.role == "assistant":
            text = block.text + marks(block, known)
            if blocks and isinstance(last := blocks[-1], Text):
                blocks[-1] = Text(last.text + text)
                continue
            block = Text(text)
        blocks.append(block)
    return tuple(blocks)


def source_list(message: Message, before: Sequence[Source]) -> str:
    """Return the sources of an answer that are not in `before`, as a numbered Markdown list; "" if there are none."""
    return "\n".join(f"{number}. {_link(source)}" for number, source in new_sources(message, before))


def searched(block: Opaque) -> str:
    """Describe a web search or its result; for other blocks return their type."""
    if (search := search_in(block)) is not None:
        return f"searched the web: {one_line(search.query)}"
    if (found := search_result_in(block)) is not None:
        return f"found nothing: {found.problem}" if found.problem else f"found {plural(len(found.sources), 'page')}"
    return block.kind


def speakers(messages: Sequence[Message], name_of: Callable[[str], str]) -> list[str]:
    """Return the speaker of each message; "" if it continues the previous one, or is a tool result."""
    names: list[str] = []
    before = ""
    for message in messages:
        now = "You" if message.is_prompt else (name_of(message.model) if message.model else "Claude")
        goes_on = now == before and not message.is_prompt
        is_result = message.role == "user" and not message.is_prompt
        names.append("" if goes_on or is_result else now)
        before = before if is_result else now
    return names


def ledger_line(tree: ChatTree) -> str:
    """Return the usage and cost of the whole chat, including other branches; "" if unknown."""
    total = tree.total
    usage, shown = total.usage, about if total.is_estimate else str
    if not total.answers:
        return ""
    read = f"{tokens(usage.total_input)} tokens in, {percent(usage.hit_rate)} from the cache"
    facts = [plural(total.answers, "answer"), read, f"{shown(tokens(usage.output_tokens))} out"]
    if total.unpriced < total.answers:
        unknown = f" and what {plural(total.unpriced, 'answer')} cost" if total.unpriced else ""
        facts.append(f"{shown(money(total.bill.cost_usd))}{unknown}")
        if total.bill.saved_usd > 0:
            facts.append(f"{money(total.bill.saved_usd)} saved by the cache")
    return " · ".join(facts)


def moment(at: float) -> str:
    """Format a time for display, in the user's time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def ending(message: Message) -> str:
    """Describe how an incomplete answer ended; "" for all others."""
    state = STATES.get(message.state, "")
    return f"{state}: {one_line(message.failure.message)}" if state and message.failure else state


def attachment(block: Image | Document) -> str:
    """Describe an image or document."""
    kind = "image" if isinstance(block, Image) else "document"
    size = f", {block.width}×{block.height}" if isinstance(block, Image) and block.width else ""
    left_out = ", quarantined: the API would not accept it" if block.quarantined else ""
    return f"{kind}: {one_line(block.name) or block.media_type}{size}{left_out}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def _heading(message: Message, speaker: str) -> str:
    at = f" · {moment(message.at)}" if message.at else ""
    return f"## {speaker}{at}"


def _block(block: Block) -> str:
    match block:
        case Text(text=text):
            return text.strip("\n")
        case Thinking(thinking=text):
            return _quoted(f"Thought:\n\n{text}") if text else ""
        case Compaction(content=text):
            return _quoted(f"Summary of the chat so far:\n\n{text}")
        case RedactedThinking():
            return "*(thinking redacted by the provider)*"
        case ToolUse(name=name, input=given):
            return f"Used `{name}`:\n\n{_fenced(given, 'json')}"
        case ToolResult(content=content, is_error=is_error):
            inner = "\n\n".join(
                _fenced(one.text) if isinstance(one, Text) else f"[{attachment(one)}]" for one in content
            )
            return f"{'Error' if is_error else 'Result'}:\n\n{inner}" if inner else ""
        case Image() | Document():
            return f"[{attachment(block)}]"
        case Opaque():
            return f"*({_plain(searched(block))})*"


def _link(source: Source) -> str:
    if not source.url:
        return _plain(source.title)
    return f"[{_plain(source.title)}](<{source.url}>) · {source.host}"


def _plain(text: str) -> str:
    """Escape outside text, so that Markdown finds no marks in it."""
    return re.sub(r"([\\`*_{}\[\]<>#&|~!])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


def _fenced(text: str, language: str = "") -> str:
    """Return a code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"
