"""list_files, read_file and search_files: what they show, what they leave out, and that both searches give the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.calling import NO, Tools
from tui.chat.transcript import Document, Image
from tui.tools.paths import Folders
from tui.tools.search import SearchFiles
from tui.tools.toolbox import shortened

pytestmark = pytest.mark.anyio

FILES = {
    "README.md": "# Title\n\nSome words.\n",
    "src/main.py": "import os\n\n\ndef main():\n    return 1\n",
    "src/deep/er.py": "def other():\n    pass\n",
    "src/cache/x.pyc": "def compiled",
    "node_modules/lib/index.js": "function def() {}\n",
    "build/out.txt": "def\n",
    "build/keep.txt": "def kept\n",
    ".github/ci.yml": "def: ci\n",
    ".git/config": "def = git\n",
    ".env": "def=secret\n",
    ".gitignore": "*.pyc\nnode_modules/\n/build/*\n!/build/keep.txt\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_other_search_is_there_to_be_compared_with() -> None:
    assert RIPGREP


def searching(folder: Path, ripgrep: str | None) -> Tools:
    return Tools(folder, kinds=[SearchFiles(Folders(folder), ripgrep=ripgrep)])


RIPGREP = shutil.which("rg", path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")]))
"""The one that the tests' requirements put beside the interpreter."""

both = pytest.mark.parametrize("ripgrep", [pytest.param(RIPGREP, id="rg"), pytest.param("", id="own")])


async def test_a_path_that_no_system_takes_is_refused_at_once(folder: Path) -> None:
    """Comparing all the folders above it would take minutes."""
    said = await Tools(folder).failure("read_file", path="a/" * 100_000)
    assert said == "A path cannot have more than 4,096 characters."


async def test_a_folder_is_listed(folder: Path) -> None:
    tools = Tools(folder)
    text = await tools.text("list_files")
    assert text.splitlines() == [".env  11", ".github/", ".gitignore  46", "README.md  21", "build/", "src/"]
    assert (await tools.text("list_files", path="src")).splitlines() == ["cache/", "deep/", "main.py  37"]
    assert "node_modules/" in await tools.text("list_files", ignored=True)
    assert await tools.text("list_files", path="src/cache") == "The folder is empty."


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["src/deep/er.py", "src/main.py"]),
        ("src/*.py", ["src/main.py"]),
        ("src/**/*.py", ["src/deep/er.py", "src/main.py"]),
        ("*.txt", ["build/keep.txt"]),
        ("nothing", []),
    ],
)
async def test_a_pattern_finds_files_below(folder: Path, pattern: str, found: list[str]) -> None:
    text = await Tools(folder).text("list_files", pattern=pattern)
    assert [line.split("  ")[0] for line in text.splitlines()] == (found or ["No matches."])


async def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    for number in range(1_100):
        (tmp_path / f"{number:04}").touch()
    lines = (await Tools(tmp_path).text("list_files")).splitlines()
    assert lines[999:] == ["0999  0", "(the first 1000; there are more)"]


async def test_what_is_no_folder_is_not_listed(folder: Path) -> None:
    tools = Tools(folder)
    assert "Not a directory" in await tools.failure("list_files", path="README.md")
    assert "There is no file or folder" in await tools.failure("list_files", path="nowhere")


async def test_text_is_read_by_lines(folder: Path) -> None:
    tools = Tools(folder)
    assert await tools.text("read_file", path="README.md") == "1\t# Title\n2\t\n3\tSome words."
    assert await tools.text("read_file", path="README.md", offset=2, limit=1) == "2\t\n(lines 2 to 2 of 3)"
    assert "has 3 lines; there is no line 9" in await tools.failure("read_file", path="README.md", offset=9)
    (folder / "empty").touch()
    assert await tools.text("read_file", path="empty") == "The file is empty."
    assert tools.asked == []


async def test_long_files_and_lines_are_cut_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "many").write_text("x\n" * 5_000)
    (tmp_path / "wide").write_text("x" * 5_000)
    (tmp_path / "much").write_text(("y" * 1_999 + "\n") * 500)
    tools = Tools(tmp_path)
    assert (await tools.text("read_file", path="many")).endswith("2000\tx\n(lines 1 to 2,000 of 5,000)")
    assert (await tools.text("read_file", path="wide")).endswith("x[… 3,000 more characters]")
    text = await tools.text("read_file", path="much")
    assert len(text) < 81_000
    assert text.endswith("(lines 1 to 39 of 500)")


async def test_one_character_that_is_left_out_is_one_character(tmp_path: Path) -> None:
    (tmp_path / "wide").write_text("x" * 2_001)
    (tmp_path / "less").write_text("x" * 301)
    tools = Tools(tmp_path)
    assert (await tools.text("read_file", path="wide")).endswith("x[… 1 more character]")
    assert (await tools.text("search_files", pattern="x", path="less")).endswith("x[… 1 more character]")
    assert "has 1 line; there is no line 9" in await tools.failure("read_file", path="less", offset=9)
    assert shortened("x" * 7, 6) == "xxx\n\n[… 1 character left out …]\n\nxxx"


async def test_pictures_and_pdf_are_blocks_and_other_bytes_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    (tmp_path / "a.bin").write_bytes(b"\0\1\2")
    tools = Tools(tmp_path)
    (image,) = (await tools.call("read_file", path="a.png")).content
    assert isinstance(image, Image)
    assert image.name == "a.png"
    (document,) = (await tools.call("read_file", path="a.pdf")).content
    assert isinstance(document, Document)
    assert "neither an image, a PDF nor text" in await tools.failure("read_file", path="a.bin")


@both
async def test_a_search_shows_lines_with_their_numbers(folder: Path, ripgrep: str | None) -> None:
    tools = searching(folder, ripgrep)
    assert (await tools.text("search_files", pattern=r"\bdef\b")).split("\n\n") == [
        ".github/ci.yml\n1: def: ci",
        "build/keep.txt\n1: def kept",
        "src/deep/er.py\n1: def other():",
        "src/main.py\n4: def main():",
    ]
    assert tools.asked == []


@both
async def test_a_search_is_narrowed(folder: Path, ripgrep: str | None) -> None:
    tools = searching(folder, ripgrep)
    assert await tools.text("search_files", pattern="DEF", files="*.py", ignore_case=True, path="src/deep") == (
        "src/deep/er.py\n1: def other():"
    )
    assert await tools.text("search_files", pattern="def", files="src/*.py") == "src/main.py\n4: def main():"
    assert await tools.text("search_files", pattern="return", path="src/main.py") == "src/main.py\n5:     return 1"
    assert await tools.text("search_files", pattern="def main", context=2) == (
        "src/main.py\n2- \n3- \n4: def main():\n5-     return 1"
    )
    assert await tools.text("search_files", pattern="nowhere to be found") == "No matches."
    assert await tools.text("search_files", pattern="-v") == "No matches."


@both
async def test_a_search_that_cannot_be_says_why(folder: Path, ripgrep: str | None) -> None:
    tools = searching(folder, ripgrep)
    assert "regex parse error" in await tools.failure("search_files", pattern="(")
    assert "There is no file or folder" in await tools.failure("search_files", pattern="x", path="nowhere")
    assert "length >= 1" in await tools.failure("search_files", pattern="")


@both
async def test_many_matches_are_cut_and_say_so(tmp_path: Path, ripgrep: str | None) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("x y x\n" * 60)
    text = await searching(tmp_path, ripgrep).text("search_files", pattern="x")
    assert text.endswith("(the first 200 matches; be more specific for others)")
    assert text.count(": x y x") == 200


@both
async def test_a_long_line_is_cut(tmp_path: Path, ripgrep: str | None) -> None:
    (tmp_path / "min.js").write_text("x" * 100_000 + "\r\n")
    assert await searching(tmp_path, ripgrep).text("search_files", pattern="x$") == (
        f"min.js\n1: {'x' * 300}[… 99,700 more characters]"
    )


async def test_a_pattern_without_end_is_ended(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a" * 40 + "!\n")
    own = SearchFiles(Folders(tmp_path), ripgrep="", timeout_s=0.5)
    text = await Tools(tmp_path, kinds=[own]).text("search_files", pattern="^(a+)+$")
    assert text == "No matches.\n(stopped after 0.5 seconds; search in a smaller folder)"


_name = st.sampled_from(["a", "b", "a.txt", "b.log", ".c", "build"])
_path = st.lists(_name, min_size=1, max_size=3).map("/".join)
_rule = st.sampled_from(
    [
        "*.log",
        "/a",
        "build/",
        "!a.txt",
        "a/b",
        "**/b",
        "a/**",
        "*",
        "!*/",
        "#a",
        "\\!b",
        "b ",
        "?.txt",
        "[ab]",
        "/*/b",
        "!/a/",
    ]
)


@pytest.mark.skipif(not shutil.which("git"), reason="git is asked")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sets(_path, max_size=8), st.lists(_rule, max_size=4), st.lists(_rule, max_size=2))
def test_what_git_ignores_is_left_out(tmp_path: Path, paths: set[str], top: list[str], inner: list[str]) -> None:
    folder = tmp_path / "repository"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted(paths):
        if not any((folder / Path(*Path(path).parts[:depth])).is_file() for depth in range(1, path.count("/") + 1)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / path).is_dir():
                (folder / path).write_text("x")
    (folder / ".gitignore").write_text("\n".join(top))
    if (folder / "a").is_dir():
        (folder / "a" / ".gitignore").write_text("\n".join(inner))
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    found = sorted(path for path in walked(folder))
    assert found == sorted(listed)


def walked(folder: Path) -> list[str]:
    from tui.tools import openat
    from tui.tools.walk import walk

    with openat.folder(folder) as opened:
        return [entry.path for entry in walk(opened, folder) if entry.kind == "file"]


def test_the_lists_of_folders_above_count_within_the_repository(folder: Path) -> None:
    assert walked(folder / "src") == ["deep/er.py", "main.py"]
    shutil.rmtree(folder / ".git")
    assert "cache/x.pyc" in walked(folder / "src")


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        ("\u65e5\u671f,\u5546\u6237\n\u6d4b\u8bd5,1\n", "gb18030", "GBK"),
        ("\u3053\u308c\u306f\u65e5\u672c\u8a9e\u3067\u3059\u3002\nb\n", "cp932", "Shift-JIS"),
        ("Gr\xf6\xdfe\n5\u20ac\n", "cp1252", "Windows-1252"),
        ("name\nAnna\n", "utf-16-le", "UTF-16"),
        ("name\n\xc9va\n", "utf-16", ""),
        ("a \x1b[31mred\x1b[0m\nword \x07\n", "utf-8", ""),
    ],
)
async def test_a_text_is_read_in_its_encoding_and_a_guess_is_named(
    tmp_path: Path, text: str, encoding: str, guess: str
) -> None:
    (tmp_path / "f").write_bytes(text.encode(encoding))
    first, second = text.splitlines()
    remark = f"(read as {guess}, which is a guess)\n" if guess else ""
    assert await Tools(tmp_path).text("read_file", path="f") == f"{remark}1\t{first}\n2\t{second}"


async def test_a_file_is_found_by_a_name_that_looks_the_same(tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "at 3.04\u202fPM.txt").write_text("x")
    (tmp_path / "Sni\u0301mek.txt").write_text("y")
    tools = Tools(tmp_path)
    assert await tools.text("read_file", path="shots/at 3.04 PM.txt") == "1\tx"
    assert await tools.text("read_file", path="Sn\xedmek.txt") == "1\ty"
    await tools.text("edit_file", path="Sn\xedmek.txt", old="y", new="z")
    assert (tmp_path / "Sni\u0301mek.txt").read_text() == "z"
    assert "There is no file" in await tools.failure("read_file", path="shots/at 4.04 PM.txt")


async def test_a_name_that_looks_the_same_outside_the_folder_is_asked_about(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "a\u202fb.txt").write_text("x")
    tools = Tools(inside, answer=NO)
    await tools.failure("read_file", path="../a b.txt")
    assert [question.detail for question in tools.asked] == [f"{tmp_path}/a\\u202fb.txt"]
