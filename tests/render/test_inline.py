"""Emphasis, code and links, checked against another reader of CommonMark; and what growing text looks like."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tui.render.inline import CODE, EMPHASIS, LINK, STRIKE, STRONG, Run, cut_at, parse

REFERENCE = MarkdownIt("commonmark").enable("strikethrough")
FLAGS = {"strong": STRONG, "em": EMPHASIS, "s": STRIKE, "link": LINK}
MARKS = st.sampled_from(
    ["*", "**", "***", "_", "__", "~~", "`", "``", "[", "](/x)", '](/y "t")', "<mailto:q@r.s>", "\\*", "(", ")"]
)
TEXT = st.lists(MARKS | st.sampled_from(["a", "b c", " ", ".", "!", "&amp;", "\n", "  \n"]), max_size=10).map("".join)


def merged(runs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    joined: list[tuple[str, int]] = []
    for text, flags in runs:
        if joined and joined[-1][1] == flags:
            joined[-1] = (joined[-1][0] + text, flags)
        elif text:
            joined.append((text, flags))
    return joined


def by_reference(text: str) -> list[tuple[str, int]]:
    flags: list[int] = []
    runs: list[tuple[str, int]] = []
    for token in REFERENCE.parseInline(text)[0].children or []:
        kind, _, edge = token.type.rpartition("_")
        if edge == "open":
            flags.append(FLAGS[kind])
        elif edge == "close":
            flags.remove(FLAGS[kind])
        else:
            content = {"softbreak": " ", "hardbreak": "\n"}.get(token.type, token.content)
            now = CODE if token.type == "code_inline" else 0
            for flag in flags:
                now |= flag
            runs.append((content, now))
    return merged(runs)


@settings(max_examples=600, deadline=None)
@given(TEXT)
def test_it_reads_marks_as_commonmark_does(text: str) -> None:
    text = text.strip()
    if re.search(r"\n *\n|!\[|\[\]\(|~~~", text):
        return  # not one paragraph, or what we draw in our own way
    assert merged([(run.text, run.flags) for run in parse(text)]) == by_reference(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab *_~`[](){}<>&;$\\!\n:/.\"'#1"), max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    for growing in (False, True):
        assert all(run.text for run in parse(text, growing))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("**重要：**次", [Run("重要：", STRONG), Run("次")]),
        ("see https://a.b/c_d_(e).", [Run("see "), Run("https://a.b/c_d_(e)", LINK, "https://a.b/c_d_(e)"), Run(".")]),
        ("[text](https://a.b 'title')", [Run("text", LINK, "https://a.b")]),
        ("[https://a.b](https://a.b)", [Run("https://a.b", LINK, "https://a.b")]),
        ("[click](javascript:alert(1))", [Run("click", LINK, "")]),
        ("[click](https://a.b/\u00e9)", [Run("click", LINK, "https://a.b/%C3%A9")]),
        ("![alt](https://a.b/c.png)", [Run("alt", LINK, "https://a.b/c.png")]),
        ("a<br>b<br/>c", [Run("a\nb\nc")]),
        ("\\(a_1 * b_1\\) and $x_i*y_i$", [Run("\\(a_1 * b_1\\) and $x_i*y_i$")]),
        ("costs $5, *not* $6", [Run("costs $5, "), Run("not", EMPHASIS), Run(" $6")]),
        ("~10 to ~20", [Run("~10 to ~20")]),
        ("snake_case_name", [Run("snake_case_name")]),
        ("[ref][1] and [2]", [Run("[ref][1] and [2]")]),
        ("&lt;b&gt; &#x202e;c", [Run("<b> c")]),
        ("`` a ` b ``", [Run("a ` b", CODE)]),
    ],
)
def test_what_answers_hold(text: str, runs: list[Run]) -> None:
    assert list(parse(text)) == runs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("so **bol", [Run("so "), Run("bol", STRONG)]),
        ("so **bold*", [Run("so "), Run("bold", STRONG)]),
        ("so **bold**", [Run("so "), Run("bold", STRONG)]),
        ("use `cod", [Run("use "), Run("cod", CODE)]),
        ("use `", [Run("use ")]),
        ("2 * 3", [Run("2 * 3")]),
        ("see [the docs](https://exa", [Run("see "), Run("the docs", LINK)]),
        ("see [the docs](https://example.org)", [Run("see "), Run("the docs", LINK, "https://example.org")]),
        ("**a `b", [Run("a ", STRONG), Run("b", STRONG | CODE)]),
        ("*" + "long " * 100, [Run("*" + "long " * 100)]),
    ],
)
def test_growing_text_is_drawn_as_it_will_look(text: str, shown: list[Run]) -> None:
    assert list(parse(text, growing=True)) == shown


@given(TEXT, TEXT)
def test_where_a_text_is_cut_does_not_depend_on_what_follows(text: str, more: str) -> None:
    cut = cut_at(text, 5, 20)
    if cut is not None:
        assert cut_at(text + more, 5, 20) == cut
        assert 5 <= cut <= 25


def test_a_text_is_cut_where_no_mark_is_open() -> None:
    text = "one **two three four** five"
    assert cut_at(text, 6, 100) == text.index(" five")
    assert cut_at(text, 6, 10) == text.index(" four")
    assert cut_at("x" * 200, 10, 100) == 110
    assert cut_at("short", 10, 100) is None
