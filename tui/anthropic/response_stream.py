"""What arrives in a response -> the events of an answer, while it comes or once it is whole."""

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

_TRAILING_S = 0.5  # for what may follow `message_stop`, so that the connection can be used again


def parse_whole_message(kind: str, body: bytes) -> tuple[StreamEvent, ...]:
    if body.lstrip()[:1] == b"{":
        return wire.parse_message(body)
    raise ProtocolError(
        f"The server answered with {errors.clean(kind) or 'something'} instead of a stream",
        "Check that `api_url` is the address of an Anthropic API.",
    )


async def parse_events(response: httpx.Response) -> AsyncGenerator[StreamEvent, None]:
    """The events that arrive, without pings and what is new to us.

    Raises ProtocolError for what is no event, and where all that arrives adds next to nothing to an answer.
    """
    splitter = EventDecoder()
    received = kept = 0
    try:
        async for chunk in response.aiter_raw():  # which `bodies` has unpacked
            received += len(chunk)
            for payload in splitter.feed(chunk):
                event = wire.parse(payload)
                if event is not None and not isinstance(event, Unknown):
                    kept += event_size(event)
                    yield event
            if received > REPLY_WASTE_BYTES + kept * REPLY_WASTE_RATIO:
                raise ProtocolError(
                    f"The server sent {received // MIB} MB with next to nothing in them, so prx ended the answer",
                    "What had arrived is kept. Send again.",
                )
    except EventTooLong:
        raise ProtocolError(
            f"The server sent an event of more than {EVENT_BYTES // MIB} MB, so prx ended the answer",
            "What had arrived is kept. Check `api_url`.",
        ) from None


async def drain(payloads: AsyncGenerator[object, None]) -> None:
    """Reads what follows the end, normally nothing, since only a response that was read can leave its connection."""

    async def read() -> None:
        async for _ in payloads:
            pass

    harmless = (asyncio.TimeoutError, httpx.HTTPError, ProtocolError, wire.ErrorSent)
    with suppress(*harmless):  # the answer is complete: nothing is lost
        await asyncio.wait_for(read(), _TRAILING_S)
