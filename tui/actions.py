"""The one table of actions. Keys, slash commands, palette entries and the help screen are all made from it.

It says what an action is called and where its keys are heard; doing it is left to the app, the screen or the widget of
that place, as a method `action_NAME`. `[keys]` in the configuration maps a name to other keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

Place = Literal["app", "chat", "prompt", "conversation"]
"""Who hears the keys and carries the action out: the app (on every screen), the chat, or one of its two widgets."""


Group = Literal["Chats", "Model", "Prompt", "Answer", "Message", "Program"]


class Action(msgspec.Struct, frozen=True):
    name: str
    """As `[keys]` in the configuration calls it."""
    keys: tuple[str, ...]
    line: str
    """What it does, in a few words: the palette entry, and the line on the help screen."""
    group: Group
    place: Place
    slash: str = ""
    """The word after the slash. Empty for what moves or edits in the prompt: typing a command there would be in its way."""
    argument: str = ""
    """What may follow the slash word, as the completion shows it."""


ACTIONS: tuple[Action, ...] = (
    Action("new_chat", ("ctrl+n",), "New chat", "Chats", "chat", "new"),
    Action("chats", ("ctrl+s", "f3"), "Chats: open, search, rename, delete", "Chats", "chat", "chats", "[words]"),
    Action("find", ("ctrl+f",), "Find words in this chat", "Chats", "chat", "find", "[words]"),
    Action("rename", (), "Rename this chat", "Chats", "chat", "rename", "[title]"),
    Action("pin", (), "Pin this chat, or let it go", "Chats", "chat", "pin"),
    Action("export", (), "Write this chat to a file here", "Chats", "chat", "export", "[md, html, json]"),
    Action("delete_chat", (), "Delete this chat", "Chats", "chat", "delete"),
    Action("undelete", (), "Bring back the chat deleted last", "Chats", "chat", "undelete"),
    Action("preset", (), "New chat with a preset", "Chats", "chat", "preset", "[name]"),
    Action("models", ("ctrl+l", "f2"), "Choose the model of the next turn", "Model", "chat", "model", "[name]"),
    Action("think", ("f8", "alt+t"), "Thinking and effort of this chat", "Model", "chat", "think", "[on, off]"),
    Action("effort", (), "How much effort an answer takes", "Model", "chat", "effort", "[low … max]"),
    Action("system", (), "See and edit the system prompt", "Model", "chat", "system", "[text]"),
    Action("tools", ("f9",), "Tools of this chat: off, on again", "Model", "chat", "tools", "[none, read, ask]"),
    Action("mcp", (), "MCP servers, and their tools in this chat", "Model", "chat", "mcp"),
    Action("cache_map", ("f6",), "The cache map: read, written, saved", "Model", "chat", "cache"),
    Action("count", ("f7",), "Have the server count the prompt's tokens", "Model", "chat", "count"),
    Action("inspect", ("f5",), "Look at the last request", "Model", "chat", "request"),
    Action("send", ("enter",), "Send the prompt", "Prompt", "prompt"),
    Action("newline", ("ctrl+j", "shift+enter", "alt+enter"), "Start a new line", "Prompt", "prompt"),
    Action("attach", ("ctrl+o", "f4"), "Attach pictures, PDF and text files", "Prompt", "chat", "attach", "[path]"),
    Action("paste_picture", ("ctrl+v",), "Attach the picture in the clipboard", "Prompt", "prompt", "paste"),
    Action("detach", (), "Take the last attachment out (⌫ at the start)", "Prompt", "prompt", "detach"),
    Action("older_prompt", ("up",), "Earlier prompt, from the first line", "Prompt", "prompt"),
    Action("newer_prompt", ("down",), "Later prompt, from the last line", "Prompt", "prompt"),
    Action("history", ("ctrl+r",), "Search the prompts of all chats", "Prompt", "chat", "history", "[words]"),
    Action("editor", ("ctrl+g",), "Write the prompt in $VISUAL or $EDITOR", "Prompt", "prompt", "editor"),
    Action("stop", ("escape",), "Stop the answer, keep its text", "Answer", "chat", "stop"),
    Action("answer", ("tab",), "Answer what Claude asks", "Answer", "chat", "answer"),
    Action("continue", (), "Have a cut answer continued", "Answer", "chat", "continue"),
    Action("thinking", ("ctrl+t",), "Show or fold the thinking", "Answer", "chat", "thinking"),
    Action("page_up", ("pageup",), "Back through the conversation", "Answer", "chat"),
    Action("page_down", ("pagedown",), "Forward through the conversation", "Answer", "chat"),
    Action("jump_to_end", ("ctrl+end",), "Jump to the end and follow the answer", "Answer", "chat", "end"),
    Action("older_answer", ("alt+left",), "Older branch, from the prompt", "Answer", "chat"),
    Action("newer_answer", ("alt+right",), "Newer branch, from the prompt", "Answer", "chat"),
    Action("edit", ("e",), "Edit the focused prompt, as a new branch", "Message", "conversation", "edit"),
    Action("regenerate", ("g",), "Ask again, with the model chosen now", "Message", "conversation", "again"),
    Action("retry", ("r",), "Try again after a failure", "Message", "conversation", "retry"),
    Action("older_branch", ("left_square_bracket",), "Older branch, here", "Message", "conversation", "older"),
    Action("newer_branch", ("right_square_bracket",), "Newer branch, here", "Message", "conversation", "newer"),
    Action("fork", (), "A new chat with all up to here", "Message", "conversation", "fork"),
    Action("copy_message", ("y",), "Copy the focused message", "Message", "conversation", "copy"),
    Action("copy_code", ("u",), "Copy its code block", "Message", "conversation", "code"),
    Action("palette", ("ctrl+p",), "Find an action by typing", "Program", "app", "palette"),
    Action("help", ("f1",), "Keys and commands", "Program", "app", "help"),
    Action("theme", (), "Switch between dark and light", "Program", "app", "theme"),
    Action("sign_in", (), "Sign in with a key, or Claude Code's login", "Program", "chat", "login"),
    Action("demo", (), "Try the demo: scripted answers, no key", "Program", "chat", "demo"),
    Action("quit", ("ctrl+q",), "Quit", "Program", "app", "quit"),
    Action("interrupt", ("ctrl+c",), "Copy, else stop, else ask to quit", "Program", "chat"),
    Action("leave", ("ctrl+d",), "Quit, if the prompt is empty", "Program", "prompt"),
)

GROUPS: dict[Group, str] = {
    "Prompt": "",
    "Answer": "",
    "Message": "Tab leads there, ↑↓ on, ←→ to its lines",
    "Chats": "",
    "Model": "",
    "Program": "",
}
"""What is needed first stands first on the help screen, with a word on where keys are heard if that is not the prompt."""

BY_NAME = {action.name: action for action in ACTIONS}
BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}


def slash_matches(typed: str) -> tuple[Action, ...]:
    """The actions whose slash word begins with what was typed after the slash, in the order of the table."""
    return tuple(action for action in ACTIONS if action.slash and action.slash.startswith(typed))


def parse_command(text: str) -> tuple[Action, str] | None:
    """The action and the argument of a prompt that is a slash command; None if it is anything else.

    Only a single line that begins with a known word counts, so that "/usr/bin is full" is still a prompt.
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
    """True for a slash and one word, which can only be a mistyped command."""
    found = _FIRST_WORD.match(text)
    return found is not None and found[0] == text.strip()


def unknown_command(text: str) -> str:
    """What to say of a prompt that begins like a command and is sent as text; "" for nothing."""
    found = _FIRST_WORD.match(text)
    if not found or not found[2]:
        return ""
    known = BY_SLASH.get(found[1])
    return f"/{found[1]} takes no words; sent as text" if known else f"no command /{found[1]}; sent as text"


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
    """A key as people write it: Ctrl+N, Shift+⏎, F1, y."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    shown = _SIGNS.get(last, "") or (last.upper() if modifiers or (last[:1] == "f" and last[1:].isdigit()) else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def short_key_name(key: str) -> str:
    """A key in the fewest characters, for a line of hints: ^N for Ctrl+N."""
    rest = key.removeprefix("ctrl+")
    return key_name(key) if rest == key else "^" + (rest.upper() if len(rest) == 1 else key_name(rest))


def keys_of(action: Action, remapped: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keys of an action after the user's own have been taken into account."""
    return remapped.get(action.name, action.keys)
