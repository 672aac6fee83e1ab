"""Web searches that the server carried out, and the sources that an answer cites. Pure.

The blocks are only read here. They are sent back byte for byte (`transcript.Opaque`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from tui.chat.transcript import Block, JsonText, Message, Opaque, Text
from tui.inputs.bounded import JsonDecoder, decode_json
from tui.inputs.limits import LISTED_SOURCES, REPLY_PARTS, SEARCH_CHARS

CALL = "server_tool_use"
RESULT = "web_search_tool_result"
_LONGEST_URL = 2000
_MOST_MARKS = 100
"""The most source numbers after one cited text."""
_PROBLEMS = {
    "invalid_tool_input": "the query was not valid",
    "unavailable": "web search is not available right now",
    "max_uses_exceeded": "the limit of searches per answer was reached",
    "too_many_requests": "there were too many searches at once",
    "query_too_long": "the query was too long",
    "request_too_large": "the request was too large",
}
"""Descriptions of the API's error codes. Source: Anthropic, web search tool."""


class Source(NamedTuple):
    """A web page or an attached document."""

    title: str
    url: str
    """A safe web address, or ""."""

    @property
    def host(self) -> str:
        """Host name of the address, or ""."""
        return urlsplit(self.url).hostname or ""


class Search(NamedTuple):
    """The call of a web search."""

    id: str
    query: str


class SearchResult(NamedTuple):
    """The result of a web search."""

    id: str
    """Id of its call."""
    sources: tuple[Source, ...] = ()
    problem: str = ""
    """Why it returned nothing, or ""."""


class _Page(msgspec.Struct, frozen=True):
    title: str | None = None
    url: str | None = None


class _Query(msgspec.Struct, frozen=True):
    query: str = ""


class _Call(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    input: _Query = _Query()


class _Problem(msgspec.Struct, frozen=True):
    error_code: str = ""


class _Result(msgspec.Struct, frozen=True):
    tool_use_id: str = ""
    content: tuple[_Page, ...] | _Problem = ()


class _Citation(msgspec.Struct, frozen=True):
    title: str | None = None
    url: str | None = None
    document_title: str | None = None


_calls = JsonDecoder(_Call)
_results = JsonDecoder(_Result)
_citations = JsonDecoder(_Citation)


def search_in(block: Block) -> Search | None:
    """Return the search that the block calls, or None. Its query is "" while it streams."""
    if not (isinstance(block, Opaque) and block.kind == CALL and len(block.json) <= SEARCH_CHARS):
        return None
    try:
        call = _calls.decode(block.json)
    except msgspec.DecodeError:
        return None
    return Search(call.id, call.input.query) if call.name == "web_search" else None


def query_in(arguments: JsonText) -> str:
    """Return the query in the arguments of a call, or "" while they are incomplete."""
    try:
        return decode_json(arguments, type=_Query).query
    except msgspec.DecodeError:
        return ""


def search_result_in(block: Block) -> SearchResult | None:
    """Return the search result that the block holds, or None."""
    if not (isinstance(block, Opaque) and block.kind == RESULT):
        return None
    if len(block.json) > SEARCH_CHARS:
        return SearchResult("", problem="the result is too long to be listed")
    try:
        result = _results.decode(block.json)
    except msgspec.DecodeError:
        return None
    if isinstance(result.content, _Problem):
        code = result.content.error_code
        return SearchResult(result.tool_use_id, problem=_PROBLEMS.get(code) or code.replace("_", " ") or "it failed")
    return SearchResult(
        result.tool_use_id, tuple(_source(page.title, page.url) for page in result.content[:LISTED_SOURCES])
    )


def sources(blocks: Iterable[Block], before: Sequence[Source] = ()) -> tuple[Source, ...]:
    """Return the cited sources, each once, in the order of their first mention after those in `before`. Numbers
    start at 1.
    """
    return with_citations(
        before, (citation for block in blocks if isinstance(block, Text) for citation in block.citations)
    )


def with_citations(known: Sequence[Source], citations: Iterable[JsonText]) -> tuple[Source, ...]:
    """Return the known sources, followed by the other sources of the citations."""
    found = {page_of(source): source for source in known}
    for source in filter(None, map(cited_by, citations)):
        found.setdefault(page_of(source), source)
    return tuple(found.values())


def cited_before(messages: Sequence[Message]) -> list[tuple[Source, ...]]:
    """Return, for each message, the sources that its turn cited before it. A turn of several responses continues the
    numbers.
    """
    found: list[tuple[Source, ...]] = []
    known: tuple[Source, ...] = ()
    for message in messages:
        known = () if message.is_prompt else known
        found.append(known)
        known = sources(message.blocks, known)
    return found


@lru_cache(maxsize=2 * REPLY_PARTS)
def cited_by(citation: JsonText) -> Source | None:
    """Return the source that a citation points to, or None."""
    try:
        decoded = _citations.decode(citation)
    except msgspec.DecodeError:
        return None
    if decoded.url:
        return _source(decoded.title, decoded.url)
    return Source(decoded.document_title, "") if decoded.document_title else None


def marks(text: Text, known: Sequence[Source]) -> str:
    """Return the source numbers after a cited text as Markdown, with links where there is an address."""
    if not text.citations:
        return ""
    cited = {page_of(source) for source in map(cited_by, text.citations) if source is not None}
    numbered = ((number, source.url) for number, source in enumerate(known, 1) if page_of(source) in cited)
    shown = (rf"[\[{number}\]](<{url}>)" if url else rf"\[{number}\]" for number, url in islice(numbered, _MOST_MARKS))
    joined = "".join(shown)
    return f" {joined}" if joined and text.text and not text.text[-1].isspace() else joined


def text_with_marks(message: Message, before: Sequence[Source] = ()) -> str:
    """Return the text of an answer with source numbers after the cited texts."""
    known = sources(message.blocks, before)
    texts = (block for block in message.blocks if isinstance(block, Text))
    return "".join(block.text + marks(block, known) for block in texts)


def new_sources(message: Message, before: Sequence[Source]) -> list[tuple[int, Source]]:
    """Return the sources that the answer is the first of its turn to cite, with their numbers."""
    return list(enumerate(sources(message.blocks, before), 1))[len(before) :]


def source_summary(message: Message, before: Sequence[Source] = ()) -> tuple[str, ...]:
    """Return one sentence per new source and per failed search, for output that does not draw the answer."""
    found = (search_result_in(block) for block in message.blocks)
    problems = [f"A web search failed: {one.problem}." for one in found if one is not None and one.problem]
    numbered = new_sources(message, before)
    return (*problems, *(f"Source {at}: {one.title}{f' · {one.url}' * bool(one.url)}" for at, one in numbered))


def page_of(source: Source) -> str:
    """Return what identifies a source: its address, or its title."""
    return source.url or source.title


def _source(title: str | None, url: str | None) -> Source:
    link = _link(url or "")
    return Source(" ".join((title or "").split()) or link or "(no title)", link)


def _link(url: str) -> str:
    """Return the address in printable ASCII if it is a web address, else ""."""
    if not url.lower().startswith(("http://", "https://")) or len(url) > _LONGEST_URL:
        return ""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return quote(url.encode("utf-8", "replace"), safe="!#$%&'()*+,-./:;=?@[]_~")
