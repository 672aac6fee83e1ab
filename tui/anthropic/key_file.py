"""The file with the key or setup token that `prx auth login` stores, and the workspace of the key.

Only the user can read the file.
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
    """Raised if the key could not be written or removed."""


class StoredKey(Confidential, frozen=True):
    secrets: ClassVar = ("secret",)
    secret: str
    workspace_id: str = ""
    """As in the file; "" if the key needs none."""


def read_key(file: Path) -> StoredKey | Unusable:
    """Return the stored secret and its workspace."""
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
        return Unusable("contains no key: run `prx auth login` again")
    return StoredKey(secret, workspace_id if isinstance(workspace_id, str) else "")


def write_key(file: Path, secret: str, workspace_id: str = "") -> None:
    """Store the secret, and its workspace if it needs one, replacing any other. Raises NotStored."""
    content = {_FIELD: secret} | ({_WORKSPACE: workspace_id} if workspace_id else {})
    try:
        with locked(file, _LOCK_S):
            write_private(file, msgspec.json.encode(content))
    except (OSError, Occupied) as error:
        raise NotStored(f"{file} cannot be written: {_reason(error)}", "Set ANTHROPIC_API_KEY instead.") from error


def remove_key(file: Path) -> bool:
    """Remove the secret. Return False if none was stored. Raises NotStored."""
    if not file.exists():
        return False
    try:
        with locked(file, _LOCK_S):
            file.unlink(missing_ok=True)
    except (OSError, Occupied) as error:
        raise NotStored(f"{file} cannot be removed: {_reason(error)}", "Remove it by hand.") from error
    return True


def _reason(error: OSError | Occupied) -> str:
    return "another program is using it" if isinstance(error, Occupied) else error.strerror or "unknown error"
