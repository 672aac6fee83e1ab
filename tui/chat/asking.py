"""What a session needs of the side that talks to a model: requests that can be streamed, and a way to see images."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import msgspec

from tui.chat.events import StreamEvent, Waiting
from tui.chat.transcript import Block, BlockPosition, Transcript
from tui.errors import TuiError

Stream = AsyncGenerator[StreamEvent | Waiting, None]


class NothingToSend(TuiError):
    """The conversation has nothing that a model could answer."""

    def __init__(self) -> None:
        super().__init__("There is nothing to send.", "Type a prompt, or attach an image.")


class Request(msgspec.Struct, frozen=True):
    """What one request of a turn will send, and how."""

    model: str
    body: bytes
    stream: Callable[[], Stream]
    """Sends it. The stream raises a TuiError where it fails."""
    notices: tuple[str, ...] = ()
    """What the user should know of the request itself, such as another model answering than the one that was asked for."""
    manner: str = ""
    """With which thinking and effort, as `reasoning.manner` says them."""
    refused: Callable[[BaseException | None], tuple[BlockPosition, ...]] = lambda error: ()
    """Which pictures and documents of the transcript the server would not take, going by what the stream raised."""
    refused_tools: Callable[[BaseException | None], tuple[str, ...]] = lambda error: ()
    """The same for the tools that it carries out itself: their names, where it takes no request that offers them."""


Ask = Callable[[Transcript], Request]
"""Makes the request that continues a transcript. It runs on the engine's thread, once for each request of a turn."""


class Sight(Protocol):
    """How images are seen: those in a prompt's text, and all of a request's together. Both may take a while."""

    async def blocks(self, text: str) -> tuple[Block, ...]:
        """A prompt's text as the blocks to send."""

    async def fitted(self, transcript: Transcript) -> Transcript:
        """The transcript as one request can hold it. Raises a TuiError where none can."""
