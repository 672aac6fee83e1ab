"""What a terminal sends: keys, and pastes that are never keys."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.key_stream import END, START, KeyStream, Piece


def pieces(*reads: str) -> list[Piece]:
    """All pieces, with neighbouring keys joined: where they are parted says nothing."""
    stream = KeyStream()
    parted = [piece for read in reads for piece in stream.feed(read)] + list(stream.expire())
    joined: list[Piece] = []
    for piece in parted:
        if joined and not piece.pasted and not joined[-1].pasted:
            joined[-1] = Piece(joined[-1].text + piece.text, pasted=False)
        else:
            joined.append(piece)
    return joined


def test_keys_pass_and_a_paste_is_one_piece() -> None:
    assert pieces(f"ab{START}one\rtwo{END}c") == [Piece("ab", False), Piece("one\rtwo", True), Piece("c", False)]


def test_escape_sequences_in_a_paste_are_no_keys() -> None:
    assert pieces(f"{START}\x1b]0;owned\x07\x1b[A\r\x1b{END}") == [Piece("\x1b]0;owned\x07\x1b[A\r\x1b", True)]


def test_a_bare_esc_waits_for_more_and_is_a_key_if_nothing_comes() -> None:
    stream = KeyStream()
    assert list(stream.feed("a\x1b")) == [Piece("a", False)]
    assert stream.waits
    assert list(stream.expire()) == [Piece("\x1b", False)]
    assert not stream.waits


def test_the_rest_of_a_key_that_came_in_two_reads_is_waited_for() -> None:
    stream = KeyStream()
    assert list(stream.feed("\x1b[1;")) == []
    assert list(stream.feed("5A")) == [Piece("\x1b[1;5A", False)]


def test_silence_in_the_middle_of_a_paste_ends_nothing() -> None:
    stream = KeyStream()
    assert [*stream.feed(f"{START}half\x1b"), *stream.expire()] == []
    assert not stream.waits
    assert list(stream.feed(f"[201x and half{END}")) == [Piece("half\x1b[201x and half", True)]


ANYTHING = st.lists(
    st.one_of(st.text(alphabet="ab\r\x1b[201~;O\x07é", max_size=8), st.sampled_from([START, END, "\x1b[A", "\x1b"])),
    max_size=12,
).map("".join)


@given(ANYTHING, st.lists(st.integers(0, 60), max_size=8))
def test_it_does_not_matter_where_the_reads_part(sent: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    assert pieces(*(sent[a:b] for a, b in pairwise(edges))) == pieces(sent)


@given(ANYTHING)
def test_keys_pass_unchanged(sent: str) -> None:
    keys = sent.replace("\x1b[200~", "")
    if START in keys:
        return
    assert "".join(piece.text for piece in pieces(keys)) == keys


@given(ANYTHING)
def test_a_paste_passes_unchanged(pasted: str) -> None:
    text = pasted.replace(END, "")
    if END in text + END[:-1]:
        return
    assert pieces(f"{START}{text}{END}") == [Piece(text, True)]


@pytest.mark.parametrize("cut", range(1, 24))
def test_an_answer_of_the_terminal_is_never_parted(cut: int) -> None:
    answers = "\x1b_Gi=31;OK\x1b\\\x1b[?62;4c"
    stream = KeyStream()
    parted = [piece.text for read in (answers[:cut], answers[cut:]) for piece in stream.feed(read)]
    assert "".join(parted) == answers
    assert all(text.startswith("\x1b") for text in parted)
    assert all(text.endswith(("\\", "c")) for text in parted)
