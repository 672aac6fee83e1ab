"""A Markdown text as HTML says what the terminal shows: the same words, numbers, lines and links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from rendering import rows
from test_reported import FORMULAS
from test_strips import TEXT

from tui.render.html import html_of
from tui.render.strips import DARK, Document

VOID = {"br", "hr"}


class Seen(HTMLParser):
    """The text that a browser shows; fails where elements are not closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("2. b\n4. d", '<ol start="2">\n<li><p>b</p>\n</li>\n<li value="4"><p>d</p>\n</li>\n</ol>\n'),
        ("3. c\n2. b", '<ol start="3">\n<li><p>c</p>\n</li>\n<li value="2"><p>b</p>\n</li>\n</ol>\n'),
        ("1. a\n1. b", "<ol>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n"),
        ("✓ a\n✗ b", "<p>✓ a<br>\n✗ b</p>\n"),
        ("C:\\a\\_b\\*.c", "<p>C:\\a\\_b\\*.c</p>\n"),
        ("$A_B or `$C` *x*", "<p>$A_B or <code>$C</code> <em>x</em></p>\n"),
        (
            "见https://a.example/b。好",
            '<p>见<a href="https://a.example/b" rel="noopener noreferrer nofollow">https://a.example/b</a>。好</p>\n',
        ),
        ("- a\n  - b\n- [x] c", "<ul>\n<li><p>a</p>\n<ul>\n<li><p>b</p>\n</li>\n</ul>\n</li>\n"
         "<li style=\"list-style-type:'☑ '\"><p>c</p>\n</li>\n</ul>\n"),
        ("> q\n\n---\n## h", "<blockquote>\n<p>q</p>\n</blockquote>\n<hr>\n<h2>h</h2>\n"),
        ("```py\nx < 1\n\n```", '<pre><code class="language-py">x &lt; 1\n\n</code></pre>\n'),
        (
            "|a|b|\n|-|-:|\n|1|**2**|",
            '<table><thead>\n<tr><th>a</th><th style="text-align:right">b</th></tr>\n</thead><tbody>\n'
            '<tr><td>1</td><td style="text-align:right"><strong>2</strong></td></tr>\n</tbody></table>\n',
        ),
    ],
)  # fmt: skip
def test_blocks_and_marks(source: str, html: str) -> None:
    assert html_of(source) == html


@pytest.mark.parametrize("source", FORMULAS)
def test_a_formula_is_one_block_untouched(source: str) -> None:
    seen = Seen(html_of(f"Before\n\n{source}\n\nafter"))
    assert source.removesuffix("\nthen") in seen.text
    assert not {"ul", "ol", "h1", "em", "blockquote"} & set(seen.tags)


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_it_shows_the_words_that_the_terminal_draws(text: str) -> None:
    seen = Seen(html_of(text))
    document = Document(DARK, 4000, text)
    drawn = "".join(row.strip.text for row in rows(document))
    letters = re.compile(r"[A-Za-zäöü汉字✓一]+")
    languages = " ".join(re.findall(r'class="language-([^"]*)"', html_of(text)))
    shown = sorted("".join(letters.findall(seen.text + languages)))
    assert shown == sorted("".join(letters.findall(drawn)))
