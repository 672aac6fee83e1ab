"""JSON schemas of tools with nothing in them that points elsewhere: each `$ref` gives way to what it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from tui.chat.transcript import JsonText
from tui.inputs.bounded import decode_json
from tui.inputs.limits import SCHEMA_DEPTH

_MOST_PARTS = 20_000
"""Of a schema: references that double at each step would make an endless one of a short one."""
_DEFINITIONS = ("$defs", "definitions")
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
"""Keywords whose value holds schemas by names of the author's own choosing."""
_DATA = frozenset({"enum", "const", "default", "example", "examples", "required"})
"""Keywords whose value is no schema, whatever it looks like."""


def inline_references(schema: JsonText) -> JsonText:
    """The same schema without references. What refers to itself, or to another document, allows anything at that place.

    The same text gives the same text: it stands in the cached beginning of every request. Raises ValueError for what is no
    JSON object.
    """
    try:
        root = decode_json(schema, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise ValueError(f"no JSON object: {error}") from error
    return msgspec.json.encode(_Inliner(root).schema(root, frozenset(), 0)).decode()


class _Inliner:
    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._parts = 0

    def schema(self, value: object, open_refs: frozenset[str], depth: int) -> object:
        """The value with its references replaced. `open_refs` are those that this place is reached through.

        Below SCHEMA_DEPTH, anything is allowed.
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
        """What a reference within the document points to; None where there is nothing."""
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
