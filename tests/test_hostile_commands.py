"""Every command, in every format, in a home and with a server where every text is hostile: nothing acts on the terminal."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from grammar import HOSTILE, MARK, QUESTIONS, offences
from hostile_home import Home, hostile_home
from planting import (
    ANSWERS,
    NAME,
    ROOT,
    STRUCTURE,
    plant_database,
    planted_toml,
)

from tui.cli.main import prx
from tui.demo.scenarios import Scenario

EXAMPLE = (ROOT / "config.example.toml").read_text()
TERMINAL = f"\x1bP>|xterm{HOSTILE[:9]}\x9b777;777H(1)\x1b\\\x1b[?62;4;22c"
"""What a hostile terminal says of itself."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with hostile_home(tmp_path_factory.mktemp("hostile")) as home:
        yield home


WAYS: dict[tuple[str, ...], list[tuple[str, ...]]] = {
    (): [
        ("-p", "Hi", "-m", HOSTILE),
        ("-p", "Hi", "--preset", HOSTILE),
        ("-p", "Hi", "-r", HOSTILE),
        ("-p", "Hi", "-a", HOSTILE),
        ("-p", "Hi", "--system-file", HOSTILE),
        ("-p", "Hi", "--tools", HOSTILE),
        ("-p", f"[IMAGE:{HOSTILE}]", "--output-format", "json"),
        ("--config", HOSTILE, "models"),
        (f"--{HOSTILE}",),
        (f"-{HOSTILE}",),
        (f"models{HOSTILE[7]}",),
        ("--help",),
    ],
    ("demo",): [("demo", "-p", "x", "-r", HOSTILE), ("demo", "-p", "x", "-m", HOSTILE, "--output-format", "json")],
    ("models",): [("models",), ("models", "--json"), ("models", HOSTILE)],
    ("paths",): [("paths",), ("paths", "--json")],
    ("chats",): [("chats",), ("chats", "--json"), ("chats", HOSTILE)],
    ("chats", "search"): [
        ("chats", "search", MARK),
        ("chats", "search", MARK, "--json"),
        ("chats", "search", HOSTILE + "nowhere"),
    ],
    ("export",): [
        *(("export", "CHAT", "--format", format) for format in ("md", "json", "html")),
        ("export", HOSTILE),
        ("export", "CHAT", "-o", f"archive.json/{NAME}"),
    ],
    ("import",): [
        ("import", "archive.json"),
        ("import", "claude.json"),
        ("import", f"{NAME}.pdf"),
        ("import", "broken.json"),
        ("import", HOSTILE),
    ],
    ("auth", "login"): [("auth", "login"), ("auth", "login", "--provider", HOSTILE)],
    ("auth", "status"): [("auth", "status"), ("auth", "status", "--json")],
    ("auth", "logout"): [("auth", "logout")],
    ("doctor",): [
        *(("doctor", *check) for check in ((), ("models",), ("config",), ("auth",), ("terminal",))),
        ("doctor", "--json"),
    ],
}
"""By the path of a command: the ways to call it."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path


def test_every_command_is_called() -> None:
    assert set(WAYS) == set(commands(prx))


def test_every_text_column_is_planted(home: Home) -> None:
    """A new column is planted by itself. What is named here is what is known to be shown."""
    assert home.columns >= {
        "chats.title",
        "chats.model",
        "chats.system",
        "messages.blocks",
        "messages.facts",
        "days.model",
    }


TYPED = {("doctor",): ("\x1b[c", TERMINAL), ("auth", "login"): ("shown): ", "sk-no-key\n")}


@pytest.mark.parametrize("path", WAYS, ids=" ".join)
def test_a_command_prints_nothing_that_the_terminal_obeys(home: Home, path: tuple[str, ...]) -> None:
    (home.folder / "broken.json").write_text(json.dumps({"format": HOSTILE, HOSTILE: [HOSTILE]}))
    shown = ""
    for argv in WAYS[path]:
        given = [home.chat if word == "CHAT" else word for word in argv]
        said = home.shell.run(*given, typed=TYPED.get(path, ("", "")))
        shown += said.text
        assert offences(said.text, *[QUESTIONS] * (path == ("doctor",))) == [], argv
        if "--json" in argv or argv[-1] == "json":
            piped = home.shell.run(*given, pipe=True).text
            assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200f\u2028-\u202e\u2066\ufeff]", piped) is None
            json.loads(piped)
    assert MARK in shown or path == ("auth", "logout")


@cache
def environment() -> set[str]:
    """Every name in the program's source that may be one of an environment variable."""
    constants = {
        node.value
        for file in (ROOT / "tui").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    proxies = {f"{scheme}_PROXY" for scheme in ("HTTP", "HTTPS", "ALL", "NO")}
    return {name for name in constants | proxies if re.fullmatch("[A-Z][A-Z0-9]+(_[A-Z0-9]+)*", name)} - {
        "PATH",
        "HOME",
    }


@pytest.mark.parametrize("argv", [("doctor",), ("auth", "status"), ("-p", "Hi")], ids=" ".join)
def test_the_environment(home: Home, argv: tuple[str, ...]) -> None:
    names = environment()
    assert names > {"ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "TERM_PROGRAM", "PRX_CONFIG", "HTTPS_PROXY"}
    everything = home.shell.run(*argv, **dict.fromkeys(names, HOSTILE))
    assert MARK in everything.text
    assert offences(everything.text, QUESTIONS) == []


def test_the_configuration(home: Home) -> None:
    file = home.folder / "planted.toml"
    for plant in (lambda text: text + HOSTILE, lambda text: text):
        file.write_text(planted_toml(EXAMPLE, plant) + f"[{json.dumps(HOSTILE)}]\nx = 1\n")
        said = home.shell.run("--config", str(file), "doctor", "config")
        assert said.text.count(MARK) > 2
        assert offences(said.text) == []
    file.write_text(f"[default]\nmodel = {HOSTILE}")
    said = home.shell.run("--config", str(file), "doctor", "config")
    assert "planted.toml:2:" in said.text
    assert offences(said.text) == []


@pytest.mark.parametrize(
    ("format", "answers"),
    [("text", ANSWERS), ("json", ANSWERS), ("stream-json", ANSWERS[:5])],
    ids=["text", "json", "stream"],
)
def test_what_a_server_says(home: Home, format: str, answers: tuple[Scenario, ...]) -> None:
    for answer in answers:
        home.server.service.real.script(answer)
        said = home.shell.run("-p", "Hello", "--output-format", format, "--tools", "read")
        assert MARK in said.text, answer
        assert offences(said.text) == [], answer


@pytest.mark.parametrize("field", sorted(STRUCTURE - {"format", "state", "sender"}))
def test_a_server_that_spoils_the_structure(home: Home, field: str) -> None:
    home.server.service.keep = STRUCTURE - {field}
    home.server.service.real.script(ANSWERS[0])
    argv = (
        ("doctor", "models") if field in ("lifecycle", "created_at", "deprecated_at", "retires_at") else ("-p", "Hello")
    )
    said = home.shell.run(*argv)
    home.server.service.keep = STRUCTURE
    assert offences(said.text) == []


def test_a_database_that_somebody_else_has_written(home: Home, tmp_path: Path) -> None:
    """Not even the columns that say what a row is are what they should be."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "chats.db"
    with sqlite3.connect(home.prx_home / "data" / "chats.db") as before, sqlite3.connect(file) as after:
        before.backup(after)
    before.close()
    after.close()
    assert {"messages.role", "messages.state"} <= plant_database(file, keep=())
    for argv in (
        ("chats",),
        ("chats", "search", MARK),
        *(("export", home.chat, "--format", one) for one in ("md", "html")),
    ):
        said = home.shell.run(*argv, PRX_HOME=str(tmp_path))
        assert offences(said.text) == [], argv
