"""JSON from outside: any bytes are decoded or refused."""

from __future__ import annotations

import contextlib
import threading

import msgspec
import pytest
from fuzzing import Hung, fuzzed, no_hang
from hypothesis import given
from hypothesis import strategies as st

from tui.inputs.bounded import decode_json

TOKENS = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ":", ",", "1e999", "null", "\\ud800", "é", " ", '"a":', "-", "\x00"]
)


@fuzzed
@given(st.lists(TOKENS | st.tuples(st.sampled_from("[{"), st.integers(1, 3_000)).map(lambda run: run[0] * run[1])))
def test_json_is_decoded_or_refused(tokens: list[str]) -> None:
    with no_hang(), contextlib.suppress(msgspec.DecodeError):
        decode_json("".join(tokens))


def test_what_hangs_is_noticed() -> None:
    with pytest.raises(Hung), no_hang(0.01):
        threading.Event().wait()
