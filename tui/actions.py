"""The table of actions, from which keys, slash commands, palette, help screen and hints are made.

An action has a scope, in which its keys work, and an owner, which carries it out. The class of the scope has a method
`action_NAME`; the owner reports through `Availability` why an action is not available. `[keys]` in the configuration maps
a name to other keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

Scope = Literal["app", "chat", "prompt", "conversation"]
"""Where the keys work: on every screen, on the chat screen, or in one of its two widgets."""

Owner = Literal[
    "app",
    "prompt",
    "sessions",
    "turns",
    "branches",
    "compaction",
    "generation",
    "permissions",
    "attachments",
    "costs",
    "library",
    "reading",
    "auth",
]
"""The part that carries an action out and knows whether it is available: the app, the prompt or a unit of the screen."""

Group = Literal["Chats", "Model", "Prompt", "Answer", "Message", "Program"]
"""The section of the help screen."""


class Availability(Protocol):
    """Reports which actions are available now, to the palette, the help, the slash commands and `check_action`."""

    def disabled_reason(self, name: str) -> str:
        """Return why the action is not available now, e.g. "An answer is running", or "" if it is.

        `name` is the name of an `Action`. Called for every row that is drawn, so it must not block.
        """


class _Always:
    def disabled_reason(self, name: str) -> str:
        return ""


ALWAYS: Availability = _Always()
"""The default: every action is available."""


class Action(msgspec.Struct, frozen=True):
    name: str
    """The key in `[keys]` of the configuration, and the suffix of the method `action_NAME`."""
    keys: tuple[str, ...]
    """The default keys, as Textual names them."""
    label: str
    """A label of two or three words: verb first, sentence case."""
    group: Group
    owner: Owner
    scope: Scope
    slash: str = ""
    """The slash command without its slash. Empty for actions that move or edit in the prompt."""
    argument: str = ""
    """The arguments of the slash command, as shown in the completion list."""
    keywords: str = ""
    """More words that find the action in the palette."""


ACTIONS: tuple[Action, ...] = (
    Action("new_chat", ("ctrl+n",), "Start a new chat", "Chats", "sessions", "chat", "new"),
    Action(
        "chats",
        ("ctrl+s", "f3"),
        "Browse chats",
        "Chats",
        "library",
        "chat",
        "chats",
        "[words]",
        "list open search rename pin delete export",
    ),
    Action("find", ("ctrl+f",), "Find in this chat", "Chats", "reading", "chat", "find", "[words]", "search words"),
    Action("rename", (), "Rename this chat", "Chats", "library", "chat", "rename", "[title]"),
    Action("pin", (), "Pin or unpin this chat", "Chats", "library", "chat", "pin"),
    Action("export", (), "Export this chat", "Chats", "library", "chat", "export", "[md|html|json]", "save file"),
    Action("delete_chat", (), "Delete this chat", "Chats", "library", "chat", "delete", keywords="remove"),
    Action("undelete", (), "Undo delete", "Chats", "library", "chat", "undelete", keywords="restore chat"),
    Action("preset", (), "Start from a preset", "Chats", "generation", "chat", "preset", "[name] [here]", "new chat"),
    Action("models", ("ctrl+l", "f2"), "Switch the model", "Model", "generation", "chat", "model", "[name]", "choose"),
    Action("think", ("f8", "alt+t"), "Set thinking and effort", "Model", "generation", "chat", "think", "[on|off]"),
    Action("effort", (), "Set the effort", "Model", "generation", "chat", "effort", "[low … max]"),
    Action("system", (), "Edit the system prompt", "Model", "generation", "chat", "system", "[text]"),
    Action("tools", ("f9",), "Turn tools on or off", "Model", "permissions", "chat", "tools", "[none|read|ask]"),
    Action("mcp", (), "Manage MCP servers", "Model", "permissions", "chat", "mcp", keywords="tools restart"),
    Action(
        "cache_map", ("f6",), "Show the cache map", "Model", "costs", "chat", "cache", keywords="read written saved"
    ),
    Action("count", ("f7",), "Count tokens (server)", "Model", "costs", "chat", "count", keywords="prompt"),
    Action(
        "compact",
        (),
        "Go on from a summary",
        "Model",
        "compaction",
        "chat",
        "compact",
        "[what to keep]",
        "summarize compaction context window full",
    ),
    Action("inspect", ("f5",), "Inspect the last request", "Model", "reading", "chat", "request", keywords="json"),
    Action("send", ("enter",), "Send the prompt", "Prompt", "prompt", "prompt"),
    Action("newline", ("ctrl+j", "shift+enter", "alt+enter"), "Insert a line break", "Prompt", "prompt", "prompt"),
    Action(
        "attach",
        ("ctrl+o", "f4"),
        "Attach files",
        "Prompt",
        "attachments",
        "chat",
        "attach",
        "[path]",
        "images pictures PDFs text",
    ),
    Action("paste_picture", ("ctrl+v",), "Paste an image", "Prompt", "prompt", "prompt", "paste", keywords="clipboard"),
    Action("detach", (), "Remove the last attachment", "Prompt", "attachments", "prompt", "detach"),
    Action("older_prompt", ("up",), "Previous prompt (on the first line)", "Prompt", "prompt", "prompt"),
    Action("newer_prompt", ("down",), "Next prompt (on the last line)", "Prompt", "prompt", "prompt"),
    Action(
        "history", ("ctrl+r",), "Search earlier prompts", "Prompt", "library", "chat", "history", "[words]", "history"
    ),
    Action("editor", ("ctrl+g",), "Open the prompt in an editor", "Prompt", "prompt", "prompt", "editor"),
    Action("stop", ("escape",), "Stop the answer", "Answer", "turns", "chat", "stop", keywords="cancel"),
    Action("answer", ("tab",), "Answer a permission request", "Answer", "permissions", "chat", "answer"),
    Action("continue", (), "Continue the answer", "Answer", "turns", "chat", "continue"),
    Action("thinking", ("ctrl+t",), "Show or hide thinking", "Answer", "reading", "chat", "thinking"),
    Action("page_up", ("pageup",), "Scroll up a page", "Answer", "reading", "chat"),
    Action("page_down", ("pagedown",), "Scroll down a page", "Answer", "reading", "chat"),
    Action("jump_to_end", ("ctrl+end",), "Jump to the end", "Answer", "reading", "chat", "end", keywords="follow"),
    Action("older_answer", ("alt+left",), "Previous branch of the last fork", "Answer", "branches", "chat"),
    Action("newer_answer", ("alt+right",), "Next branch of the last fork", "Answer", "branches", "chat"),
    Action("edit", ("e",), "Edit the prompt in a new branch", "Message", "branches", "conversation", "edit"),
    Action("regenerate", ("g",), "Regenerate with the current model", "Message", "branches", "conversation", "again"),
    Action("retry", ("r",), "Retry after a failure", "Message", "turns", "conversation", "retry", keywords="try again"),
    Action("older_branch", ("left_square_bracket",), "Previous branch", "Message", "branches", "conversation", "older"),
    Action("newer_branch", ("right_square_bracket",), "Next branch", "Message", "branches", "conversation", "newer"),
    Action("fork", (), "Fork the chat here", "Message", "branches", "conversation", "fork", keywords="new copy"),
    Action("copy_message", ("y",), "Copy the message", "Message", "reading", "conversation", "copy"),
    Action("copy_code", ("u",), "Copy the code block", "Message", "reading", "conversation", "code"),
    Action("palette", ("ctrl+p",), "Open the command palette", "Program", "app", "app", "palette"),
    Action("help", ("f1",), "Show keys and commands", "Program", "app", "app", "help"),
    Action("theme", (), "Switch dark and light", "Program", "app", "app", "theme"),
    Action("sign_in", (), "Sign in", "Program", "auth", "chat", "login", keywords="API key Claude Code"),
    Action("demo", (), "Try the demo", "Program", "auth", "chat", "demo", keywords="scripted"),
    Action("quit", ("ctrl+q",), "Quit", "Program", "app", "app", "quit", keywords="exit"),
    Action("interrupt", ("ctrl+c",), "Copy, stop or quit", "Program", "reading", "chat"),
    Action("leave", ("ctrl+d",), "Quit (on an empty prompt)", "Program", "prompt", "prompt"),
)

GROUPS: dict[Group, str] = {
    "Prompt": "",
    "Answer": "",
    "Message": "press Tab, then ↑↓ to choose one",
    "Chats": "",
    "Model": "",
    "Program": "",
}
"""The sections of the help screen in their order, each with a note on how to get there."""

BY_NAME = {action.name: action for action in ACTIONS}
BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}


def slash_matches(typed: str) -> tuple[Action, ...]:
    """Return the actions whose slash command starts with `typed` (without the slash), in the order of the table."""
    return tuple(action for action in ACTIONS if action.slash and action.slash.startswith(typed))


def parse_command(text: str) -> tuple[Action, str] | None:
    """Parse a slash command into its action and argument; None if the text is not one.

    Only a single line that starts with a known command counts, so that "/usr/bin is full" is still a prompt.
    """
    if not text.startswith("/") or "\n" in text.strip():
        return None
    word, _, argument = text[1:].strip().partition(" ")
    action = BY_SLASH.get(word)
    if action is None or (argument.strip() and not action.argument):
        return None
    return action, argument.strip()


_FIRST_WORD = re.compile(r"/([A-Za-z][\w-]*)(\s+\S)?")


def is_one_word(text: str) -> bool:
    """True for a slash and one word, which is most likely a mistyped command."""
    found = _FIRST_WORD.match(text)
    return found is not None and found[0] == text.strip()


def unknown_command(text: str) -> str:
    """Format the notice about a prompt that starts like a command but is sent as text; "" if it does not."""
    found = _FIRST_WORD.match(text)
    if not found or not found[2]:
        return ""
    known = BY_SLASH.get(found[1])
    return f"/{found[1]} takes no argument; sent as text" if known else f"no command /{found[1]}; sent as text"


_SIGNS = {
    "enter": "⏎",
    "escape": "Esc",
    "tab": "Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "end": "End",
    "home": "Home",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def key_name(key: str) -> str:
    """Format a key for reading, e.g. Ctrl+N, Shift+⏎, F1 or y."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    shown = _SIGNS.get(last, "") or (last.upper() if modifiers or (last[:1] == "f" and last[1:].isdigit()) else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def short_key_name(key: str) -> str:
    """Format a key in as few characters as possible, for footers and hints, e.g. ^N for Ctrl+N."""
    rest = key.removeprefix("ctrl+")
    return key_name(key) if rest == key else "^" + (rest.upper() if len(rest) == 1 else key_name(rest))


def keys_of(action: Action, remapped: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the keys of an action: the user's own where `[keys]` remaps it, else the defaults."""
    return remapped.get(action.name, action.keys)
