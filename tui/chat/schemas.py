"""Inline the references in JSON schemas of tools. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from tui.chat.transcript import JsonText
from tui.inputs.bounded import decode_json
from tui.inputs.limits import SCHEMA_DEPTH

_MOST_PARTS = 20_000
"""The most objects of an inlined schema: nested references can grow exponentially."""
_DEFINITIONS = ("$defs", "definitions")
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
"""Keywords whose value maps names to schemas."""
_DATA = frozenset({"enum", "const", "default", "example", "examples", "required"})
"""Keywords whose value is data and never a schema."""


def inline_references(schema: JsonText) -> JsonText:
    """Return the schema with each `$ref` replaced. Recursive and external references allow any value.

    The result is deterministic, since tools are in the cached prefix of every request. Raises ValueError if `schema` is not
    a JSON object.
    """
    try:
        root = decode_json(schema, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise ValueError(f"not a JSON object: {error}") from error
    return msgspec.json.encode(_Inliner(root).schema(root, frozenset(), 0)).decode()


class _Inliner:
    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._parts = 0

    def schema(self, value: object, open_refs: frozenset[str], depth: int) -> object:
        """Return the value with its references replaced. `open_refs` are the references that led here.

        Below SCHEMA_DEPTH any value is allowed.
        """
        if isinstance(value, dict | list) and depth > SCHEMA_DEPTH:
            return {}
        if isinstance(value, list):
            return [self.schema(one, open_refs, depth + 1) for one in value]
        if not isinstance(value, dict):
            return value
        self._parts += 1
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return self._keywords(value, open_refs, depth + 1)
        beside = self._keywords({key: one for key, one in value.items() if key != "$ref"}, open_refs, depth + 1)
        meant = self._meant(reference)
        if meant is None or reference in open_refs or self._parts > _MOST_PARTS:
            return beside
        whole = self.schema(meant, open_refs | {reference}, depth + 1)
        return {**whole, **beside} if isinstance(whole, dict) else whole

    def _keywords(self, value: Mapping[str, object], open_refs: frozenset[str], depth: int) -> dict[str, object]:
        kept: dict[str, object] = {}
        for key, one in value.items():
            if key in _DEFINITIONS:
                continue
            if key in _DATA:
                kept[key] = one
            elif key in _NAMED and isinstance(one, dict):
                kept[key] = {name: self.schema(inner, open_refs, depth) for name, inner in one.items()}
            else:
                kept[key] = self.schema(one, open_refs, depth)
        return kept

    def _meant(self, reference: str) -> object:
        """Return what a reference within the document points to, or None."""
        if not reference.startswith("#"):
            return None
        found: object = self._root
        for step in filter(None, unquote(reference[1:]).split("/")):
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(name)
            elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found
