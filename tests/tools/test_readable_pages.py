"""HTML as text to read, whatever the markup."""

from __future__ import annotations

import time

import pytest

from tui.tools.readable import readable

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
]


@pytest.mark.parametrize(("html", "expected"), READABLE)
def test_html_is_read_as_text(html: str, expected: str) -> None:
    assert readable(html, "https://example.com/") == expected


@pytest.mark.parametrize(
    "piece",
    [
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
    ],
)
def test_no_markup_takes_for_ever(piece: str) -> None:
    def work_s(size: int) -> float:
        began = time.process_time()
        readable(piece * (size // len(piece)))
        return time.process_time() - began

    assert work_s(2**18) < 10 * work_s(2**16) + 0.5, "four times as much took far more than four times as long"
