"""Check the credentials: which one is used, why not the others, and what prevents its use."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from tui.anthropic.credentials import CredentialsMissing, OAuthToken
from tui.cli.doctor.findings import Finding
from tui.config import Settings
from tui.services.connection import Connection, key_file


def auth_findings(settings: Settings, env: Mapping[str, str]) -> list[Finding]:
    """Check the credential that a chat would use now. Sends nothing."""
    connection = Connection(settings, env)
    used = connection.found.credential
    others = [
        Finding("auth", "note", f"{one.source}: {one.reason}") for one in connection.found.considered if not one.used
    ]
    if used is None:
        missing = CredentialsMissing()  # the causes follow
        return [Finding("auth", "failed", missing.message, missing.hint), *others]
    findings = [_used(settings, connection)]
    if (obstacle := connection.obstacle) is not None:
        findings.append(Finding("auth", "failed", obstacle.message, obstacle.hint))
    if connection.credential_notice:
        findings.append(
            Finding("auth", "warning", connection.credential_notice, "Set ANTHROPIC_API_KEY, or run: prx auth login")
        )
    if isinstance(used, OAuthToken):
        findings += _expiry(used)
    return [*findings, *_readers(key_file(settings)), *others]


def _used(settings: Settings, connection: Connection) -> Finding:
    from tui.cli.auth import status_of

    status = status_of(settings, connection.found)
    kind = {"api_key": "an API key", "oauth": "an OAuth token", "bearer": "a bearer token"}[status["kind"] or "api_key"]
    where = f", sent to {status['api_url']}" if settings.obstacle is None else ""
    words = f"{kind} from {status['source']} (ends in {status['tail']}){where}"
    if status["workspace_id"]:
        words += f", in the workspace {status['workspace_id']} (from {status['workspace_source']})"
    return Finding("auth", "ok", words)


def _expiry(token: OAuthToken) -> list[Finding]:
    if token.expires_at_s is None:
        return []
    left_s = token.expires_at_s - time.time()
    if left_s > 0:
        return [Finding("auth", "ok", f"the login is valid for {_duration(left_s)}")]
    if token.refresh_token and token.file is not None:
        return [Finding("auth", "note", "the login has expired; the next request renews it")]
    return [Finding("auth", "failed", "the login has expired, and only Claude Code can renew it", "Open Claude Code.")]


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _readers(file: Path) -> list[Finding]:
    try:
        mode = file.stat().st_mode
    except OSError:
        return []
    if os.name != "posix" or not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return []
    return [Finding("auth", "warning", f"other users of this computer can read {file}", f"chmod 600 {file}")]
