"""The largest message that is read from a server, over any transport, and how the SDK reports a larger one. No I/O."""

from __future__ import annotations

LONGEST = 16 * 1024 * 1024
"""Bytes of one message: a line of a program; over HTTP an event, or a whole decompressed body. The largest image that the
API accepts has 10 MB as base64 text, and Claude is given far less text than that.
"""
EXCEEDED = f"{LONGEST} byte limit"
"""Part of the error for a longer event, by the SDK's HTTP library, and for a longer body, by `http`."""
TOO_MUCH = f"gave more than {LONGEST // 1024 // 1024} MB at once"
