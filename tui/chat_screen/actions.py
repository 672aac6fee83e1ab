"""Who carries out the actions of the chat screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.chat_screen.wiring import Parts

Do = Callable[[str], object]
"""Carries out an action, with the words after its slash command."""


AT_ONCE = frozenset(
    ("new_chat", "chats", "history", "attach", "stop", "interrupt", "thinking", "page_up", "page_down", "jump_to_end")
)
"""Actions that do not need all messages of the chat. All others wait while it is being opened."""


def chat_actions(parts: Parts) -> dict[str, Do]:
    """Return what carries out each action of the chat screen."""

    def stop(_: str) -> None:
        """Stop the answer; with none running, end finding or editing, and give the focus to the prompt."""
        if not parts.turns.stop() and (parts.reading.is_finding or not parts.branches.leave_edit()):
            parts.reading.stop_finding()

    return {
        "new_chat": lambda _: parts.start_new(),
        "chats": parts.library.open_list,
        "find": parts.reading.open_find,
        "rename": parts.library.rename,
        "pin": lambda _: parts.library.pin(),
        "export": parts.library.export,
        "delete_chat": lambda _: parts.library.delete_current(),
        "undelete": lambda _: parts.library.undelete(),
        "preset": parts.generation.choose_preset,
        "models": parts.generation.choose_model,
        "think": parts.generation.choose_thinking,
        "effort": parts.generation.choose_effort,
        "system": parts.generation.edit_system,
        "tools": parts.permissions.switch,
        "mcp": lambda _: parts.permissions.open_servers(),
        "cache_map": lambda _: parts.costs.open_map(),
        "count": lambda _: parts.costs.count(),
        "inspect": lambda _: parts.reading.inspect(),
        "attach": parts.attachments.attach,
        "history": parts.library.search_prompts,
        "stop": stop,
        "answer": lambda _: parts.permissions.answer(),
        "compact": lambda keep: parts.compaction.compact(keep),
        "continue": lambda _: parts.turns.go_on_after_cut(),
        "thinking": lambda _: parts.reading.toggle_thinking(),
        "page_up": lambda _: parts.reading.page_up(),
        "page_down": lambda _: parts.reading.page_down(),
        "jump_to_end": lambda _: parts.reading.jump_to_end(),
        "older_answer": lambda _: parts.branches.step_last(-1),
        "newer_answer": lambda _: parts.branches.step_last(1),
        "sign_in": lambda _: parts.auth.sign_in(),
        "demo": lambda _: parts.auth.start_demo(),
        "interrupt": lambda _: parts.reading.interrupt(parts.turns.stop),
    }
