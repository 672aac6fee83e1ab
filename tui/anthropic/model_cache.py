"""The server's model list as last received, in a file of the cache folder; one file per server.

The file is only a cache: if anything is wrong with it, it is ignored.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.anthropic.models import MODELS
from tui.chat.model import Model
from tui.inputs.bounded import decode_json, read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import Occupied, locked, write_private

FRESH_S = 24 * 3600.0
_LOCK_S = 1.0


class CachedModelList(msgspec.Struct, frozen=True, kw_only=True):
    """A server's model list. No models means that it has no list, which is also cached for a day."""

    models: tuple[Model, ...]
    at_s: float
    """When it was fetched, in seconds since the epoch."""
    table: str
    """Hash of the table that its entries were completed from."""

    def is_fresh(self, now_s: float) -> bool:
        """True if it is less than a day old. A list from the future is not trusted."""
        return 0 <= now_s - self.at_s < FRESH_S


def cache_file(folder: Path, api_url: str) -> Path:
    """Return the file for that server. Its name contains only a hash, since the address may contain a password."""
    address = api_url.encode(errors="backslashreplace")  # an environment variable may contain bytes that are not text
    return folder / f"models-{_trace(address)}.json"


def read_list(file: Path) -> CachedModelList | None:
    """Return the list, or None if it is missing, unreadable, or completed from another table."""
    try:
        listed = decode_json(read_file(file, SETTINGS_FILE_BYTES), type=CachedModelList)
    except (OSError, msgspec.DecodeError):
        return None
    return listed if listed.table == _table() else None


def write_list(file: Path, models: tuple[Model, ...], at_s: float) -> CachedModelList:
    """Store the list with that time, and return it. If it cannot be written, the next start fetches it again."""
    listed = CachedModelList(models=models, at_s=at_s, table=_table())
    with suppress(OSError, Occupied), locked(file, _LOCK_S):
        write_private(file, msgspec.json.encode(listed))
    return listed


def _table() -> str:
    return _trace(msgspec.json.encode(MODELS))


def _trace(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
