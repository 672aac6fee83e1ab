"""Files with any content (settings, credentials, imports, databases) are read, or refused in a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fuzzing import fuzzed, no_hang
from hypothesis import example, given
from hypothesis import strategies as st

from tui.anthropic.credentials import read_login
from tui.anthropic.key_file import read_key
from tui.anthropic.model_cache import CachedModelList, read_list
from tui.chat.transcript import Draft, Message, Text
from tui.chat.tree import ChatTree, Node
from tui.config import load
from tui.config.writing import NotWritten, add_rule
from tui.errors import TuiError
from tui.exchange import archive
from tui.exchange.imports import imported
from tui.store import NewChat, Position, Store

LIMIT_S = 20

# Changes of bytes that were right: (where, what to put there, how much to take away), in thousandths of the whole.
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 999), st.binary(max_size=8) | st.sampled_from([b"[" * 3_000, b"\xff" * 64]), st.integers(0, 40)
    ),
    max_size=6,
)


def changed(data: bytes, changes: list[tuple[int, bytes, int]]) -> bytes:
    for where, new, less in changes:
        at = len(data) * where // 1000
        data = data[:at] + new + data[at + len(data) * less // 1000 :]
    return data


def overwritten(data: bytes, changes: list[tuple[int, bytes, int]]) -> bytes:
    """The same without a change of what stands behind it, as a disk damages a file; cut off where much is taken away."""
    for where, new, less in changes:
        at = len(data) * where // 1000
        data = data[:at] + new + data[at + len(new) :]
        if less > 35:
            data = data[:at]
    return data


@contextlib.contextmanager
def file_of(content: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        yield file


TOML = st.sampled_from(
    [
        "[default]\n",
        "[providers.anthropic]\n",
        "[[x]]\n",
        "[mcp.a]\n",
        "model = ",
        "api_url = ",
        "allow",
        "tools",
        " = ",
        ".",
        '"',
        "'",
        '"""',
        "[",
        "]",
        "{",
        "}",
        ",",
        "#",
        "\\",
        "\\u0000",
        "1e999",
        "9" * 5_000,
        "nan",
        "1979-05-27",
        "true",
        "${",
        "\n",
        "${A:-",
        "\r\n",
        "\x00",
        "\ud800",
        "é",
        "\ufeff",
        "[" * 3_000,
        "a." * 3_000,
        "{a=" * 3_000,
        "'https://x'",
        "'opus'",
    ]
)


@fuzzed
@given(st.lists(TOML, max_size=40))
@example(["[default]\n", "a", " = ", "[" * 3_000])
@example(["a." * 3_000, " = ", "1"])
def test_a_configuration_is_read_or_its_mistakes_are_told(tokens: list[str]) -> None:
    with no_hang(), file_of("".join(tokens).encode("utf-8", "surrogatepass"), "config.toml") as file:
        settings = load({}, file=file)
        assert all(str(finding).startswith(str(file)) and "\n" not in str(finding) for finding in settings.findings)
        with contextlib.suppress(NotWritten):
            add_rule(file, "run_command(git log *)")
            assert load({}, file=file).tools.allow[-1:] == ("run_command(git log *)",) or load({}, file=file).findings


LOGIN = json.dumps(
    {"claudeAiOauth": {"accessToken": "sk-ant-oat01-x", "refreshToken": "sk-ant-ort01-x", "expiresAt": 1.8e12}}
)
KEY = json.dumps({"anthropic": "sk-ant-api03-x"})
LIST = archive.json_text(CachedModelList(models=(), at_s=1e9, table="x"))


@fuzzed
@given(st.sampled_from([LOGIN, KEY, LIST]), CHANGES)
def test_credentials_and_model_lists_are_read_or_count_as_missing(
    right: str, changes: list[tuple[int, bytes, int]]
) -> None:
    with no_hang(), file_of(changed(right.encode(), changes), "file.json") as file:
        read_login(file, now_s=1e9)
        read_key(file)
        read_list(file)


NODE = Node(id="m1", message=Message(role="user", blocks=(Text('Which "way"?'),), at=1e9))
OURS = archive.to_json([ChatTree(id="c1", title="Tides", nodes=(NODE,), head="m1")]).encode()
THEIRS = json.dumps(
    [{"uuid": "c1", "chat_messages": [{"uuid": "m1", "sender": "human", "text": 'Way \\" ?'}]}] * 3
).encode()


@cache
def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("conversations.json", THEIRS)
    return stream.getvalue()


@fuzzed
@given(st.sampled_from(["ours", "theirs", "zip"]), CHANGES)
def test_an_import_is_read_or_refused(kind: str, changes: list[tuple[int, bytes, int]]) -> None:
    right = {"ours": OURS, "theirs": THEIRS, "zip": zipped()}[kind]
    with no_hang(), contextlib.suppress(TuiError):
        for _ in imported(io.BytesIO(changed(right, changes))):
            pass


@cache
def database() -> bytes:
    """A real one, with a chat and a draft."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chats.db"
        with Store(file) as store:
            for number in range(20):
                message = Message(role="assistant" if number % 2 else "user", blocks=(Text("The tide runs out. " * 9),))
                store.append(NewChat(id="c1"), f"m{number}", f"m{number - 1}" if number else None, message)
            store.save_position(Position(chat_id="c1", draft=Draft(text="half a draft")))
        return file.read_bytes()


@fuzzed
@given(CHANGES)
@example([(755, b"\x80", 0)])
@example([(737, b"A", 0)])  # the name of a column
@example([(514, b"\xff" * 64, 0)])  # SQLite takes a length in the index for one that no memory holds
def test_a_database_is_read_repaired_or_set_aside(changes: list[tuple[int, bytes, int]]) -> None:
    problems: list[TuiError] = []
    with (
        no_hang(),
        file_of(overwritten(database(), changes), "chats.db") as file,
        Store(file, problems=problems.append) as store,
    ):
        asked = [
            store.chats(),
            store.tree("c1"),
            store.search("tide"),
            store.unsent(),
            store.position("c1"),
            store.days(),
        ]
        store.append(NewChat(id="new"), "new", None, Message(role="user", blocks=(Text("Which way?"),)))
        asked.append(store.tree("new"))
        for future in asked:
            with contextlib.suppress(TuiError):
                future.result(LIMIT_S)
        assert store.tree("new").result(LIMIT_S).nodes, "what is said from now on is kept"
    assert not [problem for problem in problems if problem.message.startswith("prx has a bug")], problems
