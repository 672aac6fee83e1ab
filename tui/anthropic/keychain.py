"""Read the macOS Keychain through its command. It is never written, which would expose a secret to other programs."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping

from tui.anthropic.key_file import NOTHING_STORED
from tui.anthropic.login import Unusable, login_folder
from tui.inputs.bounded_program import run_program
from tui.inputs.limits import SETTINGS_FILE_BYTES

_SERVICE = "Claude Code-credentials"
_TIMEOUT_S = 10.0  # the system may ask the user for permission
_NOT_FOUND = 44


def service_name(env: Mapping[str, str]) -> str:
    """Return the Keychain service of Claude Code's login. Each of its folders has its own. Source: observed behaviour."""
    folder = login_folder(env)
    if not folder.strip():
        return _SERVICE
    return f"{_SERVICE}-{hashlib.sha256(unicodedata.normalize('NFC', folder).encode()).hexdigest()[:8]}"


def read_secret(service: str) -> bytes | Unusable:
    """Return what the Keychain holds for that service: for this user, else for any user."""
    answer: bytes | Unusable = Unusable(NOTHING_STORED)
    for account in (["-a", _user()], []):
        answer = _ask(["find-generic-password", *account, "-s", service, "-w"])
        if isinstance(answer, bytes):
            break
    return answer


def _ask(arguments: list[str]) -> bytes | Unusable:
    import subprocess  # on macOS only

    try:
        asked = run_program(["security", *arguments], timeout_s=_TIMEOUT_S, limit_bytes=SETTINGS_FILE_BYTES)
    except subprocess.TimeoutExpired:
        return Unusable("did not answer: unlock it or allow access")
    except OSError as error:
        return Unusable(f"cannot be read: {error.strerror or 'unknown error'}")
    if asked.code == _NOT_FOUND:
        return Unusable(NOTHING_STORED)
    if asked.code != 0:
        return Unusable(f"did not return it (the security command exited with {asked.code})")
    return _plain(asked.output.strip())


def _plain(printed: bytes) -> bytes:
    """Return the secret. The command prints non-ASCII secrets as hexadecimal digits."""
    try:
        return bytes.fromhex(printed.decode("ascii"))
    except ValueError:
        return printed


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
