"""Base64 in slices is the standard library's base64."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.base64_slices import decode_base64, encode_base64


@given(st.binary(max_size=40))
def test_small_data(data):
    assert encode_base64(data) == base64.b64encode(data).decode()
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize("size", [0, 1, 196_607, 196_608, 196_609, 196_610, 500_000])
def test_around_the_slices(size):
    data = random.Random(size).randbytes(size)
    assert encode_base64(data) == base64.b64encode(data).decode()
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize("text", ["no!", "QQ", "Q Q=", "QUJD\n", "é" * 4, "A" * 262_145])
def test_what_is_no_base64(text):
    with pytest.raises(ValueError, match=r"(?i)base64|ascii|padding"):
        decode_base64(text)
