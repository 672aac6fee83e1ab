"""Files and JSON from outside are read within their bounds, and never waited for."""

from __future__ import annotations

import os
import random
from pathlib import Path

import msgspec
import pytest

from tui.bounded import UnfitFile, decode_json, is_too_deep, read_file
from tui.limits import JSON_DEPTH


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
