"""HTML as text to read: headings, paragraphs, lists, tables and code as in Markdown, links with their addresses.

The markup is gone through once, from the beginning to the end, whatever it is: the standard library's parser takes hours for
a page that was made for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import urljoin


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST_S = 3.0
_LONGEST_TAG = 4_096
_DEEPEST = 6  # lists within lists, as far as they are indented
_UNSEEN = _words("noscript template svg iframe object canvas select button")
_RAW = _words("script style textarea")
"""Elements without markup in them."""
_APART = _words(
    """
    address article aside blockquote details div dl dt dd fieldset figcaption figure footer form header hr main nav ol p
    pre section summary table ul h1 h2 h3 h4 h5 h6 li tr
    """
)
_CLOSE = _words("li tr dt dd div")
"""Of those, the ones that follow one another without an empty line."""
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""[\s"'/](href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def readable(html: str, url: str = "") -> str:
    """The text of a page. Addresses are made whole with that of the page."""
    reader = _Reader(url)
    until = time.monotonic() + _LONGEST_S
    for number, token in enumerate(_tokens(html)):
        reader.take(token)
        if number % 1_000 == 0 and time.monotonic() > until:
            break
    return reader.text()


class _Token(NamedTuple):
    """A tag, or with no name a text."""

    name: str
    is_end: bool
    rest: str
    """The text, or a tag's attributes as they are written."""


def _tokens(html: str) -> Iterator[_Token]:
    at = 0
    while at < len(html):
        start = html.find("<", at)
        if start != at:
            start = start if start >= 0 else len(html)
            yield _Token("", False, html[at:start])
            at = start
        elif html.startswith(("<!", "<?"), at):
            end = "-->" if html.startswith("<!--", at) else ">"
            at = _after(html, end, at + 2)
        elif tag := _TAG.match(html, at, at + _LONGEST_TAG):
            name = tag[2].lower()
            at = tag.end()
            if name in _RAW and not tag[1]:
                at = _after(html, ">", _end_of_raw(html, name, at))
            else:
                yield _Token(name, bool(tag[1]), tag[3])
        else:
            yield _Token("", False, "<")
            at += 1


def _after(html: str, end: str, at: int) -> int:
    """The place after the next `end`; that of the end of all where there is none."""
    found = html.find(end, at)
    return len(html) if found < 0 else found + len(end)


def _end_of_raw(html: str, name: str, at: int) -> int:
    found = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
    return found.end() if found else len(html)


class _Reader:
    """Writes down what the tokens of a page say."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._out: list[str] = []
        self._title = ""
        self._in_title = False
        self._unseen: list[str] = []
        self._preformatted = 0
        self._lists: list[int | None] = []
        """Of each open list the last number; None: of one without numbers."""
        self._links: list[tuple[str, int]] = []
        """Of each open link the address, and where its text begins."""

    def text(self) -> str:
        """What was read so far."""
        body = re.sub(r"\n{3,}", "\n\n", "".join(self._out)).strip()
        title = " ".join(self._title.split())
        return f"{title}\n\n{body}".strip() if title and not body.startswith(f"# {title}") else body

    def take(self, token: _Token) -> None:
        """The next token of the page."""
        if not token.name:
            self._say(unescape(token.rest))
        elif token.is_end:
            self._take_end(token.name)
        else:
            self._take_start(token.name, token.rest)

    def _take_start(self, tag: str, attributes: str) -> None:
        if tag == "title":
            self._in_title = not self._title
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if self._unseen:
            return
        if tag in _APART:
            self._break(1 if tag in _CLOSE else 2)
        self._begin(tag, attributes)

    def _take_end(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
            return
        self._end(tag)
        if tag in _APART:
            self._break(1 if tag in _CLOSE else 2)

    def _say(self, text: str) -> None:
        if self._in_title:
            self._title += text
        if self._unseen or self._in_title or not text:
            return
        if self._preformatted:
            self._out.append(text)
            return
        words = " ".join(text.split())
        if text[0].isspace() or not words:
            self._blank()
        if words:
            self._out.append(words)
            if text[-1].isspace():
                self._out.append(" ")

    def _begin(self, tag: str, attributes: str) -> None:
        if tag in _HEADINGS:
            self._out.append(f"{_HEADINGS[tag]} ")
        elif tag == "br":
            self._out.append("\n")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._out.append(self._bullet())
        elif tag in ("td", "th"):
            self._blank()
            self._out.append("| ")
        elif tag == "pre":
            self._preformatted += 1
            self._out.append("```\n")
        elif tag == "code" and not self._preformatted:
            self._out.append("`")
        elif tag == "a" and (address := _attribute(attributes, "href")):
            self._links.append((address, len(self._out)))
        elif tag == "img" and (text := _attribute(attributes, "alt")):
            self._out.append(f"[image: {text}]")

    def _end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "pre" and self._preformatted:
            self._preformatted -= 1
            self._out.append("\n```")
        elif tag == "code" and not self._preformatted:
            self._out.append("`")
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())

    def _close_link(self, address: str, start: int) -> None:
        text = " ".join("".join(self._out[start:]).split())
        if not text or address.startswith(("#", "javascript:")):
            return
        try:
            whole = urljoin(self._url, address)
        except ValueError:  # an address that is none
            whole = address
        self._out[start:] = [f"[{text}]({whole})"]

    def _bullet(self) -> str:
        indent = "  " * min(_DEEPEST, max(0, len(self._lists) - 1))
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _break(self, lines: int) -> None:
        """Begins another line, with an empty one before it where two are asked for."""
        if self._out:
            self._out.append("\n" * lines)

    def _blank(self) -> None:
        if self._out and not self._out[-1].endswith((" ", "\n")):
            self._out.append(" ")


def _attribute(written: str, name: str) -> str:
    """The value of one of a tag's attributes; "" where it has none."""
    for found in _ATTRIBUTE.finditer(written):
        if found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "").strip()
    return ""
