"""The conversation as values: blocks, messages and the transcript. Frozen, so they can be shared between threads.

Blocks hold exactly what must be sent back to the API. JSON that is only replayed (tool input, citations, unknown blocks)
stays text, so that its bytes never change. Stored chats contain these values as JSON, so a field that was renamed keeps its
old name there.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.chat.ledger import Bill, Usage
from tui.chat.model import Model

JsonText = str
"""One JSON value as text, byte for byte as received."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    text: str
    citations: tuple[JsonText, ...] = ()


class Thinking(msgspec.Struct, frozen=True, tag="thinking"):
    """Claude's reasoning. Without a signature it was truncated, or the server does not sign; then it is never replayed."""

    thinking: str
    signature: str = ""


class RedactedThinking(msgspec.Struct, frozen=True, tag="redacted_thinking"):
    data: str


class ToolUse(msgspec.Struct, frozen=True, tag="tool_use"):
    id: str
    name: str
    input: JsonText = "{}"
    """The arguments; possibly invalid JSON while they stream and after a truncation."""


class Image(msgspec.Struct, frozen=True, tag="image", weakref=True):
    media_type: str
    data: str
    """Base64, as sent."""
    name: str = ""
    width: int = 0
    height: int = 0
    quarantined: bool = msgspec.field(default=False, name="aside")
    """True if the API rejected it: it is kept and shown, but never sent again."""


class Document(msgspec.Struct, frozen=True, tag="document", weakref=True):
    media_type: str
    data: str
    """Base64, as sent."""
    name: str = ""
    pages: int = 0
    quarantined: bool = msgspec.field(default=False, name="aside")
    """As for images."""


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    tool_use_id: str
    content: tuple[Text | Image | Document, ...] = ()
    is_error: bool = False
    elapsed_s: float = 0.0
    """Duration of the call. For the user; never sent."""


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A block that is kept and sent back unchanged: server tools and their results, and unknown kinds."""

    kind: str
    json: JsonText


class Compaction(msgspec.Struct, frozen=True, tag="compaction"):
    """A summary that stands for all messages before it: they are not sent any more."""

    content: str
    json: JsonText = ""
    """The block as the API returned it, signed; "" for a summary that an ordinary request has made."""


Block = Text | Thinking | RedactedThinking | ToolUse | ToolResult | Image | Document | Opaque | Compaction

State = Literal["streaming", "complete", "stopped", "failed", "interrupted"]
"""stopped: by the user. failed: by an error after it started. interrupted: the program ended meanwhile."""


class BlockPosition(msgspec.Struct, frozen=True):
    """The position of a block in a conversation."""

    message: int
    block: int
    inner: int | None = None
    """Index among the blocks of a tool result, if `block` is one."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error as shown and stored: what happened, what to do, and how to find it in the provider's logs."""

    message: str
    hint: str = ""
    type: str = ""
    """The API's `error.type`; or connection_error, timeout_error, protocol_error; or the result of `outcomes.error_type`."""
    status: int = 0
    request_id: str = ""
    rejected_blocks: tuple[BlockPosition, ...] = msgspec.field(default=(), name="refused")
    """The images and documents that the API rejected."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool in the API's form. `input_schema` is JSON text, so that its bytes are the same in every request."""

    name: str
    description: str = ""
    input_schema: JsonText = ""
    server: JsonText = ""
    """Definition of a tool that the provider's server runs. Then `description` and `input_schema` are unused."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What the `system` message right before an answer changed. Everything before it stays cached."""

    system: str | None = None
    """The system prompt from here on; "" for none. None: unchanged."""
    effort: str = ""
    """The effort of this turn; "" for that of the request."""
    added: tuple[Tool, ...] = ()
    removed: tuple[str, ...] = ()
    """Names of the tools that are no longer offered."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """A system prompt and tools."""

    system: str = ""
    tools: tuple[Tool, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. An assistant message is one API response.

    A turn is a prompt and everything up to the next one: answers, and the results of the tools that they call.
    """

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...] = ()
    state: State = "complete"
    at: float = 0.0
    """When it was sent, or when its request began, in seconds since the epoch."""

    # The following fields are set on assistant messages only.
    id: str = ""
    model: str = ""
    stop_reason: str = ""
    """As reported by the API, or ""."""
    stop_category: str = ""
    """Category of a refusal: cyber, bio, … or ""."""
    stop_explanation: str = ""
    settings: str = msgspec.field(default="", name="manner")
    """Thinking mode and effort of its request, as formatted by `reasoning.request_settings`; "" if unknown."""
    prefix: str = msgspec.field(default="", name="opening")
    """Hash of the tools and the system prompt of its request, from `cache_state.prefix_hash`; "" if unknown."""
    usage: Usage = Usage()
    bill: Bill | None = None
    change: Change | None = None
    """What its request changed for this answer and those that follow."""
    request_id: str = ""
    elapsed_s: float = 0.0
    thought_s: float = 0.0
    failure: Failure | None = None
    cache_miss: str = ""
    """The API's `cache_miss_reason`, or ""."""
    summarizes: str = ""
    """The id of the last stored message that its summary covers, or ""."""

    @property
    def text(self) -> str:
        """All text blocks, joined."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def summary(self) -> Compaction | None:
        """The summary that it brings, or None. Messages before it are not sent."""
        return next((block for block in self.blocks if isinstance(block, Compaction) and block.content), None)

    @property
    def calls(self) -> tuple[ToolUse, ...]:
        """The tool calls, complete or not."""
        return tuple(block for block in self.blocks if isinstance(block, ToolUse))

    @property
    def is_counted(self) -> bool:
        """True if the API reported its output tokens at the end; False if they are estimated because it was interrupted."""
        return self.state == "complete" or bool(self.stop_reason) or not self.usage.output_tokens

    @property
    def awaits_results(self) -> bool:
        """True if the next message has to hold the results of its calls. A refusal is not sent, nor are its calls."""
        return self.role == "assistant" and self.stop_reason != "refusal" and bool(self.calls)

    @property
    def is_prompt(self) -> bool:
        """True if it starts a turn. Tool results have the role user but belong to the answer."""
        return self.role == "user" and not (self.blocks and all(isinstance(one, ToolResult) for one in self.blocks))


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt that is about to be sent: attachments, then text."""

    text: str
    attachments: tuple[Image | Document, ...] = ()


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the next request sends it. It only grows at the end."""

    messages: tuple[Message, ...] = ()
    system: str = ""
    """The system prompt that the chat began with; like `tools`."""
    tools: tuple[Tool, ...] = ()
    changed: Setup | None = None
    """The system prompt and tools from the next answer on, if they changed after the first prompt."""

    @property
    def current(self) -> Setup:
        """The system prompt and tools from the next answer on."""
        return self.changed or Setup(system=self.system, tools=self.tools)

    def with_setup(self, setup: Setup) -> Transcript:
        """Return the transcript with this system prompt and these tools from the next answer on."""
        if not self.messages:
            return msgspec.structs.replace(self, system=setup.system, tools=setup.tools, changed=None)
        is_first = setup == Setup(system=self.system, tools=self.tools)
        return msgspec.structs.replace(self, changed=None if is_first else setup)

    def with_system(self, system: str) -> Transcript:
        """Return the transcript with this system prompt from the next answer on."""
        return self.with_setup(msgspec.structs.replace(self.current, system=system))

    def for_model(self, model: Model) -> Transcript:
        """Return the transcript with what a request to this model begins with.

        A model without `system` messages in an open chat gets the newest system prompt and tools at the start.
        """
        if self.changed is None:
            return self
        system = self.system if "system" in model.in_chat else self.changed.system
        tools = self.tools if "tools" in model.in_chat else self.changed.tools
        return msgspec.structs.replace(self, system=system, tools=tools)

    def with_message(self, message: Message) -> Transcript:
        """Return the transcript with a message added at its end."""
        return msgspec.structs.replace(self, messages=(*self.messages, message))
