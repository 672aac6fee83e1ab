"""Writing a text in the user's own editor: $VISUAL, else $EDITOR, else vi."""

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

from tui.inputs import UnfitFile
from tui.inputs.bounded import read_file, without_mark
from tui.inputs.limits import EDITED_BYTES


class EditorFailed(Exception):
    """The editor could not be run, or said that it failed. Its text says which, in one line."""


def editor_command(env: Mapping[str, str]) -> list[str]:
    """The editor and its options. Raises `EditorFailed` where there is none."""
    for name in ("VISUAL", "EDITOR"):
        if command := env.get(name, "").strip():
            try:
                return shlex.split(command)
            except ValueError as error:
                raise EditorFailed(f"${name} is no command: {error}") from error
    if found := shutil.which("vi", path=env.get("PATH")):
        return [found]
    raise EditorFailed("no editor: set $VISUAL or $EDITOR")


def edited(text: str, env: Mapping[str, str], suspended: Callable[[], AbstractContextManager[None]]) -> str:
    """The text as it was when the editor was closed. `suspended` gives the terminal away meanwhile.

    The text goes through a file that only its owner can read, and that is gone afterwards. Raises `EditorFailed`.
    """
    command = editor_command(env)
    handle, name = tempfile.mkstemp(prefix="prompt-", suffix=".md")
    file = Path(name)
    try:
        os.close(handle)
        file.write_text(text, encoding="utf-8")
        with suspended(), _undisturbed():
            code = subprocess.run([*command, name], check=False).returncode
        if code:
            raise EditorFailed(f"{command[0]} ended with code {code}; the prompt is as it was")
        return without_mark(read_file(file, EDITED_BYTES)).decode("utf-8", "replace").removesuffix("\n")
    except UnfitFile as error:
        raise EditorFailed(f"the edited file cannot be read: {error.strerror}; the prompt is as it was") from error
    except OSError as error:
        raise EditorFailed(f"{command[0]} cannot be run: {error.strerror}") from error
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl+C in the editor is the editor's. A handler, not SIG_IGN: that one the editor would inherit."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
