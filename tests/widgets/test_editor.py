"""The prompt in the user's own editor."""

from __future__ import annotations

import stat
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tui.widgets.editor import EditorFailed, edited, editor_command


def editor(folder: Path, code: str) -> dict[str, str]:
    """An environment whose editor runs this Python code, with the file's path as `path`."""
    script = folder / "my editor.py"
    script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[-1])\n{code}\n")
    return {"VISUAL": f"{sys.executable} '{script}' --wait", "EDITOR": "false"}


def test_the_text_comes_back_as_it_was_written(tmp_path: Path) -> None:
    env = editor(tmp_path, "path.write_text(path.read_text(encoding='utf-8') + ' and schön\\n', encoding='utf-8')")
    assert edited("one\ntwo", env, nullcontext) == "one\ntwo and schön"


def test_nobody_else_can_read_the_file_and_it_is_gone_afterwards(tmp_path: Path) -> None:
    note = tmp_path / "note"
    env = editor(tmp_path, f"pathlib.Path({str(note)!r}).write_text(f'{{path.stat().st_mode}} {{path}}')")
    edited("secret", env, nullcontext)
    mode, _, path = note.read_text().partition(" ")
    assert stat.S_IMODE(int(mode)) == 0o600
    assert not Path(path).exists()


def test_an_editor_that_fails_leaves_the_prompt_alone(tmp_path: Path) -> None:
    with pytest.raises(EditorFailed, match="exited with code 3"):
        edited("text", editor(tmp_path, "path.write_text('gone'); sys.exit(3)"), nullcontext)


def test_an_editor_that_is_not_there_says_so() -> None:
    with pytest.raises(EditorFailed, match="no-such-editor cannot be run"):
        edited("text", {"EDITOR": "no-such-editor"}, nullcontext)


def test_visual_goes_before_editor_and_vi_is_the_last_resort(tmp_path: Path) -> None:
    vi = tmp_path / "vi"
    vi.touch(mode=0o700)
    path = {"PATH": str(tmp_path)}
    assert editor_command({"VISUAL": "a -w", "EDITOR": "b", **path}) == ["a", "-w"]
    assert editor_command({"VISUAL": " ", "EDITOR": "b", **path}) == ["b"]
    assert editor_command(path) == [str(vi)]


@pytest.mark.parametrize(("env", "said"), [({"PATH": ""}, "set "), ({"EDITOR": "'open"}, "not a valid command")])
def test_without_a_usable_editor_it_says_what_to_set(env: dict[str, str], said: str) -> None:
    with pytest.raises(EditorFailed, match=said):
        editor_command(env)
