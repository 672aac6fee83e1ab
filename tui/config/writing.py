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
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # written by some Windows editors at the start of a file


class NotWritten(TuiError):
    """The configuration could not be changed."""


def add_rule(file: Path, rule: str) -> None:
    """Add a rule to `allow` in [tools] unless it is there. Raises NotWritten; then nothing has changed."""
    try:
        with locked(file, _LOCK_TIMEOUT_S):
            text = read_file(file, SETTINGS_FILE_BYTES).decode() if file.exists() else ""
            changed = _with_rule(text, rule.replace("${", "$${"))  # the form in which it is read
            if changed != text:
                write_private(file, changed.encode())
    except (
        OSError,
        ValueError,
    ) as error:  # ValueError: the file is not UTF-8, not TOML, or has another type of value there
        raise NotWritten(
            f"The rule was not written to {file}: {error}", "prx doctor config says what is wrong with it."
        ) from error
    except Occupied as error:
        raise NotWritten(f"The rule was not written to {file}: another program is writing it.", "Try again.") from error


def _with_rule(text: str, rule: str) -> str:
    import tomlkit.exceptions  # loaded only when something is written

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
    """Return `allow` of [tools], created if missing. Raises ValueError if there is another type of value."""
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
