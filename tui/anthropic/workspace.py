"""The ID of the workspace that requests are made in. A key that belongs to no workspace needs it with every request.

It is sent as `anthropic-workspace-id`, to `api_url` only, and only where one is set: the API refuses a blank one, and for a
key of one workspace any other. Source: platform.claude.com/docs/manage-claude/authentication.
"""

from __future__ import annotations

import re

import msgspec

from tui.anthropic.credentials import ApiKey, Credential, OAuthToken
from tui.errors import TuiError
from tui.inputs.limits import WORKSPACE_ID_CHARS

WORKSPACE_HEADER = "anthropic-workspace-id"
_ID = re.compile(r"[A-Za-z0-9_-]+")


class NotAWorkspace(TuiError):
    """What was given as the ID of a workspace cannot be one. The value is not repeated: it may be a key."""


class Workspace(msgspec.Struct, frozen=True):
    id: str
    source: str
    """Where it was set, in words."""


def parse_workspace(text: str, source: str) -> str:
    """Return the ID without blanks around it, or "" where there is none. Raises NotAWorkspace."""
    id = text.strip()
    if id.startswith("sk-"):
        raise NotAWorkspace(f"{source} is an API key, not the ID of a workspace", _HINT)
    if len(id) > WORKSPACE_ID_CHARS:
        raise NotAWorkspace(f"{source} is too long for the ID of a workspace", _HINT)
    if id and not _ID.fullmatch(id):
        raise NotAWorkspace(f"{source} holds a character that no ID of a workspace has", _HINT)
    return id


_HINT = "Such an ID is wrkspc_ and then letters and digits; the Console shows it under Workspaces."


def workspace_for(credential: Credential, configured: str, source: str) -> Workspace | None:
    """Return the workspace that goes with a credential, or None. Raises NotAWorkspace.

    What is configured goes before the ID that was stored with a key, which goes with that key alone. Claude Code's login
    gets none: it belongs to an account and not to a workspace.
    """
    if isinstance(credential, OAuthToken) and credential.is_claude_code_login:
        return None
    if id := parse_workspace(configured, source):
        return Workspace(id, source)
    stored = credential.workspace_id if isinstance(credential, ApiKey) else ""
    source = f"the workspace ID of {credential.source}"
    return Workspace(id, source) if (id := parse_workspace(stored, source)) else None
