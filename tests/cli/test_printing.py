"""What commands print: one way to print for all, and JSON in which nothing is left that a terminal would obey."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grammar import HOSTILE, MARK, PLANTED, offences
from hypothesis import given
from hypothesis import strategies as st
from terminal import Terminal

from tui.render.json_text import json_text

ROOT = Path(__file__).parents[2]
PRINTERS = {
    "cli/printing.py": "",
    "cli/doctor/terminal.py": "questions that the terminal answers",
    "cli/print_mode.py": "no byte at all: whether stdout is open",
    "images/pdf.py": "a program of its own, whose output is read by prx",
    "tools/scan.py": "a program of its own, whose output is read by prx",
    "tools/watcher.py": "a program of its own, whose output is read by prx",
}
"""The modules that write to stdout or stderr themselves, and why."""
any_text = st.text(st.characters(codec=None) | st.sampled_from("".join(PLANTED)))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=20,
)


def writes(source: str) -> Iterator[str]:
    """The expressions of a module that print."""
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node) if isinstance(node, ast.Call | ast.Attribute) else ""
        if isinstance(node, ast.Call) and re.match(r"print\(|(click\.)?s?echo\(|os\.write\((1|2|sys)", text):
            yield text
        if isinstance(node, ast.Attribute) and re.match(
            r"sys\.(__)?std(out|err)(__)?\.(write|writelines|buffer)$", text
        ):
            yield text


def test_no_other_module_prints() -> None:
    files = {str(file.relative_to(ROOT / "tui")): file.read_text() for file in (ROOT / "tui").rglob("*.py")}
    assert {name for name, source in files.items() if any(writes(source))} == set(PRINTERS)


@pytest.mark.parametrize("source", ["print(1)", "click.echo('a')", "sys.stderr.write('')", "os.write(1, b'')"])
def test_the_test_sees_a_module_that_prints(source: str) -> None:
    assert len(list(writes(source))) == 1


@given(any_json)
def test_json_holds_nothing_that_a_terminal_obeys_and_is_the_same_json(value: Any) -> None:
    for indent in (0, 2):
        text = json_text(value, indent=indent)
        assert offences(text, "(?!)") == []
        assert not re.search("[\u200b-\u200f\ufe0f\U000e0001]", text)
        assert json.loads(text) == value


@pytest.mark.parametrize("text", ["\ud800", "a\udc00\ud800", "\ud83dx\x9b\x7f\x1b"])
def test_half_of_a_surrogate_pair_is_escaped(text: str) -> None:
    for indent in (0, 2):
        told = json_text({text: [text]}, indent=indent)
        assert offences(told, "(?!)") == []
        assert json.loads(told) == {text: [text]}


def test_json_keeps_the_letters_of_all_languages() -> None:
    assert json_text(["äöü", "日本語", "😀", "\x1b\x9b\u202e\U000e0041"]) == (
        '["äöü","日本語","😀","\\u001b\\u009b\\u202e\\udb40\\udc41"]'
    )


STREAMS = f"""
import sys
from tui.cli.printing import guard, put, say
guard()
HOSTILE = {HOSTILE!r}
say(HOSTILE)
say(HOSTILE, err=True)
put(HOSTILE + "\\n")
print(HOSTILE, "ä", file=sys.stderr)
data = (HOSTILE + "ж\\n").encode()
for at in range(len(data)):  # a library that writes bytes, a few at a time
    sys.stdout.buffer.write(data[at:at + 1])
sys.stdout.buffer.flush()
import warnings
warnings.warn(HOSTILE)
raise OSError(HOSTILE)
"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_whoever_prints_cannot_command_the_terminal(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "streams.py").write_text(STREAMS)
    env = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": f"{encoding}:backslashreplace"}
    with Terminal([sys.executable, "streams.py"], env, tmp_path, 400, 40) as terminal:
        assert terminal.wait_exit() == 1
        said = terminal.output.decode("utf-8" if encoding == "utf-8" else "latin-1")
    assert said.count(MARK) >= 2 * 7
    assert offences(said) == []


def test_in_a_pipe_a_text_is_exactly_what_it_is(tmp_path: Path) -> None:
    script = f"from tui.cli.printing import guard, put\nguard()\nput({HOSTILE!r})"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True)
    assert told.stdout == HOSTILE.encode()
