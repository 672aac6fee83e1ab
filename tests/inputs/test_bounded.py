"""Files and JSON from outside are read within their bounds, and never waited for."""

from __future__ import annotations

import contextlib
import inspect
import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tui.anthropic.credentials import OAuthToken, read_login
from tui.inputs import UnfitFile
from tui.inputs.bounded import JsonDecoder, decode_json, is_too_deep, json_problem, open_to_write, read_file
from tui.inputs.bounded_program import run_program
from tui.inputs.limits import JSON_DEPTH, JSON_OBJECTS, MIB
from tui.inputs.pipes import read_pipe
from tui.private_file import write_private


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
        decode_json("[[],[],[],[],[]]", depth=2, max_objects=5)


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


def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    assert run_program(["sh", "-c", "exec yes"], timeout_s=20, limit_bytes=1_000_000).output == b""
    assert run_program(["sh", "-c", "echo tide; exit 3"], timeout_s=20) == (3, b"tide\n")
    with pytest.raises(subprocess.TimeoutExpired):
        run_program(["sh", "-c", "exec sleep 60"], timeout_s=0.1)


def test_nothing_but_a_file_is_opened_to_be_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path):
        with pytest.raises(UnfitFile):
            open_to_write(path, os.O_APPEND)
        with pytest.raises(UnfitFile):
            write_private(path, b"tide")
    os.close(open_to_write(tmp_path / "new", os.O_TRUNC))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_read_to_its_end_where_that_is_asked_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", f"(echo the; echo tide) > {tmp_path}/pipe"]):
        assert read_file(tmp_path / "pipe", 100, pipes=True) == b"the\ntide\n"
    with (
        subprocess.Popen(["sh", "-c", f"exec yes > {tmp_path}/pipe"], stderr=subprocess.DEVNULL),
        pytest.raises(UnfitFile, match="is larger than"),
    ):
        read_file(tmp_path / "pipe", 100, pipes=True)
    with pytest.raises(UnfitFile, match="without a writer"):
        read_file(tmp_path / "pipe", 100, pipes=True)


def test_a_pipe_that_is_silent_or_slow_is_given_up() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.write(write, b"tide")
    with pytest.raises(UnfitFile, match="silent"):
        read_pipe(read, 100, silence_s=0.05)
    os.write(write, b"tide")
    with pytest.raises(UnfitFile, match="not at its end"):
        read_pipe(read, 100, total_s=0)
    os.write(write, b"tide")
    os.close(write)
    assert read_pipe(read, 100) == b"tide"
    os.close(read)


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    assert decode_json(b"\xef\xbb\xbf[1]") == decode_json("\ufeff[1]") == [1]
    (tmp_path / "login").write_bytes(b'\xef\xbb\xbf{"accessToken": "sk-ant-oat01-x"}')
    assert isinstance(read_login(tmp_path / "login", now_s=0), OAuthToken)
