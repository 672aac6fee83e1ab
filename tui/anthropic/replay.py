"""Build the messages of a request from a conversation, in a form that the API accepts.

Conversations are stored as they happened: interrupted answers, unanswered tool calls, refusals. The API accepts only
complete ones. The rules here depend only on a message and the one after it, so that the same messages give the same bytes
in every later request: the prompt cache and thinking signatures depend on that.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from tui.anthropic.changes_in_chat import ChangesInChat, Param, sendable
from tui.chat.model import Model
from tui.chat.tool_calls import INTERRUPTED
from tui.chat.transcript import (
    Block,
    BlockPosition,
    Change,
    Compaction,
    Document,
    Image,
    JsonText,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Transcript,
)
from tui.inputs.bounded import decode_input, decode_json

Dialect = Literal["anthropic", "basic"]
SUMMARY_LEAD = "This conversation continues an earlier one, which is not included. A summary of it:"

NextChange = Callable[[ChangesInChat], Change | None]
RequestPosition = tuple[int, ...]
"""The position of a block in a request: indices of its message, its block, and the block within a tool result."""


def build_messages(messages: Sequence[Message], model: Model, dialect: Dialect) -> list[Param]:
    """Return the `messages` of a request. They may end with an assistant message or be empty; the caller checks that."""
    return _build(messages, model, dialect).sent


def build_changed(
    transcript: Transcript, model: Model, dialect: Dialect, next_change: NextChange
) -> tuple[list[Param], Change | None]:
    """Return the `messages` of a request, and what the `system` message at their end changes, or None without one.

    `next_change` returns that change, given what applies so far.
    """
    replay = _build(transcript.messages, model, dialect, transcript)
    change = next_change(replay.changes) if replay.sent and replay.sent[-1]["role"] == "user" else None
    if change is not None:
        replay.change(change)
    return replay.sent, change


def attachment_positions(
    messages: Sequence[Message], model: Model, dialect: Dialect
) -> Mapping[RequestPosition, BlockPosition]:
    """Return the origin of each image and document of that request, by its position in the request."""
    return _build(messages, model, dialect).places


def first_sent(messages: Sequence[Message]) -> int:
    """Return the index of the first message that is sent: the newest summary stands for all before it."""
    return max((at for at, message in enumerate(messages) if message.summary is not None), default=0)


def is_signed(summary: Compaction, model: Model, dialect: Dialect) -> bool:
    """True if a summary is sent as the API returned it. Otherwise its text is sent before the next prompt."""
    return bool(summary.json) and model.compaction and dialect == "anthropic"


def _build(
    messages: Sequence[Message],
    model: Model,
    dialect: Dialect,
    transcript: Transcript = Transcript(),  # noqa: B008
) -> _MessageBuilder:
    first = first_sent(messages)
    numbers = [first + number for number in _without_refusals(messages[first:])]
    kept = [messages[number] for number in numbers]
    replay = _MessageBuilder(model, dialect, ChangesInChat(model if dialect == "anthropic" else None, transcript))
    paired = _paired_server_tools(kept)
    for at, message in enumerate(kept):
        if message.role == "user":
            replay.user(message, numbers[at])
            continue
        if message.summary is not None:
            replay.summary(message.summary)
            continue
        unfinished = _awaits_the_server(kept, at)
        blocks = [
            block
            for number, block in enumerate(message.blocks)
            if not isinstance(block, Opaque) or (at, number) in paired or _may_stand_alone(block, unfinished)
        ]
        replay.assistant(message, blocks, is_paused=unfinished and message.stop_reason == "pause_turn")
    replay.answer_pending()
    return replay


def _without_refusals(messages: Sequence[Message]) -> list[int]:
    """Return the indices of the messages without turns that ended in a refusal: prompt, answers and tool results.

    Source: Messages API, handling stop reasons: remove that turn before continuing.
    """
    kept: list[int] = []
    for number, message in enumerate(messages):
        if message.stop_reason != "refusal":
            kept.append(number)
            continue
        while kept and (messages[kept[-1]].role == "assistant" or _answers_tools(messages[kept[-1]])):
            kept.pop()
        if kept:
            kept.pop()
    return kept


def _answers_tools(message: Message) -> bool:
    return message.role == "user" and any(isinstance(block, ToolResult) for block in message.blocks)


def _awaits_the_server(messages: Sequence[Message], at: int) -> bool:
    """True if the server has yet to continue this message: it paused, or waits for the results of our tools."""
    if messages[at].state != "complete":
        return False
    later = range(at + 1, len(messages))
    if not later:
        return messages[at].stop_reason == "pause_turn"
    return all(isinstance(block, ToolResult) for after in later for block in messages[after].blocks)


class _ServerTool(msgspec.Struct, frozen=True):
    """The fields of a server tool's block that pair a call with its result."""

    id: str = ""
    tool_use_id: str = ""


def _server_tool(block: Opaque) -> _ServerTool | None:
    """Return the pairing fields of an opaque block, or None if it is incomplete."""
    try:
        return decode_json(block.json, type=_ServerTool)
    except msgspec.DecodeError:
        return None


def _paired_server_tools(messages: Sequence[Message]) -> frozenset[tuple[int, int]]:
    """Return the (message, block) positions of server tool calls and results that belong together, with no prompt in
    between.
    """
    called: dict[str, tuple[int, int]] = {}
    paired: set[tuple[int, int]] = set()
    for at, message in enumerate(messages):
        for number, block in enumerate(message.blocks):
            if isinstance(block, Opaque) and (tool := _server_tool(block)) is not None:
                if tool.tool_use_id in called:
                    paired |= {called.pop(tool.tool_use_id), (at, number)}
                if tool.id:
                    called[tool.id] = (at, number)
            elif message.role == "user" and not isinstance(block, ToolResult):
                called.clear()
    return frozenset(paired)


def _may_stand_alone(block: Opaque, unfinished: bool) -> bool:
    """True if an unpaired block may be sent: a call that the server has yet to run, or a block of no tool."""
    tool = _server_tool(block)
    if tool is None or tool.tool_use_id:
        return False
    return unfinished or not block.kind.endswith("tool_use")


class _MessageBuilder:
    """The request built so far, and the tool calls that wait for results."""

    def __init__(self, model: Model, dialect: Dialect, changes: ChangesInChat) -> None:
        self.sent: list[Param] = []
        self.changes = changes
        self.places: dict[RequestPosition, BlockPosition] = {}
        self._model = model
        self._rich = dialect == "anthropic"
        self._pending: dict[str, None] = {}
        self._called: set[str] = set()
        self._summary: Param | None = None
        """A summary without a signature, for the next prompt."""

    def summary(self, block: Compaction) -> None:
        """Add a summary of everything before, which has to come first."""
        if is_signed(block, self._model, "anthropic" if self._rich else "basic"):
            self.sent.append({"role": "assistant", "content": [msgspec.Raw(block.json)]})
        else:
            self._summary = {"type": "text", "text": sendable(f"{SUMMARY_LEAD}\n\n{block.content}")}

    def user(self, message: Message, number: int) -> None:
        """Add a prompt or tool results. Every call of the previous answer gets a result, and results come first."""
        given = {block.tool_use_id: at for at, block in enumerate(message.blocks) if isinstance(block, ToolResult)}
        calls = [call for call in given if call in self._pending]
        content: list[object] = []
        if self._summary is not None:
            content.append(self._summary)
            self._summary = None
        for call in calls:
            block = message.blocks[given[call]]
            assert isinstance(block, ToolResult), "only those are in `given`"
            content.append(self._result(block, BlockPosition(number, given[call]), (len(self.sent), len(content))))
        content += [self._result(_unanswered(call)) for call in self._pending if call not in given]
        self._pending.clear()
        for at, block in enumerate(message.blocks):
            if isinstance(block, Text | Image | Document) and (param := self._shown(block)) is not None:
                self._note(block, BlockPosition(number, at), (len(self.sent), len(content)))
                content.append(param)
        if content:
            self.sent.append({"role": "user", "content": content})

    def assistant(self, message: Message, blocks: Sequence[Block], *, is_paused: bool) -> None:
        """Add an answer, or the part of it that there is."""
        self.answer_pending()
        content = [param for block in blocks if (param := self._said(block, message)) is not None]
        # An answer that ends in thinking was truncated or empty. The API accepts it only if it is to be continued.
        while content and not is_paused and _is_thinking(content[-1]):
            content.pop()
        if content and self.sent:  # a conversation starts with a user message
            if message.change is not None and self.sent[-1]["role"] == "user":
                self.change(message.change)
            self.sent.append({"role": "assistant", "content": content})
        else:
            self._pending.clear()

    def change(self, change: Change) -> None:
        """Add the `system` message with this change, as far as the model takes it."""
        if (param := self.changes.apply(change)) is not None:
            self.sent.append(param)

    def answer_pending(self) -> None:
        """Add results for calls that no user message follows."""
        if self._pending:
            self.sent.append({"role": "user", "content": [self._result(_unanswered(call)) for call in self._pending]})
            self._pending.clear()

    def _said(self, block: Block, message: Message) -> object | None:
        match block:
            case Text():
                return self._text(block)
            case Thinking(thinking, signature):
                if not (self._rich and signature and self._can_read(message)):
                    return None
                return {"type": "thinking", "thinking": thinking, "signature": signature}
            case RedactedThinking(data):
                if not (self._rich and data and self._can_read(message)):
                    return None
                return {"type": "redacted_thinking", "data": data}
            case ToolUse(id, name, input):
                return self._call(id, name, input)
            case Opaque(_, json):
                return msgspec.Raw(json) if self._rich else None
            case ToolResult() | Image() | Document() | Compaction():
                return None  # the API has no such blocks in an answer

    def _can_read(self, message: Message) -> bool:
        """True if the thinking may be Claude's own. Other servers invent signatures, which Anthropic rejects."""
        return message.model in ("", self._model.id) or message.model.startswith("claude")

    def _call(self, id: str, name: str, input: JsonText) -> Param | None:
        if not id or not name or id in self._called:
            return None
        self._called.add(id)
        self._pending[id] = None
        return {"type": "tool_use", "id": id, "name": name, "input": _object(input)}

    def _text(self, block: Text) -> Param | None:
        if not block.text.strip():
            return None  # "text content blocks must be non-empty"
        param: Param = {"type": "text", "text": sendable(block.text)}
        if self._rich and block.citations:
            param["citations"] = [_citation(citation) for citation in block.citations]
        return param

    def _shown(self, block: Text | Image | Document) -> Param | None:
        match block:
            case Text():
                return self._text(block)
            case Image(quarantined=True) | Document(quarantined=True):
                return {"type": "text", "text": _left_out(block)}
            case Image(media_type, data, name):
                if not self._model.vision:
                    return {"type": "text", "text": f"[image: {sendable(name) or media_type}]"}
                return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
            case Document():
                return self._document(block)

    def _document(self, block: Document) -> Param:
        if not self._rich:
            return {"type": "text", "text": f"[document: {sendable(block.name) or block.media_type}]"}
        source: Param = {"type": "base64", "media_type": block.media_type, "data": block.data}
        if block.media_type.startswith("text/"):
            plain = base64.b64decode(block.data).decode(errors="replace")
            source = {"type": "text", "media_type": "text/plain", "data": plain}
        param: Param = {"type": "document", "source": source}
        if block.name:
            param["title"] = sendable(block.name)
        return param

    def _result(self, result: ToolResult, place: BlockPosition | None = None, sent_at: RequestPosition = ()) -> Param:
        param: Param = {"type": "tool_result", "tool_use_id": result.tool_use_id}
        content: list[Param] = []
        for inner, block in enumerate(result.content):
            if (shown := self._shown(block)) is not None:
                if place is not None:
                    self._note(block, BlockPosition(place.message, place.block, inner), (*sent_at, len(content)))
                content.append(shown)
        if content:
            param["content"] = content
        if result.is_error:
            param["is_error"] = True
        return param

    def _note(self, block: Text | Image | Document, place: BlockPosition, sent_at: RequestPosition) -> None:
        if isinstance(block, Image | Document) and not block.quarantined:
            self.places[sent_at] = place


def _left_out(block: Image | Document) -> str:
    """Return the text that replaces a quarantined attachment, so that the surrounding text still makes sense."""
    kind = "image" if isinstance(block, Image) else "document"
    name = f" {sendable(block.name)}" if block.name else ""
    return f"[{kind}{name} left out: it could not be read]"


def _unanswered(call: str) -> ToolResult:
    return ToolResult(tool_use_id=call, content=(Text(INTERRUPTED),), is_error=True)


def _is_thinking(param: object) -> bool:
    return isinstance(param, dict) and param["type"] in ("thinking", "redacted_thinking")


def _object(text: JsonText) -> msgspec.Raw:
    """Return the JSON unchanged, or `{}` if it is not a complete object or exceeds a limit."""
    try:
        decode_input(text, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        text = ""
    return msgspec.Raw(text.encode("utf-8", "replace") or b"{}")


def _citation(text: JsonText) -> msgspec.Raw:
    """Return the citation without `file_id`, which responses contain but requests may not."""
    if '"file_id"' not in text:
        return msgspec.Raw(text)
    fields = decode_json(text, type=dict[str, msgspec.Raw])
    fields.pop("file_id", None)
    return msgspec.Raw(msgspec.json.encode(fields))
