"""The built-in tools in a folder of a test's own, called as Claude would, with a user who answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tui.chat.tools import (
    Access,
    PermissionDecided,
    PermissionDecision,
    PermissionRequest,
    PermissionRequested,
    ToolEvent,
    ToolOutput,
)
from tui.chat.transcript import Document, Image, Text, ToolResult, ToolUse
from tui.errors import TuiError
from tui.tools.built_in import built_in
from tui.tools.permission import PermissionGate
from tui.tools.tool import ToolKind
from tui.tools.toolbox import Toolbox

YES = PermissionDecision(allowed=True)
NO = PermissionDecision(allowed=False)


class Unseen(TuiError):
    """What is no picture."""


async def see(data: bytes, name: str) -> Image | Document:
    if data.startswith(b"\x89PNG"):
        return Image("image/png", base64.b64encode(data).decode(), name)
    if data.startswith(b"%PDF-"):
        return Document("application/pdf", base64.b64encode(data).decode(), name)
    raise Unseen(f"{name} is neither an image, a PDF nor text.")


class Tools:
    """Tools, their gate, and what was asked, told and kept. Every question gets the same answer; None: none."""

    def __init__(
        self,
        folder: Path,
        *,
        kinds: Sequence[ToolKind] | None = None,
        answer: PermissionDecision | Callable[[PermissionRequest], PermissionDecision] | None = YES,
        rules: Sequence[str] = (),
        access: Access = "ask",
        asks: bool = True,
        timeout_s: float = 20,
        more: Sequence[Path] = (),
        ours: Sequence[Path] = (),
    ) -> None:
        if kinds is None:
            kinds = built_in(folder, more, see=see, command_timeout_s=timeout_s, ours=ours)
        self.kept: list[str] = []
        self.asked: list[PermissionRequest] = []
        self.settled: list[PermissionDecided] = []
        self.told: list[str] = []
        self.fresh = asyncio.Event()
        """Set whenever something was asked or told."""
        self.gate = PermissionGate(rules, access, self.kept.append, asks)
        self.box = Toolbox(kinds, self.gate)
        self._answer = answer
        self._count = 0

    async def call(self, name: str, **arguments: object) -> ToolResult:
        return await self.send(name, json.dumps(arguments))

    async def send(self, name: str, text: str) -> ToolResult:
        self._count += 1
        result = await self.box.run(ToolUse(f"call_{self._count}", name, text), self._tell)
        assert result.tool_use_id.startswith("call_")
        assert result.content
        return result

    async def text(self, name: str, **arguments: object) -> str:
        """The text of a call that has to succeed."""
        result = await self.call(name, **arguments)
        assert not result.is_error, words(result)
        return words(result)

    async def failure(self, name: str, **arguments: object) -> str:
        """The text of a call that has to fail."""
        result = await self.call(name, **arguments)
        assert result.is_error, words(result)
        return words(result)

    async def questions(self, count: int) -> list[PermissionRequest]:
        """Those that were asked, once there are so many."""
        while len(self.asked) < count:
            self.fresh.clear()
            await self.fresh.wait()
        return self.asked

    def _tell(self, event: ToolEvent) -> None:
        self.fresh.set()
        match event:
            case PermissionRequested(question):
                self.asked.append(question)
                if self._answer is not None:
                    verdict = self._answer if isinstance(self._answer, PermissionDecision) else self._answer(question)
                    self.gate.answer(question.call.id, verdict)
            case PermissionDecided():
                self.settled.append(event)
            case ToolOutput(_, text):
                self.told.append(text)
            case _:
                raise AssertionError(event)


def contents(folder: Path) -> dict[str, str]:
    """The files directly in a folder, and what they hold."""
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def words(result: ToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, Text))
