"""Errors of the provider: one family, created from a status, an event or a broken connection.

   TuiError
   └── ProviderError                 any other error that the server reports
       ├── BadRequest                400, 409, 422: the request is invalid
       │   ├── RequestTooLarge       413
       │   └── WorkspaceNeeded       400: the key needs the ID of a workspace, or another one
       ├── AuthenticationFailed      401
       ├── PermissionDenied          403, and 400 if a login may not be used
       ├── NotFound                  404: the model or the path
       │   └── NoTokenCount          404 of the token count endpoint
       ├── BillingProblem            402
       │   └── SpendLimitReached     a spending cap of the account: waiting does not help
       ├── RateLimited               429
       ├── Overloaded                529
       ├── ServerError               408, 5xx
       ├── ConnectionFailed          no connection, or a broken one
       │   └── TimedOut              no data for too long
       └── ProtocolError             an invalid answer

Bodies are parsed leniently: the API's shape, other vendors', HTML, plain text, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tui.anthropic.hints import (
    SEARCH_HINT,
    WORKSPACE_HINT,
    CredentialKind,
    credential_hint,
    is_login_refused,
    is_spend_limit,
    lacks_workspace,
    length_hint,
    specific_hint,
)
from tui.chat.transcript import Failure
from tui.errors import TuiError
from tui.inputs.bounded import decode_json, json_problem

_LONGEST_MESSAGE = 600  # characters of a server's text
_RETRIED = frozenset({408, 409, 429})  # in addition to 5xx


class ProviderError(TuiError):
    """A failed request, with everything needed to show it, report it and decide on a retry."""

    own_type = "api_error"
    """`Failure.type` if the server named none."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        status: int = 0,
        type: str = "",
        request_id: str = "",
        retry_after_s: float | None = None,
        retryable: bool = False,
        paths: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint, retry_after_s=retry_after_s)
        self.status = status
        self.type = type or self.own_type
        self.request_id = request_id
        self.retryable = retryable
        """True if the same request may succeed a little later."""
        self.paths = paths
        """The positions in the request that the error details name, e.g. "messages.0.content.1"."""

    def failure(self) -> Failure:
        """Return the error as a value, to be shown and stored."""
        return Failure(
            message=self.message, hint=self.hint, type=self.type, status=self.status, request_id=self.request_id
        )


class BadRequest(ProviderError):
    own_type = "invalid_request_error"


class RequestTooLarge(BadRequest):
    own_type = "request_too_large"


class WorkspaceNeeded(BadRequest):
    pass


class AuthenticationFailed(ProviderError):
    own_type = "authentication_error"


class PermissionDenied(ProviderError):
    own_type = "permission_error"


class NotFound(ProviderError):
    own_type = "not_found_error"


class NoTokenCount(NotFound):
    """The server has no token count endpoint, as some that are not Anthropic's."""

    def __init__(self) -> None:
        super().__init__("This server does not count tokens; only the estimate is available.", status=404)


class BillingProblem(ProviderError):
    own_type = "billing_error"


class SpendLimitReached(BillingProblem):
    pass


class RateLimited(ProviderError):
    own_type = "rate_limit_error"


class Overloaded(ProviderError):
    own_type = "overloaded_error"


class ServerError(ProviderError):
    pass


class ConnectionFailed(ProviderError):
    own_type = "connection_error"


class TimedOut(ConnectionFailed):
    own_type = "timeout_error"


class ProtocolError(ProviderError):
    own_type = "protocol_error"


class ErrorDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of an error body of any shape."""

    message: str = ""
    type: str = ""
    code: str = ""
    """`error.details.error_code`."""
    paths: tuple[str, ...] = ()
    appeal_url: str = ""
    """`error.details.appeal_url`, if it is an https address."""
    request_id: str = ""


def from_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credential: CredentialKind = "",
    custom_url: bool = False,
    retry_after_s: float | None = None,
) -> ProviderError:
    """Return the error for an unsuccessful response. Header names must be lower case, or the mapping must ignore case."""
    details = parse_error_body(body, headers.get("content-type", ""))
    request_id = headers.get("request-id", "") or details.request_id
    wish = headers.get("x-should-retry", "")
    retryable = wish == "true" or (wish != "false" and (status in _RETRIED or status >= 500))
    if 300 <= status < 400:
        return redirect_error(status, headers.get("location", ""), request_id)
    return _made(
        _class_for_status(status, details),
        details,
        status=status,
        request_id=request_id,
        retry_after_s=retry_after_s,
        retryable=retryable,
        credential=credential,
        custom_url=custom_url,
    )


def from_event(
    details: ErrorDetails, *, request_id: str = "", credential: CredentialKind = "", custom_url: bool = False
) -> ProviderError:
    """Return the error for an `error` event within a stream: its type is treated like a status."""
    kind = _class_for_type(details)
    return _made(
        kind,
        details,
        request_id=details.request_id or request_id,
        retryable=kind in (RateLimited, Overloaded, ServerError),
        credential=credential,
        custom_url=custom_url,
    )


def parse_error_body(body: bytes, content_type: str = "") -> ErrorDetails:
    """Return the message, type and request id of an error body of any origin; empty fields where it has none."""
    text = body.decode("utf-8", "replace").strip()
    try:
        parsed = decode_json(body)
    except msgspec.MsgspecError:
        if problem := json_problem(body):
            return ErrorDetails(message=f"The server's error message cannot be read: {problem}")
        return ErrorDetails(message=clean(_page_title(text) if _is_html(text, content_type) else text))
    return error_details(parsed)


def error_details(parsed: object) -> ErrorDetails:
    """Return the fields of a decoded error body: Anthropic's shape, OpenAI's, FastAPI's `detail`, or a string."""
    if isinstance(parsed, str):
        return ErrorDetails(message=clean(parsed))
    if not isinstance(parsed, dict):
        return ErrorDetails()
    request_id = _string(parsed.get("request_id"))
    error = parsed.get("error", parsed.get("detail", parsed))
    if isinstance(error, str):  # {"error": "…"}; OAuth servers add a description
        described = _string(parsed.get("error_description")) or _string(parsed.get("message"))
        return ErrorDetails(message=clean(described or error), request_id=request_id)
    if isinstance(error, list):  # FastAPI lists validation errors
        parts = [_string(item.get("msg")) for item in error if isinstance(item, dict)]
        return ErrorDetails(message=clean("; ".join(part for part in parts if part)), request_id=request_id)
    if not isinstance(error, dict):
        return ErrorDetails(request_id=request_id)
    extra = error.get("details")
    extra = extra if isinstance(extra, dict) else {}
    paths, appeal_url = extra.get("paths"), clean(_string(extra.get("appeal_url")))
    return ErrorDetails(
        message=clean(_string(error.get("message")) or _string(error.get("detail"))),
        type=clean(_string(error.get("type"))),
        code=clean(_string(extra.get("error_code"))),
        paths=tuple(map(_string, paths)) if isinstance(paths, list) else (),
        appeal_url=appeal_url if appeal_url.startswith("https://") else "",
        request_id=clean(request_id),
    )


# C0, DEL, C1 and direction controls. Whitespace becomes a space; the others are removed.
_UNSEEN = [*range(32), *range(127, 160), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS = {code: " " if chr(code).isspace() else "" for code in _UNSEEN}
_TITLE = re.compile(
    r"<title[^<>]*>([^<]*)", re.IGNORECASE
)  # stops at each <: a page may be nothing but `<title` repeated
_KEYS = re.compile(r"\b(sk-(?:ant-)?)[A-Za-z0-9_-]{8,}")


def clean(text: str) -> str:
    """Return a server's text as one short line without control and direction characters, keys, and runs of spaces."""
    words = " ".join(text.translate(_CONTROLS).split())
    words = _KEYS.sub(r"\1…", words)
    return words if len(words) <= _LONGEST_MESSAGE else words[: _LONGEST_MESSAGE - 1] + "…"


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_html(text: str, content_type: str) -> bool:
    return "html" in content_type or text[:200].lower().lstrip().startswith(("<!doctype", "<html", "<head", "<body"))


def _page_title(text: str) -> str:
    found = _TITLE.search(text)
    return found.group(1) if found else ""


_CLASSES: dict[int, type[ProviderError]] = {
    401: AuthenticationFailed,
    402: BillingProblem,
    403: PermissionDenied,
    404: NotFound,
    408: ServerError,
    413: RequestTooLarge,
    429: RateLimited,
    529: Overloaded,
}
_TYPES: dict[str, type[ProviderError]] = {
    "invalid_request_error": BadRequest,
    "authentication_error": AuthenticationFailed,
    "billing_error": BillingProblem,
    "permission_error": PermissionDenied,
    "not_found_error": NotFound,
    "request_too_large": RequestTooLarge,
    "rate_limit_error": RateLimited,
    "overloaded_error": Overloaded,
    "api_error": ServerError,
    "internal_error": ServerError,  # vLLM
    "timeout_error": ServerError,
    "conflict_error": BadRequest,
}


def _class_for_status(status: int, details: ErrorDetails) -> type[ProviderError]:
    if is_spend_limit(details.message, details.code):
        return SpendLimitReached
    if status == 400 and is_login_refused(details.message):
        return PermissionDenied
    if status in (400, 403, 404) and not details.code and lacks_workspace(details.message):
        return WorkspaceNeeded
    if status == 400 and details.type == "authentication_error":  # some proxies answer a wrong key this way
        return AuthenticationFailed
    return _CLASSES.get(status) or (ServerError if status >= 500 else BadRequest)


def _class_for_type(details: ErrorDetails) -> type[ProviderError]:
    if is_spend_limit(details.message, details.code):
        return SpendLimitReached
    return _TYPES.get(details.type, ProviderError)


def rejects_web_search(words: str) -> bool:
    """True if a rejection is about the web search tool that the request offers, and not about one in its messages."""
    return "web search" in words.lower().replace("_", " ") and not words.startswith("messages.")


def _made(
    kind: type[ProviderError],
    details: ErrorDetails,
    *,
    status: int = 0,
    request_id: str = "",
    retry_after_s: float | None = None,
    retryable: bool = False,
    credential: CredentialKind = "",
    custom_url: bool = False,
) -> ProviderError:
    return kind(
        _message(kind, details, status),
        _hint(kind, details, credential, custom_url),
        status=status,
        type=details.type,
        request_id=clean(request_id),
        retry_after_s=retry_after_s,
        retryable=retryable and kind is not SpendLimitReached,
        paths=details.paths,
    )


def _message(kind: type[ProviderError], details: ErrorDetails, status: int) -> str:
    if kind is NotFound and (model := _unknown_model(details)):
        return f"The server does not know the model {model}"
    if kind is Overloaded and details.message in ("", "Overloaded"):
        return "The server is overloaded"
    if details.message:
        return details.message
    if kind is RequestTooLarge:
        return "The request is too large for the server"
    return f"The server answered {status} without a reason" if status else "The server reported an error"


def _unknown_model(details: ErrorDetails) -> str:
    return details.message.removeprefix("model:").strip() if details.message.startswith("model:") else ""


_HINTS: dict[type[ProviderError], str] = {
    WorkspaceNeeded: WORKSPACE_HINT,
    RequestTooLarge: "A request can have at most 32 MB: remove attachments, or start a new chat.",
    PermissionDenied: "This credential does not have permission: check its workspace and permissions in the Console.",
    NotFound: "Choose another model (`prx models`, or Ctrl+L in the app), or check `api_url` in config.toml.",
    BillingProblem: "Check billing at console.anthropic.com, then send again.",
    SpendLimitReached: "Raise the limit in the Console, or wait for it to be reset. Retrying does not help.",
    RateLimited: "Wait a moment and send again, or choose another model.",
    Overloaded: "Wait a moment and send again, or choose another model.",
    ServerError: "Send again. If the error persists, check status.anthropic.com.",
}


def _hint(kind: type[ProviderError], details: ErrorDetails, credential: CredentialKind, custom_url: bool) -> str:
    if kind is AuthenticationFailed:
        return credential_hint(credential, custom_url)
    if advice := specific_hint(details.message, details.code, details.appeal_url):
        return advice
    if kind in (BadRequest, PermissionDenied) and rejects_web_search(details.message):
        return SEARCH_HINT
    if "credit balance" in details.message.lower():
        return _HINTS[BillingProblem]
    if kind is BadRequest and (advice := length_hint(details.message, details.type)):
        return advice
    if kind is NotFound and (model := _unknown_model(details)):
        from tui.anthropic.models import suggestion  # only for unknown names

        return suggestion(model)
    return _HINTS.get(kind, "")


def redirect_error(status: int, location: str, request_id: str = "") -> ProviderError:
    """Return the error for a response that redirects elsewhere. `status` is 0 if unknown."""
    where = f" to {clean(location)}" if location else ""
    return ProtocolError(
        f"The server answered {status or 'with a redirect'}: it redirects the request{where}",
        "prx does not send credentials to another address. If that address is correct, set it as `api_url`.",
        status=status,
        request_id=clean(request_id),
    )
