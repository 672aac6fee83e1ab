"""The findings of `prx doctor`: a status, a sentence and a fix."""

from __future__ import annotations

from typing import Literal, TypedDict

import msgspec

Check = Literal["config", "auth", "models", "terminal"]
CHECKS: tuple[Check, ...] = ("config", "auth", "models", "terminal")
State = Literal["ok", "note", "warning", "failed"]
"""Only `failed` makes the doctor's exit code 1."""


class Finding(msgspec.Struct, frozen=True):
    """The result of one check."""

    check: Check
    status: State
    message: str
    fix: str = ""
    """How to fix it, or ""."""


class ModelRow(TypedDict):
    """A model as `prx doctor models` lists it."""

    id: str
    name: str
    context: int
    max_output: int
    vision: bool
    tools: bool
    status: str
    """active, deprecated, retired, misspelt, or unknown."""
    days_left: int | None
    """Days until a deprecated model is retired."""
    retires: str | None
    successor: str | None
    """The model that answers after its retirement; for a misspelt ID, the correct one."""
    configured: bool
    """True for the model of new chats."""
    listed: bool | None
    """True if the server lists it; null if the server was not asked or did not answer."""


class Report(msgspec.Struct, frozen=True):
    findings: tuple[Finding, ...]
    models: tuple[ModelRow, ...] = ()
    """Set by the check of the models."""

    @property
    def ok(self) -> bool:
        """True if no check failed."""
        return all(finding.status != "failed" for finding in self.findings)
