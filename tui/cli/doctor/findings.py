"""What the doctor says: a status, a sentence, and what to do about it."""

from __future__ import annotations

from typing import Literal, TypedDict

import msgspec

Check = Literal["config", "auth", "models", "terminal"]
CHECKS: tuple[Check, ...] = ("config", "auth", "models", "terminal")
State = Literal["ok", "note", "warning", "failed"]
"""Only `failed` makes the doctor's exit code 1."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    check: Check
    status: State
    message: str
    fix: str = ""
    """What to do, where there is something to do."""


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
    """Until a deprecated model is retired."""
    retires: str | None
    successor: str | None
    """Who answers once it is retired; for a misspelt ID, the right one."""
    configured: bool
    """Whether a new chat begins with it, or names it."""
    listed: bool | None
    """Whether the server lists it; null where the server was not, or could not be, asked."""


class Report(msgspec.Struct, frozen=True):
    findings: tuple[Finding, ...]
    models: tuple[ModelRow, ...] = ()
    """Filled by the check of the models."""

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(finding.status != "failed" for finding in self.findings)
