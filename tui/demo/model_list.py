"""GET /v1/models: the models in the API's format, in pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tui.anthropic.models import MODELS, find
from tui.chat.model import Model
from tui.demo.capabilities import RELEASED
from tui.demo.errors import Refused

MAX_PAGE = 1000
LIFECYCLES = ("active", "deprecated", "retired")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
THINKING_TYPES = ("adaptive", "between_tools", "enabled", "disabled")


def page(query: str) -> dict[str, Any]:
    """Return one page of the list, newest model first. Raises Refused for an invalid query."""
    asked = parse_qs(query, keep_blank_values=True)
    for name in asked:
        if name not in ("limit", "after_id", "before_id", "lifecycle[]", "lifecycle"):
            raise Refused(f"{name}: Extra inputs are not permitted")
    limit = _limit(asked.get("limit", ["20"])[-1])
    wanted = asked.get("lifecycle[]", []) + asked.get("lifecycle", []) or ["active", "deprecated"]
    if unknown := [one for one in wanted if one not in LIFECYCLES]:
        raise Refused(f"lifecycle: Input should be 'active', 'deprecated' or 'retired', not '{unknown[0]}'")
    models = [model for model in _newest_first() if lifecycle(model) in wanted]
    shown, has_more = _cut(models, limit, asked.get("after_id", [""])[-1], asked.get("before_id", [""])[-1])
    return {
        "data": [entry(model) for model in shown],
        "has_more": has_more,
        "first_id": shown[0].id if shown else None,
        "last_id": shown[-1].id if shown else None,
    }


def one(model_id: str) -> dict[str, Any]:
    """Return the entry of a model, by ID or alias. Raises Refused (404)."""
    model = find(model_id)
    if not model.known:
        raise Refused(f"model: {model_id}", status=404)
    return entry(model)


def lifecycle(model: Model) -> str:
    """Return the API's word for the lifecycle; it has none for models that have a newer version."""
    return model.lifecycle if model.lifecycle in LIFECYCLES else "active"


def entry(model: Model) -> dict[str, Any]:
    """Return a model in the API's format."""

    def supported(yes: bool = True) -> dict[str, Any]:
        return {"supported": yes}

    retired = lifecycle(model) != "active"
    return {
        "type": "model",
        "id": model.id,
        "display_name": f"Claude {model.name}",
        "created_at": f"{_released(model)}T00:00:00Z",
        "line": model.family or None,
        "lifecycle": lifecycle(model),
        "deprecated_at": f"{_released(model)}T00:00:00Z" if retired else None,
        "retires_at": f"{model.retires}T00:00:00Z" if retired and model.retires else None,
        "max_input_tokens": model.context,
        "max_tokens": model.max_output,
        "capabilities": {
            "image_input": supported(model.vision),
            "pdf_input": supported(model.vision),
            "batch": supported(),
            "citations": supported(),
            "code_execution": supported(),
            "structured_outputs": supported(),
            "context_management": supported(),
            "server_tools": {**supported(), "web_search": supported(), "code_execution": supported()},
            "effort": {
                **supported(bool(model.efforts)),
                **{level: supported(level in model.efforts) for level in EFFORTS},
            },
            "thinking": {
                **supported(bool(model.thinking)),
                "types": {kind: supported(kind in model.thinking) for kind in THINKING_TYPES},
            },
        },
    }


def openai_page() -> dict[str, Any]:
    """Return the list in OpenAI's format, as compatible servers do."""
    return {
        "object": "list",
        "data": [
            {"id": model.id, "object": "model", "created": 1_760_000_000, "owned_by": "library"}
            for model in _newest_first()
            if model.lifecycle == "active"
        ],
    }


def _released(model: Model) -> str:
    """Return the release date. The ID of a retired model contains it, or only the year matters."""
    digits = model.id.rpartition("-")[2]
    dated = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdigit() else "2023-07-11"
    return RELEASED.get(model.id, dated)


def _newest_first() -> list[Model]:
    return sorted(MODELS, key=_released, reverse=True)


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MAX_PAGE:
        raise Refused(f"limit: Input should be a whole number from 1 to {MAX_PAGE}")
    return int(text)


def _cut(models: list[Model], limit: int, after_id: str, before_id: str) -> tuple[list[Model], bool]:
    """Return the models of a page, and whether there are more in its direction."""
    if after_id and before_id:
        raise Refused("Only one of after_id and before_id can be specified.")
    ids = [model.id for model in models]
    for cursor in filter(None, (after_id, before_id)):
        if find(cursor).id not in ids:
            raise Refused(f"Invalid cursor: {cursor}")
    if before_id:
        before = models[: ids.index(find(before_id).id)]
        return before[-limit:], len(before) > limit
    rest = models[ids.index(find(after_id).id) + 1 :] if after_id else models
    return rest[:limit], len(rest) > limit
