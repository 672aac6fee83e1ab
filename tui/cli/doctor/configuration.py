"""Check the configuration file: mistakes, command rules, MCP servers and who can read the file."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
from urllib.parse import urlsplit

from tui.cli.doctor.findings import Finding
from tui.config import Settings
from tui.masking import masked, masked_name


def config_findings(settings: Settings) -> list[Finding]:
    """Check the configuration file. Each mistake comes with its line and column."""
    findings = [
        Finding("config", "failed", str(one), f"Correct it. Until then {one.meanwhile}.") for one in settings.findings
    ]
    if not findings:
        state = "no mistakes" if settings.file.exists() else "does not exist, so the defaults are used"
        findings.append(Finding("config", "ok", f"{settings.file}: {state}"))
    return findings + _readers(settings) + _rules(settings) + _servers(settings)


def _rules(settings: Settings) -> list[Finding]:
    """Note rules for commands that allow more than most users expect."""
    from tui.tools.rules import remark

    remarks = ((rule, remark(rule)) for rule in settings.tools.allow)
    return [Finding("config", "note", masked(f"allow: {rule}: {words}")) for rule, words in remarks if words]


def _servers(settings: Settings) -> list[Finding]:
    """Check the MCP servers as far as possible without starting them."""
    enabled = {name: server for name, server in settings.mcp.items() if server.enabled}
    if not enabled:
        return []
    if importlib.util.find_spec("mcp") is None:
        named = ", ".join(enabled)
        return [
            Finding("config", "warning", f"MCP servers ({named}) need another package", "pip install 'prx-tui[mcp]'")
        ]
    findings = []
    for name, server in enabled.items():
        path = server.env.get("PATH", os.environ.get("PATH", os.defpath))
        if server.command and shutil.which(server.command, path=path) is None:
            fix = f"Install it, or set command in [mcp.{name}] to its full path."
            findings.append(
                Finding("config", "warning", f"MCP server {name}: program {masked_name(server.command)} not found", fix)
            )
        else:
            where = masked_name(server.command) if server.command else masked_name(urlsplit(server.url).hostname or "")
            findings.append(
                Finding("config", "ok", f"MCP server {name}: {where}, starts with the first chat that uses tools")
            )
    return findings


def _readers(settings: Settings) -> list[Finding]:
    """Warn if the file contains a key and other users can read it."""
    origin = settings.origin("providers.anthropic.api_key")
    is_literal = bool(settings.anthropic.api_key) and "," not in origin  # not from an environment variable
    try:
        mode = settings.file.stat().st_mode
    except OSError:
        return []
    if os.name != "posix" or not is_literal or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return []
    return [
        Finding(
            "config",
            "warning",
            f"{settings.file} contains a key, and other users of this computer can read it",
            f'chmod 600 {settings.file}, or api_key = "${{ANTHROPIC_API_KEY}}"',
        )
    ]
