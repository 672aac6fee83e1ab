"""The export of Claude.ai, in the forms it has had, with whatever may be missing from it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.transcript import Message, Text, Thinking
from tui.errors import TuiError
from tui.exchange.imports import read

CHAT = "3f2b8c1e-7c7d-4a55-9d1f-000000000001"
ONE, TWO, THREE = (f"3f2b8c1e-7c7d-4a55-9d1f-00000000001{n}" for n in range(3))


def conversation(*messages: dict, **facts: object) -> dict:
    return {
        "uuid": CHAT,
        "name": "Fjord trip",
        "created_at": "2025-03-01T10:00:00.123456Z",
        "updated_at": "2025-03-01T10:05:00+00:00",
        "account": {"uuid": "x"},
        "chat_messages": list(messages),
        **facts,
    }


def said(uuid: str, sender: str, text: str, **facts: object) -> dict:
    return {
        "uuid": uuid,
        "text": text,
        "content": [{"type": "text", "text": text, "citations": []}],
        "sender": sender,
        "created_at": "2025-03-01T10:00:01Z",
        "updated_at": "2025-03-01T10:00:01Z",
        "attachments": [],
        "files": [],
        **facts,
    }


def imported(*conversations: object):
    return read(json.dumps(conversations).encode())


def test_a_conversation_becomes_a_chat() -> None:
    (tree,) = imported(conversation(said(ONE, "human", "Which way?"), said(TWO, "assistant", "Out.")))
    assert (tree.id, tree.title) == (CHAT.replace("-", ""), "Fjord trip")
    assert (tree.created, tree.updated) == (1740823200.123456, 1740823500.0)
    assert [node.message for node in tree.path()] == [
        Message(role="user", blocks=(Text("Which way?"),), at=1740823201.0),
        Message(role="assistant", blocks=(Text("Out."),), at=1740823201.0, stop_reason="end_turn"),
    ]
    assert tree.nodes[1].parent_id == tree.nodes[0].id == ONE.replace("-", "")


def test_parents_make_branches_where_they_are_given() -> None:
    root = "00000000-0000-4000-8000-000000000000"
    (tree,) = imported(
        conversation(
            said(ONE, "human", "Which way?", parent_message_uuid=root),
            said(TWO, "assistant", "Out.", parent_message_uuid=ONE),
            said(THREE, "assistant", "In.", parent_message_uuid=ONE),
        )
    )
    assert [node.parent_id for node in tree.nodes] == [None, tree.nodes[0].id, tree.nodes[0].id]
    assert [node.message.text for node in tree.path()] == ["Which way?", "In."]


def test_a_first_prompt_that_was_edited_is_a_beginning_of_its_own() -> None:
    root = "00000000-0000-4000-8000-000000000000"
    (tree,) = imported(
        conversation(
            said(ONE, "human", "Which way?", parent_message_uuid=root),
            said(TWO, "assistant", "Out.", parent_message_uuid=ONE),
            said(THREE, "human", "Which way now?", parent_message_uuid=root),
            current_leaf_message_uuid=TWO,
        )
    )
    assert [node.parent_id for node in tree.nodes] == [None, tree.nodes[0].id, None]
    assert tree.head == tree.nodes[1].id


def test_what_follows_a_message_without_words_follows_the_one_before() -> None:
    (tree,) = imported(
        conversation(
            said(ONE, "human", "Which way?"),
            said(TWO, "assistant", "", parent_message_uuid=ONE),
            said(THREE, "human", "Well?", parent_message_uuid=TWO),
        )
    )
    assert [node.parent_id for node in tree.nodes] == [None, tree.nodes[0].id]


def test_a_conversation_without_a_name_is_called_by_its_first_line() -> None:
    (tree,) = imported(conversation(said(ONE, "human", "\n  Which   way?\nIn or out?"), name=""))
    assert tree.title == "Which way?"


@pytest.mark.parametrize(
    ("given", "at"),
    [(1740823200, 1740823200.0), (1740823200123, 1740823200.123), (1e300, 0.0), (10**400, 0.0), (-5, 0.0)],
)
def test_times_may_be_numbers(given: float, at: float) -> None:
    (tree,) = imported(conversation(said(ONE, "human", "Which way?"), created_at=given))
    assert tree.created == at


def test_the_older_form_has_only_text() -> None:
    message = {"uuid": ONE, "text": "Which way?", "sender": "human", "created_at": "2023-08-01T10:00:00.000000+00:00"}
    (tree,) = imported(conversation(message))
    assert tree.nodes[0].message.text == "Which way?"


def test_attachments_thinking_and_tools_are_told_in_words() -> None:
    attached = [{"file_name": "tides.csv", "file_size": 5, "extracted_content": "a,b"}]
    content = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Here:"},
        {"type": "tool_use", "name": "artifacts", "input": {"title": "Tide", "content": "x = '```'"}},
        {"type": "tool_result", "name": "artifacts", "content": [{"type": "text", "text": "OK"}]},
        {"type": "something_new", "text": "?"},
    ]
    (tree,) = imported(
        conversation(
            said(ONE, "human", "Look", attachments=attached, files=[{"file_name": "fjord.jpg"}]),
            said(TWO, "assistant", "Here:", content=content),
        )
    )
    first, second = (node.message for node in tree.path())
    assert first.blocks == (Text("[tides.csv]\n\na,b"), Text("[fjord.jpg]"), Text("Look"))
    assert second.blocks[0] == Thinking("Hm.")
    assert second.text == "Here:\n\n*artifacts: Tide*\n\n````\nx = '```'\n````\n\n"


def test_what_says_nothing_is_left_out() -> None:
    assert imported(conversation(), conversation(said(ONE, "human", "", content=[]))) == ()
    (tree,) = imported(conversation(said(ONE, "system", "x"), said(TWO, "human", "y"), "no message", uuid=None))
    assert [node.message.text for node in tree.nodes] == ["y"]


def test_the_same_file_gives_the_same_ids() -> None:
    nameless = conversation({**said(ONE, "human", "Which way?"), "uuid": None}, uuid="not-a-uuid")
    assert imported(nameless) == imported(nameless)


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", "[]")
        archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["conversations.json", "data-2025-03-01/conversations.json"])
def test_it_is_read_from_the_zip_file_too(name: str) -> None:
    data = json.dumps([conversation(said(ONE, "human", "Which way?"))]).encode()
    assert read(zipped(name, data)) == read(data)


def test_a_zip_file_without_it_is_refused() -> None:
    with pytest.raises(TuiError, match=r"no conversations\.json"):
        read(zipped("projects.json", b"[]"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_odd = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["uuid", "text", "sender", "created_at", "attachments", "files", "content", "parent_message_uuid", "model"],
        _json | st.sampled_from(["human", "assistant"]),
    ),
)


@given(
    messages=st.lists(_odd | _json, max_size=4),
    facts=st.dictionaries(st.sampled_from(["uuid", "name", "created_at"]), _json),
)
def test_nothing_in_it_has_to_be_as_expected(messages: list[object], facts: dict[str, object]) -> None:
    for tree in imported({**conversation(*messages), **facts}):
        assert len({node.id for node in tree.nodes}) == len(tree.nodes)
        known: set[str | None] = {None}
        for node in tree.nodes:
            assert node.parent_id in known
            known.add(node.id)
