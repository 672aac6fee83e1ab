"""Settings that the app changes, written in place: comments, order and everything else in the file stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import TuiError
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.private_file import Occupied, locked, write_private

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Array

_LOCK_TIMEOUT_S = 5.0
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # editors of Windows begin a file with it


class NotWritten(TuiError):
    """The configuration could not be changed."""


def add_rule(file: Path, rule: str) -> None:
    """Adds a rule to `allow` of [tools], unless it is there. Raises NotWritten, and then nothing has changed."""
    try:
        with locked(file, _LOCK_TIMEOUT_S):
            text = read_file(file, SETTINGS_FILE_BYTES).decode() if file.exists() else ""
            changed = _with_rule(text, rule.replace("${", "$${"))  # so that it is read back as it is
            if changed != text:
                write_private(file, changed.encode())
    except (OSError, ValueError) as error:  # ValueError: what is not UTF-8, not TOML, or holds something else there
        raise NotWritten(
            f"The rule was not written to {file}: {error}", "prx doctor config says what is wrong with it."
        ) from error
    except Occupied as error:
        raise NotWritten(f"The rule was not written to {file}: another program is writing it.", "Try again.") from error


def _with_rule(text: str, rule: str) -> str:
    import tomlkit.exceptions  # only when something is written

    mark = _MARK if text.startswith(_MARK) else ""
    try:
        document = tomlkit.parse(text.removeprefix(mark))
        rules = _rules(document)
        if rule in rules:
            return text
        rules.append(rule)
        return mark + tomlkit.dumps(document)
    except (tomlkit.exceptions.TOMLKitError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _rules(document: TOMLDocument) -> Array:
    """`allow` of [tools]; made where it is missing. Raises ValueError where something else stands there."""
    import tomlkit
    from tomlkit.items import AbstractTable, Array

    if "tools" not in document:
        document.add("tools", tomlkit.table())
    tools = document["tools"]
    if not isinstance(tools, AbstractTable):
        raise ValueError("tools is not a table")
    if "allow" not in tools:
        tools.add("allow", tomlkit.array().multiline(True))
    rules = tools["allow"]
    if not isinstance(rules, Array):
        raise ValueError("allow is not a list")
    return rules
