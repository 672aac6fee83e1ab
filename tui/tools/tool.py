"""The interface of a tool: its definition for Claude, a plan for each call, and errors that Claude can act on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import Document, Image, JsonText, Text, Tool, ToolUse
from tui.inputs.bounded import decode_input

Content = str | tuple[Text | Image | Document, ...]
"""The result of a call."""
Arguments = TypeVar("Arguments")


class Failed(Exception):
    """A call failed. The message is for Claude: what is wrong, and what to do instead."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True)
class Plan:
    """A call that was checked and not yet carried out."""

    act: Callable[[Callable[[str], None]], Awaitable[Content]]
    """Carry out the call. The argument receives the output while it arrives. Raises Failed."""
    question: PermissionRequest | None = None
    """The question to ask the user first; None if no permission is needed."""


class ToolKind(Protocol):
    """One tool."""

    @property
    def definition(self) -> Tool:
        """Always the same bytes: the definition is part of the cached prefix of every request."""

    @property
    def is_reading(self) -> bool:
        """True if `--tools read` offers it."""

    async def plan(self, call: ToolUse) -> Plan:
        """Check a call and return its plan, without changing anything. Raises Failed."""


def definition(name: str, description: str, arguments: type[Any]) -> Tool:
    """Return the definition of a tool, with the schema of its arguments, a flat Struct."""
    schema = msgspec.json.schema(arguments)["$defs"][arguments.__name__]
    kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return Tool(name=name, description=description, input_schema=msgspec.json.encode(kept).decode())


def decoded(text: JsonText, kind: type[Arguments]) -> Arguments:
    """Return the arguments of a call. Raises Failed with what is wrong with them."""
    try:
        # Not strict: "5" is accepted where a number is expected.
        return decode_input(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Failed(f"The arguments do not fit the tool: {error}. Nothing was done.") from error
    except msgspec.DecodeError as error:
        raise Failed(f"The arguments are not whole, valid JSON: {error}. Nothing was done.") from error
