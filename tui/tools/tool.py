"""What a tool is: its definition for Claude, a plan for each call, and a failure in words that Claude can act on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from tui.chat.tools import Question
from tui.chat.transcript import Document, Image, JsonText, Text, Tool, ToolUse
from tui.inputs.bounded import decode_input

Content = str | tuple[Text | Image | Document, ...]
"""What a tool answers."""
Arguments = TypeVar("Arguments")


class Failed(Exception):
    """A call that could not be done. The text is for Claude: what is wrong, and what to do instead."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True)
class Plan:
    """A call that was understood and checked, and not yet done."""

    act: Callable[[Callable[[str], None]], Awaitable[Content]]
    """Does it. Its argument takes the output while it comes. Raises Failed."""
    question: Question | None = None
    """What the user is asked first; None: nothing."""


class ToolKind(Protocol):
    """One tool."""

    @property
    def definition(self) -> Tool:
        """The same bytes each time: it stands in the cached beginning of every request."""

    @property
    def is_reading(self) -> bool:
        """Whether it is among those that `--tools read` offers."""

    async def plan(self, call: ToolUse) -> Plan:
        """What a call of it would do. Changes nothing. Raises Failed."""


def definition(name: str, description: str, arguments: type[Any]) -> Tool:
    """A tool's definition, with the schema of its arguments, a flat Struct."""
    schema = msgspec.json.schema(arguments)["$defs"][arguments.__name__]
    kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return Tool(name=name, description=description, input_schema=msgspec.json.encode(kept).decode())


def decoded(text: JsonText, kind: type[Arguments]) -> Arguments:
    """The arguments of a call. Raises Failed, with what is wrong with them."""
    try:
        # Not strict: "5" is taken for 5 where a number is asked for.
        return decode_input(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Failed(f"The arguments do not fit the tool: {error}. Nothing was done.") from error
    except msgspec.DecodeError as error:
        raise Failed(f"The arguments are not whole, valid JSON: {error}. Nothing was done.") from error
