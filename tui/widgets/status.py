"""The status line: model, context window, tokens, cache and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.chat.ledger import Bill, Usage
from tui.chat.model import Model
from tui.chat.transcript import Message, Transcript
from tui.render import figures

_GAP = " · "


class ChatFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one chat. `last` is None before the first answer, `bill` if no price is known."""

    model: Model
    last: Usage | None = None
    total: Usage = Usage()
    bill: Bill | None = None
    is_estimate: bool = False
    """True if an answer was interrupted, so that output and cost are estimates."""


def figures_of(transcript: Transcript, model: Model, discarded: Sequence[Message] = ()) -> ChatFigures:
    """Return the figures of a conversation, with those of discarded answers that were billed.

    Answers without a known price are left out of the sum; without any price there is no sum.
    """
    answers = [message for message in transcript.messages if message.role == "assistant" and message.usage != Usage()]
    total = Usage()
    bill: Bill | None = None
    for message in (*answers, *discarded):
        total += message.usage
        if message.bill is not None:
            bill = message.bill if bill is None else bill + message.bill
    return ChatFigures(
        model=model,
        last=answers[-1].usage if answers else None,
        total=total,
        bill=bill,
        is_estimate=not all(message.is_counted for message in (*answers, *discarded)),
    )


def parts(state: ChatFigures, width: int, warmth: str = "") -> list[tuple[str, str]]:
    """Return kind and text of each figure that fits into `width` cells, from left to right.

    From the first answer on each has a fixed width, so that nothing moves when a number changes. Tokens are dropped first,
    then the hit rate of the chat, the context window and the warmth; model, cache and cost stay.
    """
    last, total = state.last, state.total
    if last is None:
        return [
            ("model", state.model.name),
            ("ctx", f"ctx {figures.UNKNOWN}"),
            ("cache", f"cache {figures.UNKNOWN}"),
            ("cost", figures.money(state.bill.cost_usd if state.bill else 0.0)),
        ]
    used = (last.total_input + last.output_tokens) / state.model.context
    cost = figures.money(state.bill.cost_usd if state.bill else None)
    read, written = figures.tokens(total.total_input), figures.tokens(total.output_tokens)
    if state.is_estimate:
        cost, written = figures.about(cost), figures.about(written)
    every = {
        "model": state.model.name,
        "ctx": f"ctx {figures.percent(used):>4}",
        "tokens": f"{read:>5} in {written:>5} out",
        "cache": f"cache {figures.percent(last.hit_rate):>4}",
        "chat": f"chat {figures.percent(total.hit_rate):>4}",
        **({"warmth": warmth} if warmth else {}),
        "cost": f"{cost:>7}",
    }
    if _width(every) > width:
        every["tokens"] = f"↑{read:>5} ↓{written:>5}"
    for name in ("tokens", "chat", "ctx", "warmth"):
        if _width(every) > width:
            every.pop(name, None)
    return list(every.items())


def _width(figures_shown: Mapping[str, str]) -> int:
    return sum(map(len, figures_shown.values())) + len(_GAP) * (len(figures_shown) - 1)


class StatusBar(Widget):
    """The figures, right-aligned and dim. What was read from the cache, and what is warm, is green."""

    DEFAULT_CSS = """
    StatusBar {
        height: 1;
        color: $dim;
        & .status--cache { color: $success; }
        & .status--gap { color: $faint; }
    }
    """
    COMPONENT_CLASSES = {"status--cache", "status--gap"}

    chat: reactive[ChatFigures | None] = reactive(None)
    warmth: reactive[str] = reactive("")
    """The warmth of the cache as text, e.g. "warm 4:10"."""
    is_warm: reactive[bool] = reactive(False)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        base = self.rich_style
        if y or self.chat is None:
            return Strip.blank(width, base)
        green = base + self.get_component_rich_style("status--cache", partial=True)
        gap = base + self.get_component_rich_style("status--gap", partial=True)
        segments: list[Segment] = []
        for kind, text in parts(self.chat, width, self.warmth):
            if segments:
                segments.append(Segment(_GAP, gap))
            read = kind == "cache" and self.chat.last is not None and self.chat.last.cache_read_input_tokens > 0
            segments.append(Segment(text, green if read or (kind == "warmth" and self.is_warm) else base))
        line = Strip(segments)
        return Strip.join([Strip.blank(max(0, width - line.cell_length), base), line]).crop(0, width)
