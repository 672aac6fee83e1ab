"""How a model sees what is attached: markers in a prompt as images, and all that is attached within what a request takes.

Pictures are read and shrunk in threads. It is handed to a session, which knows nothing of pictures. What deals with them is
loaded with the first turn, as the first paint needs none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.model import Model
from tui.chat.transcript import Block, Document, Image, Text, Transcript
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.images.downscaling import ImageDownscaler

MOST_NAMES = 4
"""Of files, in one sentence."""
_MARKER = "[IMAGE:"


class TooMuch(TuiError):
    """A request that would hold more than the API takes."""


class AttachmentResolver:
    """What the model of the turn sees. `model` is asked anew each time."""

    def __init__(self, model: Callable[[], Model]) -> None:
        self._model = model

    async def blocks(self, text: str) -> tuple[Block, ...]:
        """A prompt's text as blocks, with the images of its `[IMAGE:…]` markers in their places."""
        if _MARKER not in text:
            return (Text(text),) if text else ()
        from tui.images.attach import resolve_markers
        from tui.images.vision import Target

        return await asyncio.to_thread(resolve_markers, text, Target.of(self._model()))

    async def fitted(self, transcript: Transcript) -> Transcript:
        """The conversation with every image as small as so many of them must be. Raises TooMuch."""
        from tui.images.documents import max_pages, pdfs_in
        from tui.images.downscaling import image_count
        from tui.images.vision import MANY, max_images

        count, model = image_count(transcript), self._model()
        if count > (limit := max_images(model)):
            raise TooMuch(
                f"This chat holds {count} images, and {model.name} takes {limit} in one request.",
                "Leave some out, or go on in a new chat.",
            )
        pdfs = pdfs_in(transcript)
        if (pages := sum(pdf.pages for pdf in pdfs)) > (most := max_pages(model)):
            raise TooMuch(
                f"{_names(pdfs)} {'have' if len(pdfs) > 1 else 'has'} {pages} pages, "
                f"and {model.name} takes {most} in one request.",
                "Leave some out, or go on in a new chat.",
            )
        return await asyncio.to_thread(self._smaller.fit, transcript) if count > MANY else transcript

    @cached_property
    def _smaller(self) -> ImageDownscaler:
        from tui.images.downscaling import ImageDownscaler

        return ImageDownscaler()


def _names(pdfs: Sequence[Document]) -> str:
    names = [pdf.name or "a PDF" for pdf in pdfs]
    if len(names) > MOST_NAMES:
        names[MOST_NAMES - 1 :] = [f"{len(names) - MOST_NAMES + 1} more"]
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)


def within_one_request(body: bytes) -> bytes:
    """The body itself. Raises TooMuch where the API would not take it."""
    from tui.images.vision import MAX_REQUEST_BYTES

    if len(body) > MAX_REQUEST_BYTES:
        raise TooMuch(
            f"With everything attached this request has {len(body) / 2**20:.0f} MB, and the API takes "
            f"{MAX_REQUEST_BYTES // 2**20} MB.",
            "Leave an attachment out, or go on in a new chat.",
        )
    return body


def attached(files: Sequence[Path], model: Model, note: Callable[[str], None]) -> tuple[Image | Document, ...]:
    """The blocks of these files as the model sees them, prepared side by side. Raises CannotAttach, which names the file.

    `note` gets what the user should know about what was made of one, from any thread.
    """
    if not files:
        return ()
    from concurrent.futures import ThreadPoolExecutor

    from tui.images.attach import attach_file

    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(lambda file: attach_file(file, model, note=note), files))
