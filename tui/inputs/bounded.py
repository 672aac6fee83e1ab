"""Read files, pipes and JSON from outside within `limits`. Output of programs is in `bounded_program`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from tui.inputs import UnfitFile
from tui.inputs.limits import JSON_DEPTH, JSON_OBJECTS, MIB, TOOL_INPUT_BYTES

if TYPE_CHECKING:
    from types import UnionType

    import msgspec

    Json = bytes | bytearray | str | msgspec.Raw

Value = TypeVar("Value")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NON_BLOCKING = (
    getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
)


def read_file(file: Path, limit_bytes: int, *, pipes: bool = False) -> bytes:
    """Return the content of a regular file.

    Never blocks: a named pipe, a device, a socket or a folder raises UnfitFile, and so does a file over the limit. With
    `pipes`, for files named on the command line, a pipe is read to its end within the time of `limits`. Raises OSError if
    the file cannot be opened or read, and ValueError for a name that no file can have.
    """
    opened = (
        open_to_read(file, pipes=pipes) if os.path.realpath(file) != os.devnull else None
    )  # /dev/null means "no file"
    if opened is None:
        return b""
    try:
        found = os.fstat(opened)
        if pipes and stat.S_ISFIFO(found.st_mode):
            from tui.inputs.pipes import read_pipe  # rarely needed

            content = read_pipe(opened, limit_bytes)
        elif found.st_size > limit_bytes:
            raise _too_large(file, limit_bytes)
        else:
            with os.fdopen(opened, "rb", closefd=False) as stream:
                content = stream.read(limit_bytes + 1)  # /proc and growing files report a size that is too small
        if len(content) > limit_bytes:
            raise _too_large(file, limit_bytes)
        return content
    finally:
        os.close(opened)


def read_start(file: Path, size_bytes: int) -> bytes:
    """Return the first bytes of a regular file without blocking. Raises OSError."""
    with os.fdopen(open_to_read(file), "rb") as stream:
        return stream.read(size_bytes)


def open_to_write(file: Path, flags: int) -> int:
    """Open a regular file for writing and return its descriptor. A new file gets mode 0600.

    `flags`, such as O_APPEND, are added. Never blocks. Raises UnfitFile if it is not a regular file, and OSError.
    """
    require_regular_file(file, missing_ok=True)
    return os.open(file, os.O_WRONLY | os.O_CREAT | flags | _NON_BLOCKING, 0o600)


def require_regular_file(file: Path, *, missing_ok: bool = False) -> None:
    """Raise UnfitFile if this is not a regular file, before anything opens it. Raises OSError if it cannot be checked."""
    try:
        _refuse_kind(file, file.stat().st_mode)
    except FileNotFoundError:
        if not missing_ok:
            raise


def require_regular_certificate_files(env: Mapping[str, str]) -> None:
    """Raise UnfitFile if a file that the TLS library opens is not a regular file, which could block. Raises OSError."""
    for name in ("SSL_CERT_FILE", "SSLKEYLOGFILE"):
        if (named := env.get(name)) and os.path.realpath(named) != os.devnull:
            require_regular_file(Path(named), missing_ok=True)


def kind_of(mode: int) -> str:
    """Return the kind of a file that is not a regular file, with its article."""
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISDIR, "a folder"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def without_bom(data: bytes) -> bytes:
    """Return the bytes without the UTF-8 byte order mark that some Windows editors write."""
    return data.removeprefix(_BYTE_ORDER_MARK)


@overload
def decode_json(data: Json, *, depth: int = ..., max_objects: int = ...) -> Any: ...
@overload
def decode_json(
    data: Json, type: type[Value], *, strict: bool = ..., depth: int = ..., max_objects: int = ...
) -> Value: ...
def decode_json(
    data: Json,
    type: Any = Any,
    *,
    strict: bool = True,
    depth: int = JSON_DEPTH,
    max_objects: int = JSON_OBJECTS,
) -> Any:
    """Decode JSON with msgspec; a byte order mark is allowed.

    Raises only msgspec.DecodeError: for invalid JSON, nesting deeper than `depth`, more than `max_objects` arrays and
    objects, or half a surrogate pair.
    """
    import msgspec  # not needed for the first paint

    return _within_bounds(data, lambda raw: msgspec.json.decode(raw, type=type, strict=strict), depth, max_objects)


@overload
def decode_input(text: str) -> Any: ...
@overload
def decode_input(text: str, type: type[Value], *, strict: bool = ...) -> Value: ...
def decode_input(text: str, type: Any = Any, *, strict: bool = True) -> Any:
    """Decode the arguments of a tool call; "" counts as `{}`. Raises msgspec.DecodeError, as `decode_json` does."""
    import msgspec

    raw = text.encode("utf-8", "replace")
    if len(raw) > TOOL_INPUT_BYTES:
        raise msgspec.DecodeError(f"JSON is longer than {TOOL_INPUT_BYTES // MIB} MB")
    return decode_json(raw or b"{}", type, strict=strict)


def decode_lenient(text: str) -> Any:
    """Decode JSON with the standard library, which also accepts half a surrogate pair, control characters and NaN.

    Raises ValueError if it is invalid or exceeds a limit.
    """
    import json

    if problem := json_problem(text.encode("utf-8", "surrogatepass")):
        raise ValueError(problem)
    return json.loads(text, strict=False)


class JsonDecoder(Generic[Value]):
    """Decodes JSON of one type like `decode_json`. Faster for a type that is used often."""

    def __init__(self, type: type[Value] | UnionType, *, strict: bool = True) -> None:
        import msgspec

        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(type, strict=strict)
        self._decode: Callable[[Any], Any] = decoder.decode
        self._decode_lines: Callable[[Any], list[Any]] = decoder.decode_lines

    def decode(self, data: Json) -> Value:
        """Decode one value. Raises msgspec.DecodeError."""
        decoded: Value = _within_bounds(data, self._decode, JSON_DEPTH, JSON_OBJECTS)
        return decoded

    def decode_each(self, texts: Sequence[bytes | bytearray]) -> list[Value]:
        """Decode many objects at once, each as `decode` does. Raises msgspec.DecodeError if a text is not one object."""
        import msgspec

        if not texts:
            return []
        lines, gaps = b"\n".join(texts), len(texts) - 1
        # No object goes on after `}`, a line end and `{`. So if there are as many objects as texts, each text is one.
        if not (lines.startswith(b"{") and lines.endswith(b"}") and lines.count(b"\n") == gaps == lines.count(b"}\n{")):
            raise msgspec.DecodeError("not one object in each text")
        is_short = max(map(len, texts)) <= JSON_DEPTH  # too short to be nested deeper
        if not is_short and any(map(json_problem, texts)):
            raise msgspec.DecodeError("an object exceeds a limit")
        try:
            decoded = self._decode_lines(lines)
        except (RecursionError, UnicodeDecodeError) as error:
            raise msgspec.DecodeError(f"JSON cannot be read: {error}") from None
        if len(decoded) != len(texts):
            raise msgspec.DecodeError("more than one object in a text")
        return decoded


def _within_bounds(data: Json, decode: Callable[[Any], Any], depth: int, max_objects: int) -> Any:
    import msgspec

    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if isinstance(raw, bytes | bytearray):
        raw = raw.removeprefix(_BYTE_ORDER_MARK)
    if problem := json_problem(raw if isinstance(raw, bytes | bytearray) else bytes(raw), depth, max_objects):
        raise msgspec.DecodeError(problem)
    try:
        return decode(raw)
    except (RecursionError, UnicodeDecodeError) as error:  # RecursionError: the call stack is deep already
        raise msgspec.DecodeError(f"JSON cannot be read: {error}") from None


def json_problem(raw: bytes | bytearray, depth: int = JSON_DEPTH, max_objects: int = JSON_OBJECTS) -> str:
    """Return which limit the JSON exceeds, as a sentence without its end, or "". The JSON need not be valid."""
    if raw.count(b"{") + raw.count(b"[") <= depth:
        return ""
    level = objects = start = 0
    inside = False
    while start < len(raw):
        end = start + MIB
        while raw[end - 1 : end] == b"\\":  # do not split an escape sequence
            end += 1
        piece = raw[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_STRUCTURE)
        parts = (b'"' + piece if inside else piece).split(b'"')  # every second part is inside a string
        inside = len(parts) % 2 == 0
        brackets = b"".join(parts[::2])
        objects += brackets.count(b"{") + brackets.count(b"[")
        if objects > max_objects:
            return f"JSON has more than {max_objects:,} arrays and objects"
        for bracket in brackets:
            level += 1 if bracket in b"[{" else -1
            if level > depth:
                return f"JSON is nested more than {depth} levels deep"
        start = end
    return ""


def is_too_deep(raw: bytes | bytearray) -> bool:
    """True if the JSON is nested deeper than JSON_DEPTH."""
    return bool(json_problem(raw, max_objects=len(raw)))


def open_to_read(file: Path, *, pipes: bool = False) -> int:
    """Open a regular file, or with `pipes` a pipe, without blocking. Return its descriptor. Raises UnfitFile and OSError."""
    _refuse_kind(file, file.stat().st_mode, pipes=pipes)  # before opening: to open a device can have side effects
    opened = os.open(file, os.O_RDONLY | _NON_BLOCKING)
    try:
        _refuse_kind(file, os.fstat(opened).st_mode, pipes=pipes)
    except UnfitFile:
        os.close(opened)
        raise
    return opened


def _refuse_kind(file: Path, mode: int, *, pipes: bool = False) -> None:
    if not stat.S_ISREG(mode) and not (pipes and stat.S_ISFIFO(mode)):
        raise UnfitFile(errno.EINVAL, f"it is {kind_of(mode)}, not a file", str(file))


def _too_large(file: Path, limit_bytes: int) -> UnfitFile:
    return UnfitFile(errno.EFBIG, f"it is larger than {max(1, limit_bytes // 1_000_000)} MB", str(file))
