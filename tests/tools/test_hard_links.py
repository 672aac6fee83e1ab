"""A hard link may be a file from outside under a name inside: what it holds is not read or found without a question."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tools.calling import NO, YES, Tools, see
from tui.tools import openat
from tui.tools.built_in import built_in
from tui.tools.paths import Folders
from tui.tools.search import SearchFiles
from tui.tools.tool import Failed

pytestmark = pytest.mark.anyio
SECRET = "what nobody may see"
TITLE = "Read a hard link, which may be a file from outside the folder"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of its own, and one that is also a file outside."""
    inside = tmp_path / "project"
    (inside / "src").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    (inside / "src" / "own.txt").write_text("nobody else\n")
    os.link(tmp_path / "secret.txt", inside / "src" / "linked.txt")
    return inside


async def test_reading_one_asks_and_says_why(folder: Path) -> None:
    tools = Tools(folder, answer=NO)
    assert SECRET not in await tools.failure("read_file", path="src/linked.txt")
    (question,) = tools.asked
    assert (question.title, question.detail) == (TITLE, str(folder / "src" / "linked.txt"))
    assert question.rules == ("read_file(src/linked.txt)", "read_file(src/**)")
    assert await Tools(folder, answer=YES).text("read_file", path="src/linked.txt") == f"1\t{SECRET}"
    assert await tools.text("read_file", path="src/own.txt") == "1\tnobody else"


async def test_a_store_of_packages_is_allowed_as_a_whole(folder: Path) -> None:
    tools = Tools(folder, rules=["read_file(src/**)"], answer=NO)
    assert await tools.text("read_file", path="src/linked.txt") == f"1\t{SECRET}"
    assert tools.asked == []


async def test_the_same_through_a_link_to_it(folder: Path) -> None:
    (folder / "soft.txt").symlink_to("src/linked.txt")
    tools = Tools(folder, answer=NO)
    assert SECRET not in await tools.failure("read_file", path="soft.txt")
    assert tools.asked[0].title == TITLE


@pytest.mark.parametrize("ripgrep", [None, ""], ids=["installed", "scan"])
@pytest.mark.parametrize("pattern", ["nobody", "nobody may", "."])
async def test_a_search_does_not_find_in_one(folder: Path, ripgrep: str | None, pattern: str) -> None:
    tools = Tools(folder, kinds=[SearchFiles(Folders(folder), ripgrep=ripgrep)], answer=NO)
    for place in (".", "src"):
        said = await tools.text("search_files", pattern=pattern, path=place)
        assert "linked" not in said
        assert "may" not in said
    assert tools.asked == []
    assert SECRET not in await tools.failure("search_files", pattern="nobody", path="src/linked.txt")
    assert tools.asked[0].title == TITLE
    asked = Tools(folder, kinds=[SearchFiles(Folders(folder), ripgrep=ripgrep)], answer=YES)
    assert SECRET in await asked.text("search_files", pattern="nobody", path="src/linked.txt")


async def test_many_matches_in_one_do_not_show_in_the_count(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("nobody\n" * 1_000)
    assert await Tools(folder, answer=NO).text("search_files", pattern="^nobody$") == "No matches."


async def test_a_list_says_that_it_is_one_and_not_its_size(folder: Path) -> None:
    said = await Tools(folder, answer=NO).text("list_files", path="src")
    assert said == "linked.txt  (hard link)\nown.txt  12"


async def test_changing_one_asks_whatever_is_allowed_around_it(folder: Path) -> None:
    tools = Tools(folder, rules=["edit_file(**)", "write_file(**)"], answer=NO)
    await tools.failure("edit_file", path="src/linked.txt", old="what", new="x")
    await tools.failure("write_file", path="src/linked.txt", content="x")
    assert [question.title for question in tools.asked] == [
        "Change a file (a hard link: its other names keep what they hold)"
    ] * 2
    assert await Tools(folder).text("write_file", path="src/linked.txt", content="new")
    assert (folder.parent / "secret.txt").read_text() == f"{SECRET}\n"


async def test_an_edit_that_does_not_fit_tells_nothing_without_a_question(folder: Path) -> None:
    tools = Tools(folder, rules=["edit_file(**)"], answer=NO)
    said = [
        await tools.failure("edit_file", path="src/linked.txt", old=old, new="x") for old in ("what nobody", "other")
    ]
    assert said[0] == said[1]
    assert len(tools.asked) == 2


async def test_what_becomes_one_after_the_look_is_not_read(folder: Path) -> None:
    """Swapped between the check and the opening: the real file, in the real folder."""
    place = Folders(folder).find("src/own.txt")
    (folder / "src" / "own.txt").unlink()
    os.link(folder.parent / "secret.txt", folder / "src" / "own.txt")
    with pytest.raises(Failed, match="hard link"):
        openat.read(place.path, may_be_shared=not place.is_free)
    tools = Tools(folder, kinds=built_in(folder, see=see), answer=NO)
    await tools.failure("read_file", path="src/own.txt")
