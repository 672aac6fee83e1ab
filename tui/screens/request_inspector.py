"""The request inspector: the body of the last request and the facts of its response. It never holds credentials."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import TextArea

from tui.chat.exchange import Exchange
from tui.chat.ledger import Usage
from tui.chat.transcript import Message
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH
from tui.render import figures
from tui.render.json_text import json_text
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.panel import PanelFoot, PanelHead

_LONGEST = 2_000
"""Characters of a JSON string that are shown in full; a longer one is cut and its size given."""


def elided(value: object) -> object:
    """Return a JSON value with long strings, such as images, cut to their first characters."""
    match value:
        case str() if len(value) > _LONGEST:
            return f"{value[:80]}… ({figures.size(len(value.encode('utf-8', 'replace')))} in total)"
        case list():
            return [elided(item) for item in value]
        case dict():
            return {key: elided(item) for key, item in value.items()}
        case _:
            return value


def response_lines(answer: Message | None) -> list[str]:
    """Format IDs, stop reason, usage and timing of a response, one per line."""
    if answer is None:
        return ["The response is not complete yet"]
    usage = answer.usage
    about = str if answer.is_counted else figures.about
    facts = [
        ("message", answer.id),
        ("request", answer.request_id),
        ("model", answer.model),
        ("state", answer.state),
        ("stop_reason", " ".join(part for part in (answer.stop_reason, answer.stop_category) if part)),
        ("took", figures.seconds(answer.elapsed_s) if answer.elapsed_s else ""),
        ("thought for", figures.seconds(answer.thought_s) if answer.thought_s else ""),
        ("cost", about(figures.money(answer.bill.cost_usd)) if answer.bill else ""),
        ("cache", f"{figures.percent(usage.hit_rate)} of the prompt read" if usage.total_input else ""),
    ]
    failure = answer.failure
    if failure is not None:
        facts += [("error", f"{failure.type} {failure.status or ''}".strip()), ("", failure.message)]
    lines = [f"{name:<30}{safe(value)}" for name, value in facts if value]
    counts = {name: f"{count:,}" for name in Usage.__struct_fields__ if isinstance(count := getattr(usage, name), int)}
    counts["output_tokens"] = about(counts["output_tokens"])
    return [*lines, "", *(f"{name:<30}{count:>9}" for name, count in counts.items())]


def inspection(exchange: Exchange) -> str:
    """Format the text of the inspector."""
    body = json_text(elided(decode_json(exchange.body, depth=REQUEST_DEPTH)), indent=2)
    sent = f"Request · {figures.size(len(exchange.body))} · POST /v1/messages"
    return "\n".join(["Response", *response_lines(exchange.answer), "", sent, body])


class Inspector(Modal[None]):
    BINDINGS = [Binding("escape,f5,q", "dismiss(None)", show=False, priority=True)]

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -tall"):
            yield PanelHead("Last request")
            text = TextArea("", read_only=True, soft_wrap=True, show_cursor=False, highlight_cursor_line=False)
            text.cursor_blink = False
            yield text
            yield PanelFoot(("↑↓", "scroll"), ("^C", "copy the mouse selection"), ("esc", "close"))

    async def on_mount(self) -> None:
        # Formatting a long conversation as JSON takes a while, so it runs in a thread.
        self.query_one(TextArea).load_text(await asyncio.to_thread(inspection, self._exchange))
