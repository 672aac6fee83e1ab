"""The table of actions: what is made from it agrees, and every scope can carry out what it lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from chatting import opened
from rich.cells import cell_len

from tui.actions import ACTIONS, BY_NAME, GROUPS, Action, key_name, parse_command, short_key_name, slash_matches
from tui.app import ChatApp
from tui.chat_screen.screen import ChatScreen
from tui.screens.dialogs import help_text
from tui.widgets.bindings import bindings_of
from tui.widgets.conversation import Conversation
from tui.widgets.prompt import PromptArea

SCOPES = {"app": ChatApp, "chat": ChatScreen, "prompt": PromptArea, "conversation": Conversation}
IN_THE_PROMPT = {
    "send",
    "newline",
    "older_prompt",
    "newer_prompt",
    "older_answer",
    "newer_answer",
    "leave",
    "interrupt",
    "page_up",
    "page_down",
}
"""What moves or edits where the command would have to be typed: these have no slash word."""


@pytest.fixture(scope="module")
def chat_actions() -> Iterator[Mapping[str, object]]:
    """What the parts of the chat screen carry out."""
    with opened() as one:
        yield one.app.chat.actions


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_can_be_carried_out_in_its_scope(action: Action, chat_actions: Mapping[str, object]) -> None:
    if action.scope == "chat":
        assert callable(chat_actions.get(action.name))
    else:
        assert callable(getattr(SCOPES[action.scope], f"action_{action.name}", None))


def test_the_chat_screen_carries_out_nothing_that_is_not_in_the_table(chat_actions: Mapping[str, object]) -> None:
    assert set(chat_actions) == {action.name for action in ACTIONS if action.scope == "chat"}


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_binds_the_keys_of_its_actions(scope: str) -> None:
    bound = {binding.id: binding.key for binding in SCOPES[scope].BINDINGS if getattr(binding, "id", None)}
    wanted = {action.name: ",".join(action.keys) for action in ACTIONS if action.scope == scope and action.keys}
    assert wanted.items() <= bound.items()


def test_names_keys_and_slash_words_are_each_used_once() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    words = [action.slash for action in ACTIONS if action.slash]
    assert len(BY_NAME) == len(ACTIONS)
    assert len(set(keys)) == len(keys)
    assert len(set(words)) == len(words)


def test_every_action_but_those_that_edit_the_prompt_has_a_slash_word() -> None:
    assert {action.name for action in ACTIONS if not action.slash} == IN_THE_PROMPT


def test_the_help_screen_shows_every_action_with_its_keys() -> None:
    shown = help_text({}).plain
    for action in ACTIONS:
        assert action.label in shown
        assert all(key_name(key) in shown for key in action.keys)


@pytest.mark.parametrize("width", [40, 54, 76])
def test_the_help_screen_keeps_to_its_columns(width: int) -> None:
    lines = help_text({}, width).plain.split("\n")
    assert all(cell_len(line) <= width for line in lines)
    at = next(number for number, line in enumerate(lines) if "Insert a line break" in line)
    column = lines[at].index("Insert")
    below = lines[at + 1 : lines.index(next(line for line in lines if "Attach files" in line))]
    assert all(not line[column:].strip() for line in below)
    assert " ".join(line[:column] for line in (lines[at], *below)).split() == ["Ctrl+J", "Shift+⏎", "Alt+⏎"]


def test_the_help_screen_has_the_groups_of_the_table() -> None:
    assert {action.group for action in ACTIONS} == set(GROUPS)


def test_the_help_screen_shows_the_keys_that_the_user_chose() -> None:
    line = next(line for line in help_text({"models": ("f9",)}).plain.split("\n") if "Switch the model" in line)
    assert line.split()[0] == "F9"


def test_an_action_without_a_key_can_still_be_given_one() -> None:
    assert any(getattr(binding, "id", None) == "theme" for binding in bindings_of("app"))


@pytest.mark.parametrize(
    ("typed", "name", "argument"),
    [("/model", "models", ""), ("/model opus", "models", "opus"), ("/new", "new_chat", ""), ("/new ", "new_chat", "")],
)
def test_a_slash_command_is_its_action(typed: str, name: str, argument: str) -> None:
    command = parse_command(typed)
    assert command is not None
    assert (command[0].name, command[1]) == (name, argument)


@pytest.mark.parametrize(
    "typed", ["/usr/bin is full", "/new chat please", "/model\nopus", "model", " /model", "/", "/mod"]
)
def test_anything_else_is_a_prompt(typed: str) -> None:
    assert parse_command(typed) is None


def test_typing_narrows_the_commands_down() -> None:
    assert [action.slash for action in slash_matches("th")] == ["think", "thinking", "theme"]
    assert len(slash_matches("")) > 10
    assert slash_matches("zz") == ()


@pytest.mark.parametrize(
    ("key", "long", "short"),
    [
        ("ctrl+n", "Ctrl+N", "^N"),
        ("shift+enter", "Shift+⏎", "Shift+⏎"),
        ("f1", "F1", "F1"),
        ("ctrl+end", "Ctrl+End", "^End"),
        ("y", "y", "y"),
    ],
)
def test_a_key_is_shown_as_people_write_it(key: str, long: str, short: str) -> None:
    assert (key_name(key), short_key_name(key)) == (long, short)
