"""`prx doctor`: check configuration, credentials, models and terminal, and report problems and how to fix them.

It changes nothing: it writes no file and renews no login.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tui.cli.doctor.findings import CHECKS, Check, Finding, ModelRow, Report
from tui.config import Settings

__all__ = ["CHECKS", "Check", "Finding", "Report", "examine", "report_json", "report_text"]


def examine(
    settings: Settings, env: Mapping[str, str], checks: Sequence[Check] = CHECKS, *, today: date | None = None
) -> Report:
    """Run the checks and return their findings. Only `models` sends requests; it blocks until they are answered."""
    findings: list[Finding] = []
    rows: tuple[ModelRow, ...] = ()
    for check in checks:
        # A check imports what it needs itself: `doctor config` needs no HTTP client.
        match check:
            case "config":
                from tui.cli.doctor.configuration import config_findings

                findings += config_findings(settings)
            case "auth":
                from tui.cli.doctor.access import auth_findings

                findings += auth_findings(settings, env)
            case "models":
                from tui.cli.doctor.models import model_findings
                from tui.services.model_list import utc_today

                found, rows = model_findings(settings, env, today or utc_today())
                findings += found
            case "terminal":
                from tui.cli.doctor.terminal import look, terminal_findings

                findings += terminal_findings(look(env))
    return Report(tuple(findings), rows)


def report_json(report: Report) -> str:
    """Return the report as one JSON object: `ok`, `findings` and, if models were checked, `models`."""
    from tui.render.json_text import json_text

    fields: dict[str, object] = {"ok": report.ok, "findings": report.findings}
    if report.models:
        fields["models"] = report.models
    return json_text(fields, indent=2)


def report_text(report: Report) -> str:
    """Return the report as text: a line for each finding, its fix below it, and a table of the models."""
    from tui.render.safe import safe

    lines: list[str] = []
    for finding in report.findings:
        lines.append(f"{_SIGNS[finding.status]} {finding.check:<9} {safe(finding.message, keep_newlines=False)}")
        if finding.fix:
            lines.append(f"            → {safe(finding.fix, keep_newlines=False)}")
    if report.models:
        lines += ["", *_table(report.models)]
    return "\n".join(lines)


_SIGNS = {"ok": "✓", "note": "·", "warning": "!", "failed": "✗"}


def _table(rows: Sequence[ModelRow]) -> list[str]:
    from tui.cli.models import columns
    from tui.render.figures import tokens

    cells = [("", "MODEL", "CONTEXT", "OUTPUT", "VISION", "TOOLS", "STATUS")]
    cells += [
        (
            "*" if row["configured"] else "",
            row["id"],
            tokens(row["context"]),
            tokens(row["max_output"]),
            "yes" if row["vision"] else "no",
            "yes" if row["tools"] else "no",
            _status(row),
        )
        for row in rows
    ]
    return columns(cells).splitlines()


def _status(row: ModelRow) -> str:
    match row["status"]:
        case "retired":
            return f"retired {row['retires']}, answered by {row['successor']}"
        case "misspelt":
            return f"misspelt, the correct ID is {row['successor']}"
        case "deprecated" if row["days_left"] is not None:
            left = row["days_left"]
            words = (
                f"deprecated, {left} days left" if left >= 0 else f"deprecated, retirement was due on {row['retires']}"
            )
        case other:
            words = other
    return f"{words}, not listed by the server" if row["listed"] is False else words
