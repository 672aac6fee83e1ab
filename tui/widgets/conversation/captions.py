"""The texts of the conversation pane around the messages: speaker lines, endings, failures, cache figures. No widget."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from tui.chat.tokens import TOKENS_PER_CHAR
from tui.chat.transcript import (
    Block,
    Compaction,
    Document,
    Failure,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from tui.inputs.bounded import decode_input
from tui.inputs.limits import SHOWN_JSON_CHARS
from tui.render import figures

if TYPE_CHECKING:
    from tui.chat.searches import Source

Tone = Literal["text", "dim", "name", "accent", "error", "warning", "good"]
"""The meaning of a piece of a caption; the palette has a style for it."""

Caption = tuple[tuple[str, Tone], ...]
"""One line in pieces, each with its tone."""

SUMMARY = "summary of the chat so far · in place of all messages before it"
LONGEST_ARGUMENT = 400
"""Characters that are shown of one argument of a tool."""


def when(at_s: float, now_s: float) -> str:
    """Format the time of a message: 09:41 if it is from today, else 21 Nov 09:41, with the year if it is another."""
    if not at_s:
        return ""
    then, now = time.localtime(at_s), time.localtime(now_s)
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    return f"{then.tm_mday} " + time.strftime("%b %H:%M" if then.tm_year == now.tm_year else "%b %Y %H:%M", then)


def figures_of(messages: Iterable[Message]) -> str:
    """Format time, tokens and cost of all responses of an answer, e.g. 3.1 s · 214 tok · $0.012.

    Tokens and cost of an interrupted answer are estimates: ~214 tok · ~$0.012.
    """
    answers = [message for message in messages if message.role == "assistant"]
    elapsed_s = sum(answer.elapsed_s for answer in answers)
    tokens = sum(answer.usage.billed.output_tokens for answer in answers)
    about = str if all(answer.is_counted for answer in answers) else figures.about
    bills = [answer.bill.cost_usd for answer in answers if answer.bill]
    cost = figures.money(sum(bills)) if bills else ""
    parts = [
        figures.seconds(elapsed_s) if elapsed_s else "",
        f"{about(figures.tokens(tokens))} tok" if tokens else "",
        about(cost) if cost else "",
    ]
    return " · ".join(part for part in parts if part)


def live_figures(elapsed_s: float, tokens: int) -> str:
    """Format time and tokens of a running answer, in whole seconds: it changes once a second."""
    seconds = f"{elapsed_s:.0f} s" if elapsed_s < 59.5 else figures.clock(elapsed_s)
    return f"{seconds} · {figures.tokens(tokens)} tok" if tokens else seconds


def cache_line(message: Message) -> Caption:
    """Describe what the cache did for a request; nothing if the server gave no figures."""
    usage = message.usage.billed
    if not usage.total_input:
        return ()
    if not usage.cache_read_input_tokens:
        if not usage.cache_creation_input_tokens:
            return ()
        return ((f"cache {figures.tokens(usage.cache_creation_input_tokens)} written, nothing read yet", "dim"),)
    pieces: list[tuple[str, Tone]] = [("cache ", "dim"), (f"{figures.percent(usage.hit_rate)} read", "good")]
    if message.bill is not None:
        saved = message.bill.saved_usd
        pieces.append(
            (f" · saved {figures.money(saved)}" if saved >= 0 else f" · cost {figures.money(-saved)} more", "dim")
        )
    return tuple(pieces)


def ending(message: Message) -> Caption:
    """Describe why an answer is not complete; nothing if it is. Stop reasons: Messages API, "Stop reasons"."""
    match message.state:
        case "stopped":
            return (("stopped by you", "dim"),)
        case "interrupted":
            return (("interrupted: prx exited before the answer was complete · /continue to get the rest", "warning"),)
        case "streaming" | "failed":
            return ()
    match message.stop_reason:
        case "max_tokens":
            return (("stopped at the output limit (max_tokens) · /continue to get the rest", "warning"),)
        case "model_context_window_exceeded":
            return (("stopped: the model's context window is full. A new chat has room again.", "warning"),)
        case "refusal":
            category = f" ({message.stop_category})" if message.stop_category else ""
            why = f". {message.stop_explanation.rstrip('.')}" if message.stop_explanation else ""
            return ((f"Claude declined{category}{why}. It is left out of later requests.", "warning"),)
    return () if any(_has_content(block) for block in message.blocks) else (("(empty reply)", "dim"),)


def failure_lines(failure: Failure) -> tuple[Caption, ...]:
    """Return the lines of a failure: the message, the hint, and the status and request ID for the provider's support."""
    lines: list[Caption] = [(("✗ ", "error"), (failure.message, "error"))]
    if failure.hint:
        lines.append((("  " + failure.hint, "text"),))
    if failure.status or failure.request_id:
        request = f"request {failure.request_id}" * bool(failure.request_id)
        facts = " · ".join(filter(None, (str(failure.status or ""), failure.type, request)))
        lines.append(((f"  {facts}", "dim"),))
    return tuple(lines)


def waiting_line(left_s: float, attempt: int, attempts: int) -> Caption:
    """Format the countdown to the next attempt. The number keeps its width."""
    whole = max(0, -int(-left_s // 1))
    left = figures.clock(whole) if whole >= 60 else f"{whole:>2} s"
    return (
        (f"  retry in {left} (attempt {attempt} of {attempts}) · ", "dim"),
        ("Esc", "accent"),
        (" cancel", "dim"),
    )


def attachment(block: Image | Document) -> Caption:
    """Format an attachment, e.g. ▣ fjord.jpg  2576×1449 · 4.7k tokens."""
    from tui.widgets.facts import facts_of  # loaded with the first attachment

    if block.quarantined:
        return (("▣ ", "dim"), (block.name, "text"), (f"{'  ' * bool(block.name)}{rejection(block)}", "warning"))
    return (
        ("▣ ", "accent"),
        (block.name or ("image" if isinstance(block, Image) else "document"), "text"),
        (f"  {facts_of(block)}", "dim"),
    )


def rejection(block: Image | Document) -> str:
    """Describe a quarantined block."""
    return f"{'image' if isinstance(block, Image) else 'document'} left out: the API rejected it"


def thought(span_s: float) -> str:
    """Format how long Claude thought, e.g. "thought for 3 s"."""
    return f"thought for {max(1, round(span_s))} s" if span_s else "thought"


def tool_line(block: ToolUse | Opaque) -> str:
    """Format a tool call in one line: its name and its main argument."""
    if isinstance(block, ToolUse):
        return f"{block.name}  {main_argument(block.input)}".rstrip()
    fields = _decoded(block.json)
    if isinstance(fields, dict) and block.kind == "server_tool_use":
        return f"{fields.get('name', block.kind)}  {main_argument(_encoded(fields.get('input', {})))}".rstrip()
    results = fields.get("content") if isinstance(fields, dict) else None
    name = block.kind.removesuffix("_tool_result").replace("_", " ")
    return f"{name}: {figures.plural(len(results), 'result')}" if isinstance(results, list) else name


def result_line(block: ToolResult) -> str:
    """Format the result of a tool in one line."""
    words = " ".join(part.text for part in block.content if isinstance(part, Text)).strip()
    first, _, rest = words.partition("\n")
    more = f"  (+{figures.plural(rest.count(chr(10)) + 1, 'line')})" if rest else ""
    left_out = "".join(
        f"  ({rejection(part)})" for part in block.content if not isinstance(part, Text) and part.quarantined
    )
    return f"{'failed: ' if block.is_error else ''}{first or 'done'}{more}{left_out}"


def arguments(block: ToolUse | Opaque) -> str:
    """Return all arguments or results of a tool as indented JSON; the text itself if it is not valid JSON."""
    text = block.input if isinstance(block, ToolUse) else block.json
    fields = _decoded(text)
    return text if fields is None else msgspec.json.format(_encoded(_shortened(fields)), indent=2)


def pretty(text: str) -> str:
    """Return indented JSON; the text itself if it is not valid JSON."""
    fields = _decoded(text)
    return text if fields is None else msgspec.json.format(_encoded(fields), indent=2)


def fields_of(text: str) -> str:
    """Format the arguments of a call, one field after another: strings as text, everything else as JSON."""
    fields = _decoded(text)
    if not isinstance(fields, dict):
        return text if fields is None else pretty(text)
    return "\n".join(_field(name, value) for name, value in fields.items())


def _field(name: str, value: object) -> str:
    if not isinstance(value, str):
        return f"{name}: {_encoded(value)}"
    return (
        f"{name}: {value}" if "\n" not in value else f"{name}:\n" + "\n".join(f"  {line}" for line in value.split("\n"))
    )


def readable(block: Block) -> str:
    """Return the text of a block that a search finds, including what is folded."""
    match block:
        case Text(text=text) | Thinking(thinking=text) | Compaction(content=text):
            return text
        case ToolUse(name=name):
            return f"{name} {fields_of(block.input)}"
        case ToolResult(content=content):
            return "\n".join(part.text for part in content if isinstance(part, Text))
        case Image(name=name) | Document(name=name):
            return name
        case Opaque():
            return _readable_search(block) or f"{tool_line(block)} {arguments(block)}"
        case RedactedThinking():
            return ""


def _readable_search(block: Opaque) -> str:
    from tui.chat.searches import search_in, search_result_in  # not needed for the first paint

    search, found = search_in(block), search_result_in(block)
    return search.query if search else "\n".join(map(source_line, found.sources)) if found else ""


def source_line(source: Source) -> str:
    """Format a source in one line: its title and its host."""
    return f"{source.title} · {source.host}" if source.host not in ("", source.title) else source.title


def estimated_tokens(messages: Sequence[Message], chars: int) -> int:
    """Return the tokens so far: as counted by the server or estimated from the text, whichever is more."""
    return max(sum(message.usage.output_tokens for message in messages), round(chars * TOKENS_PER_CHAR))


def _has_content(block: Block) -> bool:
    return bool(block.text.strip()) if isinstance(block, Text) else isinstance(block, ToolUse | Opaque | Compaction)


def _decoded(text: str) -> object:
    if len(text) > SHOWN_JSON_CHARS:
        return None
    try:
        decoded: object = decode_input(text)
    except msgspec.DecodeError:  # an argument that was cut off
        return None
    return decoded


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _shortened(value: object) -> object:
    """Return JSON with long strings cut, such as encrypted search results."""
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    return f"{value[:LONGEST_ARGUMENT]}…" if isinstance(value, str) and len(value) > LONGEST_ARGUMENT else value


def main_argument(text: str) -> str:
    """Return the main argument: one of the usual fields, else the first one."""
    fields = _decoded(text)
    if not isinstance(fields, dict) or not fields:
        return ""
    for name in ("command", "query", "url", "pattern", "path", "file_path", "question"):
        if isinstance(fields.get(name), str):
            return str(fields[name]).partition("\n")[0]
    return str(next(iter(fields.values()))).partition("\n")[0]
