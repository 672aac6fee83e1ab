"""Composable checks of JSON values, with the API's error messages: the path, then what is wrong there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tui.demo.errors import Refused

Check = Callable[[object, str], None]
"""Checks a value at a path ("messages.0.content"). Raises Refused if it is invalid."""


def refuse(path: str, what: str) -> Refused:
    """Return the error about the value at this path."""
    return Refused(f"{path}: {what}" if path else what)


def below(path: str, name: object) -> str:
    """Return the path of a member."""
    return f"{path}.{name}" if path else str(name)


def anything(value: object, path: str) -> None:
    """Accept every value."""


def string(value: object, path: str) -> None:
    """Accept strings."""
    if not isinstance(value, str):
        raise refuse(path, "Input should be a valid string")


def boolean(value: object, path: str) -> None:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise refuse(path, "Input should be a valid boolean")


def mapping(value: object, path: str) -> None:
    """Accept objects with any content."""
    if not isinstance(value, dict):
        raise refuse(path, "Input should be a valid dictionary")


def number(value: object, path: str) -> None:
    """Accept numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(path, "Input should be a valid number")


def integer(at_least: int | None = None) -> Check:
    """Accept integers from this one on."""

    def check(value: object, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse(path, "Input should be a valid integer")
        if at_least is not None and value < at_least:
            raise refuse(path, f"Input should be greater than or equal to {at_least}")

    return check


def matching(pattern: str) -> Check:
    """Accept strings that match the pattern as a whole."""
    compiled = re.compile(pattern)

    def check(value: object, path: str) -> None:
        string(value, path)
        if not compiled.fullmatch(str(value)):
            raise refuse(path, f"String should match pattern '{pattern}'")

    return check


def one_of(*allowed: str) -> Check:
    """Accept these strings."""
    words = " or ".join([", ".join(f"'{word}'" for word in allowed[:-1]), f"'{allowed[-1]}'"][len(allowed) == 1 :])

    def check(value: object, path: str) -> None:
        if value not in allowed:
            raise refuse(path, f"Input should be {words}")

    return check


def or_null(inner: Check) -> Check:
    """Accept null as well."""

    def check(value: object, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def array(inner: Check) -> Check:
    """Accept arrays of such values."""

    def check(value: object, path: str) -> None:
        if not isinstance(value, list):
            raise refuse(path, "Input should be a valid list")
        for index, item in enumerate(value):
            inner(item, below(path, index))

    return check


def string_or(inner: Check) -> Check:
    """Accept strings, and what the inner check accepts."""

    def check(value: object, path: str) -> None:
        if not isinstance(value, str):
            inner(value, path)

    return check


def fields(required: Mapping[str, Check] = {}, optional: Mapping[str, Check] = {}) -> Check:
    """Accept objects with these members and no others."""
    known = {**required, **optional}

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise refuse(path, "Input should be a valid dictionary or object to extract fields from")
        for name in required:
            if name not in value:
                raise refuse(below(path, name), "Field required")
        for name, member in value.items():
            if name not in known:
                raise refuse(below(path, name), "Extra inputs are not permitted")
            known[name](member, below(path, name))

    return check


def tagged(variants: Mapping[str, Check], tag: str = "type") -> Check:
    """Accept objects whose tag names one of these variants. As in the API, the path of a member includes the variant."""

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise refuse(path, "Input should be a valid dictionary or object to extract fields from")
        if tag not in value:
            raise refuse(below(path, tag), "Field required")
        variant = variants.get(str(value[tag]))
        if variant is None:
            expected = ", ".join(f"'{name}'" for name in variants)
            raise refuse(
                path,
                f"Input tag '{value[tag]}' found using '{tag}' does not match any of the expected tags: {expected}",
            )
        variant({name: member for name, member in value.items() if name != tag}, below(path, value[tag]))

    return check
