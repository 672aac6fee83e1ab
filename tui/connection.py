"""From settings to an answer: which model a name means, which credential is used, and how a conversation is sent.

The one place where the configuration meets the provider, for the full screen and for `-p` alike. Nothing here is sent, and
httpx is not loaded, before the first request.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tui.anthropic.models import MODELS, Choice, find, overridden, resolve
from tui.chat.model import Model
from tui.config import ModelFacts, Settings


def known_models(settings: Settings, live: tuple[Model, ...] = ()) -> tuple[Model, ...]:
    """Every model there is to choose from: what the server listed, then the rest of our table and of the configuration."""
    listed = {model.id for model in live}
    rows = [*live, *(model for model in MODELS if model.id not in listed)]
    named = {model.id for model in rows}
    rows += [find(id) for id in settings.models if id not in named]
    return tuple(_corrected(model, settings) for model in rows)


def choose(settings: Settings, name: str, live: tuple[Model, ...] = ()) -> Choice:
    """The model that a family or an ID means under these settings. No name: the configured one."""
    choice = resolve(name or settings.model, follow_retired=settings.anthropic.follow_retired, live=live)
    return msgspec.structs.replace(choice, model=_corrected(choice.model, settings))


def _corrected(model: Model, settings: Settings) -> Model:
    facts = settings.models.get(model.id)
    if facts is None:
        return model
    said: dict[str, Any] = {
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
        said["prices"] = [tier]
    return overridden(model, said)
