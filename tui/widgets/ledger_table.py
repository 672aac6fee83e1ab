"""The ledger of a chat as a table: a row for each answer, the total, and what the cache saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from tui.chat.ledger import Usage
from tui.chat.spending import Entry, Ledger, Total
from tui.render import figures

_MODEL = 13
_WIDE = 74
"""From this width on there is a column for the model."""
_COLUMNS = (("read", 7), ("written", 8), ("uncached", 9), ("output", 7), ("hit", 7), ("cost", 8), ("saved", 8))
_SHORT = {"written": ("writ.", 6), "uncached": ("new", 6), "output": ("out", 7), "read": ("read", 6), "hit": ("hit", 6)}
_STATES = {"stopped": "■", "failed": "✗", "interrupted": "✗"}


def draw_ledger(ledger: Ledger, name_of: Callable[[str], str], width: int) -> list[Content]:
    """Return the lines of the table; nothing if there is no answer."""
    if not ledger.entries:
        return []
    total = ledger.total
    wide = width >= _WIDE
    columns = _COLUMNS if wide else tuple(_SHORT.get(name, (name, cells)) for name, cells in _COLUMNS)
    cells = [size for _, size in columns]
    head = _row("turn", "model" if wide else None, [name for name, _ in columns], cells)
    rows = [_entry(entry, name_of(entry.model) if wide else None, cells) for entry in ledger.entries]
    sum_ = _row("all", "" if wide else None, _figures(total), cells)
    return [Content.styled(head, "$dim"), *rows, Content.styled(sum_, "bold"), *_notes(ledger.entries, total, width)]


def draw_lifetime(life: Total, since: str, width: int) -> list[Content]:
    """Return the lines about the usage of all chats, since a date."""
    usage, bill = life.usage, life.bill
    if not life.answers:
        return []
    about = figures.about if life.is_estimate else str
    uncached = about(figures.money(bill.uncached_usd))
    saved = f", {figures.money(bill.saved_usd)} saved of {uncached}" if bill.saved_usd > 0 else ""
    facts = [
        figures.plural(life.answers, "answer"),
        f"{figures.tokens(usage.total_input)} in, {figures.percent(usage.hit_rate)} read",
        f"{about(figures.tokens(usage.output_tokens))} out",
        *_details(usage),
    ]
    return [
        Content.assemble((f"since {since}", "bold"), f"   {about(figures.money(bill.cost_usd))}{saved}"),
        *_dim(facts, width),
        *_dim([f"{figures.plural(life.unpriced, 'answer')} with unknown price"] if life.unpriced else [], width),
    ]


def savings(total: Total) -> Content:
    """Format what the cache saved of what everything would have cost without it."""
    saved, uncached = figures.money(total.bill.saved_usd), figures.money(total.bill.uncached_usd)
    uncached = figures.about(uncached) if total.is_estimate else uncached
    if total.answers == total.unpriced:
        return Content.styled("price unknown", "$dim")
    if total.bill.saved_usd < 0:
        extra = figures.money(-total.bill.saved_usd)
        return Content.assemble((f"{extra} extra", "$warning"), (" for cache writes that were not read yet", "$dim"))
    return Content.assemble((f"saved {saved}", "bold $success"), (f" of {uncached}", "$foreground"))


def _entry(entry: Entry, model: str | None, cells: Sequence[int]) -> Content:
    turn = f"{entry.turn}{_STATES.get(entry.state, '')}"
    return Content(_row(turn, model, _figures(entry), cells))


def _figures(of: Entry | Total) -> list[str]:
    usage, bill = of.usage, of.bill
    output, cost = figures.tokens(usage.output_tokens), figures.money(bill.cost_usd if bill else None)
    return [
        figures.tokens(usage.cache_read_input_tokens),
        figures.tokens(usage.cache_creation_input_tokens),
        figures.tokens(usage.input_tokens),
        figures.about(output) if of.is_estimate else output,
        figures.percent(usage.hit_rate),
        figures.about(cost) if of.is_estimate else cost,
        figures.money(bill.saved_usd if bill else None),
    ]


def _row(turn: str, model: str | None, texts: Sequence[str], cells: Sequence[int]) -> str:
    name = "" if model is None else f"{model[: _MODEL - 1]:<{_MODEL}}"
    return f"{turn:>4}  {name}" + "".join(f"{text:>{size}}" for text, size in zip(texts, cells, strict=True))


def _notes(entries: Sequence[Entry], total: Total, width: int) -> list[Content]:
    notes = [f"{_STATES['stopped']} stopped"] if any(entry.state == "stopped" for entry in entries) else []
    if any(entry.state in ("failed", "interrupted") for entry in entries):
        notes.append(f"{_STATES['failed']} cut off")
    if total.is_estimate:
        notes.append("~ estimated from partial output")
    if total.unpriced:
        notes.append(f"{figures.plural(total.unpriced, 'answer')} with unknown price")
    return [*_dim(_details(total.usage), width), *_dim(notes, width)]


def _details(usage: Usage) -> list[str]:
    """Return further counts that are not 0: cache writes by lifetime, thinking tokens, searches."""
    hour = min(usage.write_1h, usage.cache_creation_input_tokens)
    counts = ((usage.cache_creation_input_tokens - hour, "written for 5 min"), (hour, "written for an hour"))
    facts = [
        f"{figures.tokens(count)} {what}" for count, what in (*counts, (usage.thinking_tokens, "thinking")) if count
    ]
    if usage.searches:
        facts.append(f"{usage.searches:,} {'search' if usage.searches == 1 else 'searches'}")
    return facts


def _dim(facts: Sequence[str], width: int) -> list[Content]:
    """Return the facts in as few lines as they fit into."""
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + 3 + len(fact) <= width:
            lines[-1] += f" · {fact}"
        else:
            lines.append(fact)
    return [Content.styled(line, "$dim") for line in lines]
