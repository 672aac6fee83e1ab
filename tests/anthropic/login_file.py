"""A home with Claude Code's login in it, a clock that tests turn, and a pretend Anthropic that issued the login."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import httpx

from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import OAuthToken, discover
from tui.demo.oauth import TokenEndpoint
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

VERSION = {"anthropic-version": "2023-06-01"}


class Clock:
    """Seconds since the epoch, as the test wants them."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class SignedIn:
    """`with` it: a server, and a file with a login that it issued, `life_s` before its end."""

    def __init__(self, home: Path, *, life_s: float = 3600.0, renewed_life_s: int = 28_800) -> None:
        self.clock = Clock()
        self.endpoint = TokenEndpoint(clock=self.clock, life_s=renewed_life_s)
        self.service = FakeAnthropic(oauth=self.endpoint)
        self.home = home
        self.file = home / ".claude" / ".credentials.json"
        self.file.parent.mkdir(parents=True)
        self.access, self.refresh = self.endpoint.sign_in(life_s)
        self.warnings: list[str] = []
        self._open = ExitStack()
        self.write(self.access, self.refresh, self.clock.now + life_s)

    def __enter__(self) -> SignedIn:
        self.server = self._open.enter_context(Server(self.service))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def token_url(self) -> str:
        return f"{self.server.url}/v1/oauth/token"

    def write(self, access: str, refresh: str, expires_at_s: float) -> None:
        """What Claude Code would have written."""
        login = {"accessToken": access, "refreshToken": refresh, "expiresAt": int(expires_at_s * 1000)}
        self.file.write_text(json.dumps({"claudeAiOauth": {**login, "scopes": ["user:inference"]}, "mcpOAuth": {}}))
        self.file.chmod(0o600)

    def elsewhere_renewed(self) -> str:
        """The access token that Claude Code got when it renewed the login, and wrote into the file."""
        with httpx.Client(trust_env=False) as client:
            answer = client.post(
                self.token_url,
                json={
                    "grant_type": "refresh_token",
                    "refresh_token": self.in_file()["refreshToken"],
                    "client_id": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
                },
            ).json()
        self.write(answer["access_token"], answer["refresh_token"], self.clock.now + answer["expires_in"])
        return answer["access_token"]

    def in_file(self) -> dict:
        return json.loads(self.file.read_text())["claudeAiOauth"]

    def found(self) -> OAuthToken:
        login = discover("", {}, self.home, now_s=self.clock.now).require()
        assert isinstance(login, OAuthToken)
        return login

    def auth(self) -> httpx.Auth:
        return auth_for(
            self.found(), self.server.url, token_url=self.token_url, warn=self.warnings.append, now=self.clock
        )

    def tokens_sent(self) -> list[str]:
        """The access tokens of the requests that were not to the token endpoint."""
        return [one.headers["authorization"][7:] for one in self.server.requests if "oauth" not in one.path]
