"""Looks at the models: asks the server for its list, with the credential that a chat would use, and joins it to ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date

from tui.anthropic.credentials import Credential, OAuthToken
from tui.anthropic.errors import AuthenticationFailed, NotFound
from tui.anthropic.models import MISSPELT, MODELS, ModelChoice, find, is_retired
from tui.chat.model import Model
from tui.cli.doctor.findings import Finding, ModelRow
from tui.config import Settings
from tui.errors import TuiError
from tui.inputs.proxies import BadProxy, route_for
from tui.masking import masked_url
from tui.services.connection import Connection, workspace_of
from tui.services.model_list import choose, known_models


def model_findings(
    settings: Settings, env: Mapping[str, str], today: date
) -> tuple[list[Finding], tuple[ModelRow, ...]]:
    """Whether the server can be reached and what it lists, whether the configured model would answer, and all models."""
    live, findings = _asked(settings, env)
    choice = choose(settings, "", live or (), today)
    findings.append(_would_answer(settings, choice, live, today))
    findings += _way(settings.anthropic.api_url, env)
    rows = [_row(model, choice, live, today) for model in known_models(settings, live or (), today)]
    rows += [_misspelt(wrong, right, choice, today) for wrong, right in MISSPELT.items()]
    return findings, tuple(rows)


def _asked(settings: Settings, env: Mapping[str, str]) -> tuple[tuple[Model, ...] | None, list[Finding]]:
    """The server's list; None where there is none to be had, and why."""
    url = masked_url(settings.anthropic.api_url)
    connection = Connection(settings, env)
    if (obstacle := connection.obstacle) is not None:
        return None, [Finding("models", "failed", obstacle.message, obstacle.hint)]
    credential = connection.found.require()
    if isinstance(credential, OAuthToken) and _is_over(credential):
        return None, [
            Finding("models", "warning", "The login has to be renewed first, which the next chat does", _RENEW)
        ]
    try:
        live = asyncio.run(_list(settings, credential))
    except NotFound:
        return None, [Finding("models", "note", f"{url} answers, and has no list of models")]
    except AuthenticationFailed as error:
        if isinstance(credential, OAuthToken) and credential.is_claude_code_login and credential.refresh_token:
            return None, [
                Finding("models", "warning", "The login was refused; the next chat tries to renew it", _RENEW)
            ]
        return None, [Finding("models", "failed", f"{url}: {error.message}", error.hint)]
    except TuiError as error:
        return None, [Finding("models", "failed", f"{url}: {error.message}", error.hint)]
    if not live:
        return None, [Finding("models", "note", f"{url} answers, with an empty list of models")]
    return live, [
        Finding("models", "ok", f"{url} answers, and lists {len(live)} {'model' if len(live) == 1 else 'models'}")
    ]


def _way(url: str, env: Mapping[str, str]) -> list[Finding]:
    """The proxy that requests go through, and what of NO_PROXY is left out."""
    try:
        route = route_for(url, env)
    except BadProxy:  # asking has failed for it
        return []
    through = f"requests go through the proxy {route.host} ({route.variable})"
    return [
        *([Finding("models", "note", through)] if route.proxy else []),
        *([Finding("models", "warning", route.remark, "Correct or remove it.")] if route.remark else []),
    ]


def _told_apart(remark: str) -> None:
    """Ignore it: `_way` makes a finding of it."""


_RENEW = "prx auth login --provider anthropic"


async def _list(settings: Settings, credential: Credential) -> tuple[Model, ...]:
    from tui.anthropic.auth import CredentialAuth
    from tui.anthropic.client import Client

    # Signed with the credential as it is: renewing a login would change its file.
    auth = CredentialAuth(credential, settings.anthropic.oauth_hosts)
    workspace = workspace_of(settings, credential)
    client = Client(settings.anthropic.api_url, auth, credential=credential.kind, workspace=workspace, warn=_told_apart)
    try:
        return await client.list_models()
    finally:
        await client.aclose()


def _is_over(token: OAuthToken) -> bool:
    return token.expires_at_s is not None and token.expires_at_s <= time.time()


def _would_answer(settings: Settings, choice: ModelChoice, live: Sequence[Model] | None, today: date) -> Finding:
    """Whether a new chat would get an answer from the model that it begins with."""
    model = choice.model
    named = f"{choice.asked} means {model.id}" if choice.asked != model.id else model.id
    if not settings.anthropic.follow_retired and (is_retired(model, today) or model.id in MISSPELT):
        right = find(model.id)
        instead = right.successor or right.id
        return Finding("models", "failed", f"{named} is retired and gets no answer", f'model = "{instead}"')
    if choice.notice:
        return Finding("models", "warning", choice.notice, f'model = "{model.id}" says the same without the detour')
    if live is None:
        return Finding("models", "note", f"{named}; whether it answers here cannot be told beforehand")
    if any(one.id == model.id for one in live):
        return Finding("models", "ok", f"{named}, and would answer")
    is_anthropic = any(one.id == row.id for one in live for row in MODELS)
    fix = "Choose one of the list below: model = … in config.toml, or -m."
    return Finding("models", "failed" if is_anthropic else "warning", f"{named}, which the server does not list", fix)


def _row(model: Model, choice: ModelChoice, live: Sequence[Model] | None, today: date) -> ModelRow:
    retired = is_retired(model, today)
    deprecated = model.lifecycle == "deprecated" and not retired
    status = "retired" if retired else "active" if model.lifecycle == "legacy" else model.lifecycle
    return ModelRow(
        id=model.id,
        name=model.name,
        context=model.context,
        max_output=model.max_output,
        vision=model.vision,
        tools=model.tools,
        status=status,
        days_left=(date.fromisoformat(model.retires) - today).days if deprecated and model.retires else None,
        retires=model.retires or None,
        successor=model.successor or None,
        configured=model.id in (choice.model.id, find(choice.asked).id),
        listed=None if live is None or retired else any(one.id == model.id for one in live),
    )


def _misspelt(wrong: str, right: str, choice: ModelChoice, today: date) -> ModelRow:
    row = _row(find(right), choice, None, today)
    row["id"], row["status"], row["successor"] = wrong, "misspelt", right
    row["configured"] = choice.asked == wrong
    return row
