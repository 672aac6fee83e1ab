"""What is recorded is read back as it was: chats, their branches, what they cost, and how they are listed."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from storing import LIMIT_S, Wall, add_messages, answer, billed, opened, prompt, said, with_block
from transcripts import PNG, TIDE, answers, prompts, user_messages

from tui.chat.budget import Spent
from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Draft, Failure, Image, Message, Text, ToolResult, ToolUse
from tui.store import Chat, ChatUsage, NewChat, Position, Recorder, Store
from tui.store.errors import AmbiguousChat, Closed, NoSuchChat


def only(store: Store) -> Chat:
    (chat,) = store.chats().result(LIMIT_S)
    return chat


def test_what_was_said_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Which way does the tide run?", "Out.")
    with opened(tmp_path) as store:
        assert said(store, "a") == ["Which way does the tide run?", "Out."]
        assert only(store).title == "Which way does the tide run?"


@settings(suppress_health_check=list(HealthCheck), max_examples=60, deadline=None)
@given(messages=st.lists(user_messages | prompts | answers, min_size=1, max_size=6))
def test_a_message_is_read_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, messages: list[Message]) -> None:
    with opened(tmp_path_factory.mktemp("store")) as store:
        recorder = Recorder(store, NewChat(id="a"))
        for message in messages:
            recorder.record(message)
        assert list(store.transcript("a").result(LIMIT_S).messages) == messages
        assert [row.role for row in store.branch("a").result(LIMIT_S)] == [message.role for message in messages]


def test_every_fact_of_an_answer_is_kept(tmp_path: Path) -> None:
    message = billed(
        "Out.",
        cache_read_input_tokens=7,
        write_1h=3,
        cache_creation_input_tokens=3,
        thinking_tokens=2,
        searches=1,
    )
    facts = {
        "id": "msg_1",
        "stop_reason": "refusal",
        "stop_category": "bio",
        "stop_explanation": "no",
        "request_id": "req_1",
        "elapsed_s": 3.25,
        "thought_s": 1.5,
        "state": "failed",
        "failure": Failure(message="Cut.", hint="Again.", type="timeout_error", status=529, request_id="req_2"),
    }
    message = Message(**{**{name: getattr(message, name) for name in Message.__struct_fields__}, **facts})
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, message)
        assert store.transcript("a").result(LIMIT_S).messages == (message,)


@pytest.mark.parametrize("data", [PNG, "no base64 at all", "AA=", "AB==", "aGk=\n", "sha256:00"])
def test_attached_data_comes_back_letter_by_letter(tmp_path: Path, data: str) -> None:
    message = with_block(ToolResult("toolu_1", (Text("seen"), Image("image/png", data, "a.png", 3, 4))))
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, message)
        assert store.transcript("a").result(LIMIT_S).messages == (message,)
        (row,) = store.branch("a").result(LIMIT_S)
        shown = row.message.blocks[0].content[1]
        assert (shown.data, shown.name, shown.width, shown.height) == ("", "a.png", 3, 4)


def test_what_is_attached_twice_is_stored_once(tmp_path: Path) -> None:
    picture = with_block(Image("image/png", PNG))
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, picture)
        store.append(NewChat(id="b"), "n", None, picture)
    with closing(sqlite3.connect(tmp_path / "data" / "chats.db")) as db:
        assert db.execute("SELECT count(*) FROM attachments").fetchone() == (1,)


def test_half_of_a_surrogate_pair_costs_one_character_and_no_more(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, prompt("a\ud83d tide"))
        assert said(store, "a") == ["a? tide"]
        assert store.told == []


def test_edits_and_repetitions_are_siblings_and_nothing_is_overwritten(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        first, out = add_messages(store, "a", "Tide?", "Out.")
        store.append(NewChat(id="a"), "again", first, answer("Out, I think."))
        store.append(NewChat(id="a"), "edit", None, prompt("Tide now?"))
        assert said(store, "a") == ["Tide now?"]
        assert said(store, "a", out) == ["Tide?", "Out."]
        edited, answered = store.branch("a", "again").result(LIMIT_S)
        assert edited.siblings == (first, "edit")
        assert (answered.siblings, answered.sibling_index) == ((out, "again"), 1)
        assert (edited.id, answered.id) == (first, "again")
        assert store.leaf(first).result(LIMIT_S) == "again"
        store.set_head("a", out)
        assert said(store, "a") == ["Tide?", "Out."]


def test_a_fork_is_a_chat_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = add_messages(store, "a", "Tide?", "Out.", "And now?", "In.")
        store.append(NewChat(id="a"), "picture", ids[1], with_block(Image("image/png", PNG)))
        fork = store.fork("picture", "Another").result(LIMIT_S)
        assert [m.text for m in store.transcript(fork).result(LIMIT_S).messages] == ["Tide?", "Out.", ""]
        assert store.transcript(fork).result(LIMIT_S).messages[2].blocks == (Image("image/png", PNG),)
        store.delete("a")
        assert only(store).title == "Another"
        assert [hit.chat_id for hit in store.search("tide").result(LIMIT_S).hits] == [fork]


def test_a_fork_is_as_warm_as_what_it_begins_with(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "p", None, prompt("Tide?"))
        store.append(NewChat(id="a"), "m", "p", billed("Out.", cache_creation_input_tokens=1000))
        store.append(NewChat(id="a"), "q", "m", prompt("And now?", at=200.0))
        store.append(NewChat(id="a"), "n", "q", answer("In.", at=201.0, usage=Usage(cache_read_input_tokens=1000)))
        assert store.chat("a").result(LIMIT_S).cached_at == 201.0
        early, late = (store.chat(store.fork(id).result(LIMIT_S)).result(LIMIT_S) for id in ("m", "n"))
        assert (early.cached_at, early.cache_ttl_s) == (101.0, 300)
        assert (late.cached_at, late.cost_usd) == (201.0, 0.0)


def test_the_list_is_newest_first_with_pinned_ones_on_top(tmp_path: Path) -> None:
    wall = Wall()
    with opened(tmp_path, now=wall) as store:
        for chat_id in "abc":
            add_messages(store, chat_id, f"Chat {chat_id}")
            wall.now += 60
        store.pin("a", True)
        assert [chat.id for chat in store.chats().result(LIMIT_S)] == ["a", "c", "b"]
        assert [chat.id for chat in store.chats(limit=1, offset=1).result(LIMIT_S)] == ["c"]
        add_messages(store, "b", "More", head="b-0")
        assert [chat.id for chat in store.chats().result(LIMIT_S)] == ["a", "b", "c"]


def test_a_chat_says_what_it_holds_and_cost(tmp_path: Path) -> None:
    wall = Wall()
    with opened(tmp_path, now=wall) as store:
        chat = NewChat(
            id="a",
            model="claude-opus-5-5",
            system="Be brief.",
            tools="read",
            preset="sea",
            thinking="off",
            effort="max",
        )
        store.append(chat, "m", None, prompt("\n  Tide\tand \n moon?"))
        wall.now += 5
        store.append(chat, "n", "m", billed("Out.", cache_read_input_tokens=5))
        store.append(chat, "o", "m", billed("Out!", cost_usd=0.5, cache_creation_input_tokens=5, write_1h=5))
        found = only(store)
        assert (found.title, found.model, found.system, found.tools) == (
            "Tide and",
            "claude-opus-5-5",
            "Be brief.",
            "read",
        )
        assert (found.preset, found.messages, found.cost_usd, found.head) == ("sea", 3, 0.75, "o")
        assert (found.thinking, found.effort) == ("off", "max")
        assert (found.created, found.updated) == (wall.now - 5, wall.now)
        assert (found.cached_at, found.cache_ttl_s) == (101.0, 3600)
        assert not found.is_open_elsewhere


def test_thinking_and_effort_go_along_when_a_chat_is_forked(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a", effort="low"), "m", None, prompt("Tide?"))
        store.set_reasoning("a", "off", "high")
        forked = store.chat(store.fork("m").result(LIMIT_S)).result(LIMIT_S)
        assert (forked.thinking, forked.effort) == ("off", "high")


def test_the_tools_of_a_chat_are_kept_with_it_and_go_along_when_it_is_forked(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a", tools="ask", definitions=(TIDE,)), "m", None, prompt("Tide?"))
        store.append(NewChat(id="b"), "n", None, prompt("Wind?"))
        for id in ("a", store.fork("m").result(LIMIT_S)):
            assert store.chat(id).result(LIMIT_S).tools == "ask"
            assert store.transcript(id).result(LIMIT_S).tools == (TIDE,)
            assert store.tree(id).result(LIMIT_S).transcript().tools == (TIDE,)
        assert store.transcript("b").result(LIMIT_S).tools == ()
        store.set_tools("a", "none", ())
        assert store.chat("a").result(LIMIT_S).tools == "none"
        assert store.transcript("a").result(LIMIT_S).tools == ()


def test_results_of_tools_are_recorded_as_they_come_and_are_no_prompts(tmp_path: Path) -> None:
    first, second = (ToolResult(f"toolu_{one}", (Text(f"result {one}"),), elapsed_s=0.5) for one in "12")
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        recorder.record(
            Message(role="assistant", blocks=(ToolUse("toolu_1", "get_tide"), ToolUse("toolu_2", "get_tide")))
        )
        recorder.partial(Message(role="user", blocks=(first,), state="streaming"))
        assert [stored.state for stored in store.branch("a").result(LIMIT_S)][-1] == "streaming"
        recorder.record(Message(role="user", blocks=(first, second)))
        branch = store.branch("a").result(LIMIT_S)
        assert len(branch) == 3
        assert branch[-1].message.blocks == (first, second)
        assert branch[-1].state == "complete"
        assert [hit.role for hit in store.search("result").result(LIMIT_S).hits] == ["tool"]
        assert store.prompts().result(LIMIT_S) == store.prompts("tide").result(LIMIT_S) == ("Tide?",)
        assert store.prompts("result").result(LIMIT_S) == ()


def test_the_users_own_title_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        store.rename("a", "Made", mine=False)
        assert only(store).title == "Made"
        store.rename("a", "My own")
        store.rename("a", "Made again", mine=False)
        assert (only(store).title, only(store).title_is_mine) == ("My own", True)


def test_a_deleted_chat_can_be_had_back_and_is_forgotten_in_the_end(tmp_path: Path) -> None:
    wall = Wall()
    with opened(tmp_path, now=wall) as store:
        store.append(NewChat(id="a"), "m", None, with_block(Image("image/png", PNG, "tide.png")))
        store.delete("a")
        assert store.chats().result(LIMIT_S) == ()
        assert store.search("tide").result(LIMIT_S).hits == ()
        assert store.prompts().result(LIMIT_S) == ()
        store.restore("a")
        assert only(store).id == "a"
        store.delete("a")
    wall.now += 31 * 86_400
    with opened(tmp_path, now=wall) as store, pytest.raises(NoSuchChat):
        store.branch("a").result(LIMIT_S)
    with closing(sqlite3.connect(tmp_path / "data" / "chats.db")) as db:
        for table in ("chats", "messages", "attachments", "attached"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_withdrawn_prompt_is_unsent_text_from_the_same_moment(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        recorder.withdraw(prompt("Tide?"))
        assert store.chats().result(LIMIT_S) == ()
        assert store.position("a").result(LIMIT_S) == Position(chat_id="a", draft=Draft(text="Tide?"))
        recorder.record(prompt("Tide now?"))
        assert said(store, "a") == ["Tide now?"]


def test_a_withdrawn_prompt_does_not_replace_what_was_typed_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        store.save_position(Position(chat_id="a", draft=Draft(text="And the moon?")))
        store.settle()
        recorder.withdraw(prompt("Tide?"))
        place = store.position("a").result(LIMIT_S)
        assert (place.draft.text, [one.text for one in place.queue], place.held) == ("And the moon?", ["Tide?"], True)


def test_an_answer_is_one_message_from_its_first_word_to_its_end(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        recorder.partial(Message(role="assistant", state="streaming"))
        assert len(store.branch("a").result(LIMIT_S)) == 1
        recorder.partial(answer("Ou", state="streaming"))
        assert [row.state for row in store.branch("a").result(LIMIT_S)] == ["complete", "streaming"]
        recorder.partial(answer("Out", state="streaming"))
        recorder.record(answer("Out."))
        assert said(store, "a") == ["Tide?", "Out."]
        assert only(store).messages == 2
        recorder.record(prompt("And now?"))
        assert said(store, "a") == ["Tide?", "Out.", "And now?"]


def test_a_day_remembers_what_was_used_when_the_chat_is_gone(tmp_path: Path) -> None:
    written = {"cache_creation_input_tokens": 20, "write_5m": 13, "write_1h": 7}
    used = {"cache_read_input_tokens": 90, **written, "thinking_tokens": 3, "searches": 1}
    with opened(tmp_path) as store:
        for id in ("m", "n"):
            store.append(NewChat(id="a"), id, None, billed("Out.", **used))
        store.append(NewChat(id="a"), "n", None, billed("Out.", **used))
        store.delete("a")
        (day,) = store.days().result(LIMIT_S)
        assert (day.requests, day.input_tokens, day.cache_read_tokens, day.output_tokens) == (2, 240, 180, 8)
        assert (day.cache_write_tokens, day.cache_write_1h_tokens, day.thinking_tokens, day.searches) == (40, 14, 6, 2)
        assert day.cost_usd == 0.5


def test_a_day_says_whether_an_answer_of_it_was_cut_off(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, billed("Out."))
        store.append(NewChat(id="a"), "n", None, replace(billed("O"), state="stopped", stop_reason="end_turn"))
        assert [day.is_estimate for day in store.days().result(LIMIT_S)] == [False]
        store.append(NewChat(id="a"), "o", None, replace(billed("Out"), state="stopped", at=100.0 + 2 * 86_400))
        store.append(NewChat(id="a"), "p", None, replace(billed("Out"), model="claude-opus-5-5"))
        days = store.days().result(LIMIT_S)
        assert [(day.model[:11], day.is_estimate) for day in days] == [
            ("claude-opus", False),
            ("claude-sonn", False),
            ("claude-sonn", True),
        ]


def test_what_a_chat_and_a_day_have_cost(tmp_path: Path) -> None:
    clock = Wall()
    with opened(tmp_path, now=clock) as store:
        for id, chat, at in (("m", "a", clock.now), ("n", "b", clock.now), ("o", "a", clock.now - 86_400)):
            store.append(NewChat(id=chat), id, None, replace(billed("Out."), at=at))
        assert store.spent("a").result(LIMIT_S) == Spent(chat_usd=0.5, day_usd=0.5)
        assert store.spent("not begun").result(LIMIT_S) == Spent(chat_usd=0.0, day_usd=0.5)
        store.delete("b")  # what it cost was spent all the same
        assert store.spent("a").result(LIMIT_S).day_usd == 0.5
        clock.now += 86_400
        assert store.spent("a").result(LIMIT_S) == Spent(chat_usd=0.5, day_usd=0.0)


def test_an_answer_without_a_word_costs_what_it_costs(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        recorder.discard(billed(""))
        assert (only(store).messages, only(store).cost_usd) == (1, 0.25)
        recorder.withdraw(prompt("Tide?"))
        (day,) = store.days().result(LIMIT_S)
        assert (day.model, day.requests, day.unpriced, day.cost_usd) == ("claude-sonnet-5-5", 1, 0, 0.25)


def lost(at: float = 101.0) -> Message:
    usage, paid = Usage(input_tokens=1_000), Bill(cost_usd=0.25, saved_usd=0.5)
    return answer("", at=at, state="stopped", usage=usage, bill=paid)


def test_an_answer_that_was_written_off_is_told_after_a_restart_and_counted_once(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append(NewChat(id="a"), "m", None, prompt("Tide?"))
        store.discard("a", lost())
        store.discard("a", lost())
        store.append(NewChat(id="a"), "n", "m", billed("Out."))
    with opened(tmp_path) as store:
        (kept,) = store.discarded("a").result(LIMIT_S)
        assert kept == replace(lost(), blocks=())
        assert (only(store).cost_usd, only(store).saved_usd) == (0.5, 0.5)
        assert store.used().result(LIMIT_S) == {"a": ChatUsage(usage=Usage(input_tokens=1_010, output_tokens=4))}
        assert store.spent("a").result(LIMIT_S).chat_usd == 0.5


def test_what_a_first_prompt_has_cost_in_vain_is_its_chats_when_it_begins_after_all(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        recorder = Recorder(store, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        recorder.discard(lost())
        recorder.withdraw(prompt("Tide?"))
        assert store.chats().result(LIMIT_S) == ()
        recorder.record(prompt("Tide?"))
        assert only(store).cost_usd == 0.25


def test_a_fork_has_used_nothing_until_it_goes_on_also_where_it_is_imported(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as store, opened(tmp_path / "other") as other:
        store.append(NewChat(id="a"), "m", None, prompt("Tide?"))
        store.append(NewChat(id="a"), "n", "m", billed("Out."))
        store.discard("a", lost())
        fork = store.fork("n").result(LIMIT_S)
        store.append(NewChat(id=fork), "o", store.chat(fork).result(LIMIT_S).head, billed("Noon."))
        used = {"a": Usage(input_tokens=1_010, output_tokens=4), fork: Usage(input_tokens=10, output_tokens=4)}
        assert store.used().result(LIMIT_S) == {id: ChatUsage(usage=usage) for id, usage in used.items()}
        for id, cost in (("a", 0.5), (fork, 0.25)):
            tree = store.tree(id).result(LIMIT_S)
            assert (tree.total.usage, tree.total.bill.cost_usd) == (used[id], cost)
            other.merge(tree).result(LIMIT_S)
            other.merge(tree).result(LIMIT_S)
            assert other.tree(id).result(LIMIT_S) == tree
        assert other.used().result(LIMIT_S) == store.used().result(LIMIT_S)
        assert {chat.id: chat.cost_usd for chat in other.chats().result(LIMIT_S)} == {"a": 0.5, fork: 0.25}


def test_an_id_may_be_cut_as_long_as_it_is_clear(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "abc", "One")
        add_messages(store, "abd", "Two")
        assert store.chat("abc").result(LIMIT_S).id == "abc"
        with pytest.raises(AmbiguousChat):
            store.chat("ab").result(LIMIT_S)
        for unknown in ("x", ""):
            with pytest.raises(NoSuchChat):
                store.chat(unknown).result(LIMIT_S)


def test_a_draft_of_blank_lines_is_none(tmp_path: Path) -> None:
    with Store(tmp_path / "chats.db") as store:
        store.save_position(Position(chat_id="a", draft=Draft(text="\n ")))
    with Store(tmp_path / "chats.db") as store:
        assert store.unsent().result() == ()


def test_drafts_and_queues_of_a_screen_come_back(tmp_path: Path) -> None:
    picture = Image("image/png", PNG, "fjord.png")
    place = Position(
        chat_id="a",
        draft=Draft(text="Which way", attachments=(picture,)),
        queue=(Draft(text="First"), Draft(text="Second", attachments=(picture,))),
        held=True,
        scroll=12.0,
        edits="m",
    )
    with opened(tmp_path) as store:
        store.save_position(Position(chat_id="a", draft=Draft(text="Wh")))
        store.save_position(place)
        assert store.position("a").result(LIMIT_S) == place
    with opened(tmp_path) as store:
        assert [one.chat_id for one in store.unsent().result(LIMIT_S)] == ["a"]
        assert store.position("a").result(LIMIT_S) == place
        store.save_position(Position(chat_id="a"))
        assert store.unsent().result(LIMIT_S) == ()
    with opened(tmp_path) as store:
        assert store.position("a").result(LIMIT_S) == Position(chat_id="a")


def test_where_the_reader_was_is_known_after_the_end(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.save_position(Position(chat_id="a", scroll=3.5))
        store.save_position(Position(chat_id="b"))
    with opened(tmp_path) as store:
        assert store.unsent().result(LIMIT_S) == ()
        assert store.position("a").result(LIMIT_S).scroll == 3.5
        store.save_position(Position(chat_id="a", scroll=4.5))
    with opened(tmp_path) as store:
        assert store.position("a").result(LIMIT_S).scroll == 4.5
    with closing(sqlite3.connect(tmp_path / "data" / "chats.db")) as db:
        assert db.execute("SELECT chat_id FROM places").fetchall() == [("a",)]


def test_an_older_place_of_another_does_not_replace_ones_own(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as two:
        one.save_position(Position(chat_id="a", scroll=1.0))
        two.save_position(Position(chat_id="a", scroll=2.0))
        two.settle()
        one.close()
        assert two.position("a").result(LIMIT_S).scroll == 2.0


def test_an_answer_that_still_arrives_does_not_bring_a_deleted_chat_back_but_a_prompt_does(tmp_path: Path) -> None:
    with opened(tmp_path) as here, opened(tmp_path) as elsewhere:
        recorder = Recorder(here, NewChat(id="a"))
        recorder.record(prompt("Tide?"))
        here.settle()
        elsewhere.delete("a")
        elsewhere.settle()
        recorder.partial(replace(billed("Ou"), state="streaming"))
        recorder.record(billed("Out."))
        here.settle()
        assert elsewhere.chats().result(LIMIT_S) == ()
        assert here.branch("a").result(LIMIT_S)[-1].message.text == "Out."
        recorder.record(prompt("And when?"))
        here.settle()
        assert only(elsewhere).id == "a"


def test_what_is_unsent_in_a_deleted_chat_is_not_offered(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        store.save_position(Position(chat_id="a", draft=Draft(text="And when?")))
        store.delete("a")
        assert store.unsent().result(LIMIT_S) == ()
        store.restore("a")
        assert [one.draft.text for one in store.unsent().result(LIMIT_S)] == ["And when?"]


def test_an_instance_sees_what_another_has_open(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as two:
        add_messages(one, "a", "Tide?")
        one.set_open_chat("a")
        one.save_position(Position(chat_id="a", draft=Draft(text="mine")))
        one.settle()
        assert only(two).is_open_elsewhere
        assert not only(one).is_open_elsewhere
        assert len(two.other_instances("a").result(LIMIT_S)) == 1
        assert two.position("a").result(LIMIT_S) == Position(chat_id="a"), (
            "unsent text of a screen that is open is its own"
        )
        assert two.last_open_chat().result(LIMIT_S) == ""
        one.close()
        assert not only(two).is_open_elsewhere
        assert two.position("a").result(LIMIT_S).draft.text == "mine"


def test_only_the_user_can_read_the_files(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        store.settle()
        folder = tmp_path / "data"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        assert files == {"chats.db": 0o600, "chats.db-wal": 0o600, "chats.db-shm": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "data" / "chats.db"
    file.parent.mkdir()
    file.touch(mode=0o644)
    with opened(tmp_path) as store:
        store.settle()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_after_the_end_nothing_is_written_and_nothing_raises(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
    add_messages(store, "b", "Late")
    with pytest.raises(Closed):
        store.chats().result(LIMIT_S)


def test_a_store_that_is_not_used_makes_no_file(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_was_cancelled_is_not_made(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        futures = [store.search("tide") for _ in range(3)]
        cancelled = [future.cancel() for future in futures[:2]]
        assert len(futures[2].result(LIMIT_S).hits) == 2
        assert all(future.cancelled() for future, was in zip(futures, cancelled, strict=False) if was)


def test_a_deleted_chat_is_not_opened_again_after_a_crash(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "kept", "Which way?")
        add_messages(store, "gone", "Which way?")
        store.delete("gone")
    with closing(sqlite3.connect(tmp_path / "data" / "chats.db")) as db, db:
        for token, chat_id, seen in (("one", "kept", 1.0), ("two", "gone", 2.0)):
            db.execute(
                "INSERT INTO instances (token, pid, host, started, seen, chat_id) VALUES (?, 1, 'x', 0, ?, ?)",
                (token, seen, chat_id),
            )
    with opened(tmp_path) as store:
        assert store.last_open_chat().result(LIMIT_S) == "kept"
