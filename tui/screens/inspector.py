"""The request inspector: what was sent and what came back, of the last request. Credentials never get here."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from tui.chat.exchange import Exchange
from tui.chat.ledger import Usage
from tui.chat.transcript import Message
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH
from tui.render import figures
from tui.render.json_text import json_text
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.panel import PanelHead

_LONGEST = 2_000
"""Characters of one JSON string that are shown; of a longer one, its beginning and its size."""


def elided(value: object) -> object:
    """The JSON value with long strings cut to their beginning: pictures and pasted books are not for reading here."""
    match value:
        case str() if len(value) > _LONGEST:
            return f"{value[:80]}… ({figures.size(len(value.encode('utf-8', 'replace')))} in all)"
        case list():
            return [elided(item) for item in value]
        case dict():
            return {key: elided(item) for key, item in value.items()}
        case _:
            return value


def response_lines(answer: Message | None) -> list[str]:
    """IDs, ending, usage and timing of the response, one fact a line."""
    if answer is None:
        return ["the response has not ended yet"]
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
    counts = {name: f"{getattr(usage, name):,}" for name in Usage.__struct_fields__}
    counts["output_tokens"] = about(counts["output_tokens"])
    return [*lines, "", *(f"{name:<30}{count:>9}" for name, count in counts.items())]


def inspection(exchange: Exchange) -> str:
    """The whole text of the inspector."""
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
            yield PanelHead("The last request")
            text = TextArea("", read_only=True, soft_wrap=True, show_cursor=False, highlight_cursor_line=False)
            text.cursor_blink = False
            yield text
            yield Static("↑↓ scroll   select with the mouse, ctrl+c copies   esc close", classes="panel--foot")

    async def on_mount(self) -> None:
        # A long conversation takes a while to be laid out as JSON: not on the screen's own thread.
        self.query_one(TextArea).load_text(await asyncio.to_thread(inspection, self._exchange))
