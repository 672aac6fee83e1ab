"""Authentication: check the headers of a request against the credentials that the simulator accepts."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from tui.demo.errors import Refused
from tui.demo.rules import VERSIONS

OAUTH_BETA = "oauth-2025-04-20"
EXPIRED = "OAuth token has expired. Please obtain a new token or refresh your existing token."


def betas_of(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the values of the anthropic-beta header."""
    return frozenset(beta.strip() for beta in headers.get("anthropic-beta", "").split(",") if beta.strip())


NO_WORKSPACE_OLDER = (
    "anthropic-workspace-id is required when authenticating with an identity-linked API key; send the id of the workspace "
    "this request acts in."
)
NO_WORKSPACE = (
    "This API key is not scoped to a workspace, so this request must include the anthropic-workspace-id header with the ID "
    "of the workspace to use. Add the header, or use an API key that is scoped to a workspace."
)
"""The API's messages for a key without a workspace, earlier in 2026 and now."""


@dataclass(frozen=True)
class Workspaces:
    """The workspaces of the simulated organization, and the keys that belong to none of them."""

    own: str = "wrkspc_demo"
    """The workspace of every other key."""
    others: Container[str] = ("wrkspc_other",)
    unscoped: Mapping[str, str] = field(default_factory=dict)
    """Key -> the error message if it is used without a workspace."""

    def check(self, key: str, named: str | None) -> None:
        """Raise Refused (400) unless the key may use the workspace that the request names (None: no header)."""
        if named is not None and not named.strip():
            raise Refused("anthropic-workspace-id: the header is blank")
        if key in self.unscoped:
            if named is None:
                raise Refused(self.unscoped[key])
            if named != self.own and named not in self.others:
                raise Refused(f"anthropic-workspace-id: there is no workspace {named} in this organization")
        elif named not in (None, self.own):
            raise Refused("anthropic-workspace-id does not match the workspace of this API key")


USUAL = Workspaces()


def check_access(headers: Mapping[str, str], expired: Container[str] = (), workspaces: Workspaces = USUAL) -> None:
    """Raise Refused unless the headers contain one valid credential (401) and a workspace that fits it (400).

    `expired`: OAuth tokens that are no longer valid.
    """
    secret = _credential(headers, expired)
    workspaces.check(secret, headers.get("anthropic-workspace-id"))


def _credential(headers: Mapping[str, str], expired: Container[str]) -> str:
    key = headers.get("x-api-key")
    authorization = headers.get("authorization")
    if key and authorization:
        raise Refused("x-api-key and Authorization headers may not be used together", status=401)
    if key:
        if not key.startswith("sk-ant-api"):
            raise Refused("invalid x-api-key", status=401)
        return key
    if not authorization:
        raise Refused("x-api-key header is required", status=401)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(("sk-ant-api", "sk-ant-oat01-")):
        raise Refused("Invalid bearer token", status=401)
    if token.startswith("sk-ant-oat01-"):
        if OAUTH_BETA not in betas_of(headers):
            raise Refused("OAuth authentication is currently not supported.", status=401)
        if token in expired:
            raise Refused(EXPIRED, status=401)
    return token


def check_version(headers: Mapping[str, str]) -> str:
    """Return the requested API version. Raises Refused (400) if it is missing or unknown."""
    version = headers.get("anthropic-version", "")
    if not version:
        raise Refused("anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refused(f"anthropic-version: {version} is not a valid version")
    return version
