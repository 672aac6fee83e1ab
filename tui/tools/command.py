"""run_command: one line for the shell, with its output as it comes, a time limit, and nothing left running."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Collection
from typing import Annotated

import msgspec

from tui.chat.tools import Question
from tui.chat.transcript import Tool, ToolUse
from tui.tools import processes
from tui.tools.output import Output
from tui.tools.paths import Folders
from tui.tools.rules import for_command
from tui.tools.tool import Content, Failed, Plan, decoded, definition

CREDENTIALS = frozenset(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"))
"""Variables that hold what this program signs in with."""

_KEEP_BYTES = 30_000
_MOST_BYTES = 200_000_000
_TELL_S = 0.1
_LONGEST = 20_000
_PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0"}


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    command: Annotated[str, msgspec.Meta(min_length=1)]


class RunCommand:
    """Runs in the first folder, with the app's environment but for what is withheld."""

    is_reading = False
    definition: Tool = definition(
        "run_command",
        "Run a command with the shell (bash, or else sh) in the folder. Standard input is empty. The result is the output, "
        "standard error included; of a long one the beginning and the end. Everything it started, in the background too, "
        "is ended with it or at the time limit. A plain command (no ; && | > $) is more likely to be allowed at once.",
        Arguments,
    )

    def __init__(self, folders: Folders, timeout_s: float, withheld: Collection[str]) -> None:
        self._folders = folders
        self._timeout_s = timeout_s
        self._withheld = withheld

    async def plan(self, call: ToolUse) -> Plan:
        command = decoded(call.input, Arguments).command
        if "\0" in command or len(command) > _LONGEST:
            raise Failed(
                f"A command has at most {_LONGEST:,} characters, and no NUL. Write a script to a file and run it."
            )
        question = Question(
            call=call,
            title="Run a command",
            kind="command",
            detail=command,
            folder=str(self._folders.first),
            rules=for_command(command),
        )
        return Plan(lambda tell: self._run(command, tell), question)

    async def _run(self, command: str, tell: Callable[[str], None]) -> Content:
        output = Output(_KEEP_BYTES, _MOST_BYTES)
        following = asyncio.create_task(_follow(output, tell))
        try:
            code = await processes.run(
                [shutil.which("bash") or "/bin/sh", "-c", command],
                folder=self._folders.first,
                env=_environment(self._withheld),
                take=output.take,
                timeout_s=self._timeout_s,
            )
        finally:
            following.cancel()
        if fresh := output.fresh():
            tell(fresh)
        return self._told(code, output)

    def _told(self, code: int | None, output: Output) -> str:
        text = output.text().rstrip()
        if output.is_too_much:
            raise Failed(f"{text}\n\n(ended: it wrote more than {_MOST_BYTES // 10**6} MB)")
        if code is None:
            raise Failed(f"{text}\n\n(ended: it ran longer than {self._timeout_s:g} seconds)".lstrip())
        if code:
            raise Failed(f"{text}\n\n(exit code {code})".lstrip())
        return text or "(exit code 0, no output)"


async def _follow(output: Output, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_TELL_S)
        if fresh := output.fresh():
            tell(fresh)


def _environment(withheld: Collection[str]) -> dict[str, str]:
    """The app's own, without what is withheld, and with what keeps programs from asking and drawing."""
    return {name: value for name, value in os.environ.items() if name not in withheld} | _PLAIN
