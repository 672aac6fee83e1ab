"""The available models under the given settings, and the model that a name stands for. Sends nothing."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from tui.anthropic.model_cache import cache_file, read_list
from tui.anthropic.models import MODELS, ModelChoice, as_of, find, overridden, resolve
from tui.chat.model import Model
from tui.config import ModelFacts, Settings


def utc_today() -> date:
    """Return today's date in UTC, which the API uses for retirements."""
    return datetime.now(timezone.utc).date()


def known_models(settings: Settings, live: tuple[Model, ...], today: date) -> tuple[Model, ...]:
    """Return all models: those the server listed, then the others of the built-in table and of the configuration."""
    listed = {model.id for model in live}
    rows = [*live, *(model for model in MODELS if model.id not in listed)]
    named = {model.id for model in rows}
    rows += [find(id) for id in settings.models if id not in named]
    return tuple(as_of(corrected(model, settings), today) for model in rows)


def choose(settings: Settings, name: str, live: tuple[Model, ...], today: date) -> ModelChoice:
    """Return the model that a family or an ID stands for on that day. Without a name: the configured model."""
    follow = settings.anthropic.follow_retired
    choice = resolve(name or settings.model, follow_retired=follow, live=live, today=today)
    return msgspec.structs.replace(choice, model=corrected(choice.model, settings))


def corrected(model: Model, settings: Settings) -> Model:
    """Return the model with the facts from `[models."ID"]` of the configuration applied."""
    facts = settings.models.get(model.id)
    if facts is None:
        return model
    changes: dict[str, Any] = {
        name: value
        for name in ModelFacts.__struct_fields__
        if not name.startswith("price_") and (value := getattr(facts, name)) is not None
    }
    if facts.price_input is not None and facts.price_output is not None:
        tier = {"input": facts.price_input, "output": facts.price_output}
        if facts.price_read is not None:
            tier["read"] = facts.price_read
        if facts.price_write is not None:
            tier["write_5m"] = facts.price_write
        changes["prices"] = [tier]
    return overridden(model, changes)


def cached_models(settings: Settings) -> tuple[Model, ...]:
    """Return the cached server list, however old it is, or nothing."""
    listed = read_list(list_file(settings))
    return listed.models if listed else ()


def list_file(settings: Settings) -> Path:
    """Return the path of the cached server list."""
    return cache_file(settings.folders.cache, settings.anthropic.api_url)
