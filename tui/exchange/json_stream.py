"""Split a JSON file into its values while it is read, with one value in memory at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from tui.inputs.bounded import decode_json, without_bom
from tui.inputs.limits import IMPORT_BYTES, IMPORT_CHAT_BYTES, JSON_DEPTH, MIB

_CHUNK = 256 * 1024
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
"""A complete string, a bracket, or the beginning of a string whose end was not read yet."""
_SCALAR_END = re.compile(rb"[\s,\]}]")
_BLANK = b" \t\r\n"
_BACKSLASH = ord("\\")


class Broken(ValueError):
    """The file is not the expected JSON. The message says why, e.g. "it is not JSON (WHY)"."""


class TooLarge(Broken):
    """The file, or one value in it, exceeds its limit."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def pieces(stream: Readable) -> tuple[bool, Iterator[tuple[str, bytes]]]:
    """Return whether a stream contains a list, and the values of that list or object: as JSON, with their keys ("" in a
    list).

    Each element of a list inside the object is a value of its own. Raises Broken, and the errors of reading the stream.
    """
    text = _Text(stream)
    opening = text.next_sign()
    if opening not in (b"[", b"{"):
        raise Broken("it begins neither with [ nor with {")
    return opening == b"[", _values(text, is_list=opening == b"[")


def _values(text: _Text, *, is_list: bool) -> Iterator[tuple[str, bytes]]:
    if is_list:
        yield from (("", element) for element in _elements(text))
    else:
        yield from _members(text)
    if rest := text.next_sign():
        raise Broken(f"{rest.decode('latin-1')!r} is behind its end")


def _members(text: _Text) -> Iterator[tuple[str, bytes]]:
    for number in _items(text, b"}"):
        key = decode_json(text.value())
        if not isinstance(key, str) or text.next_sign() != b":":
            raise Broken(f"member {number} has no name")
        if text.peek() == b"[":
            text.next_sign()
            yield from ((key, element) for element in _elements(text))
        else:
            yield key, text.value()


def _elements(text: _Text) -> Iterator[bytes]:
    for _ in _items(text, b"]"):
        yield text.value()


def _items(text: _Text, closing: bytes) -> Iterator[int]:
    """Count the items up to the closing bracket. The caller has to read each item before it requests the next."""
    if text.peek() == closing:
        text.next_sign()
        return
    number = 1
    while True:
        yield number
        sign = text.next_sign()
        if sign == closing:
            return
        if sign != b",":
            raise Broken("it is cut off" if not sign else f"{sign.decode('latin-1')!r} is where a comma is expected")
        number += 1


class _Text:
    """The part of the file that was read and not used yet."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._data = bytearray()
        self._at = 0
        self._read = 0
        self._has_ended = False
        self._fill()
        self._data = bytearray(without_bom(bytes(self._data)))

    def peek(self) -> bytes:
        """Return the next character that is not whitespace; b"" at the end."""
        while True:
            while self._at < len(self._data):
                sign = self._data[self._at : self._at + 1]
                if sign not in _BLANK:
                    return bytes(sign)
                self._at += 1
            if not self._fill():
                return b""

    def next_sign(self) -> bytes:
        sign = self.peek()
        self._at += 1
        return sign

    def value(self) -> bytes:
        """Return the next value as a whole."""
        sign = self.peek()
        end = self._bracketed_end() if sign in (b"{", b"[", b'"') else self._scalar_end()
        value = bytes(self._data[self._at : end])
        del self._data[:end]
        self._at = 0
        return value

    def _bracketed_end(self) -> int:
        """Return the end of the list, object or string that begins here."""
        del self._data[: self._at]
        self._at = depth = at = 0
        while True:
            is_open_string = False
            for found in _TOKEN.finditer(self._data, at):
                token, at = found[0], found.end()
                if is_open_string := token == b'"':
                    break
                depth += (token in b"[{") - (token in b"]}")
                if depth > JSON_DEPTH:
                    raise Broken(f"it is nested more than {JSON_DEPTH} levels deep")
                if depth == 0:
                    return at
            if is_open_string:
                at = self._string_end(at)
                if depth == 0:
                    return at
            else:
                at = len(self._data)
                if not self._fill():
                    raise Broken("it is cut off")

    def _string_end(self, at: int) -> int:
        """Return the end of a string that was not read completely. Each part is searched once, however long the string
        is.
        """
        while True:
            quote = self._data.find(b'"', at)
            if quote < 0:
                at = len(self._data)
                if not self._fill():
                    raise Broken("it is cut off")
                continue
            before = quote
            while self._data[before - 1] == _BACKSLASH:
                before -= 1
            at = quote + 1
            if (quote - before) % 2 == 0:
                return at

    def _scalar_end(self) -> int:
        at = self._at
        while True:
            if found := _SCALAR_END.search(self._data, at):
                return found.start()
            at = len(self._data)
            if not self._fill():
                return at

    def _fill(self) -> bool:
        """Read more. Return False at the end."""
        if len(self._data) - self._at > IMPORT_CHAT_BYTES:
            raise TooLarge(f"one chat in it is larger than {IMPORT_CHAT_BYTES // MIB} MB")
        data = b"" if self._has_ended else self._stream.read(_CHUNK)
        self._has_ended = not data
        self._read += len(data)
        if self._read > IMPORT_BYTES:
            raise TooLarge(f"it is larger than {IMPORT_BYTES // 1_000_000_000} GB")
        self._data += data
        return bool(data)
