"""The bounds on everything that is read from outside, in one table, each with its reason.

A reader that reaches its bound keeps what has arrived and says so in one sentence; nothing is cut without a word.
"""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

JSON_DEPTH: Final = 200
"""Arrays and objects inside one another. The deepest JSON of the API is below 20; Python's decoders give up near 1,000."""

SETTINGS_FILE_BYTES: Final = 4 * MIB
"""A configuration, credentials or model list file. Real ones stay below 100 KB."""
