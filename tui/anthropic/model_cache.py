"""The server's list of models as it was told last, in a file of the cache folder, one for each server.

Only a copy: whatever is wrong with it, it is as good as not there.
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
    """What a server listed. No models: it has no list, which need not be asked again for a day either."""

    models: tuple[Model, ...]
    at_s: float
    """When it was asked, in seconds since the epoch."""
    table: str
    """The table that its entries were completed from."""

    def is_fresh(self, now_s: float) -> bool:
        """Whether it need not be asked for again; a list from the future is none that can be trusted."""
        return 0 <= now_s - self.at_s < FRESH_S


def cache_file(folder: Path, api_url: str) -> Path:
    """Where the list of that server is kept. Its address may hold a password, so the name holds only a trace of it."""
    address = api_url.encode(errors="backslashreplace")  # a variable of the environment may hold bytes that are no text
    return folder / f"models-{_trace(address)}.json"


def read_list(file: Path) -> CachedModelList | None:
    """The list; None where there is none, none that can be read, or one that was completed from another table."""
    try:
        listed = decode_json(read_file(file, SETTINGS_FILE_BYTES), type=CachedModelList)
    except (OSError, msgspec.DecodeError):
        return None
    return listed if listed.table == _table() else None


def write_list(file: Path, models: tuple[Model, ...], at_s: float) -> CachedModelList:
    """Keeps the list as of that time, and returns it. Where that cannot be done, the next start asks for it again."""
    listed = CachedModelList(models=models, at_s=at_s, table=_table())
    with suppress(OSError, Occupied), locked(file, _LOCK_S):
        write_private(file, msgspec.json.encode(listed))
    return listed


def _table() -> str:
    return _trace(msgspec.json.encode(MODELS))


def _trace(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
