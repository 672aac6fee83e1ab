"""The simulated token endpoint: refresh tokens that work once, access tokens that expire, and possible failures.

Like the real one it detects reuse: using a refresh token twice ends the whole login that it belongs to.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from tui.demo.authentication import OAUTH_BETA
from tui.demo.reply import Cut, Reply, Step
from tui.demo.wire import json_bytes

LIFE_S = 28_800
CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"


@dataclass
class _Login:
    """One sign-in, and all tokens that resulted from it."""

    access: dict[str, float] = field(default_factory=dict)
    """Token -> when it expires, in seconds since the epoch."""
    current: str = ""
    """The only valid refresh token."""
    is_over: bool = False
    client_id: str = CLIENT_ID
    """The only client that may renew it."""
    needs_beta: bool = False
    """True if renewing it needs the beta header, as for the profiles of `ant auth login`."""


@dataclass(frozen=True)
class Trouble:
    """What one POST receives instead of the usual answer, or in addition to it."""

    status: int = 0
    """0: the usual answer."""
    body: bytes = b""
    before: tuple[Step, ...] = ()
    """Pauses and gates before the answer is sent; the tokens are already replaced by then."""
    lost: bool = False
    """The tokens are replaced, and the connection is cut before the answer."""
    without: tuple[str, ...] = ()
    """Fields that the answer omits. Without `refresh_token`, the old one stays valid."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields that the answer has in addition, or with another value."""


class TokenEndpoint:
    """Issues and renews logins. `FakeAnthropic(oauth=…)` serves it, and accepts only tokens that it issued and that are
    valid.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, life_s: int = LIFE_S) -> None:
        self.posts = 0
        """Number of all POST requests."""
        self.renewals = 0
        """Number of requests that received new tokens."""
        self.reuses = 0
        """Number of refresh tokens that were used a second time."""
        self._clock = clock
        self._life_s = life_s
        self._numbers = itertools.count(1)
        self._logins: dict[str, _Login] = {}
        self._troubles: deque[Trouble] = deque()
        self._lock = threading.Lock()

    def sign_in(
        self, life_s: float | None = None, client_id: str = CLIENT_ID, *, needs_beta: bool = False
    ) -> tuple[str, str]:
        """Return the access token and the refresh token of a new login. `life_s`: lifetime of the first access token."""
        with self._lock:
            login = _Login(client_id=client_id, needs_beta=needs_beta)
            return self._issue(login, self._life_s if life_s is None else life_s)

    def trouble(self, *troubles: Trouble) -> None:
        """Queue what the next POST requests receive, one each."""
        self._troubles.extend(troubles)

    def revoke(self, access_token: str) -> None:
        """Answer this token with 401 from now on."""
        for login in self._logins.values():
            if access_token in login.access:
                login.access[access_token] = 0.0

    def __contains__(self, token: object) -> bool:
        """True if requests with this access token are rejected."""
        now = self._clock()
        known = (login for login in self._logins.values() if token in login.access)
        return not any(not login.is_over and login.access[str(token)] > now for login in known)

    def respond(self, body: dict[str, Any], betas: Container[str] = ()) -> Reply:
        """The answer to one POST with these beta headers."""
        with self._lock:
            self.posts += 1
            trouble = self._troubles.popleft() if self._troubles else Trouble()
            if trouble.status:
                return _json(trouble.status, trouble.body, trouble.before)
            login = self._logins.get(str(body.get("refresh_token", "")))
            client_id = login.client_id if login is not None else CLIENT_ID
            if body.get("grant_type") != "refresh_token" or body.get("client_id") != client_id:
                return _error("invalid_request", "This is not how a token is renewed.")
            if login is not None and login.needs_beta and OAUTH_BETA not in betas:
                return _error("invalid_request", f"The anthropic-beta header lacks {OAUTH_BETA}.")
            return self._renew(str(body.get("refresh_token", "")), trouble)

    def _renew(self, refresh_token: str, trouble: Trouble) -> Reply:
        login = self._logins.get(refresh_token)
        if login is not None and login.current != refresh_token:
            self.reuses += 1
            login.is_over = True
        if login is None or login.is_over:
            return _error("invalid_grant", "Refresh token not found or invalid")
        self.renewals += 1
        access, renewed = self._issue(login, self._life_s)
        if "refresh_token" in trouble.without:
            login.current = refresh_token
        answer = {
            "token_type": "Bearer",
            "access_token": access,
            "refresh_token": renewed,
            "expires_in": self._life_s,
            "scope": "user:inference user:profile",
        } | trouble.extra
        content = json_bytes({name: value for name, value in answer.items() if name not in trouble.without})
        return _json(200, content, (*trouble.before, *((Cut(),) if trouble.lost else ())))

    def _issue(self, login: _Login, life_s: float) -> tuple[str, str]:
        number = next(self._numbers)
        access, refresh = f"sk-ant-oat01-demo-{number:04d}", f"sk-ant-ort01-demo-{number:04d}"
        login.access[access] = self._clock() + life_s
        login.current = refresh
        self._logins[refresh] = login
        return access, refresh


def _error(code: str, words: str) -> Reply:
    return _json(400, json_bytes({"error": code, "error_description": words}))


def _json(status: int, body: bytes, before: tuple[Step, ...] = ()) -> Reply:
    return Reply(status, (("content-type", "application/json"),), (body,), before=before)
