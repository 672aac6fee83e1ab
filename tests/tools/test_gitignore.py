"""The rules of `.gitignore`, compared with what git itself says, and how long hostile ones take."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.tools.gitignore import IgnoreRules

NAMES = [
    b"a",
    b"b",
    b"ab",
    b"a.b",
    b".a",
    b"a b",
    b"-",
    b"!a",
    b"#a",
    b"[a]",
    b"b ",
    b"^",
    b"a\\",
    b"\xc3\xa9",
    b"\xff",
    b"a\t",
]
"""Of the folders, and of the files in each."""

_ordinary = st.sampled_from(
    ["a", "b", ".", "-", "^", "!", "#", " ", "\t", "\\a", "\\*", "\\ ", "]", "\xe9", "\xe0", "\xff"]
)
_wild = st.sampled_from(["*", "?", "[ab]", "[!a]", "[^a]", "[a-]", "[]a]", "[!]a]", "[-.]"])
_name = st.lists(_ordinary | _wild, min_size=1, max_size=4).map("".join)
_rule = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "", "!", "/", "**/", "/**/", "!/"]),
        st.lists(_name | st.sampled_from(["*", "**"]), min_size=1, max_size=3).map("/".join),
        st.sampled_from(["", "", "", "/", "/**", "/*", " ", "  ", "\\", "\r"]),
    ),
)
"""Left out, since git has its own ways with them: in brackets a slash, a backslash or a range from z to a; `\\/`; `a**`."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    for folder in map(os.fsdecode, NAMES):
        (top / folder / "a").mkdir(parents=True)
        for name in ("a/ab", *map(os.fsdecode, NAMES[1:])):
            (top / folder / name).touch()
    return top


@pytest.fixture(scope="module")
def entries(repository: Path) -> dict[Path, bool]:
    """The paths in the repository, folders before what is in them; True for folders."""
    found = sorted(path for path in repository.rglob("*") if ".git" not in path.parts)
    return {path.relative_to(repository): path.is_dir() for path in found}


def ignored_by_git(top: Path, paths: Iterable[Path]) -> set[Path]:
    run = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=top,
        input=b"\0".join(map(os.fsencode, paths)),
        capture_output=True,
    )
    return {Path(os.fsdecode(name)) for name in run.stdout.split(b"\0") if name}


def ignored_by_us(entries: dict[Path, bool], rules: IgnoreRules) -> set[Path]:
    """Like the walk: nothing below an ignored folder is asked about."""
    found: set[Path] = set()
    for path, is_folder in entries.items():
        if path.parent in found or rules.verdict(path.parts, is_folder):
            found.add(path)
    return found


@pytest.mark.skipif(not shutil.which("git"), reason="git is asked")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_rule, min_size=1, max_size=4))
def test_the_same_is_ignored_as_by_git(repository: Path, entries: dict[Path, bool], lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    (repository / ".gitignore").write_bytes(data)
    assert ignored_by_us(entries, IgnoreRules(data)) == ignored_by_git(repository, entries)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("\ufeff*.log", "a.log", True),
        ("*.log\r\n!b.log\r\n", "b.log", False),
        ("a\x0cb", "b", None),
        ("a\u2028b", "b", None),
        ("/", "a", None),
        ("!", "a", None),
        ("a//", "a", None),
        ("[[:digit:]", "1", None),
        ("a\\", "a", None),
        ("a*[!b]c", "a/c", None),
        ("x/a*[!b]c", "x/a/c", None),
        ("**/src/**/*.gen.*", "a/src/b/c.gen.py", True),
        ("caf\xe0", "caf\xe0", True),
        ("a\\  ", "a ", True),
    ],
)
def test_a_rule_is_read_as_git_does(text: str, path: str, expected: bool | None) -> None:
    assert IgnoreRules(text.encode()).verdict(path.split("/"), False) is expected


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 60 + "b", "a" * 255),
        ("*a?[a-b]" * 20 + "b", "a" * 255),
        ("/".join(["*a*a*a"] * 8) + "b", "/".join(["a" * 255] * 8)),
        ("**/a/" * 20 + "b", "/".join("a" * 64)),
        ("**/*a*/" * 3 + "b", "/".join(["a" * 60] * 60)),
        ("**/*/" * 3 + "b", "/".join("a" * 2_000)),
    ],
    ids=str.__len__,
)
def test_no_rule_takes_long(line: str, path: str) -> None:
    rules = IgnoreRules(line.encode())
    began = time.process_time()
    assert rules.verdict(path.split("/"), False) is None
    assert time.process_time() - began < 1
