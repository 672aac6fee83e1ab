"""Tool calls as values and events: requested, permitted, run and answered.

`tui.tools` implements the tools and their permissions. A session runs the calls of an answer through a Toolbox.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

import msgspec

from tui.chat.transcript import Tool, ToolResult, ToolUse

Access = Literal["none", "read", "ask"]
"""What Claude may do: nothing, read files in the folder, or anything that the user permits when asked."""


REFUSED = "The user did not allow this"
"""The result of a call that the user denied starts with this."""


def parse_access(word: str) -> Access:
    """Parse a stored access level. Unknown values, and chats older than tools, allow nothing."""
    match word:
        case "read" | "ask":
            return word
    return "none"


class PermissionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for permission: what a call will do, exactly."""

    call: ToolUse
    title: str
    """For example "Run a command", "Change a file", "Fetch a page" or "Read outside the folder"."""
    kind: Literal["command", "diff", "url", "path", "call"]
    """What `detail` holds; `call` means the arguments of an unknown tool."""
    detail: str
    """The complete command, unified diff, URL, path or arguments."""
    folder: str = ""
    """The working directory."""
    rules: tuple[str, ...] = ()
    """Patterns that can be allowed permanently, narrowest first, e.g. `run_command(git status)`, `run_command(git *)`."""
    remarks: tuple[str, ...] = ()
    """For each rule, a warning about what it allows beyond the obvious, or "". Empty if there are no warnings."""


class PermissionDecision(msgspec.Struct, frozen=True, kw_only=True):
    """The user's decision on a permission request."""

    allowed: bool
    lasting: Literal["once", "chat", "always"] = "once"
    rule: str = ""
    """The rule of the request that is allowed for longer than once."""
    reason: str = ""
    """Reason for a denial, for Claude to read."""


class ToolStarted(msgspec.Struct, frozen=True):
    """A call is being processed."""

    call: ToolUse


class PermissionRequested(msgspec.Struct, frozen=True):
    """A call needs permission."""

    question: PermissionRequest


class PermissionDecided(msgspec.Struct, frozen=True):
    """The permission request of a call was decided, by the user or a rule."""

    id: str
    allowed: bool


class ToolOutput(msgspec.Struct, frozen=True):
    """Output of a running call, for the screen only. Claude reads the result."""

    id: str
    text: str


class ToolEnded(msgspec.Struct, frozen=True):
    """A call has its result. The results of one answer are sent together: `events.ToolResultsAdded`."""

    result: ToolResult


ToolEvent = ToolStarted | PermissionRequested | PermissionDecided | ToolOutput | ToolEnded


class Toolbox(Protocol):
    """The tools of a session."""

    access: Access
    """Change it through `Session.use_tools`."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that can be offered to Claude with the current access."""

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        """Run a call and return its result. Unknown tools and invalid arguments give results with `is_error`.

        Several calls run at once. The session emits ToolStarted and ToolEnded; events in between go to `tell`, which may be
        called on the session's loop only. `elapsed_s` is working time without waiting for the user. Raises only
        CancelledError, at once; whatever the call has started then ends within a second.
        """

    def disable(self, names: Collection[str]) -> None:
        """Exclude these tools from `tools` from now on."""
