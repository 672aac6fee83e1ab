"""What to do about errors of the provider whose remedy depends on more than their kind."""

from __future__ import annotations

from typing import Literal

CredentialKind = Literal["api_key", "oauth", "bearer", ""]
"""What a request was signed with; "" where nobody knows."""

SEARCH_ADVICE = (
    "An administrator can allow web search in the Console; with `web_search = false` under [tools], new chats go "
    "without it."
)
_KEY_ADVICE = "API key: verify it starts with sk-ant-api- and is not expired."
_LOGIN_ADVICE = "OAuth token: run `prx auth login --provider anthropic`, or restart Claude Code to refresh it."
_TOKEN_ADVICE = "Verify the token in ANTHROPIC_AUTH_TOKEN."
_PROXY_ADVICE = "Custom api_url: confirm that the proxy forwards the {} header."


def credential_advice(credential: CredentialKind, custom_url: bool) -> str:
    """What to do about a 401, for the credential in use."""
    advice = {"api_key": _KEY_ADVICE, "oauth": _LOGIN_ADVICE, "bearer": _TOKEN_ADVICE}
    header = {"api_key": "x-api-key", "oauth": "Authorization", "bearer": "Authorization"}
    parts = [advice[credential]] if credential else [_KEY_ADVICE, _LOGIN_ADVICE]
    if custom_url:
        parts.append(_PROXY_ADVICE.format(header.get(credential, "x-api-key or Authorization")))
    return " ".join(parts)
