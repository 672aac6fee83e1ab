"""How many pages the PDFs of a request have, and the limit that the API sets to all of them together."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from tui.demo.errors import Refused
from tui.demo.pictures import blocks_in

_PAGE = re.compile(rb"/Type\s*/Page\b")


def page_count(data: str) -> int:
    """The pages of a PDF that is given as base64 text; one where they cannot be counted."""
    try:
        return max(1, len(_PAGE.findall(base64.b64decode(data))))
    except binascii.Error:  # the rules for documents do not look into them
        return 1


def check_pages(body: dict[str, Any], most: int) -> None:
    """Raises Refused for more pages than one request may hold."""
    sources = [placed.block["source"] for placed in blocks_in(body, "document")]
    if sum(page_count(source["data"]) for source in sources if source["type"] == "base64") > most:
        raise Refused(f"A maximum of {most} PDF pages may be provided.")
