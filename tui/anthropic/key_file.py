"""The key or setup token that the user gave to `prx auth login`, and the workspace that a key is used in.

In a file of prx's own, for the user's eyes only.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec

from tui.anthropic.confidential import Confidential
from tui.anthropic.login import Unusable
from tui.errors import TuiError
from tui.inputs.bounded import decode_json, read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import Occupied, locked, write_private

NOTHING_STORED = "nothing is stored"
_LOCK_S = 5.0
_FIELD = "anthropic"
_WORKSPACE = "anthropic_workspace_id"


class NotStored(TuiError):
    """The key could not be written, or not be removed."""


class StoredKey(Confidential, frozen=True):
    secrets: ClassVar = ("secret",)
    secret: str
    workspace_id: str = ""
    """As it stands in the file; "" where the key needs none."""


def read_key(file: Path) -> StoredKey | Unusable:
    """The stored secret, and the workspace that was stored with it."""
    try:
        data = decode_json(read_file(file, SETTINGS_FILE_BYTES))
    except FileNotFoundError:
        return Unusable(NOTHING_STORED)
    except OSError as error:
        return Unusable(f"cannot be read: {error.strerror or 'unknown error'}")
    except msgspec.DecodeError:
        return Unusable("is not JSON: run `prx auth login` again")
    secret, workspace_id = (data.get(_FIELD), data.get(_WORKSPACE)) if isinstance(data, dict) else (None, None)
    if not isinstance(secret, str) or not secret:
        return Unusable("holds no key: run `prx auth login` again")
    return StoredKey(secret, workspace_id if isinstance(workspace_id, str) else "")


def write_key(file: Path, secret: str, workspace_id: str = "") -> None:
    """Stores the secret, and the workspace where it needs one, in place of any other. Raises NotStored."""
    content = {_FIELD: secret} | ({_WORKSPACE: workspace_id} if workspace_id else {})
    try:
        with locked(file, _LOCK_S):
            write_private(file, msgspec.json.encode(content))
    except (OSError, Occupied) as error:
        raise NotStored(f"{file} cannot be written: {_reason(error)}", "Set ANTHROPIC_API_KEY instead.") from error


def remove_key(file: Path) -> bool:
    """Forgets the secret; False where none was stored. Raises NotStored."""
    if not file.exists():
        return False
    try:
        with locked(file, _LOCK_S):
            file.unlink(missing_ok=True)
    except (OSError, Occupied) as error:
        raise NotStored(f"{file} cannot be removed: {_reason(error)}", "Remove it by hand.") from error
    return True


def _reason(error: OSError | Occupied) -> str:
    return "another program is at it" if isinstance(error, Occupied) else error.strerror or "unknown error"
