"""Reads bytes from outside within the bounds of `limits`: whole files and JSON."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from tui.limits import JSON_DEPTH, JSON_OBJECTS, MIB, TOOL_INPUT_BYTES

if TYPE_CHECKING:
    from types import UnionType

    import msgspec

    Json = bytes | bytearray | str | msgspec.Raw

Value = TypeVar("Value")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))


class UnfitFile(OSError):
    """A file that is no regular file, or is larger than its bound; `strerror` says which."""


def read_file(file: Path, limit_bytes: int) -> bytes:
    """Return the content of a regular file.

    Never waits: a named pipe, a device, a socket or a folder raises UnfitFile, as does a file over the limit. Raises OSError
    where the file cannot be opened or read.
    """
    opened = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        found = os.fstat(opened)
        if stat.S_ISCHR(found.st_mode) and os.path.realpath(file) == os.devnull:
            return b""  # the usual way to say "no file"
        if not stat.S_ISREG(found.st_mode):
            raise UnfitFile(errno.EINVAL, f"is {kind_of(found.st_mode)}, not a file", str(file))
        if found.st_size > limit_bytes:
            raise _too_large(file, limit_bytes)
        with os.fdopen(opened, "rb", closefd=False) as stream:
            content = stream.read(limit_bytes + 1)  # /proc and growing files say a smaller size than they have
        if len(content) > limit_bytes:
            raise _too_large(file, limit_bytes)
        return content
    finally:
        os.close(opened)


def kind_of(mode: int) -> str:
    """Name the kind of a file that is not a regular one, with its article."""
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISDIR, "a folder"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


@overload
def decode_json(data: Json, *, depth: int = ..., most_objects: int = ...) -> Any: ...
@overload
def decode_json(
    data: Json, type: type[Value], *, strict: bool = ..., depth: int = ..., most_objects: int = ...
) -> Value: ...
def decode_json(
    data: Json,
    type: Any = Any,
    *,
    strict: bool = True,
    depth: int = JSON_DEPTH,
    most_objects: int = JSON_OBJECTS,
) -> Any:
    """Decode JSON as msgspec does.

    Raises msgspec.DecodeError for every way in which it can fail: also where it is nested more than `depth` levels deep or
    holds more than `most_objects` arrays and objects, and where half of a surrogate pair stands in it.
    """
    import msgspec  # loaded after the first paint

    return _within_bounds(data, lambda raw: msgspec.json.decode(raw, type=type, strict=strict), depth, most_objects)


@overload
def decode_input(text: str) -> Any: ...
@overload
def decode_input(text: str, type: type[Value], *, strict: bool = ...) -> Value: ...
def decode_input(text: str, type: Any = Any, *, strict: bool = True) -> Any:
    """Decode the arguments of a tool call, `{}` where there are none. Raises msgspec.DecodeError, as `decode_json` does."""
    import msgspec

    raw = text.encode("utf-8", "replace")
    if len(raw) > TOOL_INPUT_BYTES:
        raise msgspec.DecodeError(f"JSON is longer than {TOOL_INPUT_BYTES // MIB} MB")
    return decode_json(raw or b"{}", type, strict=strict)


def decode_lenient(text: str) -> Any:
    """Decode what the standard library takes for JSON: also half a surrogate pair, a bare control character, NaN.

    Raises ValueError, and where it exceeds a bound.
    """
    import json

    if problem := json_problem(text.encode("utf-8", "surrogatepass")):
        raise ValueError(problem)
    return json.loads(text, strict=False)


class JsonDecoder(Generic[Value]):
    """Decodes JSON of one type, as `decode_json` does, and faster where the type is used often."""

    def __init__(self, type: type[Value] | UnionType, *, strict: bool = True) -> None:
        import msgspec

        self._decode: Callable[[Any], Any] = msgspec.json.Decoder(type, strict=strict).decode

    def decode(self, data: Json) -> Value:
        """Return the value. Raises msgspec.DecodeError."""
        decoded: Value = _within_bounds(data, self._decode, JSON_DEPTH, JSON_OBJECTS)
        return decoded


def _within_bounds(data: Json, decode: Callable[[Any], Any], depth: int, most_objects: int) -> Any:
    import msgspec

    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if problem := json_problem(raw if isinstance(raw, bytes | bytearray) else bytes(raw), depth, most_objects):
        raise msgspec.DecodeError(problem)
    try:
        return decode(raw)
    except (RecursionError, UnicodeDecodeError) as error:  # the former where the program's own calls are nested deeply
        raise msgspec.DecodeError(f"JSON cannot be read: {error}") from None


def json_problem(raw: bytes | bytearray, depth: int = JSON_DEPTH, most_objects: int = JSON_OBJECTS) -> str:
    """Return which bound the JSON exceeds, as the rest of a sentence; "" for none. The JSON need not be valid."""
    if raw.count(b"{") + raw.count(b"[") <= depth:
        return ""
    level = objects = start = 0
    inside = False
    while start < len(raw):
        end = start + MIB
        while raw[end - 1 : end] == b"\\":  # an escape sequence stays whole
            end += 1
        piece = raw[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_STRUCTURE)
        parts = (b'"' + piece if inside else piece).split(b'"')  # every second one stands inside a string
        inside = len(parts) % 2 == 0
        brackets = b"".join(parts[::2])
        objects += brackets.count(b"{") + brackets.count(b"[")
        if objects > most_objects:
            return f"JSON holds more than {most_objects:,} arrays and objects"
        for bracket in brackets:
            level += 1 if bracket in b"[{" else -1
            if level > depth:
                return f"JSON is nested more than {depth} levels deep"
        start = end
    return ""


def is_too_deep(raw: bytes | bytearray) -> bool:
    """True if the JSON has more than JSON_DEPTH arrays and objects inside one another."""
    return bool(json_problem(raw, most_objects=len(raw)))


def _too_large(file: Path, limit_bytes: int) -> UnfitFile:
    return UnfitFile(errno.EFBIG, f"is larger than {limit_bytes // MIB} MB", str(file))
