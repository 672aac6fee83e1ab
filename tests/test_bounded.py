"""Files and JSON from outside are read within their bounds, and never waited for."""

from __future__ import annotations

import contextlib
import inspect
import os
import random
import sys
from pathlib import Path

import msgspec
import pytest

from tui.bounded import JsonDecoder, UnfitFile, decode_json, is_too_deep, json_problem, read_file
from tui.limits import JSON_DEPTH, JSON_OBJECTS, MIB


@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_json_is_decoded_up_to_its_depth_and_refused_beyond(opened: str) -> None:
    closed = "]" if opened == "[" else "}"
    assert decode_json(opened * JSON_DEPTH + "1" + closed * JSON_DEPTH) is not None
    for depth in (JSON_DEPTH + 1, 2_000, 1_000_000):
        with pytest.raises(msgspec.DecodeError, match="nested"):
            decode_json(opened * depth + "1" + closed * depth)
        with pytest.raises(msgspec.DecodeError):
            decode_json(opened * depth)


def test_brackets_in_strings_and_beside_one_another_are_not_depth() -> None:
    text = '[{"\\\\": ' * 150 + '"'
    assert decode_json(msgspec.json.encode([text] * 3)) == [text] * 3
    assert decode_json("[" + ",".join(["[[]]"] * 1_000) + "]") == [[[]]] * 1_000


@pytest.mark.parametrize("shift", range(4))
def test_long_strings_are_told_from_structure_wherever_they_are_looked_at_in_parts(shift: int) -> None:
    text = "." * shift + '"[\\' * 1_000_000
    raw = msgspec.json.encode([text])
    assert len(raw) > 3 * MIB
    assert json_problem(raw) == ""
    assert "nested" in json_problem(raw[:-1] + b"," + b"[" * JSON_DEPTH)


def test_more_arrays_and_objects_than_fit_into_memory_are_refused() -> None:
    assert json_problem(b"[" + b"{}," * JSON_OBJECTS) != ""
    assert json_problem(msgspec.json.encode("[{" * JSON_OBJECTS)) == ""
    with pytest.raises(msgspec.DecodeError, match="more than 5 arrays and objects"):
        decode_json("[[],[],[],[],[]]", depth=2, most_objects=5)


@pytest.mark.parametrize("data", ["\ud800", '"\ud800"', b'"\xff"', b"\xff", b"", bytearray(b"nan"), '"\\ud800"'])
def test_what_cannot_be_decoded_is_one_error(data: bytes | bytearray | str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(data)
    with pytest.raises(msgspec.DecodeError):
        JsonDecoder(str).decode(data)


def test_a_deep_stack_is_an_error_of_the_same_kind() -> None:
    def below(calls: int) -> object:
        return below(calls - 1) if calls else decode_json("[" * 150 + "]" * 150)

    frames = sys.getrecursionlimit() - len(inspect.stack()) - 100
    with contextlib.suppress(msgspec.DecodeError):  # some versions of Python count C's calls on their own
        below(frames)


def test_a_string_that_never_closes_takes_no_time_to_speak_of() -> None:
    assert not is_too_deep(b'{"a":"' + b"\\[{" * 1_000_000)
    assert not is_too_deep(random.Random(1).randbytes(1_000_000).replace(b"[", b"").replace(b"{", b"") + b'"[')


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert read_file(file, 100) == b"x" * 100
    with pytest.raises(UnfitFile, match="is larger than"):
        read_file(file, 99)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path, kind in (
        (tmp_path / "pipe", "a named pipe"),
        (tmp_path / "link", "a named pipe"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(UnfitFile, match=f"is {kind}, not a file"):
            read_file(path, 1_000)
    with pytest.raises(UnfitFile, match="is a device, not a file"):
        read_file(Path("/dev/zero"), 1_000)
    assert read_file(Path(os.devnull), 1_000) == b""
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none", 1_000)
