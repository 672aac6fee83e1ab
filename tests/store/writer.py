"""A process that writes to a store until it is killed: `python writer.py FILE KIND SEED`. It prints what it has queued.

`stream` records answers that arrive; `editing` types drafts, renames and deletes; `tools` runs turns of several chats,
with calls and their results; `edits` is about to change an earlier prompt; `synced` tells what is on disk for certain;
`append N` adds N messages to a shared chat and ends.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from queue import SimpleQueue

from wal import looked_at

from tui.chat.transcript import Draft, Message, Text, ToolResult, ToolUse
from tui.errors import TuiError
from tui.store import NewChat, Position, Recorder, Store
from tui.store.errors import NotWritten, WrittenAgain

LIMIT_S = 100.0


def say(**facts: object) -> None:
    """One line, with the time, once it has been handed to the store."""
    print(json.dumps({"at": time.monotonic(), **facts}), flush=True)


def stream(store: Store, chance: random.Random) -> None:
    turn = 0
    while True:
        turn += 1
        recorder = Recorder(store, NewChat(id=f"chat-{turn}"))
        recorder.record(Message(role="user", blocks=(Text(f"prompt {turn}"),)))
        say(chat=recorder.chat.id, prompt=f"prompt {turn}")
        text = ""
        for word in range(chance.randint(1, 200)):
            text += f"word{word} "
            recorder.partial(Message(role="assistant", blocks=(Text(text),), state="streaming"))
            say(chat=recorder.chat.id, length=len(text))
            time.sleep(0.002)
        recorder.record(Message(role="assistant", blocks=(Text(text),)))
        say(chat=recorder.chat.id, length=len(text), ended=True)


def editing(store: Store, chance: random.Random) -> None:
    recorder = Recorder(store, NewChat(id="editing"))
    recorder.record(Message(role="user", blocks=(Text("prompt"),)))
    store.set_open_chat("editing")
    store.chats().result()
    say(opened=True)
    number = 0
    while True:
        number += 1
        store.save_position(
            Position(chat_id="editing", draft=Draft(text=f"draft {number}"), queue=(Draft(text=f"{number}"),))
        )
        say(draft=number)
        match chance.randint(0, 5):
            case 0:
                store.rename("editing", f"title {number}")
            case 1:
                store.delete("editing")
                store.restore("editing")
            case 2:
                store.pin("editing", bool(number % 2))
        time.sleep(0.001)


def tools(store: Store, chance: random.Random) -> None:
    """Three chats in which answers, calls and results arrive in turn, as with those that go on behind the open one."""
    recorders = [Recorder(store, NewChat(id=f"chat-{number}")) for number in range(3)]
    for recorder in recorders:
        recorder.record(Message(role="user", blocks=(Text("prompt"),)))
    step = 0
    while True:
        step += 1
        for recorder in recorders:
            call = ToolUse(f"call-{step}", "bash", '{"command":"tide"}')
            for words in range(chance.randint(1, 4)):
                said = Message(role="assistant", blocks=(Text("word " * words), call), state="streaming")
                recorder.partial(said)
            recorder.record(Message(role="assistant", blocks=(Text(f"step {step}"), call), stop_reason="tool_use"))
            running = Message(role="user", blocks=(ToolResult(call.id, (Text("so far"),)),), state="streaming")
            recorder.partial(running)
            recorder.record(Message(role="user", blocks=(ToolResult(call.id, (Text(f"done {step}"),), elapsed_s=0.5),)))
            say(chat=recorder.chat.id, step=step)
        time.sleep(0.1)  # each step is nine transactions, each of them synced


def edits(store: Store, chance: random.Random) -> None:
    """A chat with two turns; its first prompt is edited, sent, withdrawn and edited again."""
    recorder = Recorder(store, NewChat(id="editing"))
    for text in ("one", "two"):
        recorder.record(Message(role="user", blocks=(Text(text),)))
        recorder.record(Message(role="assistant", blocks=(Text(f"answer to {text}"),)))
    end, first = recorder.head, store.branch("editing").result()[0].id
    store.set_open_chat("editing")
    store.chats().result()
    say(opened=True)
    number = 0
    while True:
        number += 1
        store.save_position(Position(chat_id="editing", draft=Draft(text=f"edit {number}"), edits=first))
        say(draft=number)
        if chance.random() < 0.2:
            branch = Recorder(store, NewChat(id="editing"), head=None)
            branch.record(Message(role="user", blocks=(Text(f"edit {number}"),)))
            branch.withdraw(Message(role="user", blocks=(Text(f"edit {number}"),)))
            store.set_head("editing", end or "")
        time.sleep(0.001)


def synced(store: Store, chance: random.Random) -> None:
    number = 0
    while True:
        number += 1
        recorder = Recorder(store, NewChat(id=f"chat-{number}"))
        recorder.record(Message(role="user", blocks=(Text(f"prompt {number} " + "word " * chance.randint(1, 2000)),)))
        store.chats(limit=1).result()
        say(synced=number, log=looked_at(store.file))


def append(store: Store, problems: SimpleQueue[TuiError], name: str, count: int) -> None:
    """Others write, too, and may hold the lock for longer than a store waits: then it writes everything later."""
    store.chats().result()
    say(ready=True)
    sys.stdin.readline()
    recorder = Recorder(store, NewChat(id="shared"), head="shared-0")
    for number in range(count):
        recorder.record(Message(role="user", blocks=(Text(f"{name} {number}"),)))
        own = Recorder(store, NewChat(id=f"{name}-{number}"))
        own.record(Message(role="user", blocks=(Text(f"own {name} {number}"),)))
    say(queued=True)
    store.chats().result()
    while not problems.empty():
        if isinstance(problem := problems.get(), NotWritten):
            problem = problems.get(timeout=LIMIT_S)
        if not isinstance(problem, WrittenAgain):
            sys.exit(str(problem))


def main() -> None:
    file, kind, seed, *rest = sys.argv[1:]
    problems: SimpleQueue[TuiError] = SimpleQueue()
    with Store(Path(file), problems=problems.put) as store:
        if kind == "append":
            append(store, problems, seed, int(rest[0]))
        else:
            kinds = {"stream": stream, "editing": editing, "tools": tools, "edits": edits, "synced": synced}
            kinds[kind](store, random.Random(seed))


if __name__ == "__main__":
    main()
