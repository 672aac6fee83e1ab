"""What Markdown looks like on the page: the text of its rows."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tui.render.strips import DARK, Document


def page(source: str, width: int = 40) -> str:
    document = Document(DARK, width, dedent(source).strip("\n"))
    document.settle(0, 10_000)
    return "\n".join(document.row(y).strip.text.rstrip() for y in range(document.height))


def expect(source: str, drawn: str, width: int = 40) -> None:
    assert page(source, width) == dedent(drawn).strip("\n")


def test_blocks_stand_one_row_apart() -> None:
    expect(
        "# One\ntext\nmore\n## Two ##\n\n\n\nlast\n***\nend",
        "One\n\ntext more\n\nTwo\n\nlast\n\n" + "─" * 40 + "\n\nend",
    )


def test_a_heading_may_be_underlined() -> None:
    expect("One\n===\nTwo\nlines\n---\ntext", "One\n\nTwo lines\n\ntext")


def test_lists_nest_and_hang() -> None:
    expect(
        """
        - one is long enough to be wrapped at forty
          - two
            - three
        - four
        3) five
        9) six
           - seven
        """,
        """
        • one is long enough to be wrapped at
          forty
          ◦ two
            ▪ three
        • four

        3) five
        9) six
           • seven
        """,
    )


def test_a_list_below_a_number_may_be_indented_by_two() -> None:
    expect("1. one\n  - a\n  - b\n2. two", "1. one\n   • a\n   • b\n2. two")


def test_items_stand_apart_where_the_source_says_so() -> None:
    expect("- a\n\n- b\n- c\n\n  more\n- d", "• a\n\n• b\n• c\n\n  more\n• d")


def test_tasks_have_boxes() -> None:
    expect("- [x] done\n- [ ] open\n- [link](http://x.y)", "☑ done\n☐ open\n• link")


def test_an_empty_item_is_still_an_item() -> None:
    expect("- \n- b\n-", "•\n• b\n•")


def test_quotes_have_bars_also_between_their_blocks() -> None:
    expect("> one\nlazy\n>\n> - two\n> > three\n\nout", "│ one lazy\n│\n│ • two\n│\n│ │ three\n\nout")


def test_code_keeps_its_lines() -> None:
    expect(
        "```python title=x\ndef f():\n\n\treturn 1\n```\ntext\n~~~\n```\n~~~\n```\nopen",
        "┃ python\n┃ def f():\n┃\n┃     return 1\n\ntext\n\n┃\n┃ ```\n\n┃\n┃ open",
    )


def test_code_in_a_list_stays_in_it() -> None:
    expect("1. run\n   ```sh\n   a\n     b\n   ```\n2. then", "1. run\n   ┃ sh\n   ┃ a\n   ┃   b\n2. then")


def test_indented_code() -> None:
    expect("text\n\n    a\n\n      b\n\nend", "text\n\n┃\n┃ a\n┃\n┃   b\n\nend")


def test_a_long_line_of_code_is_wrapped_below_its_indent() -> None:
    expect("```\n    alpha beta gamma delta epsilon\n```", "┃\n┃     alpha beta gamma\n┃       delta epsilon", width=24)


def test_a_table() -> None:
    expect(
        """
        Below:
        | Name | Count | Mid |
        |:-----|------:|:---:|
        | a \\| b | 1 | x |
        | **bold** | 1,204 |
        | c | 3 | `y` | z |
        not a row
        """,
        """
        Below:

        Name  │ Count │  Mid
        ──────┼───────┼──────
        a | b │     1 │   x
        bold  │ 1,204 │
        c     │     3 │ y | z

        not a row
        """,
    )


def test_a_table_wraps_its_cells() -> None:
    expect(
        "a | b\n--|--\none two three four | x y z one two three",
        "a         │ b\n──────────┼──────────\none two   │ x y z one\nthree     │ two three\nfour      │",
        width=21,
    )


def test_a_table_without_room_becomes_lines() -> None:
    columns = 12
    head = "|" + "|".join(f"head{n}" for n in range(columns)) + "|\n" + "|--" * columns + "|\n"
    drawn = page(head + "|" + "|".join(f"cell{n}" for n in range(columns)) + "|", width=30)
    assert "cell0 │ cell1 │" in drawn
    assert "cell11" in drawn
    assert "┼" not in drawn


def test_later_rows_keep_to_the_columns() -> None:
    rows = "".join(f"| {n} | word |\n" for n in range(12))
    drawn = page("| n | text |\n|---|---|\n" + rows + "| longer than all | and wrapped in its column |\n", width=30)
    assert drawn.splitlines()[-5:-3] == ["11   │ word", "long │ and wrapped in its"]
    assert drawn.splitlines()[-1].startswith("all")


def test_html_is_text_line_by_line() -> None:
    expect("<div>\n<b>x</b> *y*\n</div>", "<div>\n<b>x</b> y\n</div>")


def test_wide_characters_are_not_split() -> None:
    expect("汉字汉字汉字，汉字。", "汉字汉字\n汉字，汉\n字。", width=9)


def test_deep_nesting_ends() -> None:
    drawn = page("> " * 200 + "deep\n" + "- " * 200 + "item", width=60)
    assert "deep" in drawn
    assert "item" in drawn


@pytest.mark.parametrize("source", ["", "\n\n", " ", "\t\n"])
def test_nothing_takes_no_rows(source: str) -> None:
    document = Document(DARK, 40, source)
    document.settle(0, 100)
    assert document.height == 0


def test_code_blocks_say_where_they_stand() -> None:
    source = "one\n\n```py\nx\n\ty\n```\n\n- a\n  ```\n  z\n  ```\n"
    document = Document(DARK, 40, source)
    document.settle(0, 100)
    blocks = document.code_blocks()
    assert [(block.language, block.top, block.height, block.source) for block in blocks] == [
        ("py", 2, 3, "x\n\ty\n"),
        ("", 7, 2, "z\n"),
    ]
    assert [document.row(block.top).strip.text.strip() for block in blocks] == ["┃ py", "┃"]


def test_a_link_can_be_followed_only_to_the_web_or_a_mailbox() -> None:
    document = Document(DARK, 80, "[a](https://x.y) [b](file:///etc/passwd) <c@d.ef>")
    links = {segment.text: segment.style.link for segment in document.row(0).strip if segment.style}
    assert links["a"] == "https://x.y"
    assert links["b"] is None
    assert links["c@d.ef"] == "mailto:c@d.ef"
