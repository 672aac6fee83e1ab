"""Facts of an attachment: size and tokens of an image, pages of a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.transcript import Document, Image
from tui.render import figures

if TYPE_CHECKING:
    from tui.chat.tokens import Target


def facts_of(block: Image | Document, target: Target | None = None) -> str:
    """Format the facts of an attachment, e.g. "2576×1449 · 4.7k tokens" or "3 pages"; else its type or size.

    An image that was sent has the size for the model that saw it, so its own size gives its tokens. Without a `target` the
    highest resolution is assumed.
    """
    if isinstance(block, Document):
        return figures.plural(block.pages, "page") if block.pages else figures.size(len(block.data) // 4 * 3)
    if not block.width or not block.height:
        return block.media_type
    from tui.chat.tokens import HIGH, token_count  # loaded with the first image

    count = token_count(block.width, block.height, target or HIGH)
    return f"{block.width}×{block.height} · {figures.tokens(count)} {'token' if count == 1 else 'tokens'}"
