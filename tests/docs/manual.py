"""The pages of the documentation, taken apart for the tests: links, anchors, blocks of code, what stands in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
GUIDE = ("README.md", *sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")))
"""The pages for users, and the architecture."""
PAGES = (*GUIDE, "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`+([^`\n]+(?:\n[^`\n]+)?)`+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    page: str
    language: str
    text: str


def read(page: str) -> str:
    return (ROOT / page).read_text()


def blocks(*languages: str, pages: tuple[str, ...] = GUIDE) -> list[Block]:
    """Return the fenced blocks in one of these languages."""
    found = [Block(page, *match) for page in pages for match in _FENCE.findall(read(page))]
    return [block for block in found if block.language in languages]


def commands(pages: tuple[str, ...] = GUIDE) -> list[str]:
    """Return the lines of all shell blocks."""
    return [line.strip() for block in blocks("sh", pages=pages) for line in block.text.splitlines()]


def prose(page: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", read(page))


def code(page: str) -> list[str]:
    """Return what stands in backticks, outside of fenced blocks."""
    return [" ".join(text.split()).replace(r"\|", "|") for text in _CODE.findall(prose(page))]


def links(page: str) -> Iterator[tuple[str, str]]:
    """Yield file and anchor of each link within the repository; the file is "" for the page itself."""
    for target in _LINK.findall(_CODE.sub("code", prose(page))):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(text: str) -> list[str]:
    """Return the anchors of the headings in a text without fenced blocks, made as GitHub makes them."""
    found: list[str] = []
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        copies = len([one for one in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", one)])
        found.append(f"{anchor}-{copies}" if anchor in found else anchor)
    return found
