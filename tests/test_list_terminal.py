"""The list of chats in a real terminal, as people type into it: other scripts, emoji, accents, quotes, operators."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from terminal import Terminal

from tui.chat.transcript import Message, Text
from tui.demo.service import DEMO_KEY
from tui.store import NewChat, Store

ROOT = Path(__file__).parent.parent
SAID = {
    "Japanese": "東京の潮汐表を見せてください",
    "Korean": "조석 시간표를 보여 주세요",
    "Emoji": "Launch 🚀 at noon 👩‍🚀 and 👍🏽",
    "Accents": "Le café à Noël, naïve Ærø, ÅNGSTRÖM",
    "Vietnamese": "Thủy triều ở Hà Nội",
    "Quotes": 'He said "high water" and it\'s fine',
    "Operators": "NOT NEAR(tide, moon) AND body:tide OR x* ^y",
    "Code": "next_tide(node.js) -- c++ 3.14",
}
TYPED = {
    "潮汐": "Japanese",
    "東京の": "Japanese",
    "시간": "Korean",
    "🚀": "Emoji",
    "👍": "Emoji",
    "cafe": "Accents",
    "CAFÉ": "Accents",
    "noel": "Accents",
    "ångström": "Accents",
    "angstrom": "Accents",
    "ha noi": "Vietnamese",
    '"high water"': "Quotes",
    '"high': "Quotes",
    "it's": "Quotes",
    "NEAR(tide": "Operators",
    "body:tide": "Operators",
    "x*": "Operators",
    "^y": "Operators",
    "next_tide": "Code",
    "c++": "Code",
    "3.14": "Code",
}
NOTHING = ('" OR 1', "潮汐 tide", "'; DROP TABLE chats", "🛰")


def filled(folder: Path) -> Path:
    file = folder / "prx" / "data" / "chats.db"
    with Store(file) as store:
        for title, text in SAID.items():
            message = Message(role="user", blocks=(Text(text),), at=1e9)
            store.append(NewChat(id=title, title=f"{title} chat"), f"{title}-0", None, message)
    return file


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    filled(tmp_path)
    with opened(tmp_path) as terminal:
        yield terminal


def opened(folder: Path) -> Terminal:
    env = {"HOME": str(folder), "PRX_HOME": str(folder / "prx"), "PYTHONPATH": str(ROOT), "ANTHROPIC_API_KEY": DEMO_KEY}
    env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9"
    return Terminal([sys.executable, "-m", "tui", "-r"], env, folder, columns=100, rows=30)


def rub_out(terminal: Terminal, typed: str) -> None:
    """One character after the other, until all chats are in the list again."""
    terminal.type("\x7f" * len(typed.encode()))
    terminal.wait_for(f"{len(SAID)} chats")


def open_first(terminal: Terminal) -> None:
    """Opens what is under the cursor, and waits until the list has gone: a key on the way would still be for it."""
    terminal.type("\r")
    terminal.wait(lambda: "1 match" not in terminal.text)


def test_what_people_type_is_found_in_what_was_said(terminal: Terminal) -> None:
    terminal.wait_for(f"{len(SAID)} chats")
    for typed, title in TYPED.items():
        terminal.type(typed)
        terminal.wait(lambda: "match" in terminal.text and "type to search" not in terminal.text)
        terminal.wait_for(f"{title} chat")
        others = [f"{other} chat" for other in SAID if other != title]
        terminal.wait(lambda others=others: not any(other in terminal.text for other in others))
        rub_out(terminal, typed)
    for typed in NOTHING:
        terminal.type(typed)
        terminal.wait_for("No title or message matches")
        rub_out(terminal, typed)
    terminal.type("潮汐")
    terminal.wait_for("1 match")
    open_first(terminal)
    terminal.wait_for("Japanese chat")
    terminal.wait(lambda: "東" in terminal.text)


def test_strange_chats_are_listed_searched_and_opened(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE chats SET created = 9e99, updated = -5, cached_at = 'never' WHERE id = 'Code'")
        db.execute(
            "UPDATE chats SET title = CAST(x'ff41' AS TEXT), messages = 'many', cost_usd = 9e999 WHERE id = 'Quotes'"
        )
        db.execute("UPDATE messages SET blocks = 'no JSON', facts = 5, at = 'noon', state = 7 WHERE id = 'Korean-0'")
        db.execute("UPDATE messages SET parent = key WHERE id = 'Emoji-0'")
    with opened(tmp_path) as terminal:
        terminal.wait_for(f"{len(SAID)} chats")
        for title in set(SAID) - {"Quotes"}:
            terminal.wait_for(f"{title} chat")
        terminal.type("Korean")
        terminal.wait_for("1 match")
        open_first(terminal)
        terminal.wait_for("no JSON")
        terminal.type("\x13")
        terminal.wait_for(f"{len(SAID)} chats")
        terminal.type("noon")
        terminal.wait_for("1 match")
        open_first(terminal)
        terminal.wait_for("Launch")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
