"""Eight programs and one that writes as Claude Code does share a login for some time, and nobody is signed out.

`make shared-login` does it for a minute; the suite for a few seconds. Tokens live for two seconds here, so all of them renew
all the time, and the ninth changes another key of the file meanwhile, under the lock that Claude Code takes for that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tui.demo.oauth import TokenEndpoint
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

SECONDS = float(os.environ.get("PRX_SHARED_LOGIN_S", "4"))
PROGRAMS = 8
LIFE_S = 92
"""Of an access token. It is renewed 90 seconds before its end: so it lasts for two."""

# Asks again and again, as prx does, until the time is over. Prints how often, and what went wrong.
ASKER = """
import asyncio, sys, time
from pathlib import Path
import httpx
from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import discover

url, home, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])

async def ask():
    auth = auth_for(discover("", {}, home).require(), url, token_url=url + "/v1/oauth/token")
    asked, until = 0, time.monotonic() + seconds
    async with httpx.AsyncClient(trust_env=False, auth=auth, timeout=60) as client:
        while asked == 0 or time.monotonic() < until:
            answer = await client.get(url + "/v1/models", headers={"anthropic-version": "2023-06-01"})
            assert answer.status_code == 200, answer.text
            asked += 1
            await asyncio.sleep(0.05)
    return asked

print("ready", flush=True)
sys.stdin.readline()
print(asyncio.run(ask()), flush=True)
"""

# Reads the file, changes a key of its own and writes it back a moment later, in the way of Claude Code: while it holds a
# folder named .storage-write.lock, and with a rename.
WRITER = """
import json, os, sys, time
from pathlib import Path

file, seconds = Path(sys.argv[1]), float(sys.argv[2])
lock, new = file.with_name(".storage-write.lock"), file.with_name("theirs.tmp")
print("ready", flush=True)
sys.stdin.readline()
written, until = 0, time.monotonic() + seconds
while written == 0 or time.monotonic() < until:
    for attempt in range(100):
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.1)
    else:
        sys.exit("the lock was never free")
    content = json.loads(file.read_text())
    time.sleep(0.02)
    content["mcpOAuth"] = {"written": written}
    new.write_text(json.dumps(content))
    new.chmod(0o600)
    os.replace(new, file)
    lock.rmdir()
    written += 1
    time.sleep(0.02)
print(written, flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def together(programs: list[subprocess.Popen[str]]) -> list[int]:
    """Start all at once, and return what each counted."""
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    ended = [program.communicate(timeout=SECONDS + 120) for program in programs]
    assert [err for _, err in ended] == [""] * len(programs)
    return [int(out) for out, _ in ended]


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint(life_s=LIFE_S)


def test_nobody_is_signed_out_of_claude_codes_login(tmp_path: Path, endpoint: TokenEndpoint) -> None:
    file = tmp_path / ".claude" / ".credentials.json"
    file.parent.mkdir()
    access, refresh = endpoint.sign_in(0)
    login = {"accessToken": access, "refreshToken": refresh, "expiresAt": int(time.time() * 1000), "scopes": ["s"]}
    file.write_text(json.dumps({"claudeAiOauth": login, "mcpOAuth": {}}))
    with Server(FakeAnthropic(oauth=endpoint)) as server:
        askers = [start(ASKER, server.url, tmp_path, SECONDS) for _ in range(PROGRAMS)]
        *asked, written = together([*askers, start(WRITER, file, SECONDS)])
    assert all(asked)
    assert endpoint.reuses == 0
    assert endpoint.renewals == endpoint.posts >= SECONDS / 4, "as often as the tokens ended"
    content = json.loads(file.read_text())
    assert content["mcpOAuth"] == {"written": written - 1}, "what Claude Code wrote is kept"
    assert content["claudeAiOauth"]["accessToken"] not in endpoint, "still accepted"
    assert content["claudeAiOauth"]["scopes"] == ["s"]
    left = sorted(one.name for one in tmp_path.rglob("*") if ".lock" in one.name)
    assert left == [], "no lock is left"
    print(f"\n{sum(asked)} requests of {PROGRAMS} programs, {endpoint.renewals} renewals, {written} writes beside them")


def test_nobody_is_signed_out_of_a_profile(tmp_path: Path, endpoint: TokenEndpoint) -> None:
    folder = tmp_path / ".config" / "anthropic"
    access, refresh = endpoint.sign_in(0, "ant", needs_beta=True)
    tokens = {"access_token": access, "refresh_token": refresh, "expires_at": int(time.time())}
    settings = {"authentication": {"type": "user_oauth", "client_id": "ant"}}
    for kind, content in (("configs", settings), ("credentials", tokens)):
        (folder / kind).mkdir(parents=True)
        file = folder / kind / "default.json"
        file.write_text(json.dumps(content))
        file.chmod(0o600)
    with Server(FakeAnthropic(oauth=endpoint)) as server:
        assert all(together([start(ASKER, server.url, tmp_path, SECONDS) for _ in range(PROGRAMS)]))
    assert endpoint.reuses == 0
    assert endpoint.renewals == endpoint.posts >= SECONDS / 4
    assert json.loads(file.read_text())["access_token"] not in endpoint
