"""A mistake in a setting never makes things less safe: nothing is sent, or the stricter value counts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import Terminal

from tui.cli.doctor.configuration import config_findings
from tui.config import DEFAULT_API_URL, Settings, load
from tui.services.connection import Connection

KEY = "sk-ant-api03-PLANTED-of-the-gateway"
Written = Callable[..., Settings]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def load_text(text: str | bytes, **env: str) -> Settings:
        file = tmp_path / "prx" / "config" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load({"PRX_HOME": str(tmp_path / "prx"), **env})

    return load_text


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a proxy, and what came to it: whatever the program would have sent anywhere."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    came.append(connection.recv(1000))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


ADDRESSES = [
    'api_url = "htp://gateway.example"',
    'api_url = "gateway.example/v1"',
    'api_url = "https://gateway.example:99999"',
    'api_url = "https://gateway.example:port"',
    'api_url = "https://gateway.example:0"',
    'api_url = "https://"',
    'api_url = "https:///v1"',
    'api_url = "https:gateway.example"',
    'api_url = "https://gate way.example"',
    'api_url = "https://[::1"',
    "api_url = 5",
    'api_url = ["https://gateway.example"]',
    "api_url = https://gateway.example",
    'api_url = "https://gateway.example',
    'api_url "https://gateway.example"',
    'api_ulr = "https://gateway.example"',
    'api-url = "https://gateway.example"',
    'base_url = "https://gateway.example"',
    'host = "gateway.example"',
    'proxy_to = "https://gateway.example"',
    'api_url = "https://one.example"\napi_url = "https://two.example"',
    b'api_url = "https://gateway.ex\xe4mple"',
]


@pytest.mark.parametrize("line", ADDRESSES)
def test_without_the_address_that_was_meant_nothing_is_sent(written: Written, line: str | bytes) -> None:
    text = line if isinstance(line, bytes) else line.encode()
    settings = written(
        f'[providers.anthropic]\napi_key = "{KEY}"\n'.encode() + text, ANTHROPIC_BASE_URL="http://[::1]:9"
    )
    obstacle = Connection(settings, {}).obstacle
    assert obstacle is not None
    assert "config.toml:3:" in obstacle.message or "config.toml:4:" in obstacle.message
    assert "nothing is sent" in config_findings(settings)[0].fix
    assert KEY not in f"{obstacle.message} {obstacle.hint} {config_findings(settings)}"


MEANT = f'''[default]
model = "sonnet"
tools = "none"
[providers.anthropic]
api_key = "{KEY}"
api_url = "https://gateway.example"
[budget]
day_hard = 5
[ui]
theme = "dark"
'''


@given(st.integers(0, len(MEANT)), st.integers(0, 2), st.sampled_from(["", *"x\n\"'[]{}=.,$ \\\t5-é\x00"]))
def test_no_slip_of_the_finger_sends_a_key_elsewhere(at: int, removed: int, typed: str) -> None:
    """Whatever sign is missing, wrong or one too many: a limit, an address or "no tools" is never taken for not given."""
    text = MEANT[:at] + typed + MEANT[at + removed :]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text(text)
        settings = load({"PRX_HOME": folder}, file=file)
    if settings.obstacle is None:
        assert settings.anthropic.api_url != DEFAULT_API_URL, text
        assert settings.anthropic.api_key, text
        assert settings.budget.day_hard, text
        assert settings.default.tools == "none", text


TABLES = [
    f'[provider.anthropic]\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'[anthropic]\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'[providers.antropic]\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'[providers.anthropic\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'api_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'[default]\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
    f'providers = "{KEY}"',
    f'[providers]\nanthropic = "{KEY}"',
    '[default]\nsystem = """\nnever closed\n[providers.anthropic]\napi_url = "https://gateway.example"',
    "[providers.anthropic]\napi_key = 5",
    "[providers.anthropic]\n" + "a = 'x\\\n" * 30,
    f'[[[\napi_key = "{KEY}"\napi_url = "https://gateway.example"',
]


@pytest.mark.parametrize("text", TABLES, ids=range(len(TABLES)))
def test_a_table_that_is_not_read_may_have_held_the_address(written: Written, text: str) -> None:
    settings = written(text)
    obstacle = Connection(settings, {"ANTHROPIC_API_KEY": KEY}).obstacle
    assert obstacle is not None
    assert "config.toml" in obstacle.message
    assert KEY not in f"{obstacle.message} {config_findings(settings)}"


def test_a_file_that_cannot_be_read_may_have_held_it_too(tmp_path: Path) -> None:
    for file in (tmp_path / "nowhere.toml", tmp_path):
        obstacle = Connection(load({}, file=file), {"ANTHROPIC_API_KEY": KEY}).obstacle
        assert obstacle is not None
        assert str(file) in obstacle.message
    elsewhere = {"ANTHROPIC_BASE_URL": "https://gateway.example"}  # which says the address in its place
    assert load(elsewhere, file=tmp_path / "nowhere.toml").obstacle is None
    assert load(elsewhere, file=tmp_path).obstacle is not None


GATEWAY = 'api_url = "https://gateway.example"\napi_key = "${GATEWAY_KEY}"'
UNSET = 'api_url = "${GATEWAY_URL}"\napi_key = "${GATEWAY_KEY}"'


@pytest.mark.parametrize(
    ("text", "env", "says"),
    [
        (GATEWAY, {}, "api_key needs GATEWAY_KEY, which is not set, and no other key is sent to gateway.example"),
        (GATEWAY, {"GATEWAY_KEY": KEY}, ""),
        (
            UNSET,
            {"GATEWAY_KEY": KEY},
            "api_url needs GATEWAY_URL, which is not set, and api_key is for that address only",
        ),
        (UNSET, {"GATEWAY_KEY": KEY, "ANTHROPIC_BASE_URL": "https://gateway.example"}, ""),
        (UNSET, {}, ""),
        ('api_key = "${ANTHROPIC_API_KEY}"\napi_url = "${GATEWAY_URL}"', {}, ""),
        ('api_key = "${ANTHROPIC_API_KEY}"\napi_url = "https://gateway.example"', {}, ""),
        ('api_url = "${GATEWAY_URL}"', {}, ""),
        (
            'api_key = "${ANTHROPIC_API_KEY}"\napi_url = "${GATEWAY_URL}"',
            {"ANTHROPIC_API_KEY": "t0ken"},
            "api_key is not an Anthropic key",
        ),
        ('api_url = "${GATEWAY_URL}"', {"ANTHROPIC_API_KEY": "t0ken"}, "ANTHROPIC_API_KEY is not an Anthropic key"),
        (
            'api_url = "${GATEWAY_URL}"',
            {"ANTHROPIC_AUTH_TOKEN": "t0ken"},
            "api_url needs GATEWAY_URL, which is not set",
        ),
        ('api_url = "${GATEWAY_URL}"', {"ANTHROPIC_API_KEY": "t0ken", "ANTHROPIC_BASE_URL": "https://g.example"}, ""),
    ],
)
def test_a_key_and_an_address_in_the_file_belong_together(
    written: Written, text: str, env: dict[str, str], says: str
) -> None:
    env = {"ANTHROPIC_API_KEY": "sk-ant-api03-of-the-environment", **env}
    obstacle = Connection(written(f"[providers.anthropic]\n{text}", **env), env).obstacle
    assert (says in obstacle.message if says else False) if obstacle else not says


LIMITS = [
    '[budget]\nday_hard = "5"',
    "[budget]\nday_hard = 5 dollars",
    "[budget]\nday_hrd = 5",
    '[budget]\nday_hard = "${NOBODY_SET_THIS}"',
    "budget = 5",
    "day_hard = 5",
    "[budget\nday_hard = 5",
]


@pytest.mark.parametrize("text", LIMITS)
def test_a_limit_that_is_not_understood_is_not_taken_for_none(written: Written, text: str) -> None:
    obstacle = Connection(written(text), {"ANTHROPIC_API_KEY": KEY}).obstacle
    assert obstacle is not None
    assert "config.toml:" in obstacle.message


@pytest.mark.parametrize(
    "text",
    [
        '[default]\ntools = "nothing"',
        "[default]\ntools = false",
        "[default]\ntools = none",
        '[default]\ntool = "none"',
        'tools = "none"',
        '[default\ntools = "none"',
        b'[default]\ntools = "n\xf6ne"',
    ],
)
def test_tools_that_were_limited_stay_so(written: Written, text: str | bytes) -> None:
    settings = written(text)
    assert settings.findings
    assert settings.default.tools == "none"


def test_other_settings_are_stricter_than_their_default_where_that_is_safer(written: Written) -> None:
    settings = written(
        '[presets.a]\ntools = "nothing"\n[tools]\nturns = "3"\nallow = ["run_command(ls)", "("]\nprivate_hosts = "no"\n'
        'command_env = "A"\nfolders = "/"\n[providers.anthropic]\noauth_token_url = "platform.example"\noauth_hosts = "x"\n'
    )
    assert settings.presets["a"].tools == "none"
    assert (settings.tools.turns, settings.tools.allow, settings.tools.private_hosts) == (1, (), False)
    assert (settings.tools.command_env, settings.tools.folders) == ((), ())
    assert (settings.anthropic.oauth_token_url, settings.anthropic.oauth_hosts) == ("", ())
    assert Connection(settings, {"ANTHROPIC_API_KEY": KEY}).obstacle is None


@pytest.mark.parametrize(
    "text",
    [
        'allowed_domains = "docs.python.org"',
        'alowed_domains = ["docs.python.org"]',
        'max_uses = "3"',
        "max_uses = 3 or 4",
        "blocked_domains = [1]\nmax_uses = 2",
    ],
)
def test_a_search_whose_limits_are_not_understood_is_off(written: Written, text: str) -> None:
    settings = written(f"[tools.web_search]\n{text}\n")
    assert settings.tools.web_search is None
    assert "web search is off" in config_findings(settings)[0].fix or "is ignored" in config_findings(settings)[0].fix


@pytest.mark.parametrize(
    "text",
    [
        'args = "--read-only"',
        "args = [--read-only]",
        'arg = ["--read-only"]',
        'args = ["--root", "${NOBODY_SET_THIS}"]',
        'enabled = "false"',
        "enabled = no",
        "env = { READ_ONLY = 1 }",
        'start_timeout_s = "1"',
    ],
)
def test_a_server_that_would_start_otherwise_than_it_was_meant_is_left_out(written: Written, text: str) -> None:
    settings = written(f'[mcp.fs]\ncommand = "fs"\n{text}\n[mcp.other]\ncommand = "other"\n')
    assert tuple(settings.mcp) == ("other",)
    assert "is ignored" in config_findings(settings)[0].fix


def test_a_table_of_other_programs_is_explained(written: Written) -> None:
    settings = written('[mcp_servers.fs]\ncommand = "npx"\nenv = { ANTHROPIC_API_KEY = "x" }')
    assert [finding.problem for finding in settings.findings] == ['unknown table "mcp_servers"; did you mean "mcp"?']
    assert settings.obstacle is None
    assert 'did you mean "mcp"' in str(written('[mcpServers.fs]\ncommand = "npx"').findings[0])


def test_a_mistyped_address_sends_nothing_anywhere(tmp_path: Path, proxy: tuple[str, list[bytes]]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[providers.anthropic]\napi_key = "{KEY}"\napi_url = "htp://gateway.example"\n')
    env = {**os.environ, "HTTPS_PROXY": proxy[0], "ANTHROPIC_API_KEY": KEY}
    said = b""
    for words in (["-p", "hello"], ["models"], ["doctor"], ["auth", "login"], ["auth", "status"]):
        command = [sys.executable, "-m", "tui", "--config", str(config), *words]
        run = subprocess.run(command, input=KEY.encode(), capture_output=True, env=env, timeout=60, check=False)
        said += run.stdout + run.stderr
        assert run.returncode == (0 if words == ["models"] else 1), said
        assert words not in (["-p", "hello"], ["auth", "login"]) or run.stderr.count(b"api_url") == 1, "it is said once"
    assert b"config.toml:3:11: api_url must be a URL" in said
    assert b"nothing is sent" in said.lower()
    assert b"PLANTED" not in said
    assert proxy[1] == []


def test_the_full_screen_starts_says_it_and_sends_nothing(tmp_path: Path, proxy: tuple[str, list[bytes]]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[providers.anthropic]\napi_key = "{KEY}"\napi_url = "htp://gateway.example"\n')
    env = {"HTTPS_PROXY": proxy[0], "HOME": str(tmp_path), "PRX_HOME": str(tmp_path / "prx")}
    with Terminal([sys.executable, "-m", "tui", "--config", str(config)], env=env, cwd=tmp_path) as terminal:
        terminal.wait_for("api_url must be a URL")
        terminal.wait_for("Nothing is sent until it is corrected")
        terminal.type("hello")
        terminal.wait_for("hello")
        terminal.type("\r")
        terminal.wait_for("Your prompt is back")
    assert proxy[1] == []
