"""`prx chats`, `export`, `import`, and what `-p` leaves for them: in processes of their own, against the simulator."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tui.chat.transcript import Image, Message, Text
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, error_event
from tui.demo.scenarios import Text as Said
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.store import NewChat, Store

ROOT = Path(__file__).parents[2]
LIMIT_S = 60
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic]) -> dict[str, str]:
    return {**os.environ, "ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_BASE_URL": server.url}


def prx(*args: str, env: dict[str, str] | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *args],
        input=given.encode(),
        capture_output=True,
        env=env or dict(os.environ),
        cwd=ROOT,
        timeout=LIMIT_S,
    )
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


def rows(*args: str) -> Any:
    run = prx(*args, "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def answered(*args: str, env: dict[str, str]) -> Any:
    return json.loads(prx("-p", "--output-format", "json", *args, env=env).stdout)


def database() -> Path:
    return Path(os.environ["PRX_HOME"]) / "data" / "chats.db"


def told(request: Any) -> list[str]:
    """What a request says, message by message."""
    return [
        content if isinstance(content := message["content"], str) else "".join(b.get("text", "") for b in content)
        for message in request.json["messages"]
    ]


def test_an_answer_on_stdout_is_a_chat_like_any_other(server, env) -> None:
    server.service.script(Answer(Said("Out.")))
    result = answered("Which way does the tide run?", env=env)
    (row,) = rows("chats")
    required = ["id", "title", "model", "created", "updated", "messages", "cost_usd"]
    assert list(row) == [*required, "usage", "cache", "uncached_usd", "estimated"]
    assert (row["id"], row["title"], row["messages"]) == (result["chat_id"], "Which way does the tide run?", 2)
    assert (row["model"], row["cost_usd"]) == (result["model"], result["cost_usd"])
    assert row["created"] <= row["updated"]
    assert row["updated"].endswith("Z")


def test_a_chat_in_the_list_carries_its_ledger(server, env) -> None:
    written = Answer(Said("One."), usage={"input_tokens": 0, "cache_creation_input_tokens": 2_000, "output_tokens": 10})
    read = Answer(Said("Two."), usage={"input_tokens": 500, "cache_read_input_tokens": 1_500, "output_tokens": 20})
    server.service.script(written, read)
    answers = [answered("first", "-m", "sonnet", env=env), answered("second", "-c", env=env)]
    (row,) = rows("chats")
    for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"):
        assert row["usage"][name] == sum(answer["usage"][name] for answer in answers)
    assert row["cache"] == {
        "hit_rate": 0.375,
        "read_tokens": 1_500,
        "written_tokens": 2_000,
        "saved_usd": pytest.approx(sum(answer["cache"]["saved_usd"] for answer in answers)),
    }
    # 4,000 tokens of input at $2 a million, and 30 of output at $10.
    assert row["uncached_usd"] == pytest.approx(0.008 + 0.0003)
    assert row["uncached_usd"] == pytest.approx(row["cost_usd"] + row["cache"]["saved_usd"])
    (found,) = rows("chats", "search", "second")
    assert {name: found[name] for name in row} == row
    assert "2 answers · 4k tokens in, 38 % from the cache · 30 out" in prx("export", row["id"], env=env).stdout


def test_what_a_cut_answer_has_cost_is_told_as_an_estimate(server, env) -> None:
    cut = Answer(Said("So far.", error_event()), usage={"input_tokens": 50_000})
    server.service.script(Answer(Said("Whole.")), cut)
    answered("first", "-m", "sonnet", env=env)
    assert [row["estimated"] for row in rows("chats")] == [False]
    answered("second", "-c", env=env)
    assert [row["estimated"] for row in rows("chats")] == [True]
    assert " ~$0.10 " in prx("chats", env=env).stdout


def test_c_goes_on_with_the_last_chat_and_r_with_any(server, env) -> None:
    server.service.script(*(Answer(Said(text)) for text in ("One.", "Two.", "Three.", "Four.")))
    first = answered("first", "-m", "haiku", env=env)
    second = answered("second", env=env)
    assert answered("third", "-c", env=env)["chat_id"] == second["chat_id"]
    assert told(server.requests[-1]) == ["second", "Two.", "third"]
    again = answered("fourth", "-r", first["chat_id"][:10], env=env)
    assert again["chat_id"] == first["chat_id"]
    assert again["model"] == first["model"], "a chat keeps its model"
    assert told(server.requests[-1]) == ["first", "One.", "fourth"]
    assert {row["title"]: row["messages"] for row in rows("chats")} == {"first": 4, "second": 4}


def test_a_chat_keeps_its_system_prompt_until_another_is_given(server, env) -> None:
    server.service.script(*(Answer(Said("x")) for _ in range(3)))
    answered("one", "--system", "Be brief.", env=env)
    answered("two", "-c", env=env)
    answered("three", "-c", "--system", "Be long.", env=env)
    systems = [json.dumps(request.json["system"]) for request in server.requests]
    assert ["brief" in text for text in systems] == [True, True, True], "the cache is kept"
    last = server.requests[-1].json["messages"][-1]
    assert (last["role"], "Be long." in last["content"][0]["text"]) == ("system", True)
    exported = json.loads(prx("export", rows("chats")[0]["id"], "--format", "json").stdout)["chats"][0]
    assert (exported["system"], exported["changed"]["system"]) == ("Be brief.", "Be long.")


def test_what_was_interrupted_is_kept_and_gone_on_with(server, env) -> None:
    server.service.script(Answer(Said("It runs out"), Gate()), Answer(Said("It runs out.")))
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "-p", "Which way?"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=ROOT,
    ) as process:
        assert process.stdout.read(11) == b"It runs out"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    result = answered("Go on", "-c", env=env)
    assert result["text"] == "It runs out."
    assert told(server.requests[-1])[0] == "Which way?"
    assert told(server.requests[-1])[-1] == "Go on"
    assert any("It runs out" in text for text in told(server.requests[-1])[1:-1])
    (row,) = rows("chats")
    assert row["messages"] == 4


def test_a_prompt_that_got_no_answer_is_kept_too(server, env) -> None:
    server.service.script(Error(400), Answer(Said("Yes.")))
    failed = answered("Is it kept?", env=env)
    assert failed["error"]["type"] == "invalid_request_error"
    assert [row["title"] for row in rows("chats")] == ["Is it kept?"]
    assert answered("Again", "-c", env=env)["text"] == "Yes."


def test_there_has_to_be_something_to_continue(env) -> None:
    run = prx("-p", "-c", "x", env=env)
    assert (run.returncode, run.stdout) == (1, "")
    assert "no chat to continue" in run.stderr
    run = prx("-p", "-r", "nosuch", "x", env=env)
    assert (run.returncode, "no chat" in run.stderr) == (1, True)
    assert prx("-p", "-c", "-r", "x", "y", env=env).returncode == 2
    assert prx("-p", "x", "-r", env=env).returncode == 2


@pytest.fixture
def library() -> list[str]:
    """Three chats on disk, one of them hostile."""
    with Store(database(), now=iter(range(1_780_000_000, 1_790_000_000)).__next__) as store:
        for id, title, answer in (
            ("a" * 32, "Fjord trip", "Out, with the ebb."),
            ("b" * 32, "\x1b]0;owned\x07Moon\x1b[2J", "The \x1b[31mmoon and the ebb\x1b]52;c;x\x07"),
            ("c" * 32, "Other", "Nothing."),
        ):
            picture = Image("image/png", PNG, "fjord.png", 1, 1)
            store.append(NewChat(id=id), f"{id}1", None, Message(role="user", blocks=(picture, Text(title)), at=1.0))
            store.append(NewChat(id=id), f"{id}2", f"{id}1", Message(role="assistant", blocks=(Text(answer),), at=2.0))
    return ["a" * 32, "b" * 32, "c" * 32]


def test_chats_are_listed_newest_first_and_command_nothing(library: list[str]) -> None:
    assert [row["id"] for row in rows("chats")] == library[::-1]
    table = prx("chats").stdout
    assert [line.split()[0] for line in table.splitlines()] == ["ID", "cccccccc", "bbbbbbbb", "aaaaaaaa"]
    assert not {"\x1b", "\x07"} & set(table)


def test_no_chats_are_no_problem() -> None:
    assert rows("chats") == []
    run = prx("chats")
    assert (run.returncode, run.stdout) == (0, "No chats yet.\n")
    assert rows("chats", "search", "x") == []


def test_chats_are_found_by_what_was_said(library: list[str]) -> None:
    found = rows("chats", "search", "the", "ebb")
    assert [row["id"] for row in found] == [library[1], library[0]]
    assert [hit["message_id"] for row in found for hit in row["hits"]] == [f"{library[1]}2", f"{library[0]}2"]
    assert found[1]["hits"][0]["snippet"] == "Out, with the ebb."
    assert found[1]["title"] == "Fjord trip"
    text = prx("chats", "search", "ebb").stdout
    assert "Out, with the ebb." in text
    assert not {"\x1b", "\x07"} & set(text)
    assert prx("chats", "search").returncode == 2


def test_a_chat_is_exported_as_markdown_unless_told_otherwise(library: list[str]) -> None:
    text = prx("export", "aaa").stdout
    assert text.startswith("# Fjord trip\n")
    assert "Out, with the ebb." in text
    page = prx("export", library[0], "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert PNG in page
    assert prx("export", "zzz").returncode == 1
    assert prx("export", library[0], "--format", "pdf").returncode == 2


def test_an_export_into_a_file_is_for_the_user_alone(library: list[str], tmp_path: Path) -> None:
    file = tmp_path / "fjord.json"
    assert prx("export", library[0], "--format", "json", "-o", str(file)).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["format"] == "prx-chats"


def test_an_export_is_imported_on_another_computer_once(library: list[str], tmp_path: Path) -> None:
    exported = prx("export", library[0], "--format", "json").stdout
    (tmp_path / "fjord.json").write_text(exported)
    elsewhere = {**os.environ, "PRX_HOME": str(tmp_path / "elsewhere")}
    first = prx("import", str(tmp_path / "fjord.json"), env=elsewhere)
    assert (first.returncode, first.stdout) == (0, "Imported 2 messages in 1 chat.\n")
    again = prx("import", str(tmp_path / "fjord.json"), env=elsewhere)
    assert again.stdout == "Imported 0 messages in 0 chats; 2 messages already stored.\n"
    assert prx("export", library[0], "--format", "json", env=elsewhere).stdout == exported


def test_an_export_is_imported_from_standard_input(library: list[str], tmp_path: Path) -> None:
    exported = prx("export", library[0], "--format", "json").stdout
    other = {**os.environ, "PRX_HOME": str(tmp_path / "other")}
    assert prx("import", "-", env=other, given=exported).stdout.startswith("Imported ")
    assert prx("export", library[0], "--format", "json", env=other).stdout == exported
    run = prx("import", "-", env=other)
    assert (run.returncode, "holds no chats" in run.stderr) == (1, True)


def test_claude_ais_export_is_imported(tmp_path: Path) -> None:
    message = {"uuid": "3f2b8c1e-7c7d-4a55-9d1f-000000000010", "text": "Which way?", "sender": "human"}
    conversation = {"uuid": "3f2b8c1e-7c7d-4a55-9d1f-000000000001", "name": "Tide", "chat_messages": [message]}
    (tmp_path / "conversations.json").write_text(json.dumps([conversation]))
    assert prx("import", str(tmp_path / "conversations.json")).returncode == 0
    assert [row["title"] for row in rows("chats")] == ["Tide"]


def test_what_cannot_be_imported_is_said_with_what_can(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("my notes")
    run = prx("import", str(tmp_path / "notes.txt"))
    assert (run.returncode, run.stdout) == (1, "")
    assert "conversations.json" in run.stderr
    assert prx("import", str(tmp_path / "nosuch")).returncode == 2


def test_a_newer_database_is_refused_and_an_answer_still_given(server, env, library: list[str]) -> None:
    with closing(sqlite3.connect(database())) as db:
        db.execute("PRAGMA user_version = 99")
    for args in (["chats"], ["chats", "search", "x"], ["export", library[0]], ["-p", "-c", "x"]):
        run = prx(*args, env=env)
        assert (run.returncode, run.stdout) == (1, ""), args
        assert "newer prx" in run.stderr
        assert str(database()) in run.stderr
    server.service.script(Answer(Said("Out.")))
    run = prx("-p", "Which way?", env=env)
    assert (run.returncode, run.stdout) == (0, "Out.\n")
    assert "newer prx" in run.stderr


def test_a_newer_database_is_refused_once(env, library: list[str]) -> None:
    with closing(sqlite3.connect(database())) as db:
        db.execute("PRAGMA user_version = 99")
    for args in (["chats"], ["chats", "search", "x"], ["export", library[0]], ["-p", "-c", "x"]):
        assert prx(*args, env=env).stderr.count("newer prx") == 1, args


def test_a_search_for_nothing_says_what_to_give() -> None:
    for words in ("", "  "):
        run = prx("chats", "search", words)
        assert (run.returncode, run.stdout) == (2, "")
        assert "Enter a word" in run.stderr


# Budgets


def test_a_hard_limit_ends_it_before_anything_is_sent(server, env) -> None:
    server.service.script(
        Answer(Said("One."), usage={"input_tokens": 0, "output_tokens": 50_000}), Answer(Said("Two."))
    )
    limited = {**env, "PRX_CONFIG": str(budget(chat_hard=0.6))}
    first = answered("first", "-m", "sonnet", env=limited)
    run = prx("-p", "-c", "--output-format", "json", "second", env=limited)
    result = json.loads(run.stdout)
    assert run.returncode == 1
    assert len(server.requests) == 1
    assert result["error"]["type"] == "over_budget"
    assert result["error"]["message"].startswith("This chat has cost $0.50. The next turn costs about $0.50 and would")
    assert result["error"]["hint"] == "Raise chat_hard under [budget] in config.toml."
    assert (result["chat_id"], result["requests"], result["cost_usd"]) == (first["chat_id"], 0, None)
    assert answered("another chat", "-m", "sonnet", env=limited)["text"] == "Two."


def test_a_soft_limit_is_told_of_and_the_days_is_over_all_chats(server, env) -> None:
    server.service.script(
        Answer(Said("One."), usage={"input_tokens": 0, "output_tokens": 50_000}), Answer(Said("Two."))
    )
    limited = {**env, "PRX_CONFIG": str(budget(day_soft=0.5))}
    assert answered("first", "-m", "sonnet", env=limited)["notices"] == []
    run = prx("-p", "-m", "sonnet", "second", env=limited)
    assert (run.returncode, run.stdout) == (0, "Two.\n")
    assert "Today's chats have cost $0.50. The next turn costs about $0.004 and would pass the soft limit" in run.stderr


def budget(**dollars: float) -> Path:
    file = Path(os.environ["PRX_HOME"]) / "limits.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[budget]\n" + "".join(f"{key} = {usd}\n" for key, usd in dollars.items()))
    return file
