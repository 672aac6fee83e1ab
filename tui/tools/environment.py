"""The environment of commands: the app's own, without likely secrets. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit, urlunsplit

from tui.masking import KNOWN

CREDENTIALS = frozenset(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"))
"""Variables that hold the credentials of prx."""

_PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0"}
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:TOKEN|SECRET|SECRET_KEY|PASSWORD|PASSWD|PASSPHRASE|PASS|PAT|API_?KEYS?|ACCESS_KEY|PRIVATE_KEY|AUTH|COOKIE)$"
    r"|PASSWORD$|^MYSQL_PWD$|_CREDENTIALS?$|_CONNECTION_STRING$"
)
_SECRET_VALUE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bBearer\s+\S{8,}|\bBasic\s+[A-Za-z0-9+/]{8,}")
_PATH = re.compile(r"[~/][^\s@:]*")
_USER = re.compile(r"://[^\s/]*@|://[^\s@/]*:[^\s]*@|^[^\s/@:]+:(?!//)[^\s@]+@[\w.-]+")


def for_commands(env: Mapping[str, str], withheld: Collection[str], given: Collection[str] = ()) -> dict[str, str]:
    """Return the variables for commands. `withheld` are left out; `given` are kept whatever they contain.

    A proxy's address is kept without its password. Everything else that looks like a credential is left out.
    """
    kept = {name: value for name, value in env.items() if name not in withheld}
    shown = {name: value if name in given else _harmless(name, value) for name, value in kept.items()}
    return {name: value for name, value in shown.items() if value is not None} | _PLAIN


def is_secret(name: str, value: str) -> bool:
    """True if the name or the value of a variable looks like a credential."""
    if not value.strip() or value.lower() in ("0", "1", "true", "false", "yes", "no"):
        return False
    if KNOWN.search(value) or _SECRET_VALUE.search(value) or _USER.search(value):
        return True
    return _SECRET_NAME.search(name.upper()) is not None and _PATH.fullmatch(value) is None


def _harmless(name: str, value: str) -> str | None:
    """Return the value without a secret; None if nothing is left of it."""
    if not is_secret(name, value):
        return value
    return _without_user(value) if name.lower().endswith("_proxy") else None


def _without_user(address: str) -> str | None:
    """Return an address without user name and password; None if they cannot be told apart."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    except ValueError:
        return None
    shown = urlunsplit(bare) if "://" in address else bare.netloc
    return None if "@" in shown or KNOWN.search(shown) else shown
