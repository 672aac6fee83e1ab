"""Edits a text in the user's own editor: $VISUAL, else $EDITOR, else vi."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from textual.app import SuspendNotSupported

from tui.inputs import UnfitFile
from tui.inputs.bounded import read_file, without_bom
from tui.inputs.limits import EDITED_BYTES


class EditorFailed(Exception):
    """The editor could not be run, or has failed. The text is one line."""


def editor_command(env: Mapping[str, str]) -> list[str]:
    """Return the editor and its options. Raises `EditorFailed` if there is none."""
    for name in ("VISUAL", "EDITOR"):
        if command := env.get(name, "").strip():
            try:
                return shlex.split(command)
            except ValueError as error:
                raise EditorFailed(f"${name} is not a valid command: {error}") from error
    if found := shutil.which("vi", path=env.get("PATH")):
        return [found]
    raise EditorFailed("no editor found: set $VISUAL or $EDITOR")


def edited(text: str, env: Mapping[str, str], suspended: Callable[[], AbstractContextManager[None]]) -> str:
    """Return the text as it was when the editor was closed. `suspended` hands the terminal over meanwhile.

    The text goes through a file that only its owner can read, which is deleted afterwards. Raises `EditorFailed`.
    """
    command = editor_command(env)
    handle, name = tempfile.mkstemp(prefix="prompt-", suffix=".md")
    file = Path(name)
    try:
        os.close(handle)
        file.write_text(text, encoding="utf-8")
        with suspended(), _ignoring_interrupts():
            code = subprocess.run([*command, name], check=False).returncode
        if code:
            raise EditorFailed(f"{command[0]} exited with code {code}; the prompt is unchanged")
        return without_bom(read_file(file, EDITED_BYTES)).decode("utf-8", "replace").removesuffix("\n")
    except UnfitFile as error:
        raise EditorFailed(f"the edited file cannot be read: {error.strerror}; the prompt is unchanged") from error
    except OSError as error:
        raise EditorFailed(f"{command[0]} cannot be run: {error.strerror}") from error
    except SuspendNotSupported as error:
        raise EditorFailed("this terminal cannot be handed to an editor") from error
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Leave Ctrl+C to the editor. A handler, and not SIG_IGN, which the editor would inherit."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
