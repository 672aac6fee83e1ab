"""Argument names in the form that the API accepts: letters, digits, `_`, `.` and `-`, at most 64 characters. No I/O.

Any other character is written as `_xHH_`, its number in Unicode, and converted back: `ids[]` becomes `ids_x5b__x5d_`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tui.chat.transcript import JsonText
from tui.inputs.bounded import decode_json

_OTHER = re.compile(r"[^a-zA-Z0-9_.-]|_(?=x[0-9a-f]{1,6}_)")
_WRITTEN = re.compile(r"_x([0-9a-f]{1,6})_")
_LONGEST = 64
_OF_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "dependentRequired", "dependencies")
"""Schema keywords whose value is an object by argument name. Names in `patternProperties` are expressions and stay."""
_DATA = ("enum", "const", "default", "example", "examples")


class Unnameable(ValueError):
    """An argument has a name that cannot be written in this form."""


def offered_name(name: str) -> str:
    """Return the name under which an argument is offered. Raises Unnameable."""
    offered = _OTHER.sub(lambda found: f"_x{ord(found[0]):x}_", name)
    if not offered or len(offered) > _LONGEST:
        raise Unnameable
    return offered


def with_offered_names(schema: Any) -> Any:
    """Return a schema with the names under which its arguments are offered. Raises Unnameable."""
    if isinstance(schema, list):
        return [with_offered_names(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _renamed_keyword(key, value) for key, value in schema.items()}


def _renamed_keyword(key: str, value: Any) -> Any:
    if key in _DATA:
        return value
    if key == "required" and isinstance(value, list):
        return [offered_name(name) if isinstance(name, str) else name for name in value]
    if key in _OF_SCHEMAS and isinstance(value, dict):
        named = {name if key == "patternProperties" else offered_name(name): inner for name, inner in value.items()}
        return {
            name: _renamed_keyword("required", inner) if isinstance(inner, list) else with_offered_names(inner)
            for name, inner in named.items()
        }
    return with_offered_names(value)


def renamed_in(schema: JsonText) -> dict[str, str]:
    """Return the names of an offered schema that differ from the server's, and the server's names for them."""
    found: dict[str, str] = {}
    try:
        waiting: list[Any] = [decode_json(schema)]
    except msgspec.DecodeError:  # the schema of a stored chat
        return found
    while waiting:
        one = waiting.pop()
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        names = one.get("properties") if isinstance(one, dict) else None
        for name in names if isinstance(names, dict) else ():
            own = _WRITTEN.sub(lambda written: _sign(written[1]), name)
            if own != name:
                found[name] = own
    return found


def with_own_names(arguments: Any, names: Mapping[str, str]) -> Any:
    """Return arguments under the server's own names."""
    if isinstance(arguments, list):
        return [with_own_names(one, names) for one in arguments]
    if not isinstance(arguments, dict):
        return arguments
    return {names.get(name, name): with_own_names(value, names) for name, value in arguments.items()}


def _sign(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number < 0x110000 else ""
