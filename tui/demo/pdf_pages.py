"""Count the pages of the PDFs in a request, and check the API's limit for all of them together."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from tui.demo.errors import Refused
from tui.demo.image_limits import blocks_in

_PAGE = re.compile(rb"/Type\s*/Page\b")


def page_count(data: str) -> int:
    """Return the pages of a PDF given as base64 text; 1 if they cannot be counted."""
    try:
        return max(1, len(_PAGE.findall(base64.b64decode(data))))
    except binascii.Error:  # the rules for documents do not look inside
        return 1


def check_pages(body: dict[str, Any], most: int) -> None:
    """Raise Refused for more pages than one request may contain."""
    sources = [placed.block["source"] for placed in blocks_in(body, "document")]
    if sum(page_count(source["data"]) for source in sources if source["type"] == "base64") > most:
        raise Refused(f"A maximum of {most} PDF pages may be provided.")
