"""Find the parts of a conversation that the API rejected: images and documents, or server-side tools.

The API names images and documents by their position in the request (`messages.2.content.0.image.source…`); `replay` maps it
back to the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.anthropic.errors import BadRequest, PermissionDenied, RequestTooLarge, rejects_web_search
from tui.anthropic.replay import Dialect, RequestPosition, attachment_positions
from tui.chat.model import Model
from tui.chat.transcript import BlockPosition, Message, Tool

# Block types may appear between the numbers: messages.2.content.0.tool_result.content.1.image.source.base64.
_PATH = re.compile(r"\bmessages\.(\d+)\.content\.(\d+)((?:\.[A-Za-z_]+)*?\.content\.(\d+))?((?:\.\w+)*)")
_NAMELESS = re.compile(r"could not process (?:image|pdf|document)|pdf .*(?:not valid|invalid|password)", re.IGNORECASE)
"""Messages that reject an attachment without naming it."""


def rejected_blocks(
    error: BaseException | None, messages: Sequence[Message], model: Model, dialect: Dialect
) -> tuple[BlockPosition, ...]:
    """Return the positions of the blocks that the API rejected; none if it rejected something else.

    If the error names none, it means the newest attachments, as earlier ones were accepted before. They are returned only
    if it is clear which.
    """
    if not isinstance(error, BadRequest) or isinstance(error, RequestTooLarge):
        return ()
    places = attachment_positions(messages, model, dialect)
    named = [sent for text in (*error.paths, error.message) for sent in _named(text)]
    found = dict.fromkeys(places[sent] for sent in named if sent in places)
    if found or named or not _NAMELESS.search(error.message):
        return tuple(found)
    last = max(places, default=(-1,))[0]
    new = [place for sent, place in places.items() if sent[0] == last and place.message == len(messages) - 1]
    # Of several in a prompt, the user can remove the right one. Nobody can remove those in tool results.
    return tuple(new) if len(new) == 1 or all(place.inner is not None for place in new) else ()


def rejected_tools(error: BaseException | None, tools: Sequence[Tool]) -> tuple[str, ...]:
    """Return the names of the server-side tools among `tools` that the server rejected."""
    if not (isinstance(error, BadRequest | PermissionDenied) and rejects_web_search(error.message)):
        return ()
    return tuple(tool.name for tool in tools if tool.server)


def _named(text: str) -> list[RequestPosition]:
    """Return the positions that a text names, without those of cache breakpoints."""
    return [
        tuple(int(number) for number in (message, block, inner) if number)
        for message, block, _, inner, rest in _PATH.findall(text)
        if "cache_control" not in rest
    ]
