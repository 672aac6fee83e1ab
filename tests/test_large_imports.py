"""Imports that are damaged, large or newer than we are: a plain sentence, and nothing that came in by halves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tui.chat.transcript import Message, Text
from tui.chat.tree import ChatTree, Node
from tui.exchange import archive

ROOT = Path(__file__).parent.parent
WORDS = "The tide runs out past the kelp and back again at noon. "
LARGE_MB = int(os.environ.get("PRX_IMPORT_MB", "20"))


def prx(*words: str) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in run.stderr
    return run


def exported(*ids: str) -> dict[str, Any]:
    def node(id: str, number: int) -> Node:
        message = Message(role="assistant" if number % 2 else "user", blocks=(Text(WORDS),), at=1e9 + number)
        return Node(id=f"{id}-{number}", parent_id=f"{id}-{number - 1}" if number else None, message=message)

    trees = [
        ChatTree(id=id, title=id, created=1e9, updated=1e9, head=f"{id}-3", nodes=tuple(node(id, n) for n in range(4)))
        for id in ids
    ]
    return json.loads(archive.to_json(trees))


def conversations(count: int) -> list[dict[str, Any]]:
    return [
        {
            "uuid": f"{chat:08x}-1111-4000-8000-000000000000",
            "name": f"Chat {chat}",
            "chat_messages": [
                {
                    "uuid": f"{chat:08x}-2222-4000-8000-{n:012x}",
                    "sender": ("human", "assistant")[n % 2],
                    "text": WORDS * 900,
                }
                for n in range(2)
            ],
        }
        for chat in range(count)
    ]


def spoilt(kind: str) -> bytes:
    """A file that is nearly right."""
    data = exported("whole", "spoilt")
    match kind:
        case "cut":
            return json.dumps(data).encode()[:-100]
        case "a newer version":
            return json.dumps({**data, "version": 99}).encode()
        case "an id that is none":
            data["chats"][1]["id"] = 5
        case "a time that is none":
            data["chats"][1]["nodes"][3]["message"]["at"] = 1e99
        case "a block that is none":
            data["chats"][1]["nodes"][3]["message"]["blocks"] = [{"type": "hologram"}]
        case "Claude.ai, cut":
            return json.dumps(conversations(3)).encode()[:-100]
        case "Claude.ai, another form":
            return json.dumps([{"uuid": "x", "messages_v2": []}]).encode()
    return json.dumps(data).encode()


SPOILT = {
    "cut": "it is not JSON",
    "a newer version": "written by a newer prx: its version is 99",
    "an id that is none": "not a valid export",
    "a time that is none": "a time in it is invalid",
    "a block that is none": "not a valid export",
    "Claude.ai, cut": "it is not JSON",
    "Claude.ai, another form": "another kind of JSON",
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_file_that_is_not_whole_is_refused_as_a_whole(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "chats.json"
    file.write_bytes(spoilt(kind))
    run = prx("import", str(file))
    assert (run.returncode, run.stdout) == (1, "")
    assert SPOILT[kind] in run.stderr
    assert prx("chats").stdout == "No chats yet.\n"


@pytest.mark.parametrize("damage", ["cut", "spoilt inside"])
def test_a_damaged_zip_file_is_refused(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "data.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("conversations.json", json.dumps(conversations(3)))
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes(data[:middle] if damage == "cut" else data[:middle] + b"XXXXXXXX" + data[middle + 8 :])
    run = prx("import", str(file))
    assert (run.returncode, run.stdout) == (1, "")
    assert "The zip file cannot be read" in run.stderr
    assert prx("chats").stdout == "No chats yet.\n"


def test_a_large_export_of_claude_ai_comes_in_whole_and_once(tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    count = LARGE_MB * 10
    file.write_text(json.dumps(conversations(count)))
    assert file.stat().st_size > LARGE_MB * 1_000_000
    run = prx("import", str(file))
    assert (run.returncode, run.stdout) == (0, f"Imported {2 * count} messages in {count} chats.\n")
    assert len(json.loads(prx("chats", "--json").stdout)) == count
    assert "Imported 0 messages in 0 chats" in prx("import", str(file)).stdout
