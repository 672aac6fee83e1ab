"""Convert a file's bytes to text and back, keeping its encoding and line ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.inputs import charset
from tui.tools.tool import Failed

_OTHER_LINE_END = re.compile(r"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True)
class FileText:
    """The text of a file, and how it is encoded."""

    text: str
    """With \
     as line end if the file has \\r\
     throughout; else unchanged.
    """
    encoding: str = "utf-8"
    mark: bytes = b""
    has_windows_lines: bool = False
    remark: str = ""
    """How it was decoded, if that is a guess."""

    def encoded(self, text: str) -> bytes:
        """Encode another text in the same way. Raises Failed."""
        if self.has_windows_lines:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise Failed(f"The file is written in {self.encoding}, which has no {character!r}.") from error


def cut_line(line: str, limit: int) -> str:
    """Return the line, or the first `limit` characters of a longer one and the number of those that are left out."""
    rest = len(line) - limit
    return line if rest <= 0 else f"{line[:limit]}[… {rest:,} more {'character' if rest == 1 else 'characters'}]"


def decoded(data: bytes) -> FileText | None:
    """Return the text of a file; None if it is binary."""
    found = charset.decode_text(data)
    if found is None:
        return None
    text = found.text
    has_windows_lines = "\r\n" in text and not _OTHER_LINE_END.search(text)
    return FileText(
        text.replace("\r\n", "\n") if has_windows_lines else text,
        found.encoding,
        found.mark,
        has_windows_lines,
        found.remark if found.is_guess else "",
    )
