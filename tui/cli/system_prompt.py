"""What a command line says of the system prompt: a text, a file, or a preset that says it with a model and an effort."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.printing import say
from tui.config import Preset, Settings
from tui.inputs.bounded import read_file
from tui.inputs.charset import decoded
from tui.inputs.limits import SYSTEM_PROMPT_BYTES


def read(file: Path) -> str:
    """Return the text of a file or a pipe; a guess at its encoding is named on stderr. Raises UsageError."""
    try:
        found = decoded(read_file(file, SYSTEM_PROMPT_BYTES, pipes=True))
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from error
    if found is None:
        raise click.UsageError(f"{file} is binary, not text.")
    if found.is_guess:
        say(f"prx: {file}: {found.remark}", err=True)
    return found.text.strip()


def preset(settings: Settings, name: str | None) -> Preset:
    """The preset of that name; without a name one that says nothing. Raises UsageError."""
    if not name:
        return Preset()
    if name not in settings.presets:
        known = ", ".join(settings.presets) or "none yet; write [presets.NAME] in config.toml"
        raise click.UsageError(f'There is no preset "{name}". Known: {known}.')
    return settings.presets[name]
