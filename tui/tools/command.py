"""run_command: one line for the shell, with streamed output, a time limit, and no process left running."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Collection
from typing import Annotated

import msgspec

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import Tool, ToolUse
from tui.tools import processes
from tui.tools.environment import for_commands
from tui.tools.output import Output
from tui.tools.paths import Folders
from tui.tools.rules import for_command, remark
from tui.tools.tool import Content, Failed, Plan, decoded, definition

_KEEP_BYTES = 30_000
_MAX_BYTES = 200_000_000
_TELL_S = 0.1
_LONGEST = 20_000


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    command: Annotated[str, msgspec.Meta(min_length=1)]


class RunCommand:
    """Runs commands in the first folder, with the app's environment except for withheld variables and likely secrets."""

    is_reading = False
    definition: Tool = definition(
        "run_command",
        "Run a command with the shell (bash, or else sh) in the folder. Standard input is empty. The result is the output, "
        "standard error included; of a long one the beginning and the end. Everything it started, in the background too, "
        "is ended with it or at the time limit. A plain command (no ; && | > $) is more likely to be allowed at once.",
        Arguments,
    )

    def __init__(
        self, folders: Folders, timeout_s: float, withheld: Collection[str], given: Collection[str] = ()
    ) -> None:
        """`given` are variables that commands receive whatever they contain."""
        self._folders = folders
        self._timeout_s = timeout_s
        self._withheld = withheld
        self._given = given

    async def plan(self, call: ToolUse) -> Plan:
        command = decoded(call.input, Arguments).command
        if "\0" in command or len(command) > _LONGEST:
            raise Failed(
                f"A command has at most {_LONGEST:,} characters, and no NUL. Write a script to a file and run it."
            )
        rules = for_command(command)
        question = PermissionRequest(
            call=call,
            title="Run a command",
            kind="command",
            detail=command,
            folder=str(self._folders.first),
            rules=rules,
            remarks=tuple(map(remark, rules)),
        )
        return Plan(lambda tell: self._run(command, tell), question)

    async def _run(self, command: str, tell: Callable[[str], None]) -> Content:
        output = Output(_KEEP_BYTES, _MAX_BYTES)
        following = asyncio.create_task(_follow(output, tell))
        try:
            code = await processes.run(
                [shutil.which("bash") or "/bin/sh", "-c", command],
                folder=self._folders.first,
                env=for_commands(os.environ, self._withheld, self._given),
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
            raise Failed(f"{text}\n\n(ended: it wrote more than {_MAX_BYTES // 10**6} MB)")
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
