"""Whole chats for property tests: trees of every kind of message, with all that is kept of them."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace
from transcripts import TIDE, answers, prompts, user_messages

from tui.chat.ledger import Bill, Iteration, Usage
from tui.chat.transcript import (
    Block,
    BlockPosition,
    Change,
    Compaction,
    Document,
    Failure,
    Image,
    Message,
    Setup,
    Tool,
    ToolResult,
)
from tui.chat.tree import ChatTree, Node

SEARCH = Tool(name="web_search", description="", input_schema="{}", server='{"type":"web_search_20250305"}')
_texts = st.text(max_size=20)
_ids = st.uuids().map(lambda id: id.hex)
_numbers = st.integers(0, 10**9)
_amounts = st.floats(-1e6, 1e6)
_COUNTS = [name for name in Usage.__struct_fields__ if name != "iterations"]
_steps = st.builds(
    Iteration, **{name: _texts if name in ("type", "model") else _numbers for name in Iteration.__struct_fields__}
)
_usages = st.builds(Usage, **dict.fromkeys(_COUNTS, _numbers), iterations=st.lists(_steps, max_size=2).map(tuple))
_tools = st.sampled_from([(), (TIDE,), (TIDE, SEARCH)])
_setups = st.builds(Setup, system=_texts, tools=_tools)
_changes = st.builds(
    Change,
    system=st.none() | _texts,
    effort=_texts,
    added=_tools,
    removed=st.lists(_texts, max_size=2).map(tuple),
)
_summaries = st.builds(Compaction, _texts, st.sampled_from(["", '{"type":"compaction","signature":"c2lnbmVk"}']))
_places = st.builds(BlockPosition, *[st.integers(0, 9)] * 2, st.none() | st.integers(0, 9))
_facts = st.fixed_dictionaries(
    {},
    optional={
        "id": _texts,
        "stop_category": _texts,
        "stop_explanation": _texts,
        "settings": _texts,
        "prefix": _texts,
        "usage": _usages,
        "bill": st.builds(Bill, cost_usd=_amounts, saved_usd=_amounts),
        "request_id": _texts,
        "elapsed_s": st.floats(0, 1e6),
        "thought_s": st.floats(0, 1e6),
        "cache_miss": _texts,
        "change": _changes,
        "summarizes": _texts,
        "failure": st.builds(
            Failure,
            message=_texts,
            hint=_texts,
            type=_texts,
            status=st.integers(0, 599),
            request_id=_texts,
            rejected_blocks=st.lists(_places, max_size=2).map(tuple),
        ),
        "at": st.floats(0, 4e9),
    },
)


def _with(message: Message, facts: dict) -> Message:
    return Message(**{**{name: getattr(message, name) for name in Message.__struct_fields__}, **facts})


def _set_aside(message: Message) -> Message:
    """The same after the API refused what is attached."""
    return replace(message, blocks=tuple(map(_aside, message.blocks)))


def _aside(block: Block) -> Block:
    match block:
        case Image():
            return replace(block, quarantined=True)
        case Document():
            return replace(block, quarantined=True, pages=3)
        case ToolResult(content=content):
            return replace(block, content=tuple(map(_aside, content)))
    return block


_summarized = _summaries.map(lambda summary: Message(role="assistant", blocks=(summary,)))
messages = st.one_of(
    user_messages, user_messages.map(_set_aside), prompts, st.builds(_with, answers | _summarized, _facts)
)

_lost = st.builds(lambda message: _with(message, {"blocks": ()}), st.builds(_with, answers, _facts))


def _began(message: Message) -> float:
    return message.at


@st.composite
def trees(draw: st.DrawFn) -> ChatTree:
    """A chat in which every message follows any of those before it, or begins the chat."""
    ids = draw(st.lists(_ids, unique=True, max_size=7))
    nodes: list[Node] = []
    for id in ids:
        parent = draw(st.sampled_from([None, *(node.id for node in nodes)]))
        nodes.append(Node(id=id, parent_id=parent, copied=draw(st.booleans()), message=draw(messages)))
    return ChatTree(
        id=draw(_ids),
        title=draw(_texts),
        title_is_mine=draw(st.booleans()),
        model=draw(_texts),
        system=draw(_texts),
        tools=draw(st.sampled_from(["", "none", "read", "ask"])),
        definitions=draw(_tools),
        changed=draw(st.none() | _setups),
        preset=draw(_texts),
        thinking=draw(_texts),
        effort=draw(_texts),
        created=draw(st.floats(1, 4e9)),
        updated=draw(st.floats(1, 4e9)),
        pinned=draw(st.booleans()),
        head=draw(st.sampled_from(ids)) if ids else None,
        nodes=tuple(nodes),
        discarded=tuple(sorted(draw(st.lists(_lost, max_size=2, unique_by=_began)), key=_began)),
    )
