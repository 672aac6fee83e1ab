"""What the domain knows of tools: calls that are asked for, allowed, carried out and answered, as values and events.

What a tool does, and what it may do, is for the toolbox: `tui.tools`. The session runs the calls of an answer through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

import msgspec

from tui.chat.transcript import Tool, ToolResult, ToolUse

Access = Literal["none", "read", "ask"]
"""What Claude may do: nothing, look at files in the folder, or everything that the user allows when asked."""


REFUSED = "The user did not allow this"
"""How the result of a call begins that the user said no to."""


def access_of(word: str) -> Access:
    """The access that a stored word stands for. What is unknown, and a chat from before there were tools, allow nothing."""
    match word:
        case "read" | "ask":
            return word
    return "none"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a call will do, exactly, before it is allowed to."""

    call: ToolUse
    title: str
    """As "Run a command", "Change a file", "Fetch a page", "Read outside the folder"."""
    kind: Literal["command", "diff", "url", "path", "call"]
    """How `detail` reads; `call`: the arguments, of a tool that we do not know."""
    detail: str
    """The command, the unified diff, the URL, the path or the arguments: whole and exact."""
    folder: str = ""
    """Where it happens."""
    rules: tuple[str, ...] = ()
    """Patterns that could be allowed for longer, narrowest first: `run_command(git status)`, `run_command(git *)`."""
    remarks: tuple[str, ...] = ()
    """For each of the rules, what it allows beyond what most expect; "" where nothing is known. Empty: nothing for all."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question."""

    allowed: bool
    lasting: Literal["once", "chat", "always"] = "once"
    rule: str = ""
    """The one of the question's rules that is allowed for longer than once."""
    reason: str = ""
    """Of a no, for Claude to read."""


class ToolBegan(msgspec.Struct, frozen=True):
    """A call is being dealt with."""

    call: ToolUse


class ToolAsking(msgspec.Struct, frozen=True):
    """It waits for the user's word."""

    question: Question


class ToolAllowed(msgspec.Struct, frozen=True):
    """The question of that call is settled, by whomever."""

    id: str
    allowed: bool


class ToolOutput(msgspec.Struct, frozen=True):
    """More of what it says while it runs, for the screen alone: what Claude reads stands in the result."""

    id: str
    text: str


class ToolEnded(msgspec.Struct, frozen=True):
    """A call has its result. Those of one answer go to Claude together: `events.ToolsAnswered`."""

    result: ToolResult


ToolEvent = ToolBegan | ToolAsking | ToolAllowed | ToolOutput | ToolEnded


class Toolbox(Protocol):
    """What a session needs of tools."""

    access: Access
    """To be changed through `Session.use_tools`."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What can be offered to Claude, under the access that holds now."""

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        """The result of a call, whatever becomes of it: an unknown tool and bad arguments are results with `is_error`.

        Several run at once. ToolBegan and ToolEnded are told by the session; what happens in between goes to `tell`, which
        may be called from the session's loop only. `elapsed_s` is the time that it worked, without waiting for the user.
        Raises only CancelledError, at once; whatever the call has started then ends within a second, even without us.
        """

    def forgo(self, names: Collection[str]) -> None:
        """Leaves these out of `tools` from now on."""
