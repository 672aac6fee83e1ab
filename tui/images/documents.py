"""PDF and text files as document blocks. A PDF is looked at just closely enough to count its pages and see a password."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from itertools import chain

from tui.chat.slices import base64_of
from tui.chat.transcript import Document, ToolResult, Transcript
from tui.images.errors import CannotAttach
from tui.images.vision import LONG_CONTEXT, MAX_REQUEST_BYTES, Viewer
from tui.inputs.charset import decoded

MAX_PDF_BYTES = MAX_REQUEST_BYTES // 4 * 3 - 64 * 1024
"""Of a file that a request has room for: as base64 text it grows by a third, and something is asked about it, too."""
MAX_TEXT_BYTES = 4 * 1024 * 1024
"""About a million tokens: more than any model reads."""

_ROOT = re.compile(rb"/Root\s+(\d+)\s+\d+\s+R")
_PAGES = re.compile(rb"/Pages\s+(\d+)\s+\d+\s+R")
_COUNT = re.compile(rb"/Count\s+(\d+)")
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_ENCRYPT = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_NUMBER = re.compile(rb"/(N|First)\s+(\d+)")
_LONGEST_OBJECT = 64 * 1024
_MOST_UNPACKED = 64 * 1024 * 1024
"""Bytes of compressed streams, together; a file of a few kB may claim to hold more than fits into memory."""


def max_pages(model: Viewer) -> int:
    """How many pages of PDF one request may hold. Source: PDF support."""
    return 600 if model.context >= LONG_CONTEXT else 100


def pdfs_in(transcript: Transcript) -> tuple[Document, ...]:
    """The PDFs that a request of this conversation holds, those in tool results included."""
    blocks = chain.from_iterable(message.blocks for message in transcript.messages)
    told = chain.from_iterable(one.content if isinstance(one, ToolResult) else (one,) for one in blocks)
    return tuple(
        one for one in told if isinstance(one, Document) and one.media_type == "application/pdf" and not one.aside
    )


def pdf_document(data: bytes, name: str, model: Viewer) -> Document:
    """A PDF as a block. Raises CannotAttach where the API would not take it."""
    if len(data) > MAX_PDF_BYTES:
        raise CannotAttach(
            f"{name} has {len(data) / 2**20:.0f} MB, and a request has room for {MAX_PDF_BYTES // 2**20} MB of PDF",
            "Attach a part of it, or a version with smaller pictures.",
        )
    if _ENCRYPT.search(data):
        raise CannotAttach(f"{name} is encrypted, and Claude cannot open it", "Save it without a password first.")
    pages = page_count(data)
    if pages == 0:
        raise CannotAttach(
            f"{name} is damaged or cut short (PDF)", "Open it in a PDF viewer to see what is left of it."
        )
    if pages > (limit := max_pages(model)):
        raise CannotAttach(f"{name} has {pages} pages, and this model takes {limit}", "Attach a part of it.")
    return Document("application/pdf", base64_of(data), name, pages)


def text_document(data: bytes, name: str, note: Callable[[str], None]) -> Document:
    """A text file as a block, in UTF-8. Raises CannotAttach where it is binary, or too long for any model.

    `note` gets the encoding where that is a guess.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise CannotAttach(
            f"{name} has {len(data) / 2**20:.0f} MB, more text than any model reads", "Attach a part of it."
        )
    found = decoded(data)
    if found is None:
        raise CannotAttach(
            f"{name} is a binary file, of no kind that Claude reads", "Claude reads images, PDFs and text."
        )
    if not found.text.strip():
        raise CannotAttach(f"{name} is empty", "Attach a file with text in it.")
    if found.is_guess:
        note(f"{name}: {found.remark}")
    return Document("text/plain", base64_of(found.text.encode(errors="replace")), name)


def page_count(data: bytes) -> int:
    """How many pages a PDF has; 0 where none can be found.

    The page tree says so. Where its way is broken, the pages themselves are counted, wherever they stand in the file.
    """
    if b"%%EOF" not in data and b"startxref" not in data:
        return 0  # its end, which says where everything is, is missing
    objects = _Objects(data)
    roots = _ROOT.findall(data)
    if roots and (pages := _PAGES.search(objects.find(int(roots[-1])))):
        counts = _COUNT.findall(objects.find(int(pages[1])))
        if counts and int(counts[-1]) > 0:
            return int(counts[-1])
    return len(_PAGE.findall(data)) + sum(len(_PAGE.findall(body)) for body in objects.packed().values())


class _Objects:
    """The objects of a PDF by number, the newest of each; compressed streams of them are unpacked when they are needed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._packed: dict[int, bytes] | None = None

    def find(self, number: int) -> bytes:
        """The object's own text; b"" where there is none."""
        starts = list(re.finditer(rb"(?<!\d)%d\s+\d+\s+obj\b" % number, self._data))
        if starts:
            body = self._data[starts[-1].end() : starts[-1].end() + _LONGEST_OBJECT]
            return body.partition(b"endobj")[0]
        return self.packed().get(number, b"")

    def packed(self) -> dict[int, bytes]:
        """The objects that stand in compressed streams."""
        if self._packed is None:
            self._packed = {}
            room = _MOST_UNPACKED
            for match in _OBJECT_STREAM.finditer(self._data):
                if room > 0:
                    content, objects = _unpacked(self._data, match.start(), room)
                    self._packed.update(objects)
                    room -= content
        return self._packed


def _unpacked(data: bytes, inside: int, room: int) -> tuple[int, dict[int, bytes]]:
    """The objects of the stream whose dictionary holds the position `inside`, and the length of all of them."""
    start = data.rfind(b" obj", 0, inside)
    begin = data.find(b"stream", inside)
    numbers = {name: int(value) for name, value in _NUMBER.findall(data[start:begin])}
    if start < 0 or begin < 0 or {b"N", b"First"} - numbers.keys():
        return 0, {}
    begin += len(b"stream\r\n") if data[begin + 6 : begin + 8] == b"\r\n" else len(b"stream\n")
    try:
        content = zlib.decompressobj().decompress(data[begin : data.find(b"endstream", begin)], room)
    except zlib.error:
        return 0, {}
    first = numbers[b"First"]
    index = [int(word) for word in content[:first].split() if word.isdigit()][: 2 * numbers[b"N"]]
    offsets = [first + offset for offset in index[1::2]]
    ends = [*offsets[1:], len(content)]
    return len(content), {number: content[at:end] for number, at, end in zip(index[::2], offsets, ends, strict=False)}
