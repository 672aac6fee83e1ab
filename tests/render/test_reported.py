"""Texts that people reported for other programs: numbers, formulas, prices, paths and signs stay what they are."""

from __future__ import annotations

from textwrap import dedent

import pytest
from rendering import rows

from tui.render.inline import LINK, parse
from tui.render.strips import DARK, Document


def page(source: str, width: int = 60) -> str:
    return "\n".join(row.strip.text.rstrip() for row in rows(Document(DARK, width, source)))


def expect(source: str, drawn: str, width: int = 60) -> None:
    """What is drawn of the whole, and of the same cut in two anywhere."""
    source, drawn = dedent(source).strip("\n"), dedent(drawn).strip("\n")
    assert page(source, width) == drawn
    for cut in range(len(source) + 1):
        document = Document(DARK, width, closed=False)
        document.feed(source[:cut])
        document.feed(source[cut:])
        document.close()
        assert "\n".join(row.strip.text.rstrip() for row in rows(document)) == drawn


def unchanged(source: str, width: int = 60) -> None:
    expect(source, source, width)


# Numbers of lists


@pytest.mark.parametrize(
    "source",
    [
        "2. two\n4. four\n7. seven",
        "9. nine\n8. eight\n7. seven",
        "1. one\n2. two\n4. four\n4. four again",
        "0. zero\n1. one\n3. three",
        "1) one\n3) three",
        "5. five\n\n7. seven\n\n6. six",
        "01. one\n02. two",
        "1. one\n\n   more\n5. five",
    ],
)
def test_numbers_are_drawn_as_written(source: str) -> None:
    unchanged(source)


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
        ("0. a\n0. b", "0. a\n1. b"),
        ("5) a\n5) b\n5) c", "5) a\n6) b\n7) c"),
        ("1. a\n1. b\n2. c\n2. d\n4. e", "1. a\n2. b\n3. c\n4. d\n5. e"),
        ("- x\n  1. a\n  1. b\n  2. c", "• x\n  1. a\n  2. b\n  3. c"),
        ("1. a\n1. b\n5. c\n5. d\n7. e", "1. a\n2. b\n5. c\n6. d\n7. e"),
        ("3. a\n3. b\n1. c", "3. a\n4. b\n5. c"),
        ("1. a\n   - x\n   - y\n1. b", "1. a\n   • x\n   • y\n2. b"),
    ],
)
def test_numbers_that_are_all_the_same_are_counted_on(source: str, drawn: str) -> None:
    expect(source, drawn)


# Addresses


@pytest.mark.parametrize(
    ("source", "urls"),
    [
        ("见https://a.example/x（一）。另见https://a.example/y。完", ["https://a.example/x", "https://a.example/y"]),
        ("読む：https://a.example/q?r=1、https://a.example/s！", ["https://a.example/q?r=1", "https://a.example/s"]),
        ("「https://a.example/」『http://b.example/c』", ["https://a.example/", "http://b.example/c"]),
        ("《https://a.example/b》；https://a.example/c，好", ["https://a.example/b", "https://a.example/c"]),
        ("“https://a.example/b” and ‘https://a.example/c’…", ["https://a.example/b", "https://a.example/c"]),
        ("راجع https://a.example/b، ثم https://a.example/c؟", ["https://a.example/b", "https://a.example/c"]),
        ("देखें https://a.example/b। फिर", ["https://a.example/b"]),
        ("https://de.example/wiki/Straße_(Film)", ["https://de.example/wiki/Straße_(Film)"]),
        ("https://ca.example/Col·legi", ["https://ca.example/Col·legi"]),
        ("https://zh.example/维基", ["https://zh.example/维基"]),
    ],
)
def test_a_bare_address_ends_before_punctuation_of_any_script(source: str, urls: list[str]) -> None:
    assert [run.text for run in parse(source) if run.flags & LINK] == urls
    assert page(source, 200) == source


def test_no_row_ends_with_an_opening_bracket() -> None:
    assert page("続き。全角（https://example.com/z）です。", 32).splitlines()[0] == "続き。全角"


# Formulas

FORMULAS = [
    "$$\na = b\n=\nc\n$$",
    "$$\nx\n===\ny \\\\\n- z\n+ 1. w\n$$",
    "\\[\nx = \\frac{p}{q}\n- r\n* s\n> t\n\\]",
    "$$\n\\begin{cases}\n  1 & x > 0 \\\\\n  0 & \\_\n\\end{cases}\n\n= 2\n$$",
    "\\begin{align*}\na &= b \\\\\n- c &= *d*\n\\end{align*}",
    "$$ f(x) = x^2\n+ 1 $$",
    "\\[ a_1\n= b_1 \\]",
    "So we get $$\n- a_1\n= b\n$$",
    "and \\[\n1. x\n\\]\nthen",
    "\\(a_1\n= b_1\\)",
    "$$\n" + "\n".join(f"x_{{{n}}} &= {n} \\\\" for n in range(60)) + "\n$$",
]


@pytest.mark.parametrize("source", FORMULAS)
def test_a_formula_of_several_lines_is_one_block(source: str) -> None:
    unchanged("Before\n\n" + source + "\n\nafter", 40)


@pytest.mark.parametrize("source", FORMULAS[:5])
def test_a_formula_is_one_block_in_lists_and_quotes(source: str) -> None:
    expect(f"> {source}".replace("\n", "\n> "), f"│ {source}".replace("\n", "\n│ ").replace("│ \n", "│\n"))
    inside = source.replace("\n", "\n   ").replace("   \n", "\n")
    unchanged(f"1. so\n   {inside}\n2. and")
    assert page(f"1. so\n{source}\n2. and") == f"1. so\n   {inside}\n2. and"


def test_a_formula_keeps_its_own_indent_alone() -> None:
    expect("so\n\n  $$\n  a\n    - b\n  $$", "so\n\n$$\na\n  - b\n$$")


def test_what_stands_around_a_formula_is_markdown() -> None:
    expect("**so** $$\na_1\n$$ *and* so\non\n- x", "so $$\na_1\n$$ and so on\n\n• x")


@pytest.mark.parametrize("cut", ["$$\na = b", "$$\na = b\n= c", "\\[\nx\n- y", "\\begin{align}\na &= *b*"])
def test_an_answer_that_ends_in_a_formula_shows_it_as_it_is(cut: str) -> None:
    unchanged(cut)


def test_a_formula_is_drawn_as_one_while_it_grows() -> None:
    source = "$$\na\n=\nb\n- c\n$$"
    for cut in range(len(source)):
        document = Document(DARK, 60, closed=False)
        document.feed(source[:cut])
        drawn = "\n".join(row.strip.text.rstrip() for row in rows(document))
        assert source.startswith(drawn)


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("The shell is $$ here\n\n- *one*", "The shell is $$ here\n\n• one"),
        (
            "- **A**\n  - Price: $$\n  - *good*\n- **B**\n  - Price: $$\n",
            "• A\n  ◦ Price: $$\n  ◦ good\n• B\n  ◦ Price: $$",
        ),
        ("Price: $$\nRating: *good*\nPrice: $$", "Price: $$ Rating: good Price: $$"),
        ("$ *cheap*\n\n$$ *fair*\n\n$$$ *dear*", "$ cheap\n\n$$ fair\n\n$$$ dear"),
        ("`$$`\n\n- a\n- b `$$`", "$$\n\n• a\n• b $$"),
        ("$$\n# Head\n\n- a\n\n$$", "$$\n\nHead\n\n• a\n\n$$"),
        ("$$\n```sh\necho $$\n```", "$$\n\n┃ sh\n┃ echo $$"),
        ("a \\[ *b*\n- c", "a [ b\n\n• c"),
        ("\\[see *this*\n\n---", "[see this\n\n" + "─" * 60),
        ("| a $$ | b |\n|--|--|\n| x | y $$ |", "a $$ │ b\n─────┼─────\nx    │ y $$"),
    ],
)
def test_two_dollars_or_a_bracket_may_be_no_formula(source: str, drawn: str) -> None:
    expect(source, drawn)


# Dollars


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("Set $MY_KEY, then `$SHELL -c` or *so*", "Set $MY_KEY, then $SHELL -c or so"),
        ("From $user_a to **$user_b** and `$c`", "From $user_a to $user_b and $c"),
        ("$base_url is *not* [set]($x_y), $z is", "$base_url is not set, $z is"),
        ("$1_000 or **$2_000**, US$a_b or `c$`", "$1_000 or $2_000, US$a_b or c$"),
        ("$A_B and $C_D, *or* ${E_F}", "$A_B and $C_D, or ${E_F}"),
        ("costs $5, *not* $6", "costs $5, not $6"),
        ("$5 and $10 (*really*), or 5$", "$5 and $10 (really), or 5$"),
        ("$(date +%s_x) *and* $(id)", "$(date +%s_x) and $(id)"),
        ("$env:A_B *and* $env:C", "$env:A_B and $env:C"),
        ("*$5* to *$10*", "$5 to $10"),
        ("$a_b https://x.example/$c **d**$", "$a_b https://x.example/$c d$"),
    ],
)
def test_variables_and_prices_are_text(source: str, drawn: str) -> None:
    expect(source, drawn)


@pytest.mark.parametrize(
    "source",
    ["$x_1 * y_2 * z$", "设$a_1*b_1*c$为", "**$x_i$**-th"[2:-6], "$\\{a\\}$ and $$p*q*r_s$$", "$f(x_1) = [a, b]$"],
)
def test_formulas_in_a_line_stay_as_they_are(source: str) -> None:
    unchanged(source)


# Paths


@pytest.mark.parametrize(
    "source",
    [
        "C:\\Users\\me\\_tmp\\*.log",
        "\\\\server\\share\\_x and D:\\",
        "c:\\*.*",
        "C:\\Program Files (x86)\\_Common\\*.dll, then",
        "C:\\Documents and Settings\\_me\\[a]\\#b",
        "..\\_build\\*.txt and src\\_tmp\\x.py",
        "%TEMP%\\_x and $env:TEMP\\_x and ~\\.ssh\\_y",
        "^\\d+\\.\\*$ or \\w\\_\\s",
        "HKEY_CURRENT_USER\\Software\\_Foo\\*",
        "\\\\?\\C:\\_long\\path",
        "(C:\\a\\_b_c_\\)",
        "C:\\**\\*.cs and **\\*.cs"[:12],
        "src\\[id]\\_x.ts and (src\\[id]\\_x.ts), then",
        "app\\(shop)\\_lib and app\\[id]\\[slug].tsx",
        "app\\[...rest]\\_x\\[id].tsx.",
    ],
)
def test_a_windows_path_stays_whole(source: str) -> None:
    unchanged(source)


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("**C:\\a\\_b** and *c*", "C:\\a\\_b and c"),
        ("in C:\\temp and \\*this\\* or foo\\_bar", "in C:\\temp and *this* or foo_bar"),
        ("2 \\* 3, 1986\\. and \\# x, don\\'t", "2 * 3, 1986. and # x, don't"),
        ("word\\[1], a\\[i]\\[j] and \\[WIP] foo\\_bar.ts", "word[1], a[i][j] and [WIP] foo_bar.ts"),
        ("foo\\[a\\]\\_b and f\\(x) \\_y", "foo[a]_b and f(x) _y"),
        ("a line feed is \\\\n", "a line feed is \\n"),
        ("C:\\Temp\\\nnext", "C:\\Temp\\ next"),
        ("one\\\ntwo", "one\ntwo"),
        ("**C:\\a\\_b**\\\ntwo", "C:\\a\\_b\ntwo"),
        ("| C:\\a\\_b |\n|--|", "C:\\a\\_b\n───────"),
    ],
)
def test_other_backslashes_are_markdown(source: str, drawn: str) -> None:
    expect(source, drawn)


# Signs that begin a line


@pytest.mark.parametrize(
    "source",
    [
        "✓ syntax\n✓ lint\n✗ tests",
        "☐ one\n☑ two\n☒ three",
        "• one\n• two\n◦ three",
        "✅ built\n❌ broken\n🟢 up",
        "Steps:\n→ first\n➜ second",
        "① one\n② two",
        "[ ] open\n[x] done",
        "⚠ mind\nℹ note\n⛔ stop",
        "src\n├── a.py\n└── b.py",
        "– one\n— two",
        "★ five\n☆ four",
    ],
)
def test_lines_that_begin_with_a_sign_stay_lines(source: str) -> None:
    unchanged(source)
    unchanged("- in a list\n\n  ".replace("- ", "1. ").replace("\n  ", "\n   ") + source.replace("\n", "\n   "))


def test_other_lines_are_joined() -> None:
    expect("✓ one\nmore of it\n✓ two\n(c) three", "✓ one more of it\n✓ two (c) three")
