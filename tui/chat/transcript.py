"""The conversation as values: blocks, messages and the transcript. Frozen, so they can be handed between threads.

Blocks hold exactly what must be sent back to the API. JSON that we only keep and replay (tool input, citations, blocks of
kinds we do not read) stays JSON *text*, so that its bytes never change.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.chat.ledger import Bill, Usage

JsonText = str
"""One JSON value as text, byte for byte as it came."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    text: str
    citations: tuple[JsonText, ...] = ()


class Thinking(msgspec.Struct, frozen=True, tag="thinking"):
    """Claude's reasoning. Without a signature it was cut off, or came from a server that does not sign: never replayed."""

    thinking: str
    signature: str = ""


class RedactedThinking(msgspec.Struct, frozen=True, tag="redacted_thinking"):
    data: str


class ToolUse(msgspec.Struct, frozen=True, tag="tool_use"):
    id: str
    name: str
    input: JsonText = "{}"
    """The arguments; while they stream, and after a cut, possibly not valid JSON."""


class Image(msgspec.Struct, frozen=True, tag="image", weakref=True):
    media_type: str
    data: str
    """base64, as sent."""
    name: str = ""
    width: int = 0
    height: int = 0
    aside: bool = False
    """The API would not take it: it is kept and shown, and never sent again."""


class Document(msgspec.Struct, frozen=True, tag="document", weakref=True):
    media_type: str
    data: str
    """base64, as sent."""
    name: str = ""
    pages: int = 0
    aside: bool = False
    """As of an image."""


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    tool_use_id: str
    content: tuple[Text | Image | Document, ...] = ()
    is_error: bool = False
    elapsed_s: float = 0.0
    """How long the call took. For the user; it is never sent."""


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A block that is kept and sent back as it came: server tools and their results, and kinds that are new to us."""

    kind: str
    json: JsonText


Block = Text | Thinking | RedactedThinking | ToolUse | ToolResult | Image | Document | Opaque

State = Literal["streaming", "complete", "stopped", "failed", "interrupted"]
"""stopped: by the user. failed: by an error after it began. interrupted: the program ended meanwhile."""


class BlockPosition(msgspec.Struct, frozen=True):
    """Where in a conversation a block stands."""

    message: int
    block: int
    inner: int | None = None
    """Its number among the blocks of a tool's result, where `block` is one."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it is shown and kept: what happened, what to do, and how to find it in the provider's logs."""

    message: str
    hint: str = ""
    type: str = ""
    """The API's `error.type`; or connection_error, timeout_error, protocol_error; or as `endings.type_of` spells ours."""
    status: int = 0
    request_id: str = ""
    refused: tuple[BlockPosition, ...] = ()
    """The pictures and documents that the API would not take."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one side says at a time: an assistant message is one API response.

    A turn is a prompt and everything up to the next one: answers, and between them the results of the tools they call.
    """

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...] = ()
    state: State = "complete"
    at: float = 0.0
    """When it was sent, or its request began: seconds since the epoch."""

    # What follows is set on assistant messages only.
    id: str = ""
    model: str = ""
    stop_reason: str = ""
    """As the API said it; "" when it said nothing."""
    stop_category: str = ""
    """Of a refusal: cyber, bio, … or ""."""
    stop_explanation: str = ""
    manner: str = ""
    """The thinking and the effort that it was asked for with, as `reasoning.manner` says them; "": nobody knows."""
    opening: str = ""
    """The tools and the system prompt that it was asked for with, as `warmth.opening` names them; "": nobody knows."""
    usage: Usage = Usage()
    bill: Bill | None = None
    request_id: str = ""
    elapsed_s: float = 0.0
    thought_s: float = 0.0
    failure: Failure | None = None
    cache_miss: str = ""
    """The API's own `cache_miss_reason`, or ""."""

    @property
    def text(self) -> str:
        """All of its text blocks, joined as the model wrote them."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def calls(self) -> tuple[ToolUse, ...]:
        """The tools that it calls, whole or not."""
        return tuple(block for block in self.blocks if isinstance(block, ToolUse))

    @property
    def is_counted(self) -> bool:
        """Whether its output is what the API said at its end, and not what can be seen of an answer that was cut off."""
        return self.state == "complete" or bool(self.stop_reason) or not self.usage.output_tokens

    @property
    def awaits_results(self) -> bool:
        """Whether the next message has to answer its calls. A refusal is left out of what is sent, and its calls with it."""
        return self.role == "assistant" and self.stop_reason != "refusal" and bool(self.calls)

    @property
    def is_prompt(self) -> bool:
        """Whether it begins a turn: a user's words. Results of tools are the user's in name only, and part of the answer."""
        return self.role == "user" and not (self.blocks and all(isinstance(one, ToolResult) for one in self.blocks))


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the user is about to send: text, and attachments that stand before it."""

    text: str
    attachments: tuple[Image | Document, ...] = ()


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool in Anthropic's own form. `input_schema` is JSON text, so that its bytes are the same in every request."""

    name: str
    description: str = ""
    input_schema: JsonText = ""
    server: JsonText = ""
    """Of one that the provider's own server carries out: the whole definition, and then the other two say nothing."""


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation up to now, as the next request will tell it. It only ever grows at the end."""

    messages: tuple[Message, ...] = ()
    system: str = ""
    tools: tuple[Tool, ...] = ()

    def with_message(self, message: Message) -> Transcript:
        return msgspec.structs.replace(self, messages=(*self.messages, message))
