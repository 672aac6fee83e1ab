"""What a program says on standard error, as the log tells it while it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.mcp.redaction import Redactor
from tui.mcp.stdio import Log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "odd.log"


def test_a_question_without_a_newline_is_told_at_once(file: Path) -> None:
    log = Log(file, Redactor(["harbour"]))
    log.take(b"Password f\xc3")
    assert file.read_text() == "Password f"
    log.take(b"\xa9:")
    assert file.read_text() == "Password fé:"
    log.take(b" har")
    assert file.read_text() == "Password fé: "
    log.take(b"d\n")
    assert file.read_text() == "Password fé: hard\n"


def test_a_secret_that_comes_in_parts_is_none_of_it_told(file: Path) -> None:
    log = Log(file, Redactor(["harbour", "harbourmaster"]))
    for part in (b"the ha", b"rbour", b"mas", b"ter of har", b"bou"):
        log.take(part)
    assert file.read_text() == "the … of "
    log.take(b"r")
    assert file.read_text() == "the … of "
    log.end()
    assert file.read_text() == "the … of …"


@given(st.lists(st.text("abé ", min_size=2, max_size=5)), st.lists(st.text("abé ", min_size=1, max_size=6), max_size=8))
def test_in_whatever_parts_it_comes_the_same_is_told(words: list[str], parts: list[str]) -> None:
    redact = Redactor(words)
    told, held = "", ""
    for part in parts:
        held += part
        safe_length = redact.safe_length(held)
        told, held = told + redact(held[:safe_length]), held[safe_length:]
    assert told + redact(held) == redact("".join(parts))
