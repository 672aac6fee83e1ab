"""How much a server may say at a time, whichever way it is reached, and how the SDK says that it was more. Pure."""

from __future__ import annotations

LONGEST = 16 * 1024 * 1024
"""Bytes of one message: a line of a program; over HTTP an event, or a whole body, unpacked. The largest picture that the
API takes has 10 MB as base64 text, and of words far less goes to Claude.
"""
EXCEEDED = f"{LONGEST} byte limit"
"""Stands in the error of an event that was longer, by the SDK's HTTP library, and of a body, by `http`."""
TOO_MUCH = f"gave more than {LONGEST // 1024 // 1024} MB at once"
