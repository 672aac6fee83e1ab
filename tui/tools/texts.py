"""A file's bytes as text, and back: the encoding, and line ends, that the file has are those that it keeps."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from tui.tools.tool import Failed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LONGEST_START = 8192
_OTHER_LINE_END = re.compile(r"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True)
class Written:
    """A text and how it stands in its file."""

    text: str
    """With \\n at the end of each line where the file has \\r\\n throughout; else as it is."""
    encoding: str = "utf-8"
    mark: bytes = b""
    has_windows_lines: bool = False

    def encoded(self, text: str) -> bytes:
        """Another text, written in the same way. Raises Failed."""
        if self.has_windows_lines:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise Failed(f"The file is written in {self.encoding}, which has no {character!r}.") from error


def decoded(data: bytes) -> Written | None:
    """The text of a file; None where it is none."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _written(data.removeprefix(mark), encoding, mark)
    if b"\0" in data[:_LONGEST_START] or data.startswith(b"%PDF-"):
        return None
    return _written(data, "utf-8") or _written(data, "cp1252")


def _written(data: bytes, encoding: str, mark: bytes = b"") -> Written | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding != "utf-8" and _CONTROLS.search(text[:_LONGEST_START]):
        return None  # any bytes are cp1252, but text has no use for these
    has_windows_lines = "\r\n" in text and not _OTHER_LINE_END.search(text)
    return Written(text.replace("\r\n", "\n") if has_windows_lines else text, encoding, mark, has_windows_lines)
