"""From a file, or the bytes of one, to the block that goes into the conversation. Everything here runs in a thread."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui.chat.transcript import Block, Document, Image, Message, Text, ToolResult, Transcript
from tui.images import kinds
from tui.images.documents import pdf_document, text_document
from tui.images.errors import CannotAttach
from tui.images.kinds import kind_of
from tui.images.markers import Marker, resolve
from tui.images.sources import read_file
from tui.images.vision import HIGH, MANY, MAX_SIDE_OF_MANY_PX, Target, Viewer

if TYPE_CHECKING:
    from tui.images.pixels import Prepared

Value = TypeVar("Value", Transcript, Message, ToolResult)


def attachment(path: Path, model: Viewer, *, long_edge: int | None = None, many: bool = False) -> Image | Document:
    """The block of a file: an image as this model sees it, a PDF, or a text. Raises CannotAttach, which names the file."""
    return attachment_of(read_file(path), path.name, model, long_edge=long_edge, many=many)


def attachment_of(
    data: bytes, name: str, model: Viewer, *, long_edge: int | None = None, many: bool = False
) -> Image | Document:
    """The same of a file that was already read, or of what was in the clipboard."""
    kind = kind_of(data)
    if kind == kinds.PDF:
        return pdf_document(data, name, model)
    if kind == kinds.TEXT:
        return text_document(data, name)
    from tui.images.pixels import prepare  # loads Pillow

    return image_block(prepare(data, Target.of(model), long_edge=long_edge, many=many, name=name), name)


def image_block(prepared: Prepared, name: str = "") -> Image:
    """A prepared image as a block."""
    data = base64.b64encode(prepared.data).decode()
    return Image(prepared.media_type, data, name, prepared.width, prepared.height)


def resolve_markers(text: str, model: Viewer, *, many: bool = False) -> tuple[Text | Image, ...]:
    """The text as blocks, each `[IMAGE:…]` marker in it an image as this model sees it; what is no image stays text."""

    def image(marker: Marker) -> Image | None:
        from tui.images.pixels import prepare  # loads Pillow

        try:
            return image_block(prepare(marker.data, Target.of(model), many=many))
        except CannotAttach:
            return None

    return resolve(text, image)


def image_count(transcript: Transcript) -> int:
    """How many images a request of this conversation holds, those in tool results included."""
    return sum(_images_in(message.blocks) for message in transcript.messages)


def _images_in(blocks: tuple[Block, ...]) -> int:
    return sum(
        _images_in(block.content) if isinstance(block, ToolResult) else isinstance(block, Image) and not block.aside
        for block in blocks
    )


def fit_for_many(transcript: Transcript) -> Transcript:
    """The conversation as one request can hold it: beyond 20 images each is at most 2000 pixels long.

    The same images give the same bytes every time. The prompt cache loses nothing by it: a request with one image more
    begins its messages anew in any case.
    """
    if image_count(transcript) <= MANY:
        return transcript
    return _changed(transcript, messages=tuple(_smaller_message(message) for message in transcript.messages))


def _smaller_message(message: Message) -> Message:
    blocks = tuple(_smaller(block) for block in message.blocks)
    return message if blocks == message.blocks else _changed(message, blocks=blocks)


def _smaller(block: Block) -> Block:
    if isinstance(block, ToolResult):
        return _changed(block, content=tuple(_smaller(inner) for inner in block.content))
    if not isinstance(block, Image) or 0 < max(block.width, block.height) <= MAX_SIDE_OF_MANY_PX:
        return block
    from tui.images.pixels import prepare  # loads Pillow

    try:
        return image_block(prepare(base64.b64decode(block.data), HIGH, many=True, name=block.name), block.name)
    except CannotAttach:
        return block  # the API says what is wrong with it


def _changed(value: Value, **changes: object) -> Value:
    from msgspec.structs import replace  # the blocks' own business, not this layer's

    return replace(value, **changes)
