"""The end of a branch is read alone, and is the same as in the whole branch; how long the branch is does not matter."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storing import LIMIT_S, Opened, add_messages, answer, opened, prompt, with_block

from tui.chat.transcript import Draft, Image
from tui.store import NewChat, Position, branches
from tui.store.errors import NoSuchChat

PNG = "iVBORw0KGgo="


def steps_for_the_end(folder: Path, chat_id: str) -> tuple[int, int]:
    """Read the end of a chat: the steps of SQLite's machine that it takes, and the messages that it returns."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(folder / "data" / "chats.db")) as db:
        db.set_progress_handler(step, 1)
        end = branches.end(db, chat_id, None)
    assert end is not None
    return steps, len(end)


def test_the_end_of_a_long_chat_takes_no_more_than_that_of_a_short_one(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for count in (100, 10_000):
            add_messages(store, f"{count}", *(f"Number {number}" for number in range(count)))
        store.settle()
    short, long = steps_for_the_end(tmp_path, "100"), steps_for_the_end(tmp_path, "10000")
    assert long[0] <= short[0] * 1.05
    assert long[1] == short[1] < 100


def test_a_long_message_is_an_end_by_itself(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Which way?", "Out.", "And then?", "In. " * 100_000)
        end = store.end("a").result(LIMIT_S)
        assert end is not None
        assert [one.message.text[:4] for one in end.branch] == ["In. "]


def test_without_an_id_it_is_the_chat_used_last(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.end().result(LIMIT_S) is None
        add_messages(store, "pinned", "Which way?")
        store.pin("pinned", True)
        store.append(NewChat(id="last"), "last-0", None, prompt("And when?", at=200.0))
        store.append(NewChat(id="gone"), "gone-0", None, prompt("And where?", at=300.0))
        store.delete("gone")
        end = store.end().result(LIMIT_S)
        assert end is not None
        assert end.branch.chat.id == max(store.chats().result(LIMIT_S), key=lambda chat: chat.updated).id


def test_it_comes_with_how_the_screen_was_left(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Which way?", "Out.")
        store.save_position(Position(chat_id="a", draft=Draft(text="And wh"), scroll=0.5))
    with opened(tmp_path) as store:
        end = store.end("a").result(LIMIT_S)
        assert end is not None
        assert (end.position.draft.text, end.position.scroll) == ("And wh", 0.5)


def test_a_chat_is_found_by_the_beginning_of_its_id_or_not_at_all(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "abcdef", "Which way?")
        end = store.end("abc").result(LIMIT_S)
        assert end is not None
        assert end.branch.chat.id == "abcdef"
        with pytest.raises(NoSuchChat):
            store.end("xyz").result(LIMIT_S)


Parents = st.lists(st.integers(0, 30), min_size=1, max_size=80)
"""For each message, how many messages before the last one its parent is."""


def grow(store: Opened, parents: list[int]) -> list[str]:
    """Record a chat with these messages, and return their ids."""
    ids: list[str] = []
    for number, back in enumerate(parents):
        at = len(ids) - 1 - back
        message = answer(f"{number}") if number % 3 else with_block(Image("image/png", PNG, f"{number}.png"))
        store.append(NewChat(id="a"), f"{number}", ids[at] if at >= 0 else None, message)
        ids.append(f"{number}")
    return ids


@settings(max_examples=30)
@given(Parents, st.integers(0, 1_000))
def test_an_end_is_the_end_of_the_whole_branch(parents: list[int], chosen: int) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        ids = grow(store, parents)
        head = ids[chosen % len(ids)]
        end, whole = store.end("a", head).result(LIMIT_S), store.stored_chat("a", head).result(LIMIT_S)
        assert end is not None
        last = whole.branch[len(whole.branch) - len(end.branch) :]
        assert [(one.id, one.siblings, one.message) for one in end.branch] == [
            (one.id, one.siblings, one.message) for one in last
        ]
        assert [message.at for message in whole.transcript.messages] == [one.at for one in whole.branch]
        assert whole.transcript == store.transcript("a", head).result(LIMIT_S)
        assert len(end.branch) == len(whole.branch) or len(end.branch) > 40
