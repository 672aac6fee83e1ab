"""The documentation names the keys and slash commands that exist, and the generated tables are up to date."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import lru_cache

import pytest
from manual import GUIDE, ROOT, code, prose, read
from textual.binding import Binding
from textual.dom import DOMNode

import tui
from tui.actions import ACTIONS, BY_SLASH, Action, key_name

sys.path.insert(0, str(ROOT / "docs"))
import make_tables  # a script, which no package holds

USER_PAGES = tuple(page for page in GUIDE if page != "docs/architecture.md")
_KEY = re.compile(r"(?<![\w$/])(?:(?:Ctrl|Alt|Shift)\+(?:[A-Z][a-z]*|\d)|F\d{1,2})\b")


def keys_in(text: str) -> set[str]:
    """The keys with a modifier, and the function keys, that a text names."""
    return set(_KEY.findall(text))


@lru_cache
def bound() -> frozenset[str]:
    """Every key that the program has a binding for, as the documentation spells it."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return frozenset(make_tables.spelled(key_name(key)) for node in subclasses(DOMNode) for key in keys_of(node))


def subclasses(cls: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for inner in cls.__subclasses__():
        yield inner
        yield from subclasses(inner)


def keys_of(node: type[DOMNode]) -> Iterator[str]:
    for binding in node.BINDINGS:
        keys = binding.key if isinstance(binding, Binding) else binding[0]
        yield from (key.strip() for key in keys.split(","))


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md", "CHANGELOG.md"])
def test_the_keys_they_name_exist(page: str) -> None:
    assert keys_in(prose(page)) - bound() == set()


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md", "CHANGELOG.md"])
def test_the_slash_commands_they_name_exist(page: str) -> None:
    named = {match[1] for text in code(page) if (match := re.fullmatch(r"/([a-z]+)(?: [\w\[\]|, .…]+)?", text))}
    assert named <= {*BY_SLASH, "v1"}  # /v1 ends the API's address


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_is_documented(action: Action) -> None:
    row = next(line for line in read("docs/keys.md").splitlines() if line.endswith(f"| `{action.name}` |"))
    assert all(make_tables.spelled(key_name(key)) in row for key in action.keys)
    assert not action.slash or f"`/{action.slash}" in row


@pytest.mark.parametrize("page", make_tables.PAGES)
def test_the_generated_tables_are_up_to_date(page: str) -> None:
    text = read(f"docs/{page}")
    assert make_tables.rewritten(text) == text, "run `make docs`"


FIRST_DAY = re.findall(r"^\d+\. (.*(?:\n   .*)*)", read("README.md"), re.MULTILINE)


def test_the_readme_has_ten_things_for_the_first_day() -> None:
    assert len(FIRST_DAY) == 10


@pytest.mark.parametrize("item", FIRST_DAY, ids=lambda item: item.split("**")[1])
def test_keys_and_commands_of_one_thing_belong_together(item: str) -> None:
    by_key = {make_tables.spelled(key_name(key)): action for action in ACTIONS for key in action.keys}
    by_keys = {by_key[key].name for key in keys_in(item) if key in by_key}
    by_words = {BY_SLASH[word].name for word in re.findall(r"`/([a-z]+)", item)}
    assert keys_in(item) <= by_key.keys()
    assert by_words <= by_keys | {"continue"} or not by_keys
