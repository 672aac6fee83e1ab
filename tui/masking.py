"""Mask keys and tokens in text for display. They are recognised by their prefix, or because they look random."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

KNOWN = re.compile(
    r"\b(sk-(?:ant-)?|gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza|ya29\.|hf_|npm_|pypi-|dop_v1_)[A-Za-z0-9_.-]{12,}"
    r"|\b(eyJ)[\w-]{8,}\.[\w-]{8,}[\w.-]*"
)
"""Secrets with a known prefix: keys of Anthropic, OpenAI, GitHub, GitLab, Slack, AWS, Google and others, and JWT."""
_WORD = re.compile(r"[A-Za-z0-9]{16,}")
_CHANGE = re.compile(r"[A-Za-z][0-9]|[0-9][A-Za-z]")
_UNREADABLE = "an invalid address"
_MAX_CHANGES = 2
"""Changes between letters and digits in a word that is not random, e.g. `v2beta20250929`."""
_HIDDEN = "…"


def masked(text: str) -> str:
    """Return the text with known kinds of secrets masked."""
    return KNOWN.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", text)


def masked_name(text: str) -> str:
    """Return a name with known secrets and random-looking words masked: it may be a misplaced key."""
    return _WORD.sub(lambda found: _HIDDEN if _is_random(found[0]) else found[0], masked(text))


def masked_url(url: str) -> str:
    """Return a URL for display, without user name, password and query, and with possible keys masked."""
    try:
        parts = urlsplit(url)
        host, rest, _ = parts.netloc.rpartition("@")[2], parts.path, parts.port
    except ValueError:
        return _UNREADABLE
    # An @ after the host belongs to a password with / ? or #. What looks like the host is a part of that password.
    behind = url.partition(parts.netloc)[2] if parts.netloc else url
    if not url.isprintable() or "@" in behind:
        return _UNREADABLE
    return masked_name(f"{parts.scheme}://{host}{rest}" if host else url.partition("?")[0])


def is_key(text: str) -> bool:
    """True if a text is one key or token that says what it is, and nothing else."""
    return KNOWN.fullmatch(text.strip()) is not None


def is_secret(text: str) -> bool:
    """True if a name may be a misplaced key."""
    return masked_name(text) != text


def _is_random(word: str) -> bool:
    return len(_CHANGE.findall(word)) > _MAX_CHANGES
