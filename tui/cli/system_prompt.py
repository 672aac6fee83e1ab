"""The system prompt of a command line: read from a file, or taken from a preset."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.printing import say
from tui.config import Preset, Settings
from tui.inputs.bounded import read_file
from tui.inputs.charset import decode_text
from tui.inputs.limits import SYSTEM_PROMPT_BYTES


def read_system_prompt(file: Path) -> str:
    """Return the text of a file or a pipe, and report a guessed encoding on stderr. Raises UsageError."""
    try:
        found = decode_text(read_file(file, SYSTEM_PROMPT_BYTES, pipes=True))
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from error
    if found is None:
        raise click.UsageError(f"{file} is binary, not text.")
    if found.is_guess:
        say(f"prx: {file}: {found.remark}", err=True)
    return found.text.strip()


def find_preset(settings: Settings, name: str | None) -> Preset:
    """Return the preset of that name, or an empty one without a name. Raises UsageError."""
    if not name:
        return Preset()
    if name not in settings.presets:
        known = ", ".join(settings.presets) or "none; add one as [presets.NAME] in config.toml"
        raise click.UsageError(f'Unknown preset "{name}". Known presets: {known}.')
    return settings.presets[name]
