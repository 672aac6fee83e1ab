"""Nothing outside is read without a bound: the sources are searched for calls that take whatever there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tui"

WHOLE = {
    "read_bytes",
    "read_text",
    "readlines",
    "readall",
    "copyfile",
    "copyfileobj",
    "copy2",
    "check_output",
    "communicate",
}
"""Calls that read to the end, however far that is, or open what may have to be waited for."""
OPENING = {"open", "fdopen"}
ALLOWED = {
    "inputs.bounded": "the one place that opens files",
    "cli.import_chats": "opens by `inputs.bounded`, and reads as a stream",
    "cli.main": "opens the null device in the place of streams that are closed",
    "cli.chats": "writes what was exported",
    "cli.printing": "opens stdout by its number",
    "private_file": "writes, and opens folders to sync them",
    "services.library": "writes an export to a new file",
    "services.unsaved": "writes to a new file",
    "anthropic.arrivals": "calls a function of its own, which reads no file",
    "images.sources": "refuses what is no regular file before it opens it, and reads up to a bound",
    "images.dots": "opens an image in memory",
    "images.pixels": "opens an image in memory",
    "mcp.stdio": "writes a log that `inputs.bounded` has opened",
    "exchange.archived": "opens a file within a zip file, and reads it as a stream",
    "render.pages": "opens no file",
    "render.strips": "opens no file",
    "store.database": "opens the database, after `store.files` has refused what is no regular file",
    "store.files": "opens the database and its folder; copies it where it could be opened",
    "tools.openat": "opens below a folder without following links, and refuses what is no regular file",
    "tools.scan": "reads regular files up to a bound, in a process of its own",
    "tools.walk": "opens folders, and .gitignore up to a bound",
    "tools.watcher": "reads what the kernel says of processes",
    "widgets.stderr": "opens the terminal by its number",
    "widgets.terminal_file": "opens the terminal once more, to write",
    "screens.attaching": "asks `services.last_folder`, which reads within bounds",
}
"""Modules with such a call, and why it is none."""


def calls(source: str) -> Iterator[str]:
    """Each call that opens something or reads it to its end, with its line."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        reads_all = name == "read" and not node.args and not node.keywords
        runs = name == "run" and any(word.arg == "capture_output" for word in node.keywords)
        if name in WHOLE | OPENING or reads_all or runs:
            yield f"{node.lineno}: {name}"


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def modules() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if not name_of(file).startswith("demo"))


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_a_module_reads_within_bounds(file: Path) -> None:
    if name_of(file) not in ALLOWED:
        assert list(calls(file.read_text())) == [], "use tui.inputs.bounded"


def test_no_reason_is_left_over() -> None:
    with_calls = {name_of(file) for file in modules() if list(calls(file.read_text()))}
    assert ALLOWED.keys() - with_calls == set()


@pytest.mark.parametrize(
    "source",
    [
        "Path('x').read_bytes()",
        "open('x')",
        "with path.open('rb') as f: pass",
        "stream.read()",
        "subprocess.run(['x'], capture_output=True)",
        "os.open('x', os.O_RDONLY)",
    ],
)
def test_what_is_not_bounded_is_found(source: str) -> None:
    assert len(list(calls(source))) == 1
