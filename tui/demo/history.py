"""The rules of a conversation: the order of roles, what may be empty, and that every tool call has a result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tui.demo import capabilities
from tui.demo.checks import refuse
from tui.demo.errors import Refused

Block = dict[str, Any]

MAX_MESSAGES = 100_000


@dataclass(frozen=True)
class Turn:
    """Consecutive messages of one role, which the API joins: the blocks with their paths."""

    role: str
    path: str
    """The path of its last message."""
    blocks: tuple[tuple[str, Block], ...]


def blocks_of(content: str | list[Block]) -> list[Block]:
    """Return the content as blocks: a string is short for one text block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def turns(messages: list[dict[str, Any]]) -> list[Turn]:
    """Return the messages, with consecutive ones of the same role joined."""
    joined: list[Turn] = []
    for index, message in enumerate(messages):
        path = f"messages.{index}"
        blocks = tuple((f"{path}.content.{at}", block) for at, block in enumerate(blocks_of(message["content"])))
        if joined and joined[-1].role == message["role"]:
            blocks = joined.pop().blocks + blocks
        joined.append(Turn(message["role"], path, blocks))
    return joined


def check_history(body: dict[str, Any], model_id: str) -> None:
    """Raise Refused for the first rule that the messages break."""
    messages = body["messages"]
    if not messages:
        raise refuse("messages", "at least one message is required")
    if len(messages) > MAX_MESSAGES:
        raise refuse("messages", f"at most {MAX_MESSAGES} messages are allowed")
    is_summary = any(block["type"] == "compaction" for block in blocks_of(messages[0]["content"])[:1])
    if messages[0]["role"] != "user" and not is_summary:
        raise refuse("messages", 'first message must use the "user" role')
    _check_system_messages(messages, model_id)
    _check_emptiness(body)
    spoken = [turn for turn in turns(messages) if turn.role != "system"]
    _check_tools(spoken)


def _check_system_messages(messages: list[dict[str, Any]], model_id: str) -> None:
    for index, message in enumerate(messages):
        if message["role"] != "system":
            continue
        path = f"messages.{index}"
        if model_id not in capabilities.TAKES_SYSTEM_MESSAGES:
            raise refuse(path, "role 'system' is not supported on this model")
        before = messages[index - 1]
        ends_in_server_tool = before["role"] == "assistant" and any(
            block["type"].endswith("_tool_result") or block["type"] == "server_tool_use"
            for block in blocks_of(before["content"])[-1:]
        )
        if before["role"] != "user" and not ends_in_server_tool:
            raise refuse(path, "a system message must follow a user message")
        if index + 1 < len(messages) and messages[index + 1]["role"] != "assistant":
            raise refuse(path, "a system message must be last or be followed by an assistant message")


def _check_emptiness(body: dict[str, Any]) -> None:
    messages = body["messages"]
    for index, message in enumerate(messages):
        is_final_answer = index == len(messages) - 1 and message["role"] == "assistant"
        sets_effort = message["role"] == "system" and bool(message.get("output_config"))
        if not message["content"] and not is_final_answer and not sets_effort:
            raise refuse(
                f"messages.{index}",
                "all messages must have non-empty content except for the optional final assistant message",
            )
        for block in blocks_of(message["content"]):
            for text in _texts(block):
                _check_text(text, "messages")
    for block in blocks_of(body.get("system") or []):
        _check_text(block["text"], "system")


def _texts(block: Block) -> Iterator[str]:
    if block["type"] == "text":
        yield block["text"]
    if block["type"] == "tool_result" and isinstance(block.get("content"), list):
        for inner in block["content"]:
            yield from _texts(inner)


def _check_text(text: str, path: str) -> None:
    if not text:
        raise refuse(path, "text content blocks must be non-empty")
    if not text.strip():
        raise refuse(path, "text content blocks must contain non-whitespace text")


def _check_tools(spoken: list[Turn]) -> None:
    seen: set[str] = set()
    for number, turn in enumerate(spoken):
        if turn.role == "assistant":
            calls = [block["id"] for _, block in turn.blocks if block["type"] == "tool_use"]
            if len(set(calls)) < len(calls) or seen & set(calls):
                raise refuse("messages", "`tool_use` ids must be unique")
            seen.update(calls)
            _check_answered(turn, calls, spoken[number + 1] if number + 1 < len(spoken) else None)
        else:
            _check_results(turn, spoken[number - 1] if number else None)


def _check_answered(turn: Turn, calls: list[str], reply: Turn | None) -> None:
    first: list[str] = []
    for _, block in reply.blocks if reply is not None else ():
        if block["type"] != "tool_result":
            break
        first.append(block["tool_use_id"])
    missing = [call for call in calls if call not in first]
    if missing:
        raise refuse(
            turn.path,
            "`tool_use` ids were found without `tool_result` blocks immediately after: " + ", ".join(missing) + ". Each"
            " `tool_use` block must have a corresponding `tool_result` block in the next message.",
        )
    is_unfinished = _unfinished_server_tools(turn)
    if is_unfinished and calls and reply is not None and any(b["type"] != "tool_result" for _, b in reply.blocks):
        raise refuse(reply.path, "only `tool_result` blocks may answer a turn with an unfinished `server_tool_use`")


def _unfinished_server_tools(turn: Turn) -> bool:
    begun = {block["id"] for _, block in turn.blocks if block["type"] == "server_tool_use"}
    done = {block["tool_use_id"] for _, block in turn.blocks if block["type"].endswith("_tool_result")}
    return bool(begun - done)


def _check_results(turn: Turn, before: Turn | None) -> None:
    calls = {block["id"] for _, block in before.blocks if block["type"] == "tool_use"} if before is not None else set()
    answered: set[str] = set()
    for path, block in turn.blocks:
        if block["type"] != "tool_result":
            continue
        id = block["tool_use_id"]
        if id not in calls:
            raise refuse(
                path,
                f"unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a"
                " corresponding `tool_use` block in the previous message.",
            )
        if id in answered:
            raise Refused(
                f"{path}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            )
        answered.add(id)
