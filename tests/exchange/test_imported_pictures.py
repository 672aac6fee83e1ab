"""`[IMAGE:…]` markers in imported prompts are images from then on; everything else of a chat stays as it was."""

from __future__ import annotations

import base64
import json

from drawing import corners, file, photo

from tui.chat.transcript import Document, Image, Message, Text
from tui.chat.tree import ChatTree, Node
from tui.exchange import archive
from tui.exchange.imports import read

PNG = file(corners(), "PNG")
LARGE = base64.b64encode(file(photo(3000, 1500), "JPEG")).decode()


def marker(data: str = base64.b64encode(PNG).decode()) -> str:
    return f"[IMAGE:data:image/jpeg;base64,{data}]"


def imported(*blocks: object, role: str = "user") -> tuple[object, ...]:
    node = Node(id="1", message=Message(role=role, blocks=blocks))
    (chat,) = read(archive.to_json([ChatTree(id="a", nodes=(node,))]).encode())
    return chat.nodes[0].message.blocks


def test_they_stand_where_their_markers_stood():
    letter = Document("text/plain", "aGk=", "a.txt")
    broken = marker("iVBORw0KGgo=") + " [IMAGE:data:image/png;base64,AAAA"
    said = imported(letter, Text(f"One {marker()} {broken} {marker(LARGE)}\n{marker()}"))
    assert [type(block) for block in said] == [Document, Text, Image, Text, Image, Image]
    assert (said[0], said[1].text, said[3].text) == (letter, "One ", f" {broken} ")
    assert (said[2].media_type, said[2].width, base64.b64decode(said[2].data)) == ("image/png", 64, PNG)
    assert (said[4].media_type, said[4].width) == ("image/jpeg", 2576)


def test_answers_and_texts_without_a_whole_marker_stay():
    for blocks, role in (
        ((Text("no [IMAGE:data:image/png;base64,AAAA] here"), Text("  ")), "user"),
        ((Text(f"Write {marker()} for a picture"),), "assistant"),
    ):
        assert imported(*blocks, role=role) == blocks


def test_those_of_claude_ai_too():
    said = {"sender": "human", "uuid": "m", "text": f"What is {marker()}?", "created_at": "2026-01-01T00:00:00Z"}
    export = [{"uuid": "c", "name": "Kelp", "chat_messages": [said]}]
    (chat,) = read(json.dumps(export).encode())
    assert [type(block) for block in chat.nodes[0].message.blocks] == [Text, Image, Text]
