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

REPLY_BYTES: Final = 16 * MIB
"""One reply in memory: its text, its thinking, and what its other blocks hold. The longest that a model writes (128,000
tokens) has half a megabyte, and a request, which has to hold the reply from then on, may have 32 MB. A character counts for
as many bytes as the widest one takes in a Python string: 1, 2 or 4."""

REPLY_PARTS: Final = 10_000
"""Blocks and citations of one reply. The longest answers with web searches have some hundreds."""
