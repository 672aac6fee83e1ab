"""Why a server did not start, in plain words; the SDK's exceptions mean little to users. No I/O."""

from __future__ import annotations

from http import HTTPStatus

from tui.mcp.message_size import EXCEEDED, TOO_MUCH

MISSING = "MCP servers need one more package: pip install 'prx-tui[mcp]'"
_OF_THE_EXTRA = ("mcp", "mcp_types", "httpx2")
_CLOSED = "Connection closed"
"""The SDK's message when a program has ended."""
_NO_MORE_THAN_A_STATUS = ("Server returned an error response", "Not Found")
"""The SDK's messages for a response without a message of its own."""


def reason(error: BaseException, status: int) -> str:
    """Describe what went wrong; of nested errors, the innermost. `status`: that of the last HTTP response; 0 for a
    program.
    """
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
    """Format a status with its standard phrase, e.g. "404 Not Found"."""
    return next((f"{known.value} {known.phrase}" for known in HTTPStatus if known == status), str(status))
