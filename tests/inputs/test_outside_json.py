"""JSON is decoded in one place only, which bounds it. Read from the source, so that no new reader goes around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tui"
BARE = ("json.loads", "json.load", "json.decode", "json.Decoder", "json.JSONDecoder", "msgpack.decode", "yaml.decode")
"""Ends of names that decode without a bound."""


def bare_decoders(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if any(name == bare or name.endswith(f".{bare}") for bare in BARE):
                yield f"line {node.lineno}: {name}"
        if isinstance(node, ast.ImportFrom) and node.module in ("json", "json.decoder", "msgspec.json"):
            yield from (f"line {node.lineno}: {one.name}" for one in node.names if one.name not in ("dumps", "encode"))
        if isinstance(node, ast.Call) and not (node.args or node.keywords) and ast.unparse(node.func).endswith(".json"):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_module_decodes_json_without_a_bound(file: Path) -> None:
    if file != PACKAGE / "inputs" / "bounded.py":
        assert list(bare_decoders(file.read_text())) == [], "use tui.inputs.bounded.decode_json or JsonDecoder"


@pytest.mark.parametrize(
    "source",
    [
        "json.loads(text)",
        "msgspec.json.decode(raw, type=Row)",
        "decoder = msgspec.json.Decoder(Row)",
        "from json import loads",
        "from msgspec.json import decode as read",
        "read = json.loads",
        "fields = response.json()",
    ],
)
def test_the_test_sees_one_that_does(source: str) -> None:
    assert len(list(bare_decoders(source))) == 1


def test_and_lets_encoders_pass() -> None:
    assert list(bare_decoders("from json import dumps\nmsgspec.json.encode(1)\njson.dumps({})")) == []
