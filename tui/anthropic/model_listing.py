"""Parse a server's model list and merge it with the bundled table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tui.anthropic.errors import ProtocolError
from tui.anthropic.models import ALL_EFFORTS, NEWER_TOKENIZER, find
from tui.chat.model import Lifecycle, Model
from tui.inputs.bounded import decode_json
from tui.inputs.limits import COUNT, LABEL_CHARS, MODELS

_MOST_FIELDS = 200
"""Commas per model above which a list is not parsed: real ones have about 60."""


class TooManyModels(ProtocolError):
    """Raised if the server lists more models than anybody can choose from."""

    def __init__(self) -> None:
        super().__init__(
            f"The server lists more than {MODELS:,} models, so prx does not use its list.",
            "Name a model with -m, or in config.toml.",
        )


class _Listed(msgspec.Struct, frozen=True):
    id: str
    display_name: str | None = None
    created_at: str | None = None
    line: str | None = None
    lifecycle: str | None = None
    retires_at: str | None = None
    max_input_tokens: int | None = None
    max_tokens: int | None = None
    capabilities: dict[str, Any] | None = None


class _Listing(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]


_LIFECYCLES: Mapping[str, Lifecycle] = {"active": "active", "deprecated": "deprecated", "retired": "retired"}


def from_listing(payload: bytes) -> tuple[Model, ...]:
    """Return the models on one page of `GET /v1/models`, newest first, each merged with its row of the table.

    Also accepts OpenAI's shape. Invalid entries are skipped; a payload that is not a list gives no models. Raises
    TooManyModels.
    """
    if payload.count(b",") > MODELS * _MOST_FIELDS:
        raise TooManyModels
    try:
        entries = decode_json(payload, type=_Listing).data
    except msgspec.DecodeError:
        return ()
    if len(entries) > MODELS:
        raise TooManyModels
    listed: list[_Listed] = []
    for entry in entries:
        try:
            one = decode_json(entry, type=_Listed)
        except msgspec.DecodeError:
            continue
        if 0 < len(one.id) <= LABEL_CHARS:
            listed.append(one)
    listed.sort(key=lambda one: one.created_at or "", reverse=True)
    return tuple(_merged(one) for one in listed)


def _merged(listed: _Listed) -> Model:
    row = find(listed.id)
    fields: dict[str, Any] = {"id": listed.id, "listed": True}
    if listed.display_name and not row.known:
        fields["name"] = listed.display_name.removeprefix("Claude ")[:LABEL_CHARS]
    if listed.line:
        fields["family"] = listed.line[:LABEL_CHARS]
    if _is_size(listed.max_input_tokens):
        fields["context"] = listed.max_input_tokens
    if _is_size(listed.max_tokens):
        fields["max_output"] = listed.max_tokens
    fields |= _life(listed, row) | _abilities(listed.capabilities or {})
    if listed.capabilities and not row.known:
        # A Claude that is newer than this table: assume the newest tokenizer.
        fields |= {"known": True, "tokens_per_char": NEWER_TOKENIZER}
    return msgspec.structs.replace(row, **fields)


def _life(listed: _Listed, row: Model) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if (day := (listed.retires_at or "")[:10]) and _is_day(day):
        fields["retires"] = day
    lifecycle = _LIFECYCLES.get(listed.lifecycle or "")
    if lifecycle == "active" and row.lifecycle == "legacy":
        return fields  # the API has no word for legacy: active, but superseded
    if lifecycle:
        fields["lifecycle"] = lifecycle
    elif row.lifecycle == "retired":
        # A gateway that lists a model serves it, even if Anthropic has retired it.
        fields |= {"lifecycle": "unknown", "retires": ""}
    return fields


def _is_size(tokens: int | None) -> bool:
    """True if a token count is plausible for a model."""
    return tokens is not None and 0 < tokens <= COUNT


def _is_day(text: str) -> bool:
    """True for an ISO date, e.g. 2027-01-22."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _abilities(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    vision = _supported(capabilities.get("image_input"))
    if vision is not None:
        fields["vision"] = vision
    compaction = _supported(capabilities.get("compaction"))
    if compaction is not None:
        fields["compaction"] = compaction
    effort = capabilities.get("effort")
    if _supported(effort) is not None and isinstance(effort, dict):
        levels = tuple(level for level in ALL_EFFORTS if _supported(effort.get(level)))
        if levels or not _supported(effort):
            fields["efforts"] = levels
    thinking = capabilities.get("thinking")
    if isinstance(thinking, dict):
        types = thinking.get("types")
        if _supported(thinking) is False:
            fields["thinking"] = ()
        elif isinstance(types, dict):
            fields["thinking"] = tuple(kind for kind, ability in types.items() if _supported(ability))
    return fields


def _supported(ability: object) -> bool | None:
    """Return the value of `{"supported": …}`, or None if it has none."""
    value = ability.get("supported") if isinstance(ability, dict) else None
    return value if isinstance(value, bool) else None
