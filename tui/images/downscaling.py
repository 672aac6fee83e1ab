"""Requests with many images: count the images, and shrink each to the limit that applies, once.

Everything except the count runs in a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from tui.chat.base64_slices import decode_base64
from tui.chat.tokens import HIGH, MANY_IMAGES, MANY_IMAGES_MAX_SIDE_PX
from tui.chat.transcript import Block, Image, Message, ToolResult, Transcript
from tui.images.errors import CannotAttach
from tui.images.pool import pool

_Content = TypeVar("_Content", bound=Block)


def image_count(transcript: Transcript) -> int:
    """Return the number of images in a request of this conversation, including those in tool results."""
    return sum(1 for message in transcript.messages for _ in _images_in(message.blocks))


class ImageDownscaler:
    """Caches the shrunk version of each image, so that it is made once and its bytes never change."""

    def __init__(self) -> None:
        self._made: dict[bytes, Image] = {}

    def fit(self, transcript: Transcript) -> Transcript:
        """Return the conversation as one request can have it: with more than 20 images, each is at most 2000 pixels long.

        The request with the 21st image invalidates the cached messages once, since earlier large images change. `forecast`
        warns about that.
        """
        if image_count(transcript) <= MANY_IMAGES:
            return transcript
        large = [image for message in transcript.messages for image in _images_in(message.blocks) if _is_large(image)]
        new = {key: image for image in large if (key := _key(image)) not in self._made}
        if new:
            self._made.update(zip(new, pool().map(_smaller, new.values()), strict=True))
        return replace(transcript, messages=tuple(map(self._message, transcript.messages)))

    def _message(self, message: Message) -> Message:
        if not any(map(_is_large, _images_in(message.blocks))):
            return message
        return replace(message, blocks=tuple(map(self._block, message.blocks)))

    def _block(self, block: Block) -> Block:
        match block:
            case ToolResult():
                return replace(block, content=tuple(self._image(one) for one in block.content))
            case Image():
                return self._image(block)
        return block

    def _image(self, block: _Content) -> _Content:
        if not isinstance(block, Image) or block.quarantined or not _is_large(block):
            return block
        made = self._made[_key(block)]
        return replace(block, media_type=made.media_type, data=made.data, width=made.width, height=made.height)


def _images_in(blocks: Iterable[Block]) -> Iterator[Image]:
    """Iterate over the images that are sent."""
    for block in blocks:
        if isinstance(block, ToolResult):
            yield from _images_in(block.content)
        elif isinstance(block, Image) and not block.quarantined:
            yield block


def _is_large(image: Image) -> bool:
    return not 0 < max(image.width, image.height) <= MANY_IMAGES_MAX_SIDE_PX


def _key(image: Image) -> bytes:
    return hashlib.sha256(image.data.encode(errors="replace")).digest()


def _smaller(image: Image) -> Image:
    from tui.images.attach import image_block
    from tui.images.pixels import prepare  # loads Pillow

    try:
        return image_block(prepare(decode_base64(image.data), HIGH, many=True))
    except (CannotAttach, ValueError):
        return image  # the API reports the problem
