"""Secrets planted wherever a user may put one, and looked for in all that the installed program says, writes and starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.oauth import TokenEndpoint
from tui.demo.scenarios import Answer, Error, Text, ToolUse
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

ROOT = Path(__file__).parent.parent
ODD = str(Path(__file__).with_name("mcp") / "odd_server.py")
MARK = "PLANTED"
IN_ENV, IN_CONFIG = "sk-ant-api03-PLANTED-in-env", "sk-ant-api03-PLANTED-in-config"
NEAR, DYING, FAR = "near-PLANTED-token", "dying-PLANTED-token", "far-PLANTED-token"
CRASHING = """
import os
from tui.chat_screen.controllers.turns import TurnController
from tui.cli.main import main as prx

def crash(self, draft):
    environment, provider = dict(os.environ), self._context.provider
    raise RuntimeError("on purpose")

TurnController.submit = crash
prx()
"""


class Planted:
    """A home, a configuration and servers with secrets in them, and all that was said and seen so far."""

    def __init__(self, folder: Path, server: Server[FakeAnthropic]) -> None:
        self.folder = folder
        self.server = server
        self.secrets = [IN_ENV, IN_CONFIG, NEAR, DYING, FAR]
        self.said: list[bytes] = []
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self._config = folder / "prx" / "config" / "config.toml"
        self._config.parent.mkdir(parents=True)
        self._env = {
            "HOME": str(self.home),
            "PRX_HOME": str(folder / "prx"),
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_BASE_URL": server.url,
            "KEY_OF_PRX": IN_CONFIG,
            "TOKEN_OF_NEAR": NEAR,
        }

    def configure(self, key: str = "", *, servers: bool = False) -> None:
        program = f"command = {json.dumps(sys.executable)}\nargs = {json.dumps([ODD])[:-1]}"
        near = f'[mcp.near]\n{program}, "tells"]\nenv = {{ TOKEN = "${{TOKEN_OF_NEAR}}" }}\n'
        dying = f'[mcp.dying]\n{program}, "tells", "dies"]\nenv = {{ ZZ = "{DYING}" }}\n'
        far = f'[mcp.far]\nurl = "{self.server.url}/{MARK}-path/mcp"\nheaders = {{ Authorization = "Bearer {FAR}" }}\n'
        self._config.write_text(
            f'[default]\ntools = "ask"\n[tools]\nallow = ["near__*(*)"]\n[providers.anthropic]\napi_key = "{key}"\n'
            f'oauth_token_url = "{self.server.url}/v1/oauth/token"\n{near + dying + far if servers else ""}'
        )

    def run(self, *args: str, **env: str) -> str:
        with subprocess.Popen(
            [sys.executable, "-m", "tui", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **self._env, **env},
        ) as process:
            said = process.communicate(timeout=60)
        self.said += said
        return b"".join(said).decode()

    def terminal(self, argv: Sequence[str] = ("-m", "tui"), **env: str) -> Terminal:
        return Terminal([sys.executable, *argv], {**self._env, **env}, self.folder, rows=90)

    def note_processes(self) -> int:
        """Notes the command lines of all that runs; how many are ours to look at."""
        lines = [line for file in Path("/proc").glob("[0-9]*/cmdline") if (line := _read(file))]
        self.said += lines
        return sum(ODD.encode() in line for line in lines)

    def leaks(self) -> list[str]:
        files = [file for file in (self.folder / "prx").rglob("*") if file.is_file() and file != self._config]
        said = [*self.said, *(_read(file) for file in files)]
        assert any(said)
        return [
            text.decode("utf-8", "replace")[:2000] for text in said for secret in (MARK, *self.secrets)
            if secret.encode() in text
        ]  # fmt: skip


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # a process that has gone
        return b""


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic(oauth=TokenEndpoint())) as server:
        yield server


@pytest.fixture
def planted(tmp_path: Path, server: Server[FakeAnthropic]) -> Planted:
    return Planted(tmp_path, server)


def keys_sent(server: Server[FakeAnthropic]) -> set[str]:
    return {one.headers.get("x-api-key") or one.headers.get("authorization", "") for one in server.requests}


def test_answers_commands_and_exports_hold_none(planted: Planted, server: Server[FakeAnthropic]) -> None:
    planted.configure("${KEY_OF_PRX}", servers=True)
    refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": f"no Bearer {FAR} here"}}
    server.service.script(*[Error(401, body=json.dumps(refusal).encode())] * 3, to=f"/{MARK}-path/mcp")
    server.service.script(Answer(ToolUse("near__fails", input={})), Answer(Text("Seen.")))
    said = planted.run("-p", "Look", "--output-format", "stream-json")
    assert "Seen." in said
    assert (
        "The MCP server dying did not start: it ended before it had answered (last output: the harbour is closed)"
        in said
    )
    assert "The MCP server far did not start: no … … here" in said
    assert {IN_CONFIG, f"Bearer {FAR}"} <= keys_sent(server)
    assert "is …" in (planted.folder / "prx" / "state" / "mcp" / "near.log").read_text()
    server.service.script(Error(400, message=f"your key {IN_CONFIG} is odd"))
    assert "your key" in planted.run("-p", "-c", "Again", "--output-format", "json")
    (chat,) = json.loads(planted.run("chats", "--json"))
    for format in ("md", "json", "html"):
        assert "Look" in planted.run("export", chat["id"], "--format", format)
    assert "no mistakes" in planted.run("doctor")
    assert "api_key in config.toml" in planted.run("auth", "status")
    assert planted.leaks() == []


@pytest.mark.parametrize("key", [IN_ENV, "gateway-PLANTED-in-env"])
def test_a_server_that_repeats_the_key_of_the_environment(
    planted: Planted, server: Server[FakeAnthropic], key: str
) -> None:
    planted.configure()
    refusal = {"type": "error", "error": {"type": "invalid_request_error", "message": f"odd key {key}"}}
    in_the_stream = f"event: error\ndata: {json.dumps(refusal)}\n\n".encode()
    server.service.script(Error(400, body=json.dumps(refusal).encode()))
    server.service.script(Error(200, body=in_the_stream, content_type="text/event-stream"))
    server.service.script(Error(200, body=json.dumps(refusal).encode()))
    for format in ("json", "text", "stream-json"):
        assert "odd key" in planted.run("-p", "Hi", "--output-format", format, ANTHROPIC_API_KEY=key)
    planted.run("auth", "status", ANTHROPIC_API_KEY=key)
    assert key in keys_sent(server)
    assert planted.leaks() == []


def test_a_login_and_what_it_is_renewed_to(planted: Planted, server: Server[FakeAnthropic]) -> None:
    planted.configure()
    file = planted.home / ".claude" / ".credentials.json"
    file.parent.mkdir()
    assert server.service._oauth is not None
    access, refresh = server.service._oauth.sign_in(1)
    login = {"accessToken": access, "refreshToken": refresh, "expiresAt": int(time.time() * 1000) - 1000}
    file.write_text(json.dumps({"claudeAiOauth": {**login, "scopes": ["user:inference"]}}))
    planted.run("-p", "Hi", "--output-format", "json")
    renewed = json.loads(file.read_text())["claudeAiOauth"]
    assert renewed["accessToken"] != access
    planted.secrets += [access, refresh, renewed["accessToken"], renewed["refreshToken"]]
    server.service.script(Error(403, message=f"not with {renewed['accessToken']}"))
    assert "not with" in planted.run("-p", "-c", "Again", "--output-format", "stream-json")
    planted.run("auth", "status")
    assert planted.leaks() == []


def test_the_full_screen_and_its_programs_show_none(planted: Planted, server: Server[FakeAnthropic]) -> None:
    planted.configure("${KEY_OF_PRX}", servers=True)
    server.service.script(Answer(ToolUse("near__echo", input={"text": "ebb"})), Answer(Text("It ebbs.")))
    with planted.terminal() as terminal:
        terminal.wait_for("Talk to")
        terminal.type("How is the water?\r")
        terminal.wait_for("It ebbs.")
        assert planted.note_processes() or sys.platform != "linux"
        terminal.type("\x1b[15~")  # F5
        terminal.wait_for("POST /v1/messages")
        terminal.type("\x1b")
        terminal.wait(lambda: "POST /v1" not in terminal.text)
        terminal.type("/mcp\r")
        terminal.wait_for("failed · it ended before")
        terminal.type("\x1b")
        terminal.wait(lambda: "MCP servers  " not in terminal.text)
        terminal.type("\x11")
        terminal.wait_exit()
        planted.said += [terminal.output, terminal.text.encode()]
    assert planted.leaks() == []


def test_a_crash_shows_none(planted: Planted) -> None:
    planted.configure("${KEY_OF_PRX}", servers=True)
    script = planted.folder / "crashing.py"
    script.write_text(CRASHING)
    with planted.terminal([str(script)], ANTHROPIC_API_KEY=IN_ENV) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("x\r")
        assert terminal.wait_exit() != 0
        assert b"on purpose" in terminal.output
        planted.said.append(terminal.output)
    assert planted.leaks() == []
