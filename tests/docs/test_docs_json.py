"""The documentation lists the fields that scripts get as JSON, and no others."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, get_type_hints

import pytest
from manual import read

from tui.cli.chats import ChatRow, HitRow

PAGE = read("docs/scripting.md")


def table_after(words: str) -> dict[str, set[str]]:
    """The first table after these words: the code of its first column, and the code of the rest of the row."""
    rows = re.search(r"^\| .*(?:\n\|.*)*", PAGE[PAGE.index(words) :], re.MULTILINE)
    assert rows is not None
    return {
        found[1]: set(re.findall(r"`(\w+)`", found[2]))
        for found in re.finditer(r"^\| `([^`]+)` \|(.*)$", rows[0], re.M)
    }


def printed(*words: str) -> str:
    """Return what `prx` prints with these arguments, in a home without credentials."""
    run = subprocess.run([sys.executable, "-m", "tui", *words], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode in (0, 1), run.stderr
    return run.stdout


RESULT = table_after("`--output-format json` prints one object:")
EVENTS = table_after("`--output-format stream-json` prints")
LISTS = table_after("Other commands print these with `--json`:")


def test_the_result_of_an_answer() -> None:
    result = json.loads(printed("demo", "-p", "Hello", "--output-format", "json"))
    assert result.keys() == RESULT.keys() - {"error"}
    assert result["cache"].keys() == RESULT["cache"]


def test_the_result_of_a_failure() -> None:
    result = json.loads(printed("-p", "Hello", "--output-format", "json"))
    assert result.keys() == RESULT.keys()
    assert result["error"].keys() == RESULT["error"]


def test_the_events_of_an_answer() -> None:
    events = [
        json.loads(line) for line in printed("demo", "-p", "Hello", "--output-format", "stream-json").splitlines()
    ]
    types = {event["type"] for event in events}
    assert {"request", "delta", "result"} <= types <= EVENTS.keys()
    assert events[-1].keys() - {"type"} == RESULT.keys() - {"error"}
    for event in events[:-1]:
        assert event.keys() - {"type"} == EVENTS[event["type"]]


@pytest.mark.parametrize(
    ("command", "lists"),
    [("models", ()), ("paths", ()), ("auth status", ("considered",)), ("doctor config", ("findings",))],
)
def test_the_fields_of_a_command(command: str, lists: tuple[str, ...]) -> None:
    found: Any = json.loads(printed(*command.split(), "--json"))
    objects = found if isinstance(found, list) else [found]
    inner = {field for name in lists for one in found[name] for field in one}
    documented = LISTS[f"prx {command}".removesuffix(" config")]
    assert objects
    assert {*objects[0], *inner} == documented - ({"models"} if command == "doctor config" else set())


def test_the_fields_of_chats() -> None:
    assert LISTS["prx chats"] == get_type_hints(ChatRow).keys()
    assert LISTS["prx chats search"] == {"hits", *get_type_hints(HitRow)}
