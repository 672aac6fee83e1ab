"""Schemas without references, whatever they referred to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.schemas import inline_references

PORT = {"type": "string", "description": "A port."}


def of(schema):
    return json.loads(inline_references(json.dumps(schema)))


def test_a_reference_gives_way_to_what_it_means() -> None:
    schema = {
        "type": "object",
        "properties": {"from": {"$ref": "#/$defs/Port"}, "to": {"$ref": "#/definitions/Port", "description": "There."}},
        "required": ["from"],
        "$defs": {"Port": PORT},
        "definitions": {"Port": PORT},
    }
    assert of(schema) == {
        "type": "object",
        "properties": {"from": PORT, "to": {"type": "string", "description": "There."}},
        "required": ["from"],
    }


def test_references_lead_through_one_another_and_through_lists() -> None:
    schema = {
        "properties": {"trip": {"type": "array", "items": {"$ref": "#/$defs/Leg"}}, "also": {"$ref": "#/anyOf/1"}},
        "anyOf": [{"type": "null"}, {"$ref": "#/$defs/a~1b%20c"}],
        "$defs": {"Leg": {"properties": {"to": {"$ref": "#/$defs/a~1b%20c"}}}, "a/b c": PORT},
    }
    assert of(schema) == {
        "properties": {"trip": {"type": "array", "items": {"properties": {"to": PORT}}}, "also": PORT},
        "anyOf": [{"type": "null"}, PORT],
    }


def test_what_refers_to_itself_allows_anything_there() -> None:
    tree = {"properties": {"name": {"type": "string"}, "children": {"items": {"$ref": "#/$defs/Tree"}}}}
    assert of({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}) == {
        "properties": {"name": {"type": "string"}, "children": {"items": {}}}
    }
    assert of({"properties": {"self": {"$ref": "#"}}}) == {"properties": {"self": {"properties": {"self": {}}}}}


@pytest.mark.parametrize("reference", ["https://example.com/schema", "#/$defs/Nobody", "#/type/0", "other.json#/a"])
def test_what_is_not_there_allows_anything(reference: str) -> None:
    assert of({"type": "object", "properties": {"x": {"$ref": reference, "title": "X"}}}) == {
        "type": "object",
        "properties": {"x": {"title": "X"}},
    }


def test_names_and_data_that_look_like_references_are_left_alone() -> None:
    schema = {
        "properties": {"$ref": {"type": "string"}, "$defs": PORT, "enum": {"$ref": "#/properties/$defs"}},
        "default": {"$ref": "#/x", "$defs": 1},
    }
    assert of(schema) == {**schema, "properties": {**schema["properties"], "enum": PORT}}


def test_references_that_double_at_each_step_come_to_an_end() -> None:
    steps = {f"s{n}": {"allOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(60)}
    assert len(inline_references(json.dumps({"$ref": "#/$defs/s0", "$defs": steps}))) < 1_000_000


@pytest.mark.parametrize("text", ["[]", "{", '"x"', ""])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        inline_references(text)


_names = st.sampled_from(["a", "b", "$ref", "$defs", "properties", "items", "type"])
_schemas = st.recursive(
    st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "string", 1, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_names, _schemas, max_size=4))
def test_any_object_comes_out_as_an_object_and_once_more_as_the_same(schema: dict) -> None:
    once = inline_references(json.dumps(schema))
    assert isinstance(json.loads(once), dict)
    if "$ref" not in once:
        assert inline_references(once) == once
