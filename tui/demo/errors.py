"""Refused: a request that the API answers with an error, and the words of that error."""

from __future__ import annotations

from tui.demo.scenarios import Error, Json


class Refused(Exception):
    """The answer to a request that breaks a rule. Its type follows from the status (`scenarios.ERROR_TYPES`)."""

    def __init__(self, message: str, *, status: int = 400, details: Json | None = None) -> None:
        super().__init__(message)
        self.error = Error(status, message=message, details=details)
