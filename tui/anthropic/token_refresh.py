"""Refresh a login of another program exactly once, however many requests, threads and programs need it at the same time.

Each refresh token works only once, and using it twice signs everybody out. So a refresh waits for the lock, reads the login
again in case another program was faster, records which token is about to be used, and only then uses it. New tokens are
written back before they are used. Blocking: `auth` calls it in threads.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from tui.anthropic.claude_locks import claude_locks, claude_write_lock
from tui.anthropic.credentials import OAuthToken, read_login, reread_profile
from tui.anthropic.login import TokenGrant, Unusable, parse_login, with_new_tokens
from tui.anthropic.token_endpoint import GrantRefused, RefreshFailed, ReplyLost, keeper_of
from tui.errors import TuiError
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import Occupied, locked, read_unfinished, write_private

EARLY_S = 90.0
"""A token is refreshed when so much of its life is left, or less."""
_PAUSE_S = 30.0
"""Wait so long after a failed refresh before the next one while the token is still valid."""
_LOCK_S = 45.0
"""Timeout for our lock: longer than its holder waits for the endpoint."""
_CLAUDE_LOCK_S = 20.0
"""Timeout for Claude Code's locks, which are held only briefly."""
_WRITE_LOCK_S = 20.0
"""Timeout for the lock under which Claude Code writes: longer than a killed program can leave it behind."""


class LoginGone(RefreshFailed):
    """Raised if there is no login any more, or no refresh token."""


class TokenRefresher:
    """Keeps one login valid. Every method may be called from any thread.

    `exchange` trades the refresh token of a login for a TokenGrant. `reread` returns the current login from where it was
    found; by default its file. `now` counts seconds from the epoch. `warn` is called once if a refreshed login cannot be
    stored.
    """

    def __init__(
        self,
        login: OAuthToken,
        exchange: Callable[[OAuthToken], TokenGrant],
        *,
        now: Callable[[], float],
        warn: Callable[[str], None],
        reread: Callable[[], OAuthToken | Unusable] | None = None,
    ) -> None:
        self._held = login
        self._exchange = exchange
        self._now = now
        self._warn = warn
        self._reread = reread or self._read_file
        self._one_at_a_time = threading.Lock()
        self._rejected: set[str] = set()
        """Access tokens that were replaced or rejected."""
        self._used: dict[str, type[GrantRefused] | type[ReplyLost]] = {}
        """Refresh tokens that were sent and must not be sent again, with the outcome."""
        self._quiet_until_s = float("-inf")
        self._has_warned = False

    def current(self) -> OAuthToken:
        """Return the token to sign with, without waiting; it may have expired."""
        return self._held

    def is_valid(self) -> bool:
        """True if the token is still valid."""
        return self._is_valid(self._held)

    def is_due(self) -> bool:
        """True if the token should be refreshed before it is used."""
        left_s = self._remaining_s(self._held)
        return left_s <= 0 or (left_s <= EARLY_S and self._now() >= self._quiet_until_s)

    def before_request(self) -> OAuthToken:
        """Return a valid token, refreshed if due. Raises a TuiError if that fails and the old one has expired."""
        try:
            return self._valid_token(lambda token: self._remaining_s(token) > EARLY_S)
        except TuiError:
            self._quiet_until_s = self._now() + _PAUSE_S
            if self._is_valid(self._held):
                return self._held
            raise

    def after_unauthorized(self, refused: OAuthToken) -> OAuthToken:
        """Return another token after a 401. Raises a TuiError if there is none."""
        self._rejected.add(refused.access_token)
        return self._valid_token(self._is_valid)

    def _valid_token(self, suffices: Callable[[OAuthToken], bool]) -> OAuthToken:
        with self._one_at_a_time:
            if self._is_valid(self._held) and suffices(self._held):
                return self._held
            with self._locks():
                problem = self._reload()
                if not (self._is_valid(self._held) and suffices(self._held)):
                    self._refresh(problem)
                return self._held

    @contextmanager
    def _locks(self) -> Iterator[None]:
        """Hold our lock and, for its login, Claude Code's; no lock if the folder is not writable, since then nobody can
        refresh the login.
        """
        with ExitStack() as stack:
            if self._held.file is not None:
                try:
                    stack.enter_context(locked(self._held.file, _LOCK_S))
                    if self._held.is_claude_code_login:
                        stack.enter_context(claude_locks(self._held.file, _CLAUDE_LOCK_S))
                except Occupied:
                    raise RefreshFailed(
                        f"{keeper_of(self._held).login} is being refreshed by another program, which does not finish",
                        "Send again.",
                    ) from None
                except OSError:
                    pass
            yield

    def _reload(self) -> str:
        """Take over a login that another program refreshed; return the problem if there is none any more."""
        self._complete_interrupted()
        found = self._reread()
        if isinstance(found, Unusable):
            return found.reason
        is_news = found.access_token not in self._rejected
        if is_news and (not self._is_valid(self._held) or self._remaining_s(found) >= self._remaining_s(self._held)):
            self._held = found
        return ""

    def _refresh(self, problem: str) -> None:
        """Use the refresh token. Only while holding the locks."""
        login = self._held
        keeper = keeper_of(login)
        if problem:  # perhaps the file is being written right now: its content must be neither used nor lost
            raise LoginGone(f"{keeper.login} cannot be refreshed ({_place(login)}: {problem})", keeper.sign_in)
        if not login.refresh_token and login.profile:
            raise LoginGone(f"{keeper.login} has expired, and another program has to renew it", keeper.sign_in)
        if not login.refresh_token or login.file is None:
            where = "has no refresh token" if login.file is not None else "can only be refreshed by Claude Code"
            raise LoginGone(f"Claude Code's login has expired, and {_place(login)} {where}", "Open Claude Code.")
        if verdict := self._used.get(login.refresh_token):
            raise verdict(keeper)
        if _mark(login.refresh_token) == _read_mark(login.file):
            raise ReplyLost(keeper)
        self._used[login.refresh_token] = ReplyLost
        _write_mark(login.file, login.refresh_token)
        try:
            grant = self._exchange(login)
        except ReplyLost:
            raise
        except GrantRefused:
            self._used[login.refresh_token] = GrantRefused
            _remove_mark(login.file)
            if not self._was_refreshed_elsewhere(login):
                raise
        except TuiError:  # the token was not used
            del self._used[login.refresh_token]
            _remove_mark(login.file)
            raise
        else:
            self._store(login, grant)

    def _was_refreshed_elsewhere(self, login: OAuthToken) -> bool:
        """True if a program that ignores the lock refreshed the login after we read it."""
        found = self._reread()
        if isinstance(found, Unusable) or found.refresh_token == login.refresh_token or not self._is_valid(found):
            return False
        self._held = found
        return True

    def _store(self, login: OAuthToken, grant: TokenGrant) -> None:
        """Use the new tokens, and write them to the file of the old ones."""
        assert login.file is not None
        self._rejected.add(login.access_token)
        self._held = replace(
            login,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token or login.refresh_token,
            expires_at_s=grant.expires_at_s,
        )
        if not grant.refresh_token:
            del self._used[login.refresh_token]
        try:
            with self._writing(login.file):
                raw = read_file(login.file, SETTINGS_FILE_BYTES)
                found = parse_login(raw)
                if isinstance(found, Unusable):
                    self._warn_once(f"{login.file} {found.reason} and was left unchanged")
                    return
                if found.refresh_token != login.refresh_token:  # the user signed in again meanwhile: keep that login
                    return
                write_private(login.file, _with_new_tokens(login, raw, grant))
        except OSError as error:
            self._warn_once(f"{login.file} cannot be written ({error.strerror or 'unknown error'})")
            return
        _remove_mark(login.file)

    @contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        """Hold the lock under which Claude Code writes its file, so that neither puts the other's old tokens back.

        Go on without it if it stays taken: unwritten tokens would sign everybody out for certain.
        """
        with ExitStack() as stack:
            if self._held.is_claude_code_login:
                with suppress(Occupied):
                    stack.enter_context(claude_write_lock(file, _WRITE_LOCK_S))
            yield

    def _warn_once(self, problem: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            then = "you may have to sign in again" if self._held.profile else "Claude Code may ask you to sign in"
            self._warn(
                f"{keeper_of(self._held).login} was refreshed, but {problem}. The new one is valid until prx exits; then "
                f"{then}."
            )

    def _complete_interrupted(self) -> None:
        """Move a file into place that a killed program had written: it is the only copy of new tokens."""
        file = self._held.file
        if file is None or not (raw := read_unfinished(file)):
            return
        with suppress(OSError), self._writing(file):
            before, after = parse_login(read_file(file, SETTINGS_FILE_BYTES)), parse_login(raw)
            if isinstance(before, Unusable) or isinstance(after, Unusable):
                return
            if _mark(before.refresh_token) == _read_mark(file):
                write_private(file, raw)
                _remove_mark(file)

    def _read_file(self) -> OAuthToken | Unusable:
        assert self._held.file is not None
        if self._held.profile:
            return reread_profile(self._held, now_s=self._now())
        return read_login(self._held.file, now_s=self._now())

    def _remaining_s(self, token: OAuthToken) -> float:
        return float("inf") if token.expires_at_s is None else token.expires_at_s - self._now()

    def _is_valid(self, token: OAuthToken) -> bool:
        return token.access_token not in self._rejected and bool(token.access_token) and self._remaining_s(token) > 0


def _with_new_tokens(login: OAuthToken, raw: bytes, grant: TokenGrant) -> bytes:
    if not login.profile:
        return with_new_tokens(raw, grant)
    from tui.anthropic.profiles import with_new_profile_tokens

    return with_new_profile_tokens(raw, grant.access_token, grant.refresh_token, grant.expires_at_s)


def _place(login: OAuthToken) -> str:
    return str(login.file) if login.file is not None else "the macOS Keychain"


# A note records which refresh token was sent and not answered yet. It survives if the program is killed while it waits.


def _note_file(file: Path) -> Path:
    target = Path(os.path.realpath(file))
    return target.with_name(f"{target.name}.prx-refresh")


def _mark(refresh_token: str) -> bytes:
    """Return the hash that stands for a token in the note."""
    return hashlib.sha256(refresh_token.encode()).hexdigest().encode()


def _read_mark(file: Path) -> bytes:
    try:
        return read_file(_note_file(file), SETTINGS_FILE_BYTES)
    except OSError:
        return b""


def _write_mark(file: Path, refresh_token: str) -> None:
    with suppress(OSError):  # if it cannot be written, only this program remembers it
        write_private(_note_file(file), _mark(refresh_token))


def _remove_mark(file: Path) -> None:
    with suppress(OSError):
        _note_file(file).unlink(missing_ok=True)
