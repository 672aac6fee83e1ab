"""Renews the login of Claude Code: once, however many requests, threads and programs want it at the same time.

Each refresh token works only once, and whoever uses it a second time logs everybody out. So whoever wants to renew waits for
the lock, reads the login again, since somebody may have been faster, notes which token is about to be used, and only then
uses it. The new tokens are written back before they are used. Blocking: `auth` calls it in threads.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from tui.anthropic.claude_locks import claude_locks
from tui.anthropic.credentials import OAuthToken, read_login
from tui.anthropic.login import TokenGrant, Unusable, parse_login, with_new_tokens
from tui.anthropic.token_endpoint import SIGN_IN_HINT, GrantRefused, RefreshFailed, ReplyLost
from tui.errors import TuiError
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import Occupied, locked, read_unfinished, write_private

EARLY_S = 90.0
"""With so much of its life left, or less, a token is renewed before it is used."""
_PAUSE_S = 30.0
"""After a renewal failed, for which a token that still lives is not bothered again."""
_LOCK_S = 45.0
"""For our lock: longer than its holder waits for the endpoint."""
_CLAUDE_LOCK_S = 20.0
"""For Claude Code's, which is held for a moment."""


class LoginGone(RefreshFailed):
    """There is no login any more, or nothing to renew it with."""


class TokenRefresher:
    """One login, kept alive. Every method may be called from any thread.

    `exchange` trades a refresh token for a Grant. `reread` says what the login is now in the place where it was found: by
    default, in its file. `now` counts seconds from the epoch. `warn` is told, once, if a renewed login cannot be kept.
    """

    def __init__(
        self,
        login: OAuthToken,
        exchange: Callable[[str], TokenGrant],
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
        self._over: set[str] = set()
        """Access tokens that were renewed or refused."""
        self._used: dict[str, type[GrantRefused] | type[ReplyLost]] = {}
        """Refresh tokens that were sent and may not be sent again, and what came of it."""
        self._quiet_until_s = float("-inf")
        self._has_warned = False

    def in_use(self) -> OAuthToken:
        """The token to sign with, without waiting; it may be old."""
        return self._held

    def is_alive(self) -> bool:
        """Whether the token can still be used as it is."""
        return self._lives(self._held)

    def is_due(self) -> bool:
        """Whether the token should be renewed before it is used."""
        left_s = self._left_s(self._held)
        return left_s <= 0 or (left_s <= EARLY_S and self._now() >= self._quiet_until_s)

    def before_request(self) -> OAuthToken:
        """A token with life in it, renewed where it is due. Raises a TuiError when that fails and the old one is dead."""
        try:
            return self._renewed(lambda token: self._left_s(token) > EARLY_S)
        except TuiError:
            self._quiet_until_s = self._now() + _PAUSE_S
            if self._lives(self._held):
                return self._held
            raise

    def after_refusal(self, refused: OAuthToken) -> OAuthToken:
        """Another token in place of one that was answered with 401. Raises a TuiError when there is none to be had."""
        self._over.add(refused.access_token)
        return self._renewed(self._lives)

    def _renewed(self, suffices: Callable[[OAuthToken], bool]) -> OAuthToken:
        with self._one_at_a_time:
            if self._lives(self._held) and suffices(self._held):
                return self._held
            with self._turn():
                problem = self._look_again()
                if not (self._lives(self._held) and suffices(self._held)):
                    self._renew(problem)
                return self._held

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Our lock and Claude Code's; none where the folder cannot be written, as then nobody can renew the login."""
        with ExitStack() as stack:
            if self._held.file is not None:
                try:
                    stack.enter_context(locked(self._held.file, _LOCK_S))
                    stack.enter_context(claude_locks(self._held.file, _CLAUDE_LOCK_S))
                except Occupied:
                    raise RefreshFailed(
                        "Claude Code's login is being renewed by another program that does not finish", "Send again."
                    ) from None
                except OSError:
                    pass
            yield

    def _look_again(self) -> str:
        """Takes over what somebody else renewed meanwhile; says why not, where there is no login any more."""
        self._complete_interrupted()
        found = self._reread()
        if isinstance(found, Unusable):
            return found.reason
        is_news = found.access_token not in self._over
        if is_news and (not self._lives(self._held) or self._left_s(found) >= self._left_s(self._held)):
            self._held = found
        return ""

    def _renew(self, problem: str) -> None:
        """Uses the refresh token. Only for whoever has the turn."""
        login = self._held
        if problem:  # also a file that is being written just now: nothing that is in it may be used or lost
            raise LoginGone(f"Claude Code's login cannot be renewed ({_place(login)}: {problem})", SIGN_IN_HINT)
        if not login.refresh_token or login.file is None:
            where = "holds nothing to renew it with" if login.file is not None else "can be written by Claude Code only"
            raise LoginGone(f"Claude Code's login is over, and {_place(login)} {where}", "Open Claude Code.")
        if verdict := self._used.get(login.refresh_token):
            raise verdict
        if _mark(login.refresh_token) == _read_mark(login.file):
            raise ReplyLost
        self._used[login.refresh_token] = ReplyLost
        _write_mark(login.file, login.refresh_token)
        try:
            grant = self._exchange(login.refresh_token)
        except ReplyLost:
            raise
        except GrantRefused:
            self._used[login.refresh_token] = GrantRefused
            _remove_mark(login.file)
            if not self._was_outrun(login):
                raise
        except TuiError:  # it was not used up
            del self._used[login.refresh_token]
            _remove_mark(login.file)
            raise
        else:
            self._keep(login, grant)

    def _was_outrun(self, login: OAuthToken) -> bool:
        """Whether somebody who does not ask for the lock renewed it between our reading and our asking."""
        found = self._reread()
        if isinstance(found, Unusable) or found.refresh_token == login.refresh_token or not self._lives(found):
            return False
        self._held = found
        return True

    def _keep(self, login: OAuthToken, grant: TokenGrant) -> None:
        """Holds the new tokens, and writes them where the old ones were."""
        assert login.file is not None
        self._over.add(login.access_token)
        self._held = replace(
            login,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token or login.refresh_token,
            expires_at_s=grant.expires_at_s,
        )
        if not grant.refresh_token:
            del self._used[login.refresh_token]
        try:
            raw = read_file(login.file, SETTINGS_FILE_BYTES)
            found = parse_login(raw)
            if isinstance(found, Unusable):
                self._warn_once(f"{login.file} {found.reason}, and is left as it is")
                return
            if found.refresh_token != login.refresh_token:  # somebody signed in anew meanwhile: theirs stays
                return
            write_private(login.file, with_new_tokens(raw, grant))
        except OSError as error:
            self._warn_once(f"{login.file} cannot be written ({error.strerror or 'unknown error'})")
            return
        _remove_mark(login.file)

    def _warn_once(self, problem: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"Claude Code's login was renewed, but {problem}. The new one is kept until prx ends; then Claude Code may "
                "ask you to sign in."
            )

    def _complete_interrupted(self) -> None:
        """Puts in place what a program had written when it was killed: the only copy of tokens already paid for."""
        file = self._held.file
        if file is None or not (raw := read_unfinished(file)):
            return
        with suppress(OSError):
            before, after = parse_login(read_file(file, SETTINGS_FILE_BYTES)), parse_login(raw)
            if isinstance(before, Unusable) or isinstance(after, Unusable):
                return
            if _mark(before.refresh_token) == _read_mark(file):
                write_private(file, raw)
                _remove_mark(file)

    def _read_file(self) -> OAuthToken | Unusable:
        assert self._held.file is not None
        return read_login(self._held.file, now_s=self._now())

    def _left_s(self, token: OAuthToken) -> float:
        return float("inf") if token.expires_at_s is None else token.expires_at_s - self._now()

    def _lives(self, token: OAuthToken) -> bool:
        return token.access_token not in self._over and bool(token.access_token) and self._left_s(token) > 0


def _place(login: OAuthToken) -> str:
    return str(login.file) if login.file is not None else "the macOS Keychain"


# The note of which refresh token was sent and not answered yet. It outlives a program that is killed while it waits.


def _note_file(file: Path) -> Path:
    target = Path(os.path.realpath(file))
    return target.with_name(f"{target.name}.prx-refresh")


def _mark(refresh_token: str) -> bytes:
    """What stands for a token in the note: nobody gets the token back from it."""
    return hashlib.sha256(refresh_token.encode()).hexdigest().encode()


def _read_mark(file: Path) -> bytes:
    try:
        return read_file(_note_file(file), SETTINGS_FILE_BYTES)
    except OSError:
        return b""


def _write_mark(file: Path, refresh_token: str) -> None:
    with suppress(OSError):  # where nothing can be written, the memory of this program has to do
        write_private(_note_file(file), _mark(refresh_token))


def _remove_mark(file: Path) -> None:
    with suppress(OSError):
        _note_file(file).unlink(missing_ok=True)
