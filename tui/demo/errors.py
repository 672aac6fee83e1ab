"""The error that the simulator answers a request with."""

from __future__ import annotations

from tui.demo.scenarios import Error, Json


class Refused(Exception):
    """A request breaks a rule of the API. The error type follows from the status (`scenarios.ERROR_TYPES`)."""

    def __init__(self, message: str, *, status: int = 400, details: Json | None = None) -> None:
        super().__init__(message)
        self.error = Error(status, message=message, details=details)
