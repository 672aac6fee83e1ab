"""The interface between a session and a provider: requests that can be streamed, and the preparation of images."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import msgspec

from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.transcript import Block, BlockPosition, Change, Transcript
from tui.errors import TuiError

Stream = AsyncGenerator[StreamEvent | RetryScheduled, None]


class NothingToSend(TuiError):
    """Raised for a conversation that has nothing for a model to answer."""

    def __init__(self) -> None:
        super().__init__("There is nothing to send.", "Type a prompt, or attach an image.")


class Request(msgspec.Struct, frozen=True):
    """One request of a turn: what is sent, and how."""

    model: str
    body: bytes
    stream: Callable[[], Stream]
    """Send the request and return its events. The stream raises a TuiError if the request fails."""
    notices: tuple[str, ...] = ()
    """Notices for the user about the request itself, e.g. that another model answers than the one that was chosen."""
    settings: str = ""
    """The thinking mode and the effort of the request, as formatted by `reasoning.request_settings`."""
    prefix: str = ""
    """Hash of the tools and the system prompt that the request begins with, from `cache_state.prefix_hash`."""
    change: Change | None = None
    """What the request changes at this point of the conversation."""
    rejected_blocks: Callable[[BaseException | None], tuple[BlockPosition, ...]] = lambda error: ()
    """Return the positions of the images and documents that the server rejected, given what the stream raised."""
    rejected_tools: Callable[[BaseException | None], tuple[str, ...]] = lambda error: ()
    """Return the names of the server-side tools that the server does not allow, given what the stream raised."""


RequestBuilder = Callable[[Transcript], Request]
"""Build the request that continues a transcript. Called on the engine's thread, once for each request of a turn."""


class AttachmentPreparer(Protocol):
    """Prepares the images and documents of a request for a model. Both methods may take a while."""

    async def resolve(self, text: str) -> tuple[Block, ...]:
        """Return the text of a prompt as blocks, with image markers replaced by images."""

    async def fit(self, transcript: Transcript) -> Transcript:
        """Return the transcript with its images shrunk so that one request can hold them. Raises a TuiError if none can."""
