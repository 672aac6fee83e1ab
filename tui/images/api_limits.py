"""The API's limits for attachments. `chat.tokens` has what a model sees of an image.

Source: Anthropic, vision, and PDF support.
"""

from __future__ import annotations

MAX_BASE64_BYTES = 10 * 1024 * 1024
"""Limit of one image, as base64."""
MAX_BYTES = MAX_BASE64_BYTES // 4 * 3
"""The same in raw bytes: 7,864,320."""
MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Limit of the body of a request."""
