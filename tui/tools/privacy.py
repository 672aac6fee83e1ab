"""Paths that need permission even inside the folders: names and places of secrets, and files that make other programs run
something. Such a list is never complete; confinement to the folders is the main protection.
"""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Sequence
from pathlib import Path

_FOLDERS = frozenset((".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"))
_NAMES = (
    *(".env", ".env.*", "*.env", ".envrc", ".netrc", ".pgpass", ".npmrc", ".pypirc", ".git-credentials", ".htpasswd"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "id_rsa*", "id_dsa*", "id_ecdsa*"),
    *(
        "id_ed25519*",
        ".*_history",
        "credentials",
        "credentials.json",
        ".credentials.json",
        "secrets.toml",
        "secrets.y*ml",
    ),
)
_HARMLESS = (".env.example", ".env.sample", ".env.template", "*.pub")
_HISTORIES = {".git": ("config", "config.worktree", "credentials"), ".hg": ("hgrc",)}  # may contain URLs with tokens
_RUNS = frozenset(
    (".git", ".hg", ".svn")
)  # the hooks and settings in these folders are run by their program's next command


class Privacy:
    """Decides which paths are private. `ours` are files and folders of prx, `roots` the folders that tools may use."""

    def __init__(self, ours: Sequence[Path], roots: Sequence[Path], home: Path) -> None:
        self._ours = [[_folded(name) for name in path.parts] for path in ours]
        self._roots = roots
        self._home = home

    def is_private(self, path: Path) -> bool:
        """True if reading a resolved path needs permission."""
        names = [_folded(name) for name in path.parts]
        if not _FOLDERS.isdisjoint(names) or any(names[: len(ours)] == ours for ours in self._ours):
            return True
        last = names[-1]
        if any(fnmatch.fnmatchcase(last, name) for name in _HARMLESS):
            return False
        if any(last in files for folder, files in _HISTORIES.items() if folder in names):
            return True
        return any(fnmatch.fnmatchcase(last, name) for name in _NAMES) or self._is_dotted_at_home(path)

    def is_delicate(self, path: Path) -> bool:
        """True if writing a path needs permission, even if the folder around it is allowed."""
        return self.is_private(path) or not _RUNS.isdisjoint(map(_folded, path.parts))

    def _is_dotted_at_home(self, path: Path) -> bool:
        """True if it is in a dot-folder of the home folder, unless the user added that folder."""
        if self._home not in path.parents:
            return False
        top = self._home / path.relative_to(self._home).parts[0]
        return top.name.startswith(".") and not any(top == root or top in root.parents for root in self._roots)


def _folded(name: str) -> str:
    """Return the name as the most lenient file system reads it: .ENV, `.env.` and .e\u200dnv may be .env there, GIT~1
    .git.
    """
    seen = (sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")
    folded = "".join(seen).casefold().rstrip(". ")
    return ".git" if folded == "git~1" else folded or name
