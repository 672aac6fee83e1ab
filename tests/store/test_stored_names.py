"""Fields that were renamed keep their names in stored chats and in exported files."""

from __future__ import annotations

import json

import msgspec
import pytest

from tui.chat.transcript import BlockPosition, Document, Failure, Image, Message
from tui.chat.tree import ChatTree
from tui.store.codec import decode, encode

FAILURE = Failure(message="no", rejected_blocks=(BlockPosition(0, 1),))
ANSWER = Message(role="assistant", settings="on high", prefix="a1b2", failure=FAILURE)


def test_a_stored_message_has_the_old_names_and_reads_back_the_same() -> None:
    facts = encode(ANSWER).facts
    stored = json.loads(facts)
    assert (stored["manner"], stored["opening"]) == ("on high", "a1b2")
    assert stored["failure"]["refused"] == [{"message": 0, "block": 1, "inner": None}]
    assert decode("assistant", "complete", 0.0, b"[]", facts) == ANSWER


@pytest.mark.parametrize("kind", [Image, Document])
def test_a_quarantined_block_has_the_old_name(kind: type[Image] | type[Document]) -> None:
    block = kind("image/png", "AAAA", quarantined=True)
    row = encode(Message(role="user", blocks=(block,)))
    assert json.loads(row.blocks)[0]["aside"] is True
    data = {one.hash: "AAAA" for one in row.attachments}
    assert decode("user", "complete", 0.0, row.blocks, row.facts, data).blocks == (block,)


def test_an_exported_chat_has_the_old_name_of_discarded_answers() -> None:
    tree = ChatTree(id="c", discarded=(ANSWER,))
    exported = msgspec.json.encode(tree)
    assert "written_off" in json.loads(exported)
    assert msgspec.json.decode(exported, type=ChatTree) == tree
