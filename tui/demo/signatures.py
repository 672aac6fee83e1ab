"""Signatures of thinking blocks: each is bound to its text, its model and everything before it.

The newer models reject a block if anything before it has changed; cache markers and the oldest thinking blocks may be
removed. Source: Anthropic's page on preserved thinking.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.chat.model import Model
from tui.demo.checks import refuse
from tui.demo.errors import Refused
from tui.demo.prompt import Item, digest
from tui.demo.rules import BINDING_BETA

_KEY = b"a key for a pretend server"
_LAYOUT = struct.Struct(">I8s8s8s8s")
_MAC_BYTES = 16


@dataclass(frozen=True)
class Bond:
    """The content of a signature."""

    item_count: int
    """Number of items before it, without thinking."""
    past: bytes
    text: bytes
    model: bytes
    previous: bytes
    """The thinking block before it; zeros for the first."""


def sign(text: str, items: Sequence[Item], previous: str, model: Model) -> str:
    """Return the signature of a new block. `items` are the request's; `previous` is the signature of the block before it."""
    past = [item.data for item in items if not _is_thinking(item)]
    bond = _LAYOUT.pack(len(past), _short(*past), _short(text.encode()), _short(model.id.encode()), _name(previous))
    return base64.b64encode(bond + _mac(bond)).decode()


def read(signature: str) -> Bond | None:
    """Return the content of a signature; None if it is not ours."""
    try:
        data = base64.b64decode(signature, validate=True)
    except binascii.Error:
        return None
    bond, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if len(bond) != _LAYOUT.size or not hmac.compare_digest(mac, _mac(bond)):
        return None
    return Bond(*_LAYOUT.unpack(bond))


@dataclass(frozen=True)
class Checked:
    """The items without the blocks that the model does not see, and the blocks dropped because of a changed past."""

    items: tuple[Item, ...]
    dropped: tuple[str, ...]
    last_signature: str
    """Signature of the last visible thinking block, or ""."""


def check_thinking(body: dict[str, Any], items: Sequence[Item], model: Model, has_beta: bool) -> Checked:
    """Check the signature of every thinking block. Raises Refused if one is invalid, unless the block may be dropped."""
    blocks = _thinking_blocks(body)
    binding = (body.get("thinking") or {}).get("block_binding") or {}
    may_drop = binding.get("prefix_mismatch_behavior") == "drop_block"
    past: list[bytes] = []
    kept: list[Item] = []
    dropped: list[str] = []
    previous = ""
    for item in items:
        block = blocks.get(item.path)
        if block is None:
            kept.append(item)
            if not _is_thinking(item):
                past.append(item.data)
            continue
        bond = _checked_bond(block, item.path)
        if bond.model != _short(model.id.encode()):
            continue  # written by another model: not read, not billed
        if model.binds_thinking and (dropped or not _fits(bond, past, previous)):
            if not may_drop:
                raise _bound_elsewhere(item.path, has_beta)
            dropped.append(item.path)
            continue
        previous = block["signature"]
        kept.append(item)
    return Checked(tuple(kept), tuple(dropped), previous)


def _thinking_blocks(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"messages.{number}.content.{index}": block
        for number, message in enumerate(body["messages"])
        for index, block in enumerate(message["content"] if isinstance(message["content"], list) else ())
        if block["type"] == "thinking"
    }


def _checked_bond(block: dict[str, Any], path: str) -> Bond:
    bond = read(block["signature"])
    if bond is None:
        raise refuse(path, "Invalid `signature` in `thinking` block")
    if block["thinking"] and bond.text != _short(block["thinking"].encode()):
        raise refuse(
            path,
            "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must"
            " remain as they were in the original response.",
        )
    return bond


def _fits(bond: Bond, past: Sequence[bytes], previous: str) -> bool:
    if len(past) < bond.item_count or bond.past != _short(*past[: bond.item_count]):
        return False
    # Blocks may be removed from the oldest on, but not from the middle.
    return not previous or bond.previous == _name(previous)


def _bound_elsewhere(path: str, has_beta: bool) -> Refused:
    message = (
        "Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set"
        ' `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
    )
    if not has_beta:
        message += f" That setting needs the beta header `{BINDING_BETA}`."
    return refuse(path, message)


def _is_thinking(item: Item) -> bool:
    return item.kind in ("thinking", "redacted_thinking")


def _short(*parts: bytes) -> bytes:
    return digest(parts)[:8]


def _name(signature: str) -> bytes:
    return _short(signature.encode()) if signature else bytes(8)


def _mac(bond: bytes) -> bytes:
    return hmac.new(_KEY, bond, hashlib.sha256).digest()[:_MAC_BYTES]
