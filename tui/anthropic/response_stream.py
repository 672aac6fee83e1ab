"""Convert the body of a response into stream events, either as it arrives or once it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import httpx

from tui.anthropic import errors, wire
from tui.anthropic.errors import ProtocolError
from tui.anthropic.sse import EventDecoder, EventTooLong
from tui.chat.events import StreamEvent, Unknown
from tui.chat.reply_size import event_size
from tui.inputs.limits import EVENT_BYTES, MIB, REPLY_WASTE_BYTES, REPLY_WASTE_RATIO

_TRAILING_S = 0.5  # the time to read what follows `message_stop`, so that the connection can be reused


def parse_whole_message(kind: str, body: bytes) -> tuple[StreamEvent, ...]:
    """Return the events of a complete JSON message. Raises ProtocolError if the body is not a message."""
    if body.lstrip()[:1] == b"{":
        return wire.parse_message(body)
    raise ProtocolError(
        f"The server sent {errors.clean(kind) or 'something'} instead of a stream",
        "Check that `api_url` is the address of an Anthropic API.",
    )


async def parse_events(response: httpx.Response) -> AsyncGenerator[StreamEvent, None]:
    """Yield the events as they arrive, without pings and unknown events.

    Raises ProtocolError for an invalid event, and if the server sends much data that adds next to nothing to the answer.
    """
    splitter = EventDecoder()
    received = kept = 0
    async for chunk in response.aiter_raw():  # decompressed by `bounded_body`
        received += len(chunk)
        is_too_long = False
        try:
            payloads = splitter.feed(chunk)
        except EventTooLong as error:
            payloads, is_too_long = error.before, True
        for event in wire.parse_all(payloads):
            if not isinstance(event, Unknown):
                kept += event_size(event)
                yield event
        if is_too_long:
            raise ProtocolError(
                f"The server sent an event of more than {EVENT_BYTES // MIB} MB, so prx stopped the answer",
                "The part that was received is kept. Check `api_url`.",
            )
        if received > REPLY_WASTE_BYTES + kept * REPLY_WASTE_RATIO:
            raise ProtocolError(
                f"The server sent {received // MIB} MB with almost no content, so prx stopped the answer",
                "The part that was received is kept. Send again.",
            )


async def drain(payloads: AsyncGenerator[object, None]) -> None:
    """Read what follows the end, normally nothing: a connection can be reused only after its response was read
    completely.
    """

    async def read() -> None:
        async for _ in payloads:
            pass

    harmless = (asyncio.TimeoutError, httpx.HTTPError, ProtocolError, wire.ErrorSent)
    with suppress(*harmless):  # the answer is complete, so nothing is lost
        await asyncio.wait_for(read(), _TRAILING_S)
