"""What a terminal sends: keys, pastes that are never keys, and replies that are neither."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.inputs.limits import PASTE_CHARS, REPLY_CHARS
from tui.widgets.key_stream import BURST_CHARS, END, START, KeyStream, Piece

LONG = "all work and no play " * 10


def all_of(stream: KeyStream, *reads: str) -> list[Piece]:
    """All pieces, with neighbouring keys joined: where they are parted says nothing."""
    parted = [piece for read in reads for piece in stream.feed(read)] + list(stream.expire())
    joined: list[Piece] = []
    for piece in parted:
        if joined and piece.kind == joined[-1].kind == "keys":
            joined[-1] = Piece(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def pieces(*reads: str) -> list[Piece]:
    return all_of(KeyStream(), *reads)


def keys_of(*reads: str) -> str:
    return "".join(piece.text for piece in pieces(*reads) if piece.kind != "reply")


# Keys, and pastes between marks


def test_keys_pass_and_a_paste_is_one_piece() -> None:
    assert pieces(f"ab{START}one\rtwo{END}c") == [Piece("ab"), Piece("one\rtwo", "paste"), Piece("c")]


def test_escape_sequences_in_a_paste_are_no_keys() -> None:
    assert pieces(f"{START}\x1b]0;owned\x07\x1b[A\r\x9b\x1b{END}") == [
        Piece("\x1b]0;owned\x07\x1b[A\r\x9b\x1b", "paste")
    ]


def test_a_bare_esc_waits_for_more_and_is_a_key_if_nothing_comes() -> None:
    stream = KeyStream()
    assert list(stream.feed("a\x1b")) == [Piece("a")]
    assert stream.wait_s is not None
    assert stream.wait_s <= 0.05
    assert list(stream.expire()) == [Piece("\x1b")]
    assert stream.wait_s is None


def test_the_rest_of_a_key_that_came_in_two_reads_is_waited_for() -> None:
    stream = KeyStream()
    assert list(stream.feed("\x1b[1;")) == []
    assert list(stream.feed("5A")) == [Piece("\x1b[1;5A")]


def test_a_short_silence_in_the_middle_of_a_paste_ends_nothing() -> None:
    stream = KeyStream()
    assert list(stream.feed(f"{START}half\x1b")) == []
    assert stream.wait_s is not None
    assert stream.wait_s >= 1
    assert list(stream.feed(f"[201x and half{END}")) == [Piece("half\x1b[201x and half", "paste")]


def test_a_paste_whose_end_never_comes_does_not_make_the_keyboard_deaf() -> None:
    stream = KeyStream()
    assert all_of(stream, f"{START}half") == [Piece("half", "paste")]
    assert all_of(stream, "rm -rf\r and the rest of it") == [Piece("rm -rf\r and the rest of it", "paste")]
    assert all_of(stream, END) == [Piece(END, "reply")]
    assert all_of(stream, "x", "\r") == [Piece("x\r")]


def test_a_paste_has_a_bound() -> None:
    stream = KeyStream()
    whole = all_of(stream, START, *["x" * (PASTE_CHARS // 4)] * 5, END)
    assert [len(piece.text) for piece in whole] == [PASTE_CHARS]
    assert stream.is_cut
    assert all_of(stream, f"{START}more{END}") == [Piece("more", "paste")]


# Pastes without marks


def test_a_burst_is_one_paste_however_many_reads_it_takes() -> None:
    assert pieces(LONG, "two\rthree\r\rfour", LONG) == [Piece(f"{LONG}two\rthree\r\rfour{LONG}", "paste")]


@pytest.mark.parametrize("keys", ["\r", "\x1b[D", "\x01more", "\x1b", "\x1bf\r", "\x7f\x7f"])
def test_keys_after_a_burst_stay_keys(keys: str) -> None:
    assert pieces(LONG + keys) == [Piece(LONG, "paste"), Piece(keys)]
    assert pieces(LONG, keys) == [Piece(LONG, "paste"), Piece(keys)]


def test_lines_of_a_burst_are_not_sent_one_by_one() -> None:
    assert pieces(f"{LONG}\r{LONG}\r") == [Piece(f"{LONG}\r{LONG}\r", "paste")]


def test_what_is_late_of_a_burst_is_no_key_and_what_is_typed_after_it_is() -> None:
    stream = KeyStream()
    assert all_of(stream, f"{LONG}\rone") == [Piece(f"{LONG}\rone", "paste")]
    assert all_of(stream, "two\rthree") == [Piece("two\rthree", "paste")]
    assert all_of(stream, "x") == [Piece("x")]
    assert all_of(stream, "\r") == [Piece("\r")]


@pytest.mark.parametrize("keys", ["\x7f", "\r", "\x1b[D", "\x01"])
def test_a_key_that_repeats_is_no_paste(keys: str) -> None:
    assert pieces(keys * 300) == [Piece(keys * 300)]


def test_control_characters_within_a_burst_are_no_keys() -> None:
    dirty = f"{LONG}\x11{LONG}\x1b[31m{LONG}"
    assert [piece for piece in pieces(dirty) if piece.kind != "reply"] == [
        Piece(dirty.replace("\x1b[31m", ""), "paste")
    ]


# Replies, and keys that no keyboard has

REPLIES = {
    "OSC 11, BEL": "\x1b]11;rgb:ffff/ffff/ffff\x07",
    "OSC 10, ST": "\x1b]10;rgb:8f8f/f5f5/8686\x1b\\",
    "OSC 4": "\x1b]4;1;rgb:ff/00/00\x1b\\",
    "OSC 52": "\x1b]52;c;" + "QUFB" * 5_000 + "\x07",
    "DA1": "\x1b[?62;4;22c",
    "DA2": "\x1b[>41;354;0c",
    "DA3": "\x1bP!|7E565445\x1b\\",
    "XTVERSION": "\x1bP>|WezTerm 20240203\x1b\\",
    "XTGETTCAP": "\x1bP1+r544e=787465726d\x1b\\",
    "DECRQSS": "\x1bP1$r0m\x1b\\",
    "Kitty graphics": "\x1b_Gi=31;OK\x1b\\",
    "Kitty keyboard": "\x1b[?1u",
    "colour scheme": "\x1b[?997;1n",
    "status": "\x1b[0n",
    "cursor": "\x1b[24;80R",
    "window size": "\x1b[4;600;800t",
    "PM": "\x1b^private\x1b\\",
    "APC, BEL": "\x1b_anything\x07",
    "DCS, BEL": "\x1bP>|foot(1.16)\x07",
}
C1 = {"C1 CSI": "\x9b?62;4c", "C1 OSC": "\x9d11;rgb:0/0/0\x9c", "C1 DCS": "\x90>|x\x9c", "C1 APC": "\x9fGi=31;OK\x9c"}
UNKNOWN = [
    "\x1b[57441;1:3u",
    "\x1b[1114112;1u",
    "\x1b[55296;1u",
    "\x1b[27;5;99999999999~",
    "\x1b[27;5;1114112~",
    "\x1b[97;99999999999u",
    "\x1b[97;1;1114112u",
    "\x1b[97;1;27u",
    "\x1b[57500;1u",
    "\x1b[97;5:3u",
    "\x1b[;;;;;;u",
    "\x1b[" + "9" * 5_000 + "u",
    "\x1b[" + "1;" * 500 + "A",
    "\x1b[48;0;0;0;0t",
    "\x1b[48;99999;99999;99999;99999t",
    "\x1b[48;24;80;0;0t",
    "\x1b[<99999999999;1;1M",
    "\x1b[?9999999999;1$y",
    "\x1b[200;200~",
    END,
    "\x1bOZ",
    "\x1b[M   ",
]


@pytest.mark.parametrize("reply", REPLIES | C1)
def test_a_reply_is_swallowed_whole(reply: str) -> None:
    assert keys_of(f"a{(REPLIES | C1)[reply]}b") == "ab"


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_is_swallowed_wherever_the_reads_part(reply: str) -> None:
    text = REPLIES[reply]
    for cut in {*range(1, min(len(text), 40)), len(text) - 1}:
        assert keys_of("a", text[:cut], text[cut:], "b") == "ab"
    assert keys_of(*f"a{text}b") == "ab"


@pytest.mark.parametrize("reply", sorted(set(REPLIES) - {"PM", "APC, BEL", "status", "window size", "OSC 52"}))
def test_the_rest_of_a_reply_is_swallowed_after_its_esc_was_taken_for_a_key(reply: str) -> None:
    """Only what can be nothing else."""
    stream = KeyStream()
    assert all_of(stream, "\x1b") == [Piece("\x1b")]
    got = [piece for part in REPLIES[reply][1:] for piece in stream.feed(part)] + list(stream.feed("b"))
    assert "".join(piece.text for piece in got if piece.kind == "keys") == "b"


@pytest.mark.parametrize("text", ["]", "[x", "Please go on\r", "P", "_", "[Note] that\r", "]]", "One", "[1] is that"])
def test_what_is_typed_after_esc_is_typed(text: str) -> None:
    stream = KeyStream()
    assert all_of(stream, "\x1b") == [Piece("\x1b")]
    assert "".join(piece.text for piece in all_of(stream, text)) == text


def test_a_string_that_never_ends_is_given_up() -> None:
    stream = KeyStream()
    assert list(stream.feed("\x1b]11;rgb")) == []
    assert stream.wait_s is not None
    assert stream.wait_s <= 1
    assert list(stream.expire()) == []
    assert all_of(stream, "typed\r") == [Piece("typed\r")]


def test_a_control_character_breaks_a_string_off() -> None:
    assert pieces("\x1b]11;rgb\x03typed") == [Piece("\x03typed")]


@pytest.mark.parametrize("key", ["\x1b]", "\x1bP", "\x1b_", "\x1b[", "\x1bO", "\x1ba", "\x1b1", "\x1b\r", "\x1b[3$"])
def test_alt_and_a_character_is_a_key(key: str) -> None:
    assert pieces(key) == [Piece(key)]


@pytest.mark.parametrize("sequence", UNKNOWN)
def test_what_no_keyboard_sends_is_swallowed_whole(sequence: str) -> None:
    assert keys_of(f"a{sequence}b") == "ab"


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b[57441;1:1u", "\x1b[57441;1u"),
        ("\x1b[97:65;2:1;65u", "\x1b[97;2;65u"),
        ("\x1b[1;5:2C", "\x1b[1;5C"),
        ("\x1b[27;2;65~", "A"),
        ("\x1b[27;3;13~", "\x1b[13;3u"),
        ("\x1b[27;5;99~", "\x1b[99;5u"),
        ("\x1b[A", "\x1b[A"),
        ("\x1b[[A", "\x1b[[A"),
        ("\x1b[13;2u", "\x1b[13;2u"),
    ],
)
def test_a_key_is_spelt_as_the_screen_reads_it(sequence: str, key: str) -> None:
    assert pieces(sequence) == [Piece(key)]


def test_what_is_held_back_does_not_grow() -> None:
    stream = KeyStream()
    for endless in ("\x1b]52;c;", "\x1b["):
        assert [*stream.feed(endless), *(piece for _ in range(50) for piece in stream.feed("1" * REPLY_CHARS))] == []
        assert len(stream._held) + len(stream._string or "") <= 2 * REPLY_CHARS
        list(stream.expire())


# Wherever the reads part

ANYTHING = st.lists(
    st.one_of(
        st.text(alphabet="ab\r\x1b[201~;O]P_\\\x07é\x9b\x7f", max_size=8),
        st.sampled_from([START, END, "\x1b[A", "\x1b", *list(REPLIES.values())[:3], *UNKNOWN[:5]]),
    ),
    max_size=12,
).map("".join)


@given(ANYTHING, st.lists(st.integers(0, 60), max_size=8))
def test_it_does_not_matter_where_the_reads_part(sent: str, cuts: list[int]) -> None:
    """As long as they follow each other at once, and none is a burst."""
    if len(sent) >= BURST_CHARS:
        return
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    assert pieces(*(sent[a:b] for a, b in pairwise(edges))) == pieces(sent)


@given(ANYTHING)
def test_a_paste_passes_unchanged(pasted: str) -> None:
    text = pasted.replace(END, "")
    if END in text + END[:-1]:
        return
    assert pieces(f"{START}{text}{END}") == [Piece(text, "paste")]
