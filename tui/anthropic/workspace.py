"""The ID of the workspace that requests are made in. A key that belongs to no workspace needs it with every request.

It is sent as `anthropic-workspace-id`, to `api_url` only, and only if set: the API rejects a blank one, and any other for
the key of a single workspace. Source: platform.claude.com/docs/manage-claude/authentication.
"""

from __future__ import annotations

import re

import msgspec

from tui.anthropic.credentials import BearerToken, Credential, OAuthToken
from tui.errors import TuiError
from tui.inputs.limits import WORKSPACE_ID_CHARS

WORKSPACE_HEADER = "anthropic-workspace-id"
WORKSPACE_VARIABLE = "ANTHROPIC_WORKSPACE_ID"
_ID = re.compile(r"[A-Za-z0-9_-]+")


class NotAWorkspace(TuiError):
    """Raised for an invalid workspace ID. The value is not repeated, since it may be a key."""


class Workspace(msgspec.Struct, frozen=True):
    id: str
    source: str
    """Where it was set, in words."""


def parse_workspace(text: str, source: str) -> str:
    """Return the ID without surrounding whitespace, or "" if there is none. Raises NotAWorkspace."""
    id = text.strip()
    if id.startswith("sk-"):
        raise NotAWorkspace(f"{source} is an API key, not a workspace ID", _HINT)
    if len(id) > WORKSPACE_ID_CHARS:
        raise NotAWorkspace(f"{source} is too long for a workspace ID", _HINT)
    if id and not _ID.fullmatch(id):
        raise NotAWorkspace(f"{source} contains a character that is not allowed in a workspace ID", _HINT)
    return id


_HINT = "A workspace ID is wrkspc_ followed by letters and digits. The Console shows it under Workspaces."


def workspace_for(credential: Credential, configured: str, source: str) -> Workspace | None:
    """Return the workspace for a credential, or None. Raises NotAWorkspace.

    The configured ID takes precedence over the one that was stored with a key or a profile; but a profile's goes before
    that of the environment, as in the SDK. Claude Code's login gets none: it belongs to an account, not to a workspace.
    """
    if isinstance(credential, OAuthToken) and credential.is_claude_code_login:
        return None
    stored = "" if isinstance(credential, BearerToken) else credential.workspace_id
    if isinstance(credential, OAuthToken) and stored and source == WORKSPACE_VARIABLE:
        configured = ""
    if id := parse_workspace(configured, source):
        return Workspace(id, source)
    source = f"the workspace ID of {credential.source}"
    return Workspace(id, source) if (id := parse_workspace(stored, source)) else None
