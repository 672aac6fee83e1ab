"""What can be read from the blocks of searches and citations, whatever stands in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.searches import (
    Search,
    SearchResult,
    Source,
    cited_before,
    query_in,
    search_in,
    search_result_in,
    source_summary,
    sources,
    text_with_marks,
)
from tui.chat.transcript import Message, Opaque, Text, ToolResult, ToolUse


def citation(url: str | None, title: str | None = "T", **more: object) -> str:
    return json.dumps({"type": "web_search_result_location", "url": url, "title": title, **more})


def result(content: object, id: str = "s1") -> Opaque:
    return Opaque("web_search_tool_result", json.dumps({"tool_use_id": id, "content": content}))


def test_a_search_says_what_it_looks_for() -> None:
    said = '{"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"tides in Brest"}}'
    assert search_in(Opaque("server_tool_use", said)) == Search("s1", "tides in Brest")
    assert search_in(Opaque("server_tool_use", said.replace("web_search", "web_fetch"))) is None
    assert search_in(ToolUse("t", "web_search")) is None
    assert query_in('{"query": "ti') == ""


def test_a_result_names_its_pages() -> None:
    pages = [{"url": "https://tides.example/a b", "title": "Tides\n of Brest", "encrypted_content": "x"}, {}]
    found = search_result_in(result(pages))
    assert found == SearchResult(
        "s1", (Source("Tides of Brest", "https://tides.example/a%20b"), Source("(no title)", ""))
    )
    assert found.sources[0].host == "tides.example"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("max_uses_exceeded", "the limit of searches per answer was reached"),
        ("brand_new_trouble", "brand new trouble"),
        ("", "it failed"),
    ],
)
def test_an_error_is_told_in_words(code: str, words: str) -> None:
    problem = {"type": "web_search_tool_result_error", "error_code": code}
    assert search_result_in(result(problem)) == SearchResult("s1", problem=words)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://[half", None, "h" * 3000])
def test_only_web_addresses_are_links(url: str | None) -> None:
    (source,) = sources((Text("x", (citation(url, document_title="Doc"),)),))
    assert source.url == ""


def test_marks_stand_behind_what_is_cited_and_lead_to_it() -> None:
    one, two = citation("https://a.example/x(1)"), citation("https://b.example")
    message = Message(
        role="assistant", blocks=(Text("High. ", (two,)), Text("Low", (one, two, one)), Text("."), Text("", (one,)))
    )
    assert text_with_marks(message) == (
        "High. [\\[1\\]](<https://b.example>)Low [\\[1\\]](<https://b.example>)[\\[2\\]](<https://a.example/x(1)>)."
        "[\\[2\\]](<https://a.example/x(1)>)"
    )
    assert message.text == "High. Low."


def answer(*cited: str) -> Message:
    return Message(role="assistant", blocks=(Text("High.", cited),))


def test_the_numbers_of_a_turn_go_on_from_response_to_response() -> None:
    one, two = citation("https://a.example"), citation("https://b.example")
    again = citation("https://a.example", title="What it is called elsewhere")
    results = Message(role="user", blocks=(ToolResult("toolu_1"),))
    first, second = answer(one), answer(two, again)
    turn = [first, results, second, answer()]
    assert list(map(len, cited_before(turn))) == [0, 1, 1, 2]
    assert (
        text_with_marks(second, cited_before(turn)[2])
        == "High. [\\[1\\]](<https://a.example>)[\\[2\\]](<https://b.example>)"
    )
    assert source_summary(second, cited_before(turn)[2]) == ("Source 2: T · https://b.example",)
    prompt = Message(role="user", blocks=(Text("And now?"),))
    assert cited_before([*turn, prompt, second])[-1] == ()


@given(st.text(), st.text())
def test_whatever_a_server_says_is_read_or_left_alone(body: str, citing: str) -> None:
    assert search_in(Opaque("server_tool_use", body)) is None or body
    assert search_result_in(Opaque("web_search_tool_result", body)) is None or body
    assert all("\n" not in source.title for source in sources((Text("x", (citing, citation(body, body))),)))
