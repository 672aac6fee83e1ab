"""Write the generated tables of the documentation: `make docs`.

A page marks the place of a table by `<!-- NAME: … -->` and `<!-- end -->`. A test holds the pages against the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from make_architecture import steps_list  # beside this script

from tui.actions import ACTIONS, GROUPS, key_name
from tui.cli.main import prx

HERE = Path(__file__).parent
BAR = r"\|"  # a | within a cell
_WORDS = {"⏎": "Enter", "↑": "Up", "↓": "Down", "←": "Left", "→": "Right", "⌫": "Backspace"}
"""Signs of the screen, as words."""


def spelled(text: str) -> str:
    """Return a text with the signs for keys as words."""
    return "".join(_WORDS.get(character, character) for character in text)


def actions_table() -> str:
    """Return the table of actions, group by group, in the order of the help screen."""
    lines: list[str] = []
    for group in GROUPS:
        lines += ["", f"### {group}", ""]
        lines += ["| Action | Keys | Command | Name in `[keys]` |", "| --- | --- | --- | --- |"]
        for action in ACTIONS:
            if action.group == group:
                keys = ", ".join(spelled(key_name(key)) for key in action.keys)
                command = f"`{f'/{action.slash} {action.argument}'.strip()}`".replace("|", BAR) if action.slash else ""
                lines.append(f"| {spelled(action.label)} | {keys} | {command} | `{action.name}` |")
    return "\n".join(lines[1:])


def commands(command: click.Command = prx, path: str = "prx") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its full name, the top one first."""
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from commands(command.commands[name], f"{path} {name}")


def options_table() -> str:
    """Return the table of options: spelling, commands that take it, meaning."""
    users: dict[tuple[str, str], list[str]] = {}
    for path, command in commands():
        context = click.Context(command, info_name=path)
        for option in command.params:
            record = option.get_help_record(context) if isinstance(option, click.Option) else None
            if record:
                users.setdefault((record[0], record[1]), []).append(path)
    lines = ["| Option | Commands | |", "| --- | --- | --- |"]
    for (spelling, meaning), paths in users.items():
        named = ", ".join(f"`{path}`" for path in paths)
        lines.append(f"| `{spelling.replace('|', BAR)}` | {named} | {meaning} |")
    lines.append("| `-h, --help` | all | Show the command's arguments and options. |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {"actions": actions_table, "options": options_table, "steps": steps_list}
PAGES = ("keys.md", "scripting.md", "architecture.md")


def rewritten(page: str) -> str:
    """Return a page's text with its tables as they should be now."""

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n<!-- end -->"

    return re.sub(r"(<!-- (\w+): [^\n]*-->)\n.*?<!-- end -->", table, page, flags=re.DOTALL)


def main() -> None:
    for name in PAGES:
        file = HERE / name
        file.write_text(rewritten(file.read_text()))


if __name__ == "__main__":
    main()
