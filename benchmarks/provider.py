"""Measure the CPU time of the engine's thread while an answer arrives, compared with a bare httpx loop.

    python benchmarks/provider.py [--tokens 4000 100000] [--rate 400 0] [--rounds 3]

Both read the same stream from a server in a process of its own, by turns. The bare loop only decodes each event with `json`:
it keeps nothing and draws nothing. A rate of 0 is as fast as possible. The exit code is 1 if the limit is missed.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tui.chat.events import AnswerUpdated  # noqa: E402  (needs the path above)
from tui.chat.transcript import Draft  # noqa: E402
from tui.chat_screen.session import ChatSession  # noqa: E402
from tui.config import load  # noqa: E402
from tui.engine import Engine  # noqa: E402
from tui.services.library import ChatLibrary  # noqa: E402
from tui.services.provider import ClaudeProvider  # noqa: E402
from tui.store import NewChat, new_id  # noqa: E402

LIMITS = {400: 1.5, 0: 1.0}
"""The limit at each rate, as a multiple of the bare loop's CPU time."""
TOKEN = "word"
PER_WRITE = 512
"""Deltas in one HTTP chunk at full speed. At a rate, each has a chunk of its own, as those of the API."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--tokens", type=int, nargs="+", default=[4_000, 100_000])
    options.add_argument("--rate", type=int, nargs="+", default=[400, 0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.serve:
        serve()
    is_missed = False
    print("                                  bare loop             prx")
    with server() as url, tempfile.TemporaryDirectory() as home, asking(url, home) as ask:
        for tokens, rate in zip(asked.tokens, asked.rate, strict=True):
            bare, ours = [], []
            for number in range(asked.rounds + 1):
                pair = bare_loop(url, tokens, rate), ask(tokens, rate)
                if number:  # the first round loads modules and opens connections
                    bare.append(pair[0])
                    ours.append(pair[1])
            cpu = [statistics.median(one[0] for one in runs) for runs in (bare, ours)]
            wall = [statistics.median(one[1] for one in runs) for runs in (bare, ours)]
            limit = LIMITS.get(rate, 1.5)
            is_missed = is_missed or cpu[1] > limit * cpu[0]
            what = f"{tokens:,} tokens, {f'{rate}/s' if rate else 'full speed'}"
            print(f"{what:<30} CPU {cpu[0]:7.3f} s {cpu[1]:13.3f} s   {cpu[1] / cpu[0]:.2f}x, at most {limit}x")
            print(f"{'':<29} wall {wall[0]:7.3f} s {wall[1]:13.3f} s   {ours[-1][2]} wake-ups")
    return int(is_missed)


def bare_loop(url: str, tokens: int, rate: int) -> tuple[float, float]:
    """Return the seconds of CPU and of the clock that a bare httpx loop takes on a thread of its own."""
    taken: list[float] = []
    thread = threading.Thread(target=lambda: taken.extend(_read(url, tokens, rate)))
    thread.start()
    thread.join()
    return taken[0], taken[1]


def _read(url: str, tokens: int, rate: int) -> tuple[float, float]:
    with httpx.Client(timeout=None, trust_env=False) as client:
        client.post(url + "/v1/messages", json=_body(1, 0)).read()  # connect
        cpu, clock, chars = time.thread_time(), time.monotonic(), 0
        with client.stream("POST", url + "/v1/messages", json=_body(tokens, rate)) as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    data = json.loads(line[6:])
                    if data["type"] == "content_block_delta":
                        chars += len(data["delta"]["text"])
        assert chars == tokens * len(TOKEN)
        return time.thread_time() - cpu, time.monotonic() - clock


def _body(tokens: int, rate: int) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": f"{tokens} {rate}"}]}]}


@contextmanager
def asking(url: str, home: str) -> Iterator:
    """Yield a function that asks as the app does, and returns the CPU time of the engine's thread, the time and wake-ups."""
    env = {"ANTHROPIC_BASE_URL": url, "PRX_HOME": home, "ANTHROPIC_API_KEY": "sk-ant-api03-bench"}
    settings = load(env)
    with (
        ChatLibrary(settings.folders.data / "chats.db") as library,
        ClaudeProvider(settings, env, tools="none") as provider,
        Engine() as engine,
    ):
        engine.at_exit(provider.aclose)
        globals()["ENGINE"] = engine
        store = library.store(demo=False)

        def cpu() -> float:
            async def read() -> float:
                return time.thread_time()

            return engine.submit(read).result()

        def ask(tokens: int, rate: int) -> tuple[float, float, int]:
            woken, wakes, chars = threading.Event(), 0, 0
            chat = ChatSession(
                new_id(), provider.session(), engine, lambda: (provider.ask(), provider.model), lambda _: woken.set()
            )
            chat.record_in(store, NewChat(id=new_id()))
            begun, clock = cpu(), time.monotonic()
            chat.start(Draft(text=f"{tokens} {rate}"))
            while chat.running:
                woken.wait()
                woken.clear()
                wakes += 1
                for event in chat.collect():
                    if isinstance(event, AnswerUpdated):
                        chars = len(event.message.text)
            assert chars == tokens * len(TOKEN), chars
            return cpu() - begun, time.monotonic() - clock, wakes

        yield ask


# The server


@contextmanager
def server() -> Iterator[str]:
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as received:
        while line := received.readline():
            length = 0
            while (line := received.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            prompt = json.loads(received.read(length))["messages"][-1]["content"][-1]["text"]
            tokens, rate = map(int, prompt.split())
            _answer(connection, tokens, rate)


def _answer(connection: socket.socket, tokens: int, rate: int) -> None:
    use = {"input_tokens": 25, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": [], "usage": use}
    block = {"type": "text", "text": ""}
    head = _frame("message_start", message=message) + _frame("content_block_start", index=0, content_block=block)
    tail = _frame("content_block_stop", index=0)
    tail += _frame("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": tokens})
    tail += _frame("message_stop")
    delta = _frame("content_block_delta", index=0, delta={"type": "text_delta", "text": TOKEN})
    connection.sendall(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + _chunk(head)
    )
    if rate:
        begun, sent = time.monotonic(), 0
        while sent < tokens:
            due = min(tokens, int((time.monotonic() - begun) * rate) + 1)
            connection.sendall(_chunk(delta) * (due - sent))
            sent = due
            time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
    else:
        full, rest = divmod(tokens, PER_WRITE)
        chunk = _chunk(delta * PER_WRITE)
        for _ in range(full):
            connection.sendall(chunk)
        connection.sendall(_chunk(delta * rest) if rest else b"")
    connection.sendall(_chunk(tail) + b"0\r\n\r\n")


def _frame(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, separators=(',', ':'))}\n\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


if __name__ == "__main__":
    sys.exit(main())
