"""What a command line says of the system prompt: a text, a file, or a preset that says it with a model and an effort."""

from __future__ import annotations

from pathlib import Path

import click

from tui.config import Preset, Settings

_LONGEST = 10_000_000  # bytes; the API takes 32 MB in all


def read(file: Path) -> str:
    """The text of a file. Raises UsageError."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LONGEST + 1)
        if len(raw) > _LONGEST:
            raise click.UsageError(f"{file} is too large for a system prompt: more than 10 MB.")
        return raw.decode("utf-8-sig").strip()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is no UTF-8 text.") from error


def preset(settings: Settings, name: str | None) -> Preset:
    """The preset of that name; without a name one that says nothing. Raises UsageError."""
    if not name:
        return Preset()
    if name not in settings.presets:
        known = ", ".join(settings.presets) or "none yet; write [presets.NAME] in config.toml"
        raise click.UsageError(f'There is no preset "{name}". Known: {known}.')
    return settings.presets[name]
