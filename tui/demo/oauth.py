"""The pretend token endpoint: refresh tokens that work once, access tokens that expire, and the ways in which it can fail.

Like the real one it detects reuse: a refresh token that comes a second time ends the whole login that it belongs to.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tui.demo.reply import Cut, Reply, Step
from tui.demo.wire import json_bytes

LIFE_S = 28_800
CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"


@dataclass
class _Login:
    """One sign-in, and every token that came of it."""

    access: dict[str, float] = field(default_factory=dict)
    """Token -> when it expires, in seconds since the epoch."""
    current: str = ""
    """The one refresh token that is good."""
    is_over: bool = False


@dataclass(frozen=True)
class Trouble:
    """What one POST gets instead of the usual answer, or besides it."""

    status: int = 0
    """0: it is answered as usual."""
    body: bytes = b""
    before: tuple[Step, ...] = ()
    """Pauses and gates before the answer leaves; the tokens have changed hands by then."""
    lost: bool = False
    """The tokens change hands, and the connection is cut before the answer."""
    without: tuple[str, ...] = ()
    """Fields that the answer lacks. Without `refresh_token`, the old one stays good."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields that the answer has besides, or instead."""


class TokenEndpoint:
    """Issues and renews logins. `FakeAnthropic(oauth=…)` serves it, and takes no token but those it issued and honours."""

    def __init__(self, *, clock: Callable[[], float] = time.time, life_s: int = LIFE_S) -> None:
        self.posts = 0
        """Every POST that arrived."""
        self.renewals = 0
        """Those that were given new tokens."""
        self.reuses = 0
        """Refresh tokens that came a second time."""
        self._clock = clock
        self._life_s = life_s
        self._numbers = itertools.count(1)
        self._logins: dict[str, _Login] = {}
        self._troubles: deque[Trouble] = deque()
        self._lock = threading.Lock()

    def sign_in(self, life_s: float | None = None) -> tuple[str, str]:
        """The access token and the refresh token of a new login. `life_s`: how long the first one lives."""
        with self._lock:
            login = _Login()
            return self._issue(login, self._life_s if life_s is None else life_s)

    def trouble(self, *troubles: Trouble) -> None:
        """Queues what the next POSTs get, one each."""
        self._troubles.extend(troubles)

    def revoke(self, access_token: str) -> None:
        """From now on the token is answered with 401, whatever its life."""
        for login in self._logins.values():
            if access_token in login.access:
                login.access[access_token] = 0.0

    def __contains__(self, token: object) -> bool:
        """Whether requests with that access token are refused."""
        now = self._clock()
        known = (login for login in self._logins.values() if token in login.access)
        return not any(not login.is_over and login.access[str(token)] > now for login in known)

    def respond(self, body: dict[str, Any]) -> Reply:
        """The answer to one POST."""
        with self._lock:
            self.posts += 1
            trouble = self._troubles.popleft() if self._troubles else Trouble()
            if trouble.status:
                return _json(trouble.status, trouble.body, trouble.before)
            if body.get("grant_type") != "refresh_token" or body.get("client_id") != CLIENT_ID:
                return _error("invalid_request", "This is not how a token is renewed.")
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
