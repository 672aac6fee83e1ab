"""HTML as text to read, whatever the markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.inputs.limits import HTML_S
from tui.tools.html_text import html_to_text

DEEP = "its elements are nested more than 1,000 levels deep"
LATE = "reading it took more than 3 seconds"

READABLE = [
    ("<ul><li>a<li>b<ol><li>c</ol></ul>", "- a\n- b\n\n  1. c"),
    ("<p>one<p>two<br>three", "one\n\ntwo\nthree"),
    ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
    ("a <b>bold</b> <code>x</code>, &amp; &lt;", "a bold `x`, & <"),
    ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "| a | b\n| 1 | 2"),
    ("<img alt='a tide' src=x><svg><text>no</text></svg>", "[image: a tide]"),
    ("<a href='#top'>up</a> <a href='javascript:x'>run</a> <a>none</a>", "up run none"),
    ("<style>a{}</style><!-- no --><noscript>no</noscript>yes", "yes"),
    ("<script>never closed <p>no", ""),
    ("<SCRIPT>if (a<b) '</p>'</Script >yes", "yes"),
    ("<div a='<p>' b=\">\">x</div>1 < 2 <3", "x\n1 < 2 <3"),
    ("<title>A\nB</title><body>c", "A B\n\nc"),
    ("<a href='http://[x'>a</a>", "[a](http://[x)"),
    ("<ul><li>a</li><li>b</li></ul><p>c</p>", "- a\n- b\n\nc"),
    ("<a name=x>b <a href=/c>d</a> e</a>", "b [d](https://example.com/c) e"),
    ("<textarea><p>no</textarea>yes<template><p>no</template>", "yes"),
    ("<p>a</p></p></b></ul>b", "a\n\nb"),
    ("a\0b\ufffe&#0;&#xD800;&nope;", "a\ufffdb\ufffe\ufffd\ufffd&nope;"),
    ("", ""),
    (" \n ", ""),
    ("<!-- only a comment -->", ""),
]


PIECES = [
    "<a href=x>",
    "<",
    "<!--",
    "</",
    "<div>",
    "<a b='",
    "&",
    "<ul><li>",
    "<![CDATA[",
    "<a",
    '<a b="',
    "<p",
    "<script>",
    "<pre>",
    "<a href=x>y",
    "<title>",
    "<b></p>",
    "<table><tr><td>",
    "<a></div>",
    "<svg><p>",
    "<b a=1><p>x",
]


@pytest.mark.parametrize(("html", "expected"), READABLE)
def test_html_is_read_as_text(html: str, expected: str) -> None:
    assert html_to_text(html, "https://example.com/") == expected


@pytest.mark.parametrize("piece", PIECES)
def test_no_markup_takes_for_ever(piece: str) -> None:
    def work_s(size: int) -> float:
        began = time.process_time()
        html_to_text(piece * (size // len(piece)))
        return time.process_time() - began

    assert work_s(2**18) < 10 * work_s(2**16) + 0.5, "four times as much took far more than four times as long"


MIB = 2**20
CLOSED = ("<i>" * 900 + "x" + "</i>" * 900) * 100
HOSTILE = [
    pytest.param("<div>" * 1_000_000 + "end", DEEP, id="a million nested tags"),
    pytest.param(
        "<p>begin<b>" + "<a><div>" * 300_000 + "</a></p>" * 300_000, DEEP, id="nested and closed in the wrong order"
    ),
    pytest.param(
        "".join(f"<font a{number}>" for number in range(200_000)) + "<p>x" * 200_000, DEEP, id="formatting to repeat"
    ),
    pytest.param("<p>begin" + "<ul><li><a href='x'><b>y<table><tr><td>" * 100_000, DEEP, id="nothing is closed"),
    pytest.param("<p>begin<a href='" + "x" * 5 * MIB + "'>y</a>", "", id="a huge attribute"),
    pytest.param("<p>begin<a href='" + "x" * 5 * MIB, "", id="a huge attribute without an end"),
    pytest.param(
        "<p>begin<b " + " ".join(f"a{number}=1" for number in range(500_000)) + ">x", "", id="many attributes"
    ),
    pytest.param("<p>begin<" + "x" * 5 * MIB + ">", "", id="a huge name"),
    pytest.param("<p>begin" + "<" * 5 * MIB, LATE, id="nothing but the beginning of a tag"),
    pytest.param("<title>" + "a&amp;" * 800_000 + "</title><p>begin", "", id="a title of a thousand pieces"),
    pytest.param("<p>begin" + CLOSED, "", id="deep, but closed"),
]


@pytest.mark.parametrize(("html", "reason"), HOSTILE)
def test_a_hostile_page_takes_little_time_and_memory(html: str, reason: str) -> None:
    began = time.process_time()
    text = html_to_text(html, "https://example.com/")
    assert time.process_time() - began < HTML_S + 2
    assert len(text) < 2 * len(html)
    if reason == DEEP or "(The rest" in text:  # what is late depends on the machine
        assert text.endswith(f"(The rest of the page is left out: {reason or LATE}.)")


def test_what_stands_before_the_bound_is_kept() -> None:
    assert html_to_text("<p>begin" + "<div>" * 2_000 + "end") == f"begin\n\n(The rest of the page is left out: {DEEP}.)"


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_markup_is_read(html: str) -> None:
    text = html_to_text(html, "https://example.com/")
    assert "<pre>" in html or "\n\n\n" not in text
