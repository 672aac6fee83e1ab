"""Hints for provider errors whose remedy depends on more than their class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

CredentialKind = Literal["api_key", "oauth", "bearer", ""]
"""The kind of credential that signed a request; "" if unknown."""

SEARCH_HINT = (
    "An administrator can allow web search in the Console. `web_search = false` under [tools] turns it off in new "
    "chats."
)
_KEY_ADVICE = "API key: verify it starts with sk-ant-api- and is not expired."
_LOGIN_ADVICE = "OAuth token: run `prx auth login --provider anthropic`, or restart Claude Code to refresh it."
_TOKEN_ADVICE = "Verify the token in ANTHROPIC_AUTH_TOKEN."
_PROXY_ADVICE = "Custom api_url: confirm that the proxy forwards the {} header."


def credential_hint(credential: CredentialKind, custom_url: bool) -> str:
    """Return what to do about a 401, for the credential in use."""
    advice = {"api_key": _KEY_ADVICE, "oauth": _LOGIN_ADVICE, "bearer": _TOKEN_ADVICE}
    header = {"api_key": "x-api-key", "oauth": "Authorization", "bearer": "Authorization"}
    parts = [advice[credential]] if credential else [_KEY_ADVICE, _LOGIN_ADVICE]
    if custom_url:
        parts.append(_PROXY_ADVICE.format(header.get(credential, "x-api-key or Authorization")))
    return " ".join(parts)


# Hints by message text or `error_code`. Codes: SDK 2.14, types/shared and types/*_error_details.py.

WORKSPACE_HINT = (
    "Give the ID of the workspace (wrkspc_…, in the Console under Workspaces): `prx auth login` and /login ask for it, "
    "or set workspace_id under [providers.anthropic] or ANTHROPIC_WORKSPACE_ID. Or create a key for a single workspace."
)
_LOGIN_REFUSED = (
    "Anthropic meters or rejects a Claude Code login in other programs. An API key in ANTHROPIC_API_KEY is the supported "
    "way. Max, Ultra and Team plans include API credits for one: claim them by linking a Console organization to the plan."
)
_RETENTION = (
    "This model requires data retention of 30 days. An administrator can allow it for the organization or workspace in "
    "the Console. Or choose another model."
)
_ENCRYPTION = "An administrator has to check the workspace's own encryption key. Or use a key of another workspace."
_BY_CODE: Mapping[str, str] = {
    "contract_spend_limit_reached": "The limit is part of your contract: ask Anthropic to raise it; waiting does not help.",
    "linked_organization_spend_limit_reached": (
        "Raise the limit of the linked organization, or add credit to it, in the Console; waiting does not help."
    ),
    "linked_organization_billing_unavailable": "Check the billing of the linked organization in the Console.",
    "file_expired": "A file in this chat is no longer on the server: attach it again.",
    "compaction_unavailable": "Send again in a few minutes.",
    "claude_code_key_creator_not_member": "The user who created this key has left the organization: create a new key.",
    "workspace_human_review_disabled": "Use a key of a workspace that has human review switched on.",
    "cmek_key_disabled": _ENCRYPTION,
    "cmek_key_network_blocked": _ENCRYPTION,
    "cmek_key_unreachable": _ENCRYPTION,
    "cmek_context_unavailable": "Send again in a few minutes.",
}
_NO_WORKSPACE = re.compile(
    r"\bworkspace\b.{0,60}\b(?:invalid|not found|unknown|does not (?:exist|match)|mismatch|not (?:a )?valid|no access)"
    r"|\b(?:invalid|unknown|no such) workspace\b",
    re.IGNORECASE,
)
_OVERLONG = (
    re.compile(r"(?P<has>\d+) tokens > (?P<most>\d+)"),
    re.compile(r"maximum context length is (?P<most>\d+)\b.*?(?:requested|has|contains) (?P<has>\d+)"),  # vLLM
    re.compile(r"\((?P<has>\d+) tokens\).*\((?P<most>\d+) tokens\)"),  # llama.cpp
)


def is_spend_limit(words: str, code: str) -> bool:
    """Return True if a cap on spending was reached, so that another attempt is useless."""
    return code.endswith("spend_limit_reached") or "specified api usage limits" in words.lower()


def is_login_refused(words: str) -> bool:
    """Return True if the login of a subscription is refused, or metered, because prx is not Claude Code."""
    words = words.lower()
    return "third-party apps" in words or "only authorized for use with claude code" in words or "extra usage" in words


def lacks_workspace(words: str) -> bool:
    """Return True if the request named no workspace, or one that the key cannot use."""
    if words.startswith(("messages.", "tools.", "system.")):  # about the content of the request
        return False
    return "anthropic-workspace-id" in words.lower() or _NO_WORKSPACE.search(words) is not None


def specific_hint(words: str, code: str, appeal_url: str) -> str:
    """Return what to do about an error whose message or code is more specific than its class, or ""."""
    if code == "organization_on_hold":
        appeal = f"Appeal at {appeal_url}." if appeal_url else "Contact Anthropic support."
        return f"Anthropic has disabled this organization for trust and safety reasons. {appeal}"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if is_login_refused(words):
        return _LOGIN_REFUSED
    return _RETENTION if "must have data retention" in words.lower() else ""


def length_hint(words: str, type: str) -> str:
    """Return what to do about a prompt that is too long, and by how much it exceeds the limit; "" for other errors."""
    lower = words.lower()
    if not (
        "prompt is too long" in lower
        or "maximum context length" in lower  # vLLM
        or type == "exceed_context_size_error"  # llama.cpp
    ):
        return ""
    found = next((match for pattern in _OVERLONG if (match := pattern.search(words))), None)
    over, most = (int(found["has"][:18]) - int(found["most"][:18]), int(found["most"][:18])) if found else (0, 0)
    much = (
        f"It is {over:,} tokens over the model's limit of {most:,}"
        if over > 0
        else "It is longer than the model can read"
    )
    instead = "start a new chat, go on from a summary (/compact), remove attachments"
    return f"{much}: {instead}, or choose a model with a larger context window (Ctrl+L)."
