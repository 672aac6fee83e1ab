"""Code read line by line is coloured as if it were read whole."""

from __future__ import annotations

import inspect
import json.decoder
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name

from tui.render.highlight import Kind, State, colour_line

SAMPLES = {
    "python": inspect.getsource(textwrap) + inspect.getsource(json.decoder),
    "javascript": "/**\n * doc\n */\nconst f = async (a) => {\n  const s = `multi ${a + 1}\n line`;\n  return /r/;\n}\n",
    "typescript": "interface A<T> { x: number; }\n/* a\n b */\nexport const f = (a: string) => `x\n${a}`;\n",
    "c": '#include <stdio.h>\n/* a\n * b\n */\nint main(void) {\n  char *s = "/* no */"; // y\n}\n',
    "cpp": "template <typename T>\nclass A : public B {\n  /* x\n y */ int z = 1;\n};\n",
    "go": "package main\n\n/* a\n b */\nfunc main() {\n\ts := `raw\nmore`\n\tfmt.Println(s) // x\n}\n",
    "rust": '/* a\n b */\nfn main() -> Result<(), E> {\n  let s = "multi\n line"; // c\n}\n',
    "java": "/**\n * Doc\n */\npublic class A {\n  int x = 1; /* y */\n}\n",
    "css": "/* a\n b */\n.a:hover > b {\n  color: #fff;\n}\n@media (x) { a { b: c } }\n",
    "sql": "-- c\nSELECT a, count(*) FROM t /* x\n y */ WHERE a = 'x';\n",
    "html": "<!-- a\n b -->\n<div class=\"x\"\n  id='y'>t</div>\n<script>\n\nlet a = 1; // x\n</script>\n<p>\n",
    "json": '{\n  "a": [1, 2.5, true],\n  "b": {"c": null}\n}\n',
    "diff": "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n",
    "toml": '[a]\nb = 1 # c\nd = """x\ny"""\n',
    "php": '<?php\n/* a\n b */\nfunction f($x) { return "a $x"; }\n',
    "elixir": 'defmodule A do\n  @doc """\n  x\n  """\n  def f(x), do: :ok\nend\n',
}


def by_line(language: str, source: str) -> list[Kind | None]:
    state, kinds = State(language), list[Kind | None]()
    for line in source.split("\n"):
        tokens, state = colour_line(line, state)
        assert "".join(text for text, _ in tokens) == line
        for text, kind in tokens:
            kinds += [tuple(kind[:2])] * len(text)
        kinds.append(None)
    return kinds


@pytest.mark.parametrize("language", SAMPLES)
def test_line_by_line_as_if_whole(language: str) -> None:
    source = SAMPLES[language]
    whole: list[Kind] = []
    for _, kind, text in get_lexer_by_name(language).get_tokens_unprocessed(source):
        whole += [tuple(kind[:2])] * len(text)
    lined = by_line(language, source)
    for at, (expected, kind) in enumerate(zip(whole, lined, strict=False)):
        assert source[at].isspace() or kind == expected, (source[:at].count("\n") + 1, source[at])


def test_a_here_document_is_a_string_until_its_word() -> None:
    kinds = by_line("bash", "cat > f <<'EOF'\nfor $x\nEOF\nfor")
    assert kinds[16:19] == [("Literal", "String")] * 3
    assert kinds[-2] == ("Keyword",)


@pytest.mark.parametrize("language", ["", "text", "no-such-language", "Python3000"])
def test_what_nobody_knows_stays_plain(language: str) -> None:
    assert colour_line("def f", State(language))[0] == [("def f", ())]


ODD = st.text(st.sampled_from("ab1 \"'`/*<>=-+#{}[]()\\$|&;:.,!%@~^é"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*SAMPLES, "bash", "yaml", "ruby", "sass", "terraform", "lua", "make", "console"]),
    st.lists(ODD, max_size=6),
)
def test_no_code_is_too_strange(language: str, lines: list[str]) -> None:
    by_line(language, "\n".join(lines))


def test_nothing_is_imported_before_the_first_code() -> None:
    program = (
        "import sys, tui.render.strips as s\n"
        "d = s.Document(s.DARK, 80, 'words'); d.row(0)\n"
        "print(sorted({'pygments', 'markdown_it', 'tui.render.blocks'} & set(sys.modules)))\n"
        "s.warm()\n"
        "print('pygments.lexers.python' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["['tui.render.blocks']", "True"]
