"""Keys and tokens in text that is shown: recognised by how they begin, or by how random they look, and left out. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

KNOWN = re.compile(
    r"\b(sk-(?:ant-)?|gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza|ya29\.|hf_|npm_|pypi-|dop_v1_)[A-Za-z0-9_.-]{12,}"
    r"|\b(eyJ)[\w-]{8,}\.[\w-]{8,}[\w.-]*"
)
"""Secrets that say what they are: keys of Anthropic, OpenAI, GitHub, GitLab, Slack, AWS, Google and others, and JWT."""
_WORD = re.compile(r"[A-Za-z0-9]{16,}")
_CHANGE = re.compile(r"[A-Za-z][0-9]|[0-9][A-Za-z]")
_UNREADABLE = "an address that cannot be read"
_MOST_CHANGES = 2
"""From letters to digits or back, in a word that is not random: `v2beta20250929`."""
_HIDDEN = "…"


def masked(text: str) -> str:
    """The text without secrets that say what they are."""
    return KNOWN.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", text)


def masked_name(text: str) -> str:
    """The same, and without words that look random: for names, models and paths that may be a key in a wrong place."""
    return _WORD.sub(lambda found: _HIDDEN if _is_random(found[0]) else found[0], masked(text))


def masked_url(url: str) -> str:
    """An address as it may be shown: without its user and password, its query, and words in it that may be a key."""
    try:
        parts = urlsplit(url)
        host, rest, _ = parts.netloc.rpartition("@")[2], parts.path, parts.port
    except ValueError:
        return _UNREADABLE
    # An @ behind the host is one of a password with / ? or # in it: what looks like the host is a part of that password.
    behind = url.partition(parts.netloc)[2] if parts.netloc else url
    if not url.isprintable() or "@" in behind:
        return _UNREADABLE
    return masked_name(f"{parts.scheme}://{host}{rest}" if host else url.partition("?")[0])


def is_secret(text: str) -> bool:
    """True if a name may be a key in a wrong place."""
    return masked_name(text) != text


def _is_random(word: str) -> bool:
    return len(_CHANGE.findall(word)) > _MOST_CHANGES
