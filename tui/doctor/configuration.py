"""Looks at the configuration file: what could not be used of it, and who may read it."""

from __future__ import annotations

import os
import stat

from tui.config import Settings
from tui.doctor.findings import Finding


def config_findings(settings: Settings) -> list[Finding]:
    """What is wrong with the file, each with its place."""
    findings = [
        Finding("config", "failed", str(one), "Correct it there; until then the default is used.")
        for one in settings.findings
    ]
    if not findings:
        state = "no mistakes" if settings.file.exists() else "not there, so the defaults are used"
        findings.append(Finding("config", "ok", f"{settings.file}: {state}"))
    return findings + _readers(settings)


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
