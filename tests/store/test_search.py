"""Words are found again however they are written; what the user types is never taken for an operator."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storing import LIMIT_S, Wall, add_messages, answer, opened, prompt, with_block
from transcripts import PNG

from tui.chat.transcript import Image, Opaque, Text, Thinking, ToolResult, ToolUse
from tui.store import NewChat, updates
from tui.store.search_text import fold_text, highlights, matches, parse_query, snippet

TEXTS = {
    "tide": "Which way does the tide run in this fjord?",
    "cafe": "Le café est fermé — l'élève s'en étonne.",
    "decomposed": "Un cafe\u0301 se\u0301pare\u0301.",
    "german": "Die Straße nach Göteborg, ẞ groß.",
    "chinese": "今天的潮汐很高，我们去海边吧。",
    "japanese": "潮の流れはどちらですか。カタカナとひらがな。",
    "korean": "오늘 조수는 높습니다",
    "thai": "น้ำขึ้นน้ำลงวันนี้",
    "hindi": "ज्वार आज ऊँचा है",
    "arabic": "المَدّ مرتفع اليوم",
    "russian": "Прилив сегодня высокий, ещё выше",
    "emoji": "Ship it 🚀🚀 and 👩‍🚀 or 👍🏽 ☀️!",
    "code": "def next_tide(a_b, *args): return node.js['x'] + C++ # TODO: 3.14",
    "operators": "this AND that OR NOT NEAR(tide, 5) body:tide ^moon",
    "quotes": "She said \"high water\" and 'low' — it's fine",
    "wide": "Ｆｕｌｌ ｗｉｄｔｈ ﬁne ½",
    "old": "Ἀχιλλεύς ᾠδή",
}
CASES = [
    ("tide", {"tide", "code", "operators"}),
    ("TID", {"tide", "code", "operators"}),
    ("fjor", {"tide"}),
    ("fjor ", set()),
    ("tide fj", {"tide"}),
    ("cafe", {"cafe", "decomposed"}),
    ("CAFÉ", {"cafe", "decomposed"}),
    ("cafe\u0301", {"cafe", "decomposed"}),
    ("eleve", {"cafe"}),
    ("separe ", {"decomposed"}),
    ("strasse", {"german"}),
    ("göte", {"german"}),
    ("gote", {"german"}),
    ("潮", {"chinese", "japanese"}),
    ("潮汐", {"chinese"}),
    ("汐很", {"chinese"}),
    ("流れ", {"japanese"}),
    ("カタ", {"japanese"}),
    ("海边 潮汐", {"chinese"}),
    ("汐潮", set()),
    ("조수", {"korean"}),
    ("น้ำ", {"thai"}),
    ("ज्वार", {"hindi"}),
    ("ऊँ", {"hindi"}),
    ("اليوم", {"arabic"}),
    ("еще", {"russian"}),
    ("ПРИЛ", {"russian"}),
    ("🚀", {"emoji"}),
    ("🚀🚀", {"emoji"}),
    ("👩‍🚀", {"emoji"}),
    ("👍", {"emoji"}),
    ("☀️", {"emoji"}),
    ("🛰", set()),
    ("next_tide", {"code"}),
    ("node.js", {"code"}),
    ("js.node", set()),
    ("c++", {"code"}),
    ("3.14", {"code"}),
    ("AND", {"operators", "quotes", "emoji"}),
    ("NOT", {"operators"}),
    ("NEAR(tide", {"operators"}),
    ("body:tide", {"operators"}),
    ("^moon", {"operators"}),
    ("moon*", {"operators"}),
    ('"high water"', {"quotes"}),
    ('"high', {"quotes"}),
    ("it's", {"quotes"}),
    ("'", set()),
    ('"', set()),
    ('""" OR 1', set()),
    ("full", {"wide"}),
    ("fine", {"wide", "quotes"}),
    ("αχιλλευς", {"old"}),
    ("ωδη", {"old"}),
    ("", set()),
    ("   ", set()),
    ("-- ; DROP TABLE chats", set()),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("library")) as store:
        for chat_id, text in TEXTS.items():
            store.append(NewChat(id=chat_id, title="…"), f"{chat_id}-0", None, prompt(text))
        yield store


@pytest.mark.parametrize(("typed", "found"), CASES)
def test_words_are_found(library, typed, found):
    hits = library.search(typed).result(LIMIT_S).hits
    assert {hit.chat_id for hit in hits} == found
    for hit in hits:
        assert hit.marks, "what was found is highlighted"
        assert all(hit.snippet[a:b].strip() for a, b in hit.marks)
    assert library.told == []


@given(typed=st.text(max_size=30) | st.text(alphabet='"*()^:-+ ANDORT\x00潮é🚀', max_size=30))
def test_nothing_that_is_typed_is_an_error(library, typed):
    library.search(typed).result(LIMIT_S)
    library.prompts(typed).result(LIMIT_S)


@given(text=st.text(max_size=60), start=st.integers(0, 60), length=st.integers(1, 20))
def test_a_whole_word_of_a_text_is_always_marked(text, start, length):
    words = fold_text(text).split()
    if not words:
        return
    word = words[start % len(words)]
    assert highlights(text, parse_query(word + " ")) or not parse_query(word)


def test_a_snippet_shows_the_first_place_on_one_line():
    text = "word " * 100 + "before\nthe\ttide runs out " + "word " * 100
    piece = snippet(text, parse_query("tide ru"))
    assert piece.text.startswith("…word")
    assert piece.text.endswith("…")
    assert "\n" not in piece.text
    assert len(piece.text) < 140
    assert [piece.text[a:b] for a, b in piece.marks] == ["tide", "ru"]


def test_every_place_in_the_snippet_is_marked_and_none_twice():
    piece = snippet("tide tides tide", parse_query("tide tid"))
    assert [piece.text[a:b] for a, b in piece.marks] == ["tide", "tid", "tide"]


def test_titles_come_first_and_are_hit_inside_a_word(tmp_path: Path) -> None:
    wall = Wall()
    with opened(tmp_path, now=wall) as store:
        add_messages(store, "a", "Tide tables", "the fjord")
        wall.now += 1
        add_messages(store, "b", "Other", "a fjord and Éclair")
        store.rename("b", "Møøre Fjørde Éclairs")
        assert [hit.message_id for hit in store.search("eclair").result(LIMIT_S).hits] == ["", "b-1"]
        assert [hit.chat_id for hit in store.search("table").result(LIMIT_S).hits] == ["a", "a"]
        assert [hit.chat_id for hit in store.search("clairs").result(LIMIT_S).hits] == ["b"]
        for typed, found in (("ABLE de", ["de", "able"]), ("eclair", ["Éclairs"])):
            hit = store.search(typed).result(LIMIT_S).hits[0]
            assert [hit.title[start:end] for start, end in hit.marks] == found


def test_everything_that_can_be_read_is_searched(tmp_path: Path) -> None:
    blocks = [
        Thinking("ponder", "sig"),
        ToolUse("toolu_1", "get_tide", '{"port": "Brest"}'),
        ToolResult("toolu_1", (Text("ebbing"),)),
        Image("image/png", PNG, "fjord.png"),
    ]
    with opened(tmp_path) as store:
        for number, block in enumerate(blocks):
            store.append(NewChat(id=f"{number}"), f"m{number}", None, with_block(block))
        store.append(NewChat(id="opaque"), "o", None, with_block(Opaque("x", '{"type":"x","secret":"xyzzy"}')))
        for word, chat_id in (("ponder", "0"), ("brest", "1"), ("get_tide", "1"), ("ebbing", "2"), ("fjord.png", "3")):
            assert [hit.chat_id for hit in store.search(word).result(LIMIT_S).hits] == [chat_id], word
        assert store.search("xyzzy").result(LIMIT_S).hits == ()


def test_an_answer_is_found_when_it_has_ended_and_only_as_it_ended(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        chat = NewChat(id="a", title="…")
        store.partial(chat, "m", None, answer("the ebb", state="streaming"))
        store.chats().result(LIMIT_S)
        assert store.search("ebb").result(LIMIT_S).hits == ()
        store.append(chat, "m", None, answer("the ebb tide"))
        store.append(chat, "m", None, answer("the flood tide"))
        assert store.search("ebb").result(LIMIT_S).hits == ()
        assert [hit.message_id for hit in store.search("flood").result(LIMIT_S).hits] == ["m"]


def test_a_search_in_one_chat_sees_that_chat_and_all_its_branches(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = add_messages(store, "a", "tide one", "tide two", "tide three", "tide four", "tide five")
        add_messages(store, "b", "tide elsewhere")
        add_messages(store, "a", "tide six", head=ids[0])
        hits = store.search("tide", chat_id="a").result(LIMIT_S).hits
        assert {hit.message_id for hit in hits} == {*ids, "a-0-a-0"}
        assert [hit.chat_id for hit in store.search("tide").result(LIMIT_S).hits if hit.message_id].count("a") == 3


def test_prompts_sent_before_come_newest_first_and_once(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "First tide", "tide", "Second", "x", "First tide")
        add_messages(store, "b", "Third tide")
        assert store.prompts().result(LIMIT_S) == ("Third tide", "First tide", "Second")
        assert store.prompts("tid").result(LIMIT_S) == ("Third tide", "First tide")
        assert store.prompts(limit=1).result(LIMIT_S) == ("Third tide",)
        assert store.prompts("?").result(LIMIT_S) == ()


def test_what_was_left_unsent_is_among_the_prompts_until_it_is_sent(tmp_path: Path) -> None:
    wall = Wall(150.0)
    with opened(tmp_path, now=wall) as store:
        add_messages(store, "a", "First tide")
        store.keep_unsent("a", "Unsent tide, größer \ud800")
        store.append(NewChat(id="b"), "later", None, prompt("Second tide", at=200.0))
    with opened(tmp_path, now=wall) as store:
        unsent = "Unsent tide, größer ?"
        assert store.prompts().result(LIMIT_S) == ("Second tide", unsent, "First tide")
        assert (
            store.prompts("GROSSER uns").result(LIMIT_S) == store.prompts("tide, größer").result(LIMIT_S) == (unsent,)
        )
        assert store.prompts("tide grösse kelp").result(LIMIT_S) == ()
        store.delete("a")
        assert store.prompts().result(LIMIT_S) == ("Second tide",)
        store.restore("a")
        store.append(NewChat(id="c"), "sent", None, prompt(unsent, at=300.0))
        assert store.prompts().result(LIMIT_S) == (unsent, "Second tide", "First tide")
        store.delete("c")
        assert store.prompts().result(LIMIT_S) == ("Second tide", "First tide")


def test_of_what_was_left_unsent_the_newest_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.settle()
        with closing(sqlite3.connect(store.file)) as db, db:
            for number in (*range(110), 50):
                updates.add_unsent(db, "a", f"Draft {number}", 100.0)
        kept = store.prompts(limit=1000).result(LIMIT_S)
        assert (len(kept), kept[0], kept[1], "Draft 9" in kept) == (100, "Draft 50", "Draft 109", False)


def test_a_word_without_end_takes_little_memory() -> None:
    text = "e" + "\u0301" * 1_000_000 + " tide"
    tracemalloc.start()
    try:
        assert fold_text(text).split()[-1] == "tide"
        assert matches(text, parse_query("tide"))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
