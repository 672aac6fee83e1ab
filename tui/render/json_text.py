"""JSON for people and scripts, the same on a terminal and in a pipe. Characters that control or deceive a terminal are
escaped.
"""

from __future__ import annotations

import re

from tui.render.safe import OTHERS, UNSAFE

_ESCAPED = re.compile(f"{UNSAFE.pattern}|[{OTHERS}]")


def json_text(value: object, *, indent: int = 0) -> str:
    """Return a value as JSON without control characters, invisible or bidirectional characters, and lone surrogates."""
    import msgspec  # not needed by most commands

    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot encode
        import json

        text = json.dumps(msgspec.to_builtins(value), indent=indent or None)
    else:
        text = msgspec.json.format(text, indent=indent) if indent else text
    return _ESCAPED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
