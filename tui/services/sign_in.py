"""Signing in: a key that was given is checked with the provider before it is stored, and Claude Code's login is tried.

For `prx auth login` and for the app's first screen alike. Asking the user is theirs; nothing here prints.
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
from tui.services.connection import discovered, key_file, workspace_of

PASTED = "the key that was given"
TYPED = "What was given"


class NotAKey(TuiError):
    """What was given cannot be a key."""


class WorkspaceWanted(TuiError):
    """The key belongs to no workspace, or not to the one that was named: the ID of another has to be given."""


class WrongWorkspace(TuiError):
    """The key does not go with the workspace that the settings name."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking the provider with a credential."""

    credential: Credential
    models: int | None
    """How many models it may use; None where the server does not list them, so that nothing was proved."""
    workspace_id: str = ""
    """The one that the request named, to be stored with the key."""


async def check(settings: Settings, secret: str, workspace_id: str = "") -> Checked:
    """Asks `GET /v1/models` with a pasted key or setup token, in that workspace unless the settings name one.

    Raises WorkspaceWanted where the user has to name one, another TuiError where the key is refused or cannot be checked.
    """
    credential = credential_from_text(bare(secret), PASTED, parse_workspace(bare(workspace_id), TYPED))
    if isinstance(credential, Unusable):
        raise NotAKey(
            "Nothing was given" if credential.reason == "not set" else f"The key {credential.reason}",
            "A key is one word that begins with sk-ant-; make one at console.anthropic.com, under API Keys.",
        )
    try:
        return await check_credential(settings, credential)
    except WorkspaceNeeded as error:
        raise _wanted(settings, credential, error) from error


def _wanted(settings: Settings, credential: Credential, error: WorkspaceNeeded) -> TuiError:
    """What to tell of a refusal for the workspace: which one was sent, and who can name another."""
    sent = workspace_of(settings, credential)
    if not isinstance(credential, ApiKey):
        return error
    if sent is None:
        return WorkspaceWanted("This key belongs to no workspace", _WHICH)
    said = f"{error.message.rstrip('.')} (sent: {sent.id})"
    if settings.anthropic.workspace_id:  # what is typed would come second to it
        return WrongWorkspace(said, f"That ID comes from {sent.source}: correct it there, or remove it.")
    return WorkspaceWanted(said, _WHICH)


_WHICH = "Give the ID of the workspace to use: wrkspc_…, in the Console under Workspaces."


async def check_credential(settings: Settings, credential: Credential) -> Checked:
    """The same for a credential that is there already. Claude Code's login is renewed by it where that is due."""
    from tui.anthropic.auth import auth_for  # httpx is loaded once something is sent
    from tui.anthropic.client import Client
    from tui.anthropic.model_listing import TooManyModels

    if (mistake := settings.obstacle) is not None:
        raise mistake
    ours = settings.anthropic
    auth = auth_for(credential, ours.api_url, ours.oauth_hosts, token_url=ours.oauth_token_url)
    workspace = workspace_of(settings, credential)
    id = workspace.id if workspace else ""
    client = Client(ours.api_url, auth, credential=credential.kind, workspace=workspace)
    try:
        return Checked(credential=credential, models=len(await client.list_models()), workspace_id=id)
    except (NotFound, TooManyModels):  # not every server has a list of models, or one of use
        return Checked(credential=credential, models=None, workspace_id=id)
    finally:
        await client.aclose()


def store(settings: Settings, secret: str, workspace_id: str = "") -> Path:
    """Keeps a key for later runs, readable by the user alone, and the workspace that it was checked with. Returns where.

    Raises `key_file.NotStored`.
    """
    file = key_file(settings)
    write_key(file, bare(secret), workspace_id)
    return file


def overruled_by(settings: Settings, env: Mapping[str, str], *, login: bool = False) -> str:
    """What is used instead of the stored key, or of Claude Code's login: the name of its source, or ""."""
    used = discovered(settings, env).credential
    if used is None:
        return ""
    own = (
        (isinstance(used, OAuthToken) and used.is_claude_code_login)
        if login
        else str(key_file(settings)) in used.source
    )
    return "" if own else used.source


def claude_code_login(env: Mapping[str, str]) -> OAuthToken | Unusable:
    """The login of Claude Code on this machine, whatever else is set; or why there is none."""
    found = discover("claude-code", env, Path.home())
    if isinstance(found.credential, OAuthToken):
        return found.credential
    return Unusable(next((one.reason for one in found.considered if "login (" in one.source), "there is none"))


def described(login: OAuthToken) -> str:
    """A login in a few words, for a line on the screen: "found, Max plan"."""
    return f"found, {login.plan.capitalize()} plan" if login.plan else "found"


def bare(secret: str) -> str:
    """The key without what comes along when it is copied: line ends, spaces and quotes around it."""
    text = secret.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
