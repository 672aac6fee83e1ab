"""Anthropic's models as data: limits, prices, thinking rules, names and retirement dates; and resolving names to models.

The table is maintained by hand from Anthropic's model, pricing and deprecation pages (November 2026). The server's own list
takes precedence over it (`from_listing`), and the user's configuration over both (`overridden`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from tui.chat.model import Effort, Model, Price
from tui.errors import TuiError

ALL_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
NEWER_TOKENIZER = 0.325
"""Tokens per character from Opus 4.7 and Sonnet 5 on: about 30 % more than before for the same text."""
FAMILIES = ("opus", "sonnet", "haiku", "fable", "mythos")


class ModelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The model that a name resolves to."""

    model: Model
    asked: str
    notice: str = ""
    """Set if another model answers than the one that was asked for; names both."""


class ModelSettingsError(TuiError):
    """Raised if `[models."ID"]` in the configuration is invalid."""


def _price(input: float, output: float, read: float, up_to: int | None = None) -> Price:
    """Return a price tier. On every model, cache writes cost 1.25 times (five minutes) or twice (an hour) the input; reads
    differ.
    """
    return Price(input=input, output=output, write_5m=1.25 * input, write_1h=2 * input, read=read, up_to=up_to)


def _current(id: str, name: str, *prices: Price, **more: Any) -> Model:
    """Return a model with a window of 1M tokens: Claude 4.6 and later."""
    family = name.split()[0].lower()
    defaults: dict[str, Any] = {
        "context": 1_000_000,
        "max_output": 128_000,
        "thinking": ("adaptive",),
        "thinking_default": True,
        "efforts": ALL_EFFORTS,
        "high_vision": True,
        "tokens_per_char": NEWER_TOKENIZER,
        "lifecycle": "legacy",
        "compaction": True,
    }
    return Model(id=id, name=name, family=family, prices=prices, **(defaults | more))


def _dated(id: str, name: str, price: Price, **more: Any) -> Model:
    """Return a model of the 4.5 generation: 200K tokens, thinking with a budget only."""
    defaults: dict[str, Any] = {"lifecycle": "legacy", "thinking": ("enabled", "disabled")}
    return Model(id=id, name=name, family=name.split()[0].lower(), prices=(price,), **(defaults | more))


def _retired(id: str, name: str, retires: str, successor: str, max_output: int = 4_096, **more: Any) -> Model:
    """Return a retired model, without a price."""
    family = name.split()[0].lower()
    return Model(
        id=id,
        name=name,
        family=family if family in FAMILIES else "",
        max_output=max_output,
        lifecycle="retired",
        retires=retires,
        successor=successor,
        **more,
    )


_OFF: dict[str, Any] = {"thinking": ("adaptive", "disabled"), "thinking_default": False}
_4_6: dict[str, Any] = {
    "thinking": ("adaptive", "enabled", "disabled"),
    "thinking_default": False,
    "efforts": ("low", "medium", "high", "max"),
    "high_vision": False,
    "tokens_per_char": 0.25,
}
_IN_CHAT: dict[str, Any] = {"in_chat": ("system", "tools")}
"""A system message in an open chat changes the system prompt and the tools."""
_ALL_IN_CHAT: dict[str, Any] = {"in_chat": ("system", "effort", "tools")}
_TEXT: dict[str, Any] = {"vision": False, "tools": False, "context": 100_000}

_LIVING: tuple[Model, ...] = (
    _current("claude-opus-5-5", "Opus 5.5", _price(4, 20, 0.20), min_cache=512, lifecycle="active",
             effort_default="medium", binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-opus-5", "Opus 5", _price(5, 25, 0.50), min_cache=512, thinking=("adaptive", "disabled"),
             high_effort_needs_thinking=True, **_ALL_IN_CHAT),
    _current("claude-opus-4-8", "Opus 4.8", _price(5, 25, 0.50), min_cache=1024, **_OFF, **_IN_CHAT),
    _current("claude-opus-4-7", "Opus 4.7", _price(5, 25, 0.50), min_cache=2048, **_OFF),
    _current("claude-opus-4-6", "Opus 4.6", _price(5, 25, 0.50), min_cache=4096, **_4_6),
    _dated("claude-opus-4-5-20251101", "Opus 4.5", _price(5, 25, 0.50), min_cache=4096,
           efforts=("low", "medium", "high"),
           lifecycle="deprecated", retires="2027-01-22", successor="claude-opus-5-5"),
    _current("claude-sonnet-5-5", "Sonnet 5.5", _price(2, 10, 0.10), min_cache=512, lifecycle="active",
             thinking=("adaptive", "between_tools"), high_effort_needs_thinking=True, binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-sonnet-5", "Sonnet 5", _price(2, 10, 0.20), min_cache=1024, thinking=("adaptive", "disabled")),
    _current("claude-sonnet-4-6", "Sonnet 4.6", _price(3, 15, 0.30), min_cache=1024, **_4_6),
    _dated("claude-sonnet-4-5-20250929", "Sonnet 4.5", _price(3, 15, 0.30), min_cache=1024,
           lifecycle="deprecated", retires="2026-11-30", successor="claude-sonnet-5-5"),
    _current("claude-haiku-5-5", "Haiku 5.5", _price(0.10, 0.50, 0.01, up_to=100_000), _price(0.50, 2.50, 0.05),
             min_cache=512, lifecycle="active", thinking=("adaptive", "disabled"), effort_default="medium",
             high_effort_needs_thinking=True, binds_thinking=True, **_ALL_IN_CHAT),
    _dated("claude-haiku-4-5-20251001", "Haiku 4.5", _price(1, 5, 0.10), min_cache=4096, lifecycle="active"),
    _current("claude-fable-5-2", "Fable 5.2", _price(8, 40, 0.20), min_cache=512, lifecycle="active",
             binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-fable-5-1", "Fable 5.1", _price(10, 50, 0.25), min_cache=512, lifecycle="active",
             binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-fable-5", "Fable 5", _price(10, 50, 1.00), min_cache=512, **_IN_CHAT),
    # The Mythos models are Fable for verified organisations.
    _current("claude-mythos-5-2", "Mythos 5.2", _price(8, 40, 0.20), min_cache=512, lifecycle="active",
             binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-mythos-5-1", "Mythos 5.1", _price(10, 50, 0.25), min_cache=512, lifecycle="active",
             binds_thinking=True, **_ALL_IN_CHAT),
    _current("claude-mythos-5", "Mythos 5", _price(10, 50, 1.00), min_cache=512, **_IN_CHAT),
    # Its retirement is announced without a date, and its price was never published.
    _current("claude-mythos-preview", "Mythos Preview", min_cache=2048, lifecycle="deprecated",
             successor="claude-mythos-5-2"),
)  # fmt: skip

_GONE: tuple[Model, ...] = (
    _retired("claude-opus-4-1-20250805", "Opus 4.1", "2026-08-05", "claude-opus-5-5", 32_000),
    _retired("claude-opus-4-20250514", "Opus 4", "2026-06-15", "claude-opus-5-5", 32_000),
    _retired("claude-3-opus-20240229", "Opus 3", "2026-01-05", "claude-opus-5-5"),
    _retired("claude-sonnet-4-20250514", "Sonnet 4", "2026-06-15", "claude-sonnet-5-5", 64_000),
    _retired("claude-3-7-sonnet-20250219", "Sonnet 3.7", "2026-02-19", "claude-sonnet-5-5", 64_000),
    _retired("claude-3-5-sonnet-20241022", "Sonnet 3.5", "2025-10-28", "claude-sonnet-5-5", 8_192),
    _retired("claude-3-5-sonnet-20240620", "Sonnet 3.5 (June 2024)", "2025-10-28", "claude-sonnet-5-5", 8_192),
    _retired("claude-3-sonnet-20240229", "Sonnet 3", "2025-07-21", "claude-sonnet-5-5"),
    _retired("claude-3-5-haiku-20241022", "Haiku 3.5", "2026-02-19", "claude-haiku-5-5", 8_192),
    _retired("claude-3-haiku-20240307", "Haiku 3", "2026-04-20", "claude-haiku-5-5"),
    _retired("claude-2.1", "Claude 2.1", "2025-07-21", "claude-sonnet-5-5", **(_TEXT | {"context": 200_000})),
    _retired("claude-2.0", "Claude 2", "2025-07-21", "claude-sonnet-5-5", **_TEXT),
    _retired("claude-1.3", "Claude 1.3", "2024-11-06", "claude-sonnet-5-5", **(_TEXT | {"context": 9_000})),
    _retired("claude-1.3-100k", "Claude 1.3 100K", "2024-11-06", "claude-sonnet-5-5", **_TEXT),
    _retired("claude-instant-1.2", "Instant 1.2", "2024-11-06", "claude-haiku-5-5", **_TEXT),
    _retired("claude-instant-1.1", "Instant 1.1", "2024-11-06", "claude-haiku-5-5",
             **(_TEXT | {"context": 9_000})),
    _retired("claude-instant-1.1-100k", "Instant 1.1 100K", "2024-11-06", "claude-haiku-5-5", **_TEXT),
)  # fmt: skip

MODELS: tuple[Model, ...] = _LIVING + _GONE
"""Newest first within a family, retired models last."""

ALIASES: Mapping[str, str] = {
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-opus-4-1": "claude-opus-4-1-20250805",
    "claude-opus-4-0": "claude-opus-4-20250514",
    "claude-sonnet-4-0": "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-latest": "claude-3-7-sonnet-20250219",
    "claude-3-5-sonnet-latest": "claude-3-5-sonnet-20241022",
    "claude-3-5-haiku-latest": "claude-3-5-haiku-20241022",
    "claude-3-opus-latest": "claude-3-opus-20240229",
}
"""Other IDs that the API accepts, or accepted, for a dated one. From 4.6 on, the undated ID is the model itself."""

MISSPELT: Mapping[str, str] = {"claude-haiku-3-5-20241022": "claude-3-5-haiku-20241022"}
"""IDs that are in circulation but never existed."""

_BY_ID: Mapping[str, Model] = {model.id: model for model in MODELS}


def find(model_id: str) -> Model:
    """Return the row of an ID, dated, undated or misspelt. An unknown ID gets safe defaults and `known=False`."""
    row = _BY_ID.get(MISSPELT.get(model_id) or ALIASES.get(model_id) or model_id)
    return row if row is not None else Model(id=model_id, name=model_id, max_output=8_192, known=False)


def suggestion(name: str) -> str:
    """Return the hint for an unknown model name: a similar family or ID, and where all are listed."""
    import difflib  # names are seldom misspelt

    close = difflib.get_close_matches(name.lower(), (*FAMILIES, *(model.id for model in MODELS)), n=1)
    meant = f'Did you mean "{close[0]}"? ' if close else ""
    return f"{meant}`prx models` and Ctrl+L in the app list all models."


def is_retired(model: Model, today: date | None = None) -> bool:
    """Return True if the model no longer answers on that day (None: ignore the dates of the table).

    A date retires only rows of our own table. For a model of the server's list `lifecycle` decides: a date in the past
    means that its retirement is overdue. Source: SDK 2.14, types/model_info.py.
    """
    if model.lifecycle == "retired":
        return True
    return not model.listed and today is not None and bool(model.retires) and model.retires <= today.isoformat()


def as_of(model: Model, today: date) -> Model:
    """Return the model with its lifecycle on that day."""
    retired = is_retired(model, today) and model.lifecycle != "retired"
    return msgspec.structs.replace(model, lifecycle="retired") if retired else model


def resolve(
    name: str, *, follow_retired: bool = True, live: Sequence[Model] = (), today: date | None = None
) -> ModelChoice:
    """Return the model for a name: a family ("sonnet"), any ID, or a display name ("Sonnet 5.5").

    A family resolves to its newest model in the server's list, else in the table. A retired model is replaced by its
    successor, with a notice that names both; with `follow_retired` off, its ID is sent unchanged.
    """
    asked = name.strip()
    if asked.lower() in FAMILIES:
        return ModelChoice(model=_newest(asked.lower(), live, today), asked=asked)
    listed = {model.id: model for model in live}
    row = listed.get(asked) or _named(asked) or find(asked)
    row = listed.get(row.id, row)
    if not is_retired(row, today) and asked not in MISSPELT:
        return ModelChoice(model=row, asked=asked)
    if not follow_retired:
        return ModelChoice(model=msgspec.structs.replace(row, id=asked if _is_id(asked) else row.id), asked=asked)
    successor = row
    while is_retired(successor, today) and successor.successor:
        successor = listed.get(successor.successor) or find(successor.successor)
    return ModelChoice(model=successor, asked=asked, notice=_notice(asked, row, successor))


def _newest(family: str, live: Sequence[Model], today: date | None) -> Model:
    for model in (*live, *MODELS):
        if model.family == family and not is_retired(model, today):
            return model
    raise AssertionError(f"the table has no living model of the family {family}")


def _named(asked: str) -> Model | None:
    if asked.startswith("claude-"):
        return None  # an ID
    name = _spoken(asked).removeprefix("claude ")
    return next((model for model in MODELS if _spoken(model.name) == name), None)


def _spoken(name: str) -> str:
    """Normalize a display name: "Haiku 4.5" and "haiku-4-5" become equal."""
    return " ".join(name.casefold().replace("-", " ").replace(".", " ").split())


def _is_id(asked: str) -> bool:
    return asked in _BY_ID or asked in ALIASES or asked in MISSPELT


def _notice(asked: str, row: Model, successor: Model) -> str:
    instead = f"{successor.name} ({successor.id}) answers in its place.{_changes(row, successor)}"
    if asked in MISSPELT:
        return f"{asked} is not a model ID: {row.name} is {row.id}, retired on {row.retires}. {instead}"
    identity = asked if _is_id(asked) else row.id
    when = f" on {row.retires}" if row.retires else ""
    return f"{row.name} ({identity}) was retired{when}. {instead}"


def _changes(row: Model, successor: Model) -> str:
    """Describe what differs with the successor, as a sentence after a space, or ""."""
    changes = []
    if successor.tokens_per_char > row.tokens_per_char:
        more = successor.tokens_per_char / row.tokens_per_char - 1
        changes.append(f"it counts about {more * 100:.0f} % more tokens for the same text")
    if successor.thinking_default and not row.thinking_default:
        changes.append("it thinks before it answers unless thinking is off")
    if successor.binds_thinking and not row.binds_thinking:
        changes.append("it cannot reuse its earlier thinking once a message before it has changed")
    return f" What changes: {'; '.join(changes)}." if changes else ""


def overridden(model: Model, settings: Mapping[str, object]) -> Model:
    """Return the model with the settings of `[models."ID"]`. A price needs `input` and `output`; the rest is derived.

    Raises `ModelSettingsError` for an unknown key or a value of the wrong type.
    """
    allowed = [name for name in Model.__struct_fields__ if name != "id"]
    for key in settings:
        if key not in allowed:
            raise ModelSettingsError(
                f'[models."{model.id}"] has no setting {key!r}.', f"Allowed are: {', '.join(allowed)}."
            )
    values = dict(settings)
    tiers = values.get("prices")
    if isinstance(tiers, list):
        values["prices"] = [_whole_price(tier) for tier in tiers]
    try:
        return msgspec.convert(msgspec.to_builtins(model) | values, Model)
    except msgspec.ValidationError as error:
        raise ModelSettingsError(f'[models."{model.id}"] cannot be read: {error}') from error


def _whole_price(tier: object) -> object:
    if not isinstance(tier, Mapping):
        return tier
    input_usd = tier.get("input")
    if isinstance(input_usd, bool) or not isinstance(input_usd, int | float):
        return dict(tier)
    return {"write_5m": 1.25 * input_usd, "write_1h": 2 * input_usd, "read": 0.1 * input_usd, **tier}
