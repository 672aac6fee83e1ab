"""Check the models: request the server's list with the credential of a chat, and merge it with the built-in table."""

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
from tui.services.connection import Connection, api_url_for, workspace_of
from tui.services.model_list import choose, known_models


def model_findings(
    settings: Settings, env: Mapping[str, str], today: date
) -> tuple[list[Finding], tuple[ModelRow, ...]]:
    """Check whether the server answers and whether it offers the configured model. Return findings and all models."""
    live, findings = _listed(settings, env)
    choice = choose(settings, "", live or (), today)
    findings.append(_would_answer(settings, choice, live, today))
    findings += _proxy(_api_url(settings, env), env)
    rows = [_row(model, choice, live, today) for model in known_models(settings, live or (), today)]
    rows += [_misspelt(wrong, right, choice, today) for wrong, right in MISSPELT.items()]
    return findings, tuple(rows)


def _listed(settings: Settings, env: Mapping[str, str]) -> tuple[tuple[Model, ...] | None, list[Finding]]:
    """Request the server's list. Return None and the reason if there is none."""
    connection = Connection(settings, env)
    url = masked_url(api_url_for(settings, connection.found.credential))
    if (obstacle := connection.obstacle) is not None:
        return None, [Finding("models", "failed", obstacle.message, obstacle.hint)]
    credential = connection.found.require()
    if isinstance(credential, OAuthToken) and _is_over(credential):
        return None, [
            Finding("models", "warning", "The login has expired; the next chat renews it", _renew(credential))
        ]
    try:
        live = asyncio.run(_list(settings, credential))
    except NotFound:
        return None, [Finding("models", "note", f"{url} answers, but has no list of models")]
    except AuthenticationFailed as error:
        if isinstance(credential, OAuthToken) and credential.is_found and credential.refresh_token:
            words = "The login was refused; the next chat tries to renew it"
            return None, [Finding("models", "warning", words, _renew(credential))]
        return None, [Finding("models", "failed", f"{url}: {error.message}", error.hint)]
    except TuiError as error:
        return None, [Finding("models", "failed", f"{url}: {error.message}", error.hint)]
    if not live:
        return None, [Finding("models", "note", f"{url} answers, but its list of models is empty")]
    return live, [
        Finding("models", "ok", f"{url} answers and lists {len(live)} {'model' if len(live) == 1 else 'models'}")
    ]


def _proxy(url: str, env: Mapping[str, str]) -> list[Finding]:
    """Note the proxy in use, and warn about entries of NO_PROXY that are ignored."""
    try:
        route = route_for(url, env)
    except BadProxy:  # already reported by the failed request
        return []
    through = f"requests go through the proxy {route.host} ({route.variable})"
    return [
        *([Finding("models", "note", through)] if route.proxy else []),
        *([Finding("models", "warning", route.remark, "Correct or remove it.")] if route.remark else []),
    ]


def _told_apart(remark: str) -> None:
    """Ignore it: `_way` makes a finding of it."""


def _renew(login: OAuthToken) -> str:
    return "ant auth login" if login.profile else "prx auth login --provider anthropic"


def _api_url(settings: Settings, env: Mapping[str, str]) -> str:
    return api_url_for(settings, Connection(settings, env).found.credential)


async def _list(settings: Settings, credential: Credential) -> tuple[Model, ...]:
    from tui.anthropic.auth import CredentialAuth
    from tui.anthropic.client import Client

    # The credential is used as it is: renewing a login would change its file.
    auth = CredentialAuth(credential, settings.anthropic.oauth_hosts)
    workspace = workspace_of(settings, credential)
    url = api_url_for(settings, credential)
    client = Client(url, auth, credential=credential.kind, workspace=workspace, warn=_told_apart)
    try:
        return await client.list_models()
    finally:
        await client.aclose()


def _is_over(token: OAuthToken) -> bool:
    return token.expires_at_s is not None and token.expires_at_s <= time.time()


def _would_answer(settings: Settings, choice: ModelChoice, live: Sequence[Model] | None, today: date) -> Finding:
    """Check whether the model of a new chat would answer."""
    model = choice.model
    named = f"{choice.asked} means {model.id}" if choice.asked != model.id else model.id
    if not settings.anthropic.follow_retired and (is_retired(model, today) or model.id in MISSPELT):
        right = find(model.id)
        instead = right.successor or right.id
        return Finding(
            "models", "failed", f"{named} is retired and does not answer", f'Set model = "{instead}" in config.toml.'
        )
    if choice.notice:
        return Finding("models", "warning", choice.notice, f'Set model = "{model.id}" in config.toml.')
    if live is None:
        return Finding("models", "note", f"{named}; prx cannot tell whether the server offers it")
    if any(one.id == model.id for one in live):
        return Finding("models", "ok", f"{named}, which the server offers")
    is_anthropic = any(one.id == row.id for one in live for row in MODELS)
    fix = "Choose a model from the list below: set model in config.toml, or use -m."
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
