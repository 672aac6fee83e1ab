"""Web searches that the server carried out, and what an answer cites: read from the blocks that hold them. Pure.

The blocks stay as they came, since they go back byte for byte (`transcript.Opaque`); here they are only looked at.
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
"""Numbers behind one cited text."""
_PROBLEMS = {
    "invalid_tool_input": "the query was not valid",
    "unavailable": "web search is not available just now",
    "max_uses_exceeded": "the limit of searches in one answer was reached",
    "too_many_requests": "there were too many searches at a time",
    "query_too_long": "the query was too long",
    "request_too_large": "the request was too large",
}
"""What the API's error codes mean. Source: Anthropic's page on the web search tool."""


class Source(NamedTuple):
    """A page, or a document that was attached."""

    title: str
    url: str
    """A web address that may stand anywhere, or ""."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class Search(NamedTuple):
    """The call of a search."""

    id: str
    query: str


class SearchResult(NamedTuple):
    """What a search gave."""

    id: str
    """That of its call."""
    sources: tuple[Source, ...] = ()
    problem: str = ""
    """Why it gave nothing, in words."""


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
    """The search that a block is the call of. Its query is "" while it streams."""
    if not (isinstance(block, Opaque) and block.kind == CALL and len(block.json) <= SEARCH_CHARS):
        return None
    try:
        call = _calls.decode(block.json)
    except msgspec.DecodeError:
        return None
    return Search(call.id, call.input.query) if call.name == "web_search" else None


def query_in(arguments: JsonText) -> str:
    """What is searched for, of a call's arguments once they are whole; else ""."""
    try:
        return decode_json(arguments, type=_Query).query
    except msgspec.DecodeError:
        return ""


def search_result_in(block: Block) -> SearchResult | None:
    """What the search gave that a block is the result of."""
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
    """What is cited, each page once, in the order of first mention: the first is number 1. Those `before` come first."""
    return with_cited(before, (citation for block in blocks if isinstance(block, Text) for citation in block.citations))


def with_cited(known: Sequence[Source], citations: Iterable[JsonText]) -> tuple[Source, ...]:
    """These sources, and after them what else the citations point to."""
    found = {page_of(source): source for source in known}
    for source in filter(None, map(cited_by, citations)):
        found.setdefault(page_of(source), source)
    return tuple(found.values())


def cited_before(messages: Sequence[Message]) -> list[tuple[Source, ...]]:
    """Of each message, what its turn has cited by then: one answer may take many responses, and its numbers go on."""
    found: list[tuple[Source, ...]] = []
    known: tuple[Source, ...] = ()
    for message in messages:
        known = () if message.is_prompt else known
        found.append(known)
        known = sources(message.blocks, known)
    return found


@lru_cache(maxsize=2 * REPLY_PARTS)
def cited_by(citation: JsonText) -> Source | None:
    """What a citation points to."""
    try:
        said = _citations.decode(citation)
    except msgspec.DecodeError:
        return None
    if said.url:
        return _source(said.title, said.url)
    return Source(said.document_title, "") if said.document_title else None


def marks(text: Text, known: Sequence[Source]) -> str:
    """What stands behind a cited text: the numbers of its sources as Markdown, links where they lead somewhere."""
    if not text.citations:
        return ""
    cited = {page_of(source) for source in map(cited_by, text.citations) if source is not None}
    numbered = ((number, source.url) for number, source in enumerate(known, 1) if page_of(source) in cited)
    shown = (rf"[\[{number}\]](<{url}>)" if url else rf"\[{number}\]" for number, url in islice(numbered, _MOST_MARKS))
    said = "".join(shown)
    return f" {said}" if said and text.text and not text.text[-1].isspace() else said


def text_with_marks(message: Message, before: Sequence[Source] = ()) -> str:
    """The text of an answer, with the numbers of its sources behind what they are cited for."""
    known = sources(message.blocks, before)
    texts = (block for block in message.blocks if isinstance(block, Text))
    return "".join(block.text + marks(block, known) for block in texts)


def new_sources(message: Message, before: Sequence[Source]) -> list[tuple[int, Source]]:
    """What an answer cites that its turn has not cited before, with the numbers."""
    return list(enumerate(sources(message.blocks, before), 1))[len(before) :]


def source_summary(message: Message, before: Sequence[Source] = ()) -> tuple[str, ...]:
    """The new sources of an answer and the searches that gave nothing, a sentence each, for where no answer is drawn."""
    found = (search_result_in(block) for block in message.blocks)
    problems = [f"A web search gave nothing: {one.problem}." for one in found if one is not None and one.problem]
    numbered = new_sources(message, before)
    return (*problems, *(f"Source {at}: {one.title}{f' · {one.url}' * bool(one.url)}" for at, one in numbered))


def page_of(source: Source) -> str:
    """What two sources have in common that are the same, whatever a page calls itself meanwhile."""
    return source.url or source.title


def _source(title: str | None, url: str | None) -> Source:
    link = _link(url or "")
    return Source(" ".join((title or "").split()) or link or "(no title)", link)


def _link(url: str) -> str:
    """The address where it is one of the web, with only printable ASCII in it; else ""."""
    if not url.lower().startswith(("http://", "https://")) or len(url) > _LONGEST_URL:
        return ""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return quote(url.encode("utf-8", "replace"), safe="!#$%&'()*+,-./:;=?@[]_~")
