"""PDF and text files as document blocks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from tui.chat.base64_slices import encode_base64
from tui.chat.tokens import LONG_CONTEXT, Viewer
from tui.chat.transcript import Document, ToolResult, Transcript
from tui.images.api_limits import MAX_REQUEST_BYTES
from tui.images.errors import CannotAttach
from tui.images.pdf import pdf_facts
from tui.inputs.charset import decode_text

MAX_PDF_BYTES = MAX_REQUEST_BYTES // 4 * 3 - 64 * 1024
"""Largest PDF that fits into a request: base64 adds a third, and the prompt needs room, too."""
MAX_TEXT_BYTES = 4 * 1024 * 1024
"""About a million tokens: more than any model reads."""


def max_pages(model: Viewer) -> int:
    """Return how many PDF pages one request may have. Source: Anthropic, PDF support."""
    return 600 if model.context >= LONG_CONTEXT else 100


def pdfs_in(transcript: Transcript) -> tuple[Document, ...]:
    """Return the PDFs in a request of this conversation, including those in tool results."""
    blocks = chain.from_iterable(message.blocks for message in transcript.messages)
    flattened = chain.from_iterable(one.content if isinstance(one, ToolResult) else (one,) for one in blocks)
    return tuple(
        one
        for one in flattened
        if isinstance(one, Document) and one.media_type == "application/pdf" and not one.quarantined
    )


def pdf_document(data: bytes, name: str, model: Viewer) -> Document:
    """Return a PDF as a block. Raises CannotAttach if the API would not accept it."""
    if len(data) > MAX_PDF_BYTES:
        raise CannotAttach(
            f"{name} has {len(data) / 2**20:.0f} MB, and the limit for a PDF is {MAX_PDF_BYTES // 2**20} MB",
            "Attach a part of it, or a version with smaller images.",
        )
    facts = pdf_facts(data)
    if facts is not None and facts.is_encrypted:
        raise CannotAttach(f"{name} is encrypted, and Claude cannot open it", "Save it without a password first.")
    pages = facts.pages if facts is not None else 0
    if pages < 1:
        raise CannotAttach(f"{name} is damaged or incomplete (PDF)", "Open it in a PDF viewer to check it.")
    if pages > (limit := max_pages(model)):
        raise CannotAttach(f"{name} has {pages} pages, and the limit of this model is {limit}", "Attach a part of it.")
    return Document("application/pdf", encode_base64(data), name, pages)


def text_document(data: bytes, name: str, note: Callable[[str], None]) -> Document:
    """Return a text file as a block in UTF-8. Raises CannotAttach if it is binary, or too long for any model.

    `note` receives the encoding if it is a guess.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise CannotAttach(
            f"{name} has {len(data) / 2**20:.0f} MB, more text than any model reads", "Attach a part of it."
        )
    found = decode_text(data)
    if found is None:
        raise CannotAttach(f"{name} is a binary file of an unsupported type", "Claude accepts images, PDFs and text.")
    if not found.text.strip():
        raise CannotAttach(f"{name} is empty", "Attach a file with text in it.")
    if found.is_guess:
        note(f"{name}: {found.remark}")
    return Document("text/plain", encode_base64(found.text.encode(errors="replace")), name)
