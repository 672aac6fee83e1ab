"""Read and check a request, in the order in which the API reports errors."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from tui.chat.model import Model
from tui.demo import compaction, schema
from tui.demo.authentication import USUAL, Workspaces, betas_of, check_access, check_version
from tui.demo.betas import check_betas
from tui.demo.breakpoints import Breakpoint, breakpoints_of
from tui.demo.errors import Refused
from tui.demo.history import check_history
from tui.demo.image_limits import check_images
from tui.demo.pdf_pages import check_pages
from tui.demo.prompt import Item, items_of
from tui.demo.rules import BINDING_BETA, Terms, check_model_rules, model_called
from tui.demo.signatures import check_thinking
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH

LONG_CONTEXT = 1_000_000
MOST, MOST_LONG_CONTEXT = 100, 600
"""Maximum number of images, and of PDF pages, in one request: for models with a small context window, and for the others."""


@dataclass(frozen=True)
class Request:
    """A valid request."""

    body: dict[str, Any]
    model: Model
    items: tuple[Item, ...]
    breakpoints: tuple[Breakpoint, ...]
    dropped_thinking: tuple[str, ...]
    """Paths of the thinking blocks that were dropped because of a changed past."""
    last_signature: str

    @property
    def tokens(self) -> int:
        return max(1, sum(item.tokens for item in self.items))


def read_request(
    headers: Mapping[str, str],
    payload: bytes,
    *,
    expired: Container[str] = (),
    workspaces: Workspaces = USUAL,
    counting: bool = False,
) -> Request:
    """Return the request of POST /v1/messages, or of its count_tokens. Raises Refused."""
    check_access(headers, expired, workspaces)
    version = check_version(headers)
    betas = betas_of(headers)
    check_betas(betas)
    body = read_json(payload)
    compaction.check_beta(body, betas)
    schema.request_check(counting=counting, compacting=compaction.BETA in betas)(body, "")
    model = model_called(body["model"])
    compaction.check_finished(body)
    check_history(body, model.id)
    compaction.check_compaction(body, model)
    check_model_rules(body, Terms(model, version, betas))
    if not counting:
        most = MOST_LONG_CONTEXT if model.context >= LONG_CONTEXT else MOST
        check_images(body, most)
        check_pages(body, most)
    items = items_of(body, model)
    breakpoints = breakpoints_of(body, items)
    checked = check_thinking(body, items, model, BINDING_BETA in betas)
    if checked.items != items:
        breakpoints = _moved(breakpoints, items, checked.items)
    request = Request(body, model, checked.items, breakpoints, checked.dropped, checked.last_signature)
    if request.tokens > model.context:
        raise Refused(f"prompt is too long: {request.tokens} tokens > {model.context} maximum")
    return request


def read_json(payload: bytes) -> dict[str, Any]:
    """Return the body as an object. Raises Refused."""
    try:
        body = decode_json(payload, depth=REQUEST_DEPTH)
    except ValueError:
        raise Refused("The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refused("Input should be a valid dictionary or object to extract fields from")
    return body


def _moved(breakpoints: tuple[Breakpoint, ...], old: tuple[Item, ...], new: tuple[Item, ...]) -> tuple[Breakpoint, ...]:
    """Return the breakpoints at the positions that their blocks have without the dropped thinking blocks."""
    places = {item.path: position for position, item in enumerate(new)}
    return tuple(Breakpoint(places[old[one.position].path], one.ttl) for one in breakpoints)
