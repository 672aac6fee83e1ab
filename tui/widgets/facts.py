"""What is attached, in figures: size and tokens of a picture, pages of a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.transcript import Document, Image
from tui.render import figures

if TYPE_CHECKING:
    from tui.chat.tokens import Target


def facts_of(block: Image | Document, target: Target | None = None) -> str:
    """ "2576×1449 · 4.7k tokens", "3 pages", or else what else is known of it.

    What was sent was made for the model that saw it: its own size tells its tokens, whichever model that was. Without a
    `target`, the one of the highest resolution.
    """
    if isinstance(block, Document):
        return figures.plural(block.pages, "page") if block.pages else figures.size(len(block.data) // 4 * 3)
    if not block.width or not block.height:
        return block.media_type
    from tui.chat.tokens import HIGH, token_count  # nothing of the pictures is loaded before there is one

    count = token_count(block.width, block.height, target or HIGH)
    return f"{block.width}×{block.height} · {figures.tokens(count)} {'token' if count == 1 else 'tokens'}"
