"""A tool of a server, in the form of a built-in one: it asks for permission, and its result is limited in size."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import Document, Image, Text, Tool, ToolUse
from tui.errors import TuiError
from tui.inputs.bounded import decode_input, decode_json
from tui.mcp.argument_names import renamed_in, with_own_names
from tui.mcp.tool_names import rules_for, tool_of
from tui.tools.reading import MakeBlock
from tui.tools.tool import Content, Failed, Plan

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock

    from tui.mcp.server import Server

_MAX_BLOCKS = 50
_MAX_PICTURES = 10


class RemoteTool:
    """A server's tool. Every call needs permission: that a tool only reads is a claim of its server."""

    is_reading = False

    def __init__(self, definition: Tool, server: Server, see: MakeBlock) -> None:
        self.definition = definition
        self._server = server
        self._see = see
        self._names = renamed_in(definition.input_schema)

    async def plan(self, call: ToolUse) -> Plan:
        arguments = _object(call.input)
        arguments_json = call.input or "{}"
        if self._names:  # the user is asked about what the server receives
            arguments = with_own_names(arguments, self._names)
            arguments_json = msgspec.json.encode(arguments).decode()
        question = PermissionRequest(
            call=call,
            title=f"Use {tool_of(self.definition.name)} of the MCP server {self._server.name}",
            kind="call",
            detail=msgspec.json.format(arguments_json, indent=2),
            rules=rules_for(self.definition.name, msgspec.json.format(arguments_json, indent=0)),
        )

        async def act(tell: Callable[[str], None]) -> Content:
            result = await self._server.call(self.definition.name, arguments, tell)
            content = await self._content(result)
            if result.is_error:
                raise Failed("\n".join(block.text for block in content if isinstance(block, Text)) or "It failed.")
            return content

        return Plan(act, question)

    async def _content(self, result: CallToolResult) -> tuple[Text | Image | Document, ...]:
        """Return the parts of a result that Claude is given. Other parts are named."""
        blocks: list[Text | Image | Document] = []
        pictures = 0
        for block in result.content[:_MAX_BLOCKS]:
            is_picture = block.type == "image"
            pictures += is_picture
            if is_picture and pictures > _MAX_PICTURES:
                blocks.append(Text("[another image is left out]"))
            else:
                blocks.append(await self._block(block))
        if (rest := len(result.content) - _MAX_BLOCKS) > 0:
            blocks.append(Text(f"[{rest} more {'part is' if rest == 1 else 'parts are'} left out]"))
        structured = result.structured_content
        if structured is not None and not any(_says(block, structured) for block in blocks):
            blocks.append(Text(msgspec.json.encode(structured).decode()))
        return tuple(blocks)

    async def _block(self, block: ContentBlock) -> Text | Image | Document:
        match block.type:
            case "text":
                return Text(block.text.encode("utf-8", "replace").decode())
            case "image":
                return await self._seen(block.data, "image")
            case "audio":
                return Text(f"[audio, {block.mime_type}: left out]")
            case "resource_link":
                return Text(f"[resource: {block.uri}]")
            case "resource":
                text = getattr(block.resource, "text", None)
                if text is not None:
                    return Text(str(text))
                return await self._seen(str(getattr(block.resource, "blob", "")), str(block.resource.uri))
        return Text(f"[{block.type}: left out]")

    async def _seen(self, data: str, name: str) -> Text | Image | Document:
        try:
            return await self._see(base64.b64decode(data), name)
        except (TuiError, ValueError) as error:
            return Text(f"[{name}: left out, it cannot be read: {error}]")


def _says(block: Text | Image | Document, structured: Any) -> bool:
    """True if a text contains the same value as JSON; the protocol asks servers to repeat it as text."""
    try:
        return isinstance(block, Text) and bool(decode_json(block.text) == structured)
    except msgspec.DecodeError:
        return False


def _object(text: str) -> dict[str, Any]:
    """Return the arguments of a call. Raises Failed."""
    try:
        return decode_input(text, dict[str, Any])
    except msgspec.DecodeError as error:
        raise Failed(f"The arguments are not a complete JSON object: {error}. Nothing was done.") from error
