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
    "inputs.bounded": "the one place that opens files for reading",
    "cli.import_chats": "opens files through `inputs.bounded` and reads them as streams",
    "cli.main": "opens the null device in place of closed standard streams",
    "cli.chats": "writes an exported chat",
    "cli.printing": "opens stdout by its number",
    "private_file": "writes files, and opens folders to sync them",
    "services.launch_frame": "opens the terminal again, to write",
    "services.library": "writes an export to a new file",
    "services.unsaved": "writes to a new file",
    "anthropic.response_stream": "calls a function of its own that reads no file",
    "chat_screen.controllers.attachments": "calls `services.last_folder`, which reads within limits",
    "chat_screen.controllers.library": "opens a chat",
    "chat_screen.controllers.sessions": "opens a chat",
    "chat_screen.screen": "opens a chat",
    "chat_screen.wiring": "opens a chat",
    "images.pdf": "reads what prx itself sends to a process of its own",
    "images.sources": "checks that it is a regular file before opening it, and reads up to a limit",
    "images.thumbnails": "opens an image in memory",
    "images.pixels": "opens an image in memory",
    "exchange.zip_file": "opens a file within a zip file and reads it as a stream",
    "mcp.stdio": "writes a log that `inputs.bounded` has opened",
    "render.pages": "opens no file",
    "render.strips": "opens no file",
    "screens.chats": "opens a chat",
    "store.database": "opens the database after `store.files` has checked that it is a regular file",
    "store.files": "opens the database and its folder, and copies it",
    "tools.openat": "opens files below a folder without following links, regular files only",
    "tools.scan": "reads regular files up to a limit, in a process of its own",
    "tools.walk": "opens folders, and .gitignore up to a limit",
    "tools.watcher": "reads what the kernel reports about processes",
    "widgets.conversation.conversation": "opens the block under the cursor",
    "widgets.stderr": "opens the terminal by its number",
    "widgets.terminal_file": "opens the terminal again, to write",
}
"""Modules with such a call, and why it is allowed."""


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
