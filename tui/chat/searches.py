"""Web searches that the server carried out, and what an answer cites: read from the blocks that hold them. Pure.

The blocks stay as they came, since they go back byte for byte (`transcript.Opaque`); here they are only looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from tui.chat.transcript import Block, JsonText, Message, Opaque, Text

CALL = "server_tool_use"
RESULT = "web_search_tool_result"
_LONGEST_URL = 2000
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


class Found(NamedTuple):
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


_calls = msgspec.json.Decoder(_Call)
_results = msgspec.json.Decoder(_Result)
_citations = msgspec.json.Decoder(_Citation)


def search_in(block: Block) -> Search | None:
    """The search that a block is the call of. Its query is "" while it streams."""
    if not (isinstance(block, Opaque) and block.kind == CALL):
        return None
    try:
        call = _calls.decode(block.json)
    except msgspec.DecodeError:
        return None
    return Search(call.id, call.input.query) if call.name == "web_search" else None


def query_in(arguments: JsonText) -> str:
    """What is searched for, of a call's arguments once they are whole; else ""."""
    try:
        return msgspec.json.decode(arguments, type=_Query).query
    except msgspec.DecodeError:
        return ""


def found_in(block: Block) -> Found | None:
    """What the search gave that a block is the result of."""
    if not (isinstance(block, Opaque) and block.kind == RESULT):
        return None
    try:
        result = _results.decode(block.json)
    except msgspec.DecodeError:
        return None
    if isinstance(result.content, _Problem):
        code = result.content.error_code
        return Found(result.tool_use_id, problem=_PROBLEMS.get(code) or code.replace("_", " ") or "it failed")
    return Found(result.tool_use_id, tuple(_source(page.title, page.url) for page in result.content))


def sources(blocks: Sequence[Block]) -> tuple[Source, ...]:
    """What an answer cites, each once, in the order of first mention: the first is number 1."""
    cited = (cited_by(text) for block in blocks if isinstance(block, Text) for text in block.citations)
    return tuple(dict.fromkeys(source for source in cited if source is not None))


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
    cited = dict.fromkeys(source for one in text.citations if (source := cited_by(one)) is not None)
    numbered = sorted((known.index(source) + 1, source.url) for source in cited if source in known)
    shown = (rf"[\[{number}\]](<{url}>)" if url else rf"\[{number}\]" for number, url in numbered)
    said = "".join(shown)
    return f" {said}" if said and text.text and not text.text[-1].isspace() else said


def marked(message: Message) -> str:
    """The text of an answer, with the numbers of its sources behind what they are cited for."""
    known = sources(message.blocks)
    texts = (block for block in message.blocks if isinstance(block, Text))
    return "".join(block.text + marks(block, known) for block in texts)


def told(message: Message) -> tuple[str, ...]:
    """The sources of an answer and the searches that gave nothing, a sentence each, for where no answer is drawn."""
    found = (found_in(block) for block in message.blocks)
    problems = [f"A web search gave nothing: {one.problem}." for one in found if one is not None and one.problem]
    numbered = enumerate(sources(message.blocks), 1)
    return (*problems, *(f"Source {at}: {one.title}{f' · {one.url}' * bool(one.url)}" for at, one in numbered))


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
