"""What is attached, in figures: size and tokens of a picture, pages of a PDF."""

from __future__ import annotations

from tui.chat.transcript import Document, Image
from tui.images.vision import HIGH, Target, token_count
from tui.widgets import figures


def facts_of(block: Image | Document, target: Target = HIGH) -> str:
    """ "2576×1449 · 4.7k tokens", "3 pages", or else what else is known of it.

    What was sent was made for the model that saw it: its own size tells its tokens, whichever model that was.
    """
    if isinstance(block, Document):
        return figures.plural(block.pages, "page") if block.pages else figures.size(len(block.data) // 4 * 3)
    if not block.width or not block.height:
        return block.media_type
    tokens = figures.tokens(token_count(block.width, block.height, target))
    return f"{block.width}×{block.height} · {tokens} tokens"
