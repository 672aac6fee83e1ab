"""Why a server did not start, in words for people: what the SDK raises says little to them. Pure."""

from __future__ import annotations

from http import HTTPStatus

from tui.mcp.sizes import EXCEEDED, TOO_MUCH

MISSING = "MCP servers need one more package: pip install 'prx-tui[mcp]'"
_OF_THE_EXTRA = ("mcp", "mcp_types", "httpx2")
_CLOSED = "Connection closed"
"""The SDK's words for a program that is gone."""
_NO_MORE_THAN_A_STATUS = ("Server returned an error response", "Not Found")
"""Those for an answer without any of its own."""


def reason(error: BaseException, status: int) -> str:
    """What went wrong, of errors within errors the innermost. `status`: of its address's last answer; 0 for a program."""
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _OF_THE_EXTRA:
        return MISSING
    words = getattr(error, "message", "") or str(error) or type(error).__name__
    if words == _CLOSED:
        return "it ended before it had answered"
    if words in _NO_MORE_THAN_A_STATUS and status:
        return f"its address answered {_named(status)}"
    if type(error).__name__ == "ConnectError":
        return f"it cannot be reached: {words}"
    return f"it {TOO_MUCH}" if EXCEEDED in words else words


def _named(status: int) -> str:
    """A status with what it is called, if it is one that is known."""
    return next((f"{known.value} {known.phrase}" for known in HTTPStatus if known == status), str(status))
