"""Looks at the configuration file: what could not be used of it, and who may read it."""

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
    """What is wrong with the file, each with its place."""
    findings = [
        Finding("config", "failed", str(one), f"Correct it there; until then {one.meanwhile}.")
        for one in settings.findings
    ]
    if not findings:
        state = "no mistakes" if settings.file.exists() else "not there, so the defaults are used"
        findings.append(Finding("config", "ok", f"{settings.file}: {state}"))
    return findings + _readers(settings) + _rules(settings) + _servers(settings)


def _rules(settings: Settings) -> list[Finding]:
    """What rules for commands allow beyond what most expect."""
    from tui.tools.rules import remark

    remarks = ((rule, remark(rule)) for rule in settings.tools.allow)
    return [Finding("config", "note", masked(f"allow: {rule}: {words}")) for rule, words in remarks if words]


def _servers(settings: Settings) -> list[Finding]:
    """What stands in the way of the MCP servers, as far as it is seen without starting one."""
    enabled = {name: server for name, server in settings.mcp.items() if server.enabled}
    if not enabled:
        return []
    if importlib.util.find_spec("mcp") is None:
        named = ", ".join(enabled)
        return [
            Finding("config", "warning", f"MCP servers ({named}) need one more package", "pip install 'prx-tui[mcp]'")
        ]
    findings = []
    for name, server in enabled.items():
        path = server.env.get("PATH", os.environ.get("PATH", os.defpath))
        if server.command and shutil.which(server.command, path=path) is None:
            fix = f"Install it, or write its whole path as command in [mcp.{name}]."
            findings.append(
                Finding(
                    "config", "warning", f"MCP server {name}: there is no program {masked_name(server.command)}", fix
                )
            )
        else:
            where = masked_name(server.command) if server.command else masked_name(urlsplit(server.url).hostname or "")
            findings.append(
                Finding("config", "ok", f"MCP server {name}: {where}, started by the first chat with tools")
            )
    return findings


def _readers(settings: Settings) -> list[Finding]:
    """A warning where a key stands in a file that others may read."""
    origin = settings.origin("providers.anthropic.api_key")
    is_literal = bool(settings.anthropic.api_key) and "," not in origin  # no variable is named beside the line
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
            f"{settings.file} holds a key, and other users of this machine may read it",
            f'chmod 600 {settings.file}, or api_key = "${{ANTHROPIC_API_KEY}}"',
        )
    ]
