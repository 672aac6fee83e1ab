"""Attachments of a request: image markers become images, and everything is kept within the limits of the API.

Images are read and shrunk in threads. The image modules are imported with the first turn, after the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.model import Model
from tui.chat.transcript import Block, Document, Image, Text, Transcript
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.images.downscaling import ImageDownscaler

MAX_NAMES = 4
"""How many file names an error message lists."""
_MARKER = "[IMAGE:"


class TooMuch(TuiError):
    """The request exceeds a limit of the API."""


class AttachmentResolver:
    """Prepares attachments for the current model, which `model` returns."""

    def __init__(self, model: Callable[[], Model]) -> None:
        self._model = model

    async def resolve(self, text: str) -> tuple[Block, ...]:
        """Return a prompt as blocks, with its `[IMAGE:…]` markers replaced by images."""
        if _MARKER not in text:
            return (Text(text),) if text else ()
        import asyncio  # here and below: not needed by a new chat

        from tui.chat.tokens import Target
        from tui.images.attach import resolve_markers

        return await asyncio.to_thread(resolve_markers, text, Target.of(self._model()))

    async def fit(self, transcript: Transcript) -> Transcript:
        """Return the transcript with images shrunk as far as their number requires. Raises TooMuch."""
        from tui.chat.tokens import MANY_IMAGES, max_images
        from tui.images.documents import max_pages, pdfs_in
        from tui.images.downscaling import image_count

        count, model = image_count(transcript), self._model()
        if count > (limit := max_images(model)):
            raise TooMuch(
                f"This chat has {count} images. {model.name} accepts {limit} in one request.",
                "Remove some, or start a new chat.",
            )
        pdfs = pdfs_in(transcript)
        if (pages := sum(pdf.pages for pdf in pdfs)) > (most := max_pages(model)):
            raise TooMuch(
                f"{_names(pdfs)} {'have' if len(pdfs) > 1 else 'has'} {pages} pages. "
                f"{model.name} accepts {most} in one request.",
                "Remove some, or start a new chat.",
            )
        import asyncio

        return await asyncio.to_thread(self._smaller.fit, transcript) if count > MANY_IMAGES else transcript

    @cached_property
    def _smaller(self) -> ImageDownscaler:
        from tui.images.downscaling import ImageDownscaler

        return ImageDownscaler()


def _names(pdfs: Sequence[Document]) -> str:
    names = [pdf.name or "a PDF" for pdf in pdfs]
    if len(names) > MAX_NAMES:
        names[MAX_NAMES - 1 :] = [f"{len(names) - MAX_NAMES + 1} more"]
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)


def within_one_request(body: bytes) -> bytes:
    """Return the body unchanged. Raises TooMuch if the API would reject its size."""
    from tui.images.api_limits import MAX_REQUEST_BYTES

    if len(body) > MAX_REQUEST_BYTES:
        raise TooMuch(
            f"With its attachments, this request has {len(body) / 2**20:.0f} MB. The API accepts "
            f"{MAX_REQUEST_BYTES // 2**20} MB.",
            "Remove an attachment, or start a new chat.",
        )
    return body


def prepare_files(files: Sequence[Path], model: Model, note: Callable[[str], None]) -> tuple[Image | Document, ...]:
    """Return the files as blocks for the model, prepared in parallel. Raises CannotAttach, which names the file.

    `note` is called with notices for the user, from any thread.
    """
    if not files:
        return ()
    from concurrent.futures import ThreadPoolExecutor

    from tui.images.attach import attach_file

    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(lambda file: attach_file(file, model, note=note), files))
