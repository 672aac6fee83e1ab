"""What of a conversation the API means when it refuses a request: which pictures and documents, which of its own tools.

Pictures and documents it names by their place in the request (`messages.2.content.0.image.source…`). The builder says what
stands there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.anthropic.errors import BadRequest, PermissionDenied, RequestTooLarge, rejects_web_search
from tui.anthropic.replay import Dialect, RequestPosition, attachment_positions
from tui.chat.model import Model
from tui.chat.transcript import BlockPosition, Message, Tool

# Between the numbers may stand the kind of what is there: messages.2.content.0.tool_result.content.1.image.source.base64.
_PATH = re.compile(r"\bmessages\.(\d+)\.content\.(\d+)((?:\.[A-Za-z_]+)*?\.content\.(\d+))?((?:\.\w+)*)")
_NAMELESS = re.compile(r"could not process (?:image|pdf|document)|pdf .*(?:not valid|invalid|password)", re.IGNORECASE)
"""Words in which the API refuses an attachment without saying which."""


def rejected_blocks(
    error: BaseException | None, messages: Sequence[Message], model: Model, dialect: Dialect
) -> tuple[BlockPosition, ...]:
    """The places of what the API would not take of these messages; none where it refused something else.

    Where it names none, what it has taken before is not meant: it is what came last, if that can be told.
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
    # Of several in a prompt the user can say which; a tool's results are nobody's to take out again.
    return tuple(new) if len(new) == 1 or all(place.inner is not None for place in new) else ()


def rejected_tools(error: BaseException | None, tools: Sequence[Tool]) -> tuple[str, ...]:
    """The names of those among these tools that the server would carry out itself, and will not."""
    if not (isinstance(error, BadRequest | PermissionDenied) and rejects_web_search(error.message)):
        return ()
    return tuple(tool.name for tool in tools if tool.server)


def _named(text: str) -> list[RequestPosition]:
    """The places that a text names, but for those of their cache breakpoints."""
    return [
        tuple(int(number) for number in (message, block, inner) if number)
        for message, block, _, inner, rest in _PATH.findall(text)
        if "cache_control" not in rest
    ]
