"""Sign in: check a key with the provider and store it, or use Claude Code's login.

For `prx auth login` and the first screen of the app. They ask the user; nothing here prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tui.anthropic.credentials import ApiKey, Credential, OAuthToken, credential_from_text, discover
from tui.anthropic.errors import NotFound, WorkspaceNeeded
from tui.anthropic.key_file import write_key
from tui.anthropic.login import Unusable
from tui.anthropic.workspace import parse_workspace
from tui.config import Settings
from tui.errors import TuiError
from tui.services.connection import api_url_for, find_credential, key_file, workspace_of

PASTED = "the key that was given"
TYPED = "What was given"


class NotAKey(TuiError):
    """The text is not a key."""


class WorkspaceRequired(TuiError):
    """The key needs the ID of a workspace, or another ID than the one that was given."""


class WrongWorkspace(TuiError):
    """The key does not belong to the configured workspace."""


class CheckedCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that the provider accepted."""

    credential: Credential
    models: int | None
    """How many models it can use; None if the server has no list of models, which leaves the credential unchecked."""
    workspace_id: str = ""
    """The workspace of the request, to be stored with the key."""


async def check_key(settings: Settings, secret: str, workspace_id: str = "") -> CheckedCredential:
    """Check a key or setup token with `GET /v1/models`. A workspace in the settings overrides `workspace_id`.

    Raises WorkspaceRequired if the user has to enter a workspace, and another TuiError if the check fails.
    """
    credential = credential_from_text(strip_key(secret), PASTED, parse_workspace(strip_key(workspace_id), TYPED))
    if isinstance(credential, Unusable):
        raise NotAKey(
            "No key was given" if credential.reason == "not set" else f"The key {credential.reason}",
            "A key is one word that starts with sk-ant-. Create one at console.anthropic.com, under API Keys.",
        )
    try:
        return await check_credential(settings, credential)
    except WorkspaceNeeded as error:
        raise _workspace_problem(settings, credential, error) from error


def _workspace_problem(settings: Settings, credential: Credential, error: WorkspaceNeeded) -> TuiError:
    """Return the error for a key that the server rejects because of its workspace."""
    sent = workspace_of(settings, credential)
    if not isinstance(credential, ApiKey):
        return error
    if sent is None:
        return WorkspaceRequired("This key belongs to no workspace", _WHICH)
    message = f"{error.message.rstrip('.')} (sent: {sent.id})"
    if settings.anthropic.workspace_id:  # it overrides what the user types
        return WrongWorkspace(message, f"The ID comes from {sent.source}. Correct or remove it there.")
    return WorkspaceRequired(message, _WHICH)


_WHICH = "Enter the ID of the workspace (wrkspc_…, in the Console under Workspaces)."


async def check_credential(settings: Settings, credential: Credential) -> CheckedCredential:
    """Check an existing credential like `check_key`. Renews Claude Code's login if it has expired."""
    from tui.anthropic.auth import auth_for  # loads httpx
    from tui.anthropic.client import Client
    from tui.anthropic.model_listing import TooManyModels

    if (mistake := settings.obstacle) is not None:
        raise mistake
    ours = settings.anthropic
    api_url = api_url_for(settings, credential)
    auth = auth_for(credential, api_url, ours.oauth_hosts, token_url=ours.oauth_token_url)
    workspace = workspace_of(settings, credential)
    id = workspace.id if workspace else ""
    client = Client(api_url, auth, credential=credential.kind, workspace=workspace)
    try:
        return CheckedCredential(credential=credential, models=len(await client.list_models()), workspace_id=id)
    except (NotFound, TooManyModels):  # some servers have no usable list of models
        return CheckedCredential(credential=credential, models=None, workspace_id=id)
    finally:
        await client.aclose()


def store_key(settings: Settings, secret: str, workspace_id: str = "") -> Path:
    """Store a key with its workspace, readable only by the user, and return the path of the file.

    Raises `key_file.NotStored`.
    """
    file = key_file(settings)
    write_key(file, strip_key(secret), workspace_id)
    return file


def overriding_source(settings: Settings, env: Mapping[str, str], *, login: bool = False) -> str:
    """Return the source of the credential that overrides the stored key, or with `login` Claude Code's login; or ""."""
    used = find_credential(settings, env).credential
    if used is None:
        return ""
    own = (
        (isinstance(used, OAuthToken) and used.is_claude_code_login)
        if login
        else str(key_file(settings)) in used.source
    )
    return "" if own else used.source


def claude_code_login(env: Mapping[str, str]) -> OAuthToken | Unusable:
    """Return Claude Code's login on this computer, whatever else is set, or why there is none."""
    found = discover("claude-code", env, Path.home())
    if isinstance(found.credential, OAuthToken):
        return found.credential
    return Unusable(next((one.reason for one in found.considered if "login (" in one.source), "there is none"))


def describe_login(login: OAuthToken) -> str:
    """Describe a login in a few words, e.g. "found, Max plan"."""
    return f"found, {login.plan.capitalize()} plan" if login.plan else "found"


def strip_key(secret: str) -> str:
    """Return the key without whitespace and quotes around it, which copying may add."""
    text = secret.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
