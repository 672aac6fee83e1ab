"""The last request and its answer, kept for whoever wants to look at them."""

from __future__ import annotations

import msgspec

from tui.chat.transcript import Message


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request's body as it was sent, and the answer once it has ended."""

    body: bytes
    answer: Message | None = None
