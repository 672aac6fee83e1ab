"""What continues the word being typed: commands after a slash, files after an @. The lists are the test's own; no screen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from tui.actions import Action
from tui.widgets.commands import Completion, Completions

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class Choices(Generic[T]):
    def __init__(self) -> None:
        self.choices: list[T] = []
        self.at = 0

    @property
    def is_open(self) -> bool:
        return bool(self.choices)

    @property
    def chosen(self) -> T:
        return self.choices[self.at]

    def offer(self, choices: Sequence[T]) -> None:
        self.choices, self.at = list(choices), 0

    def move(self, step: int) -> None:
        self.at = (self.at + step) % len(self.choices)


class Bench:
    """Completions of a prompt of one line, with the cursor at its end."""

    def __init__(self) -> None:
        self.text = ""
        self.commands, self.files = Choices[Action](), Choices[str]()
        self.jobs: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.completions = Completions(
            self.commands, self.files, before_cursor=lambda: self.text, run=self.jobs.append, cancel=self.jobs.clear
        )

    async def write(self, text: str) -> None:
        self.text = text
        self.completions.update(text)
        while self.jobs:
            await self.jobs.pop()()


async def test_a_slash_lists_commands_and_tab_completes_the_chosen_one() -> None:
    bench = Bench()
    await bench.write("/ex")
    assert bench.completions.command is not None
    assert bench.completions.command.name == bench.commands.chosen.name
    assert bench.completions.complete() == Completion(f"/{bench.commands.chosen.slash} ")
    await bench.write("/export to")
    assert not bench.commands.is_open
    assert bench.completions.command is None
    assert bench.completions.complete() is None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fjord").mkdir()
    (tmp_path / "fjord.png").touch()
    (tmp_path / "sand.png").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_an_at_lists_files_and_the_chosen_one_is_attached(folder: Path) -> None:
    bench = Bench()
    await bench.write("look at @sa")
    assert bench.files.choices == ["sand.png"]
    assert bench.completions.is_incomplete
    completion = bench.completions.complete()
    assert completion == Completion("", len("look at "), Path("sand.png"))
    assert not bench.files.is_open


async def test_a_folder_is_completed_to_be_typed_on(folder: Path) -> None:
    bench = Bench()
    await bench.write("@fj")
    bench.files.at = bench.files.choices.index("fjord/")
    assert bench.completions.complete() == Completion("fjord/", 1)


async def test_a_path_that_is_typed_out_is_complete(folder: Path) -> None:
    bench = Bench()
    await bench.write("@sand.png")
    assert not bench.completions.is_incomplete


async def test_a_list_that_lags_behind_the_text_completes_nothing(folder: Path) -> None:
    bench = Bench()
    await bench.write("@sa")
    bench.text = "@fj"
    assert bench.completions.complete() is None


async def test_only_an_open_list_moves_and_closes(folder: Path) -> None:
    bench = Bench()
    assert not bench.completions.move(1)
    assert not bench.completions.close()
    await bench.write("@")
    assert bench.completions.move(1)
    assert bench.files.at == 1
    assert bench.completions.close()
    assert not bench.files.is_open
    await bench.write("/")
    assert bench.completions.move(-1)
    assert bench.completions.close()
    assert not bench.commands.is_open
