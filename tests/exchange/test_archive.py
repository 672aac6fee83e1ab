"""What is exported as JSON comes back as it was, from the text and through a store; twice is as good as once."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from random import Random

import msgspec
import pytest
from chat_trees import trees
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from tui.chat.transcript import Block, Message, Text
from tui.chat.tree import ChatTree, Node
from tui.errors import TuiError
from tui.exchange import archive
from tui.exchange.archive import Unreadable
from tui.exchange.imports import read
from tui.store import ImportResult, NewChat, Store

LIMIT_S = 60
given_before: set[str] = set()


@given(chats=st.lists(trees(), max_size=3))
def test_an_export_is_read_back_as_it_was(chats: list[ChatTree]) -> None:
    assert read(archive.to_json(chats).encode()) == tuple(chats)


@pytest.mark.parametrize("kind", Block.__args__)
def test_every_kind_of_block_takes_part(kind: type) -> None:
    """`find` raises where there is none. It draws the same trees each time, many more than it takes."""

    def has_one(tree: ChatTree) -> bool:
        return any(isinstance(block, kind) for node in tree.nodes for block in node.message.blocks)

    searched = settings(max_examples=1000, database=None, phases=[Phase.generate])
    assert has_one(find(trees(), has_one, settings=searched, random=Random(0)))


def test_every_field_takes_part() -> None:
    """A field that is new has to be drawn, too: what is always at its default proves nothing.

    What is drawn first depends on the modules that other tests have loaded: Hypothesis takes constants from them. So a
    field that is rare gets more trees.
    """
    drawn: dict[tuple[str, str], bool] = {}
    trees_seen = 0

    def look_at(value: object) -> None:
        if isinstance(value, tuple):
            for one in value:
                look_at(one)
        elif isinstance(value, msgspec.Struct):
            for field in msgspec.structs.fields(type(value)):
                key = type(value).__name__, field.name
                said = getattr(value, field.name)
                drawn[key] = drawn.get(key, False) or said not in (field.default, "", None)
                look_at(said)

    def completes(tree: ChatTree) -> bool:
        nonlocal trees_seen
        trees_seen += 1
        look_at(tree)
        return trees_seen >= 250 and all(drawn.values())

    searched = settings(
        max_examples=5_000, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    with contextlib.suppress(NoSuchExample):
        find(trees(), completes, settings=searched, random=Random(0))
    assert [key for key, is_drawn in drawn.items() if not is_drawn] == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    problems: list[object] = []
    with Store(tmp_path_factory.mktemp("store") / "chats.db", problems=problems.append) as store:
        yield store
    assert problems == []


@settings(suppress_health_check=list(HealthCheck), max_examples=60, deadline=None)
@given(tree=trees())
def test_a_store_gives_out_what_it_was_given(store: Store, tree: ChatTree) -> None:
    ids = {tree.id, *(node.id for node in tree.nodes)}
    assume(not ids & given_before)  # an id is that of one message, wherever it was made
    given_before.update(ids)
    first = store.merge(tree).result(LIMIT_S)
    assert first.messages == len(tree.nodes)
    again = store.tree(tree.id).result(LIMIT_S)
    assert again == tree
    assert store.merge(again).result(LIMIT_S) == ImportResult()
    assert read(archive.to_json([again]).encode()) == (tree,)
    assert store.tree(tree.id).result(LIMIT_S) == tree


def test_an_import_adds_what_is_missing_and_keeps_what_is_there(tmp_path: Path) -> None:
    def node(id: str, parent: str | None) -> Node:
        return Node(id=id, parent_id=parent, message=Message(role="user", blocks=(Text(id),)))

    old = ChatTree(
        id="a", title="Theirs", created=1, updated=2, head="two", nodes=(node("one", None), node("two", "one"))
    )
    with Store(tmp_path / "chats.db") as store:
        store.append(NewChat(id="a", title="Mine"), "one", None, old.nodes[0].message)
        store.append(NewChat(id="a"), "three", "one", Message(role="user", blocks=(Text("three"),)))
        assert store.merge(old).result(LIMIT_S) == ImportResult(chats=1, messages=1)
        tree = store.tree("a").result(LIMIT_S)
        assert (tree.title, {one.id: one.parent_id for one in tree.nodes}) == (
            "Mine",
            {"one": None, "three": "one", "two": "one"},
        )
        store.delete("a")
        assert store.merge(old).result(LIMIT_S) == ImportResult()
        assert [chat.id for chat in store.chats().result(LIMIT_S)] == ["a"], "importing a deleted chat brings it back"
        assert store.search("two").result(LIMIT_S).hits[0].message_id == "two"


def test_what_was_imported_does_not_count_as_spent(tmp_path: Path) -> None:
    answer = Message(role="assistant", blocks=(Text("x"),))
    with Store(tmp_path / "chats.db") as store:
        store.merge(ChatTree(id="a", nodes=(Node(id="m", message=answer),))).result(LIMIT_S)
        assert store.days().result(LIMIT_S) == ()


def test_a_newer_export_is_refused_by_name() -> None:
    data = json.dumps({"format": "prx-chats", "version": 2, "chats": "anything"}).encode()
    with pytest.raises(Unreadable, match=r"newer prx: its version is 2"):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# A chat\n",
        b"{}",
        b"[1, 2]",
        b'{"format": "other", "version": 1}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"format": "\xff"}',
        b'{"a": ' + b"[" * 100_000,
        b'{"format": "prx-chats", "version": 1, "a": ' + b"[" * 100_000,
        b'{"format": "prx-chats", "version": 1, "chats": [{"id": "a", "created": 1e300}]}',
        b'{"format": "prx-chats", "version": 1, "chats": [{"id": "a", "updated": -1e300}]}',
        b'{"format": "prx-chats", "version": 1, "chats": [{"title": 5}]}',
        b"PK\x03\x04 cut",
    ],
)
def test_any_other_file_is_refused_with_what_would_do(data: bytes) -> None:
    with pytest.raises(TuiError) as refused:
        read(data)
    assert refused.value.message
