"""Who may ask: the headers of a request against the credentials that the pretend Anthropic takes."""

from __future__ import annotations

from collections.abc import Container, Mapping

from tui.demo.errors import Refused
from tui.demo.rules import VERSIONS

OAUTH_BETA = "oauth-2025-04-20"
EXPIRED = "OAuth token has expired. Please obtain a new token or refresh your existing token."


def betas_of(headers: Mapping[str, str]) -> frozenset[str]:
    """The values of the anthropic-beta header."""
    return frozenset(beta.strip() for beta in headers.get("anthropic-beta", "").split(",") if beta.strip())


def check_access(headers: Mapping[str, str], expired: Container[str] = ()) -> None:
    """Raises Refused (401) unless the headers hold one good credential. `expired`: OAuth tokens whose time is over."""
    key = headers.get("x-api-key")
    authorization = headers.get("authorization")
    if key and authorization:
        raise Refused("x-api-key and Authorization headers may not be used together", status=401)
    if key:
        if not key.startswith("sk-ant-api"):
            raise Refused("invalid x-api-key", status=401)
        return
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


def check_version(headers: Mapping[str, str]) -> str:
    """The API version asked for. Raises Refused (400) without a known one."""
    version = headers.get("anthropic-version", "")
    if not version:
        raise Refused("anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refused(f"anthropic-version: {version} is not a valid version")
    return version
