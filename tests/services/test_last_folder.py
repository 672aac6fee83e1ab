"""The folder of the attach dialog, from one run to the next."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tui.services.last_folder import LastFolder


def test_a_folder_is_remembered_for_the_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "attach-folder"
    folder = tmp_path / "photos of \udcff the fjord\n"
    folder.mkdir()
    LastFolder(file).keep(folder)
    assert LastFolder(file).read() == folder
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"", b"photos", b"/gone/with/the/wind", b"/tmp\0", __file__.encode()])
def test_anything_else_than_a_folder_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "attach-folder"
    file.write_bytes(content)
    assert LastFolder(file).read() is None


def test_without_a_place_to_write_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    memory = LastFolder(tmp_path / "state" / "attach-folder")
    memory.keep(tmp_path)
    assert memory.read() is None
