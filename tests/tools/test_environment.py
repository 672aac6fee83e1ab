"""No secret of the environment reaches a command, whatever variable it stands in; what is needed does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.calling import Tools, see
from tui.chat.transcript import ToolUse
from tui.config import load
from tui.services.connection import Connection
from tui.tools.built_in import built_in
from tui.tools.environment import for_commands

pytestmark = pytest.mark.anyio

SECRETS = {
    "GITHUB_TOKEN": "anything",
    "github_token": "anything",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "OPENAI_API_KEY": "anything",
    "PGPASSWORD": "anything",
    "MYSQL_PWD": "anything",
    "DB_PASS": "anything",
    "HARMLESS_A": "sk-ant-api03-PLANTED-PLANTED",
    "HARMLESS_B": "ghp_0123456789abcdefABCD",
    "HARMLESS_C": "github_pat_0123456789abcdefABCD",
    "HARMLESS_D": "AKIA0123456789ABCDEF",
    "HARMLESS_E": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
    "HARMLESS_F": "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
    "HARMLESS_G": "Authorization: Bearer abcdefghijkl",
    "DATABASE_URL": "postgres://ada:PLANTED@db.example/x",
    "REDIS": "redis://:PLANTED@db.example:6379",
    "INDEX": "https://PLANTED@pypi.example/simple",
    "DSN": "ada:PLANTED@db.example",
    "ODD_URL": "http://user:pa[ss@127.0.0.1:9",
    "ODD_PROXY": "http://user:pa[ss@127.0.0.1:9",
}
KEPT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/home/ada",
    "LANG": "C.UTF-8",
    "PWD": "/home/ada",
    "OLDPWD": "/",
    "SSH_AUTH_SOCK": "/tmp/ssh-x/agent.1",
    "TOKENIZERS_PARALLELISM": "false",
    "USE_AUTH": "true",
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/ada/key.json",
    "NO_PROXY": "localhost,.example",
    "EDITOR": "vi",
    "LS_COLORS": "rs=0:di=01;34",
    "MAIL": "ada@example.com",
    "SITE": "https://example.com/@ada",
    "GIT_SSH_COMMAND": "ssh -i ~/.ssh/id",
    "EMPTY_TOKEN": "",
}
PROXIES = {
    "HTTPS_PROXY": ("http://user:PLANTED@127.0.0.1:9", "http://127.0.0.1:9"),
    "http_proxy": ("user:PLANTED@127.0.0.1:9", "127.0.0.1:9"),
    "ALL_PROXY": ("socks5://user:PLANTED@[::1]:9", "socks5://[::1]:9"),
    "FTP_PROXY": ("http://127.0.0.1:9", "http://127.0.0.1:9"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_credential_is_left_out(name: str) -> None:
    assert name not in for_commands({name: SECRETS[name]}, ())
    assert for_commands({name: SECRETS[name]}, (), given=(name,))[name] == SECRETS[name]


@pytest.mark.parametrize("name", KEPT)
def test_everything_else_is_passed_on(name: str) -> None:
    assert for_commands({name: KEPT[name]}, ())[name] == KEPT[name]


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_keeps_its_address_and_loses_its_password(name: str) -> None:
    value, expected = PROXIES[name]
    assert for_commands({name: value}, ())[name] == expected


async def test_a_command_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {**SECRETS, **{name: value for name, (value, _) in PROXIES.items()}}
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    text = await Tools(tmp_path).text("run_command", command="env; cat /proc/self/environ")
    assert not [value for value in planted.values() if value in text and value != "http://127.0.0.1:9"]
    assert "PLANTED" not in text
    assert "pa[ss" not in text
    assert "HTTPS_PROXY=http://127.0.0.1:9\n" in text
    kinds = built_in(tmp_path, see=see, given=["DATABASE_URL"])
    assert SECRETS["DATABASE_URL"] in await Tools(tmp_path, kinds=kinds).text("run_command", command="env")


async def test_a_chat_gives_what_the_configuration_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[tools]\ncommand_env = ["GITHUB_TOKEN"]\nallow = ["run_command(env)"]\n')
    monkeypatch.setenv("GITHUB_TOKEN", "given-to-gh")
    monkeypatch.setenv("GITLAB_TOKEN", "not-given")
    with Connection(load({}, file=config), {}) as connection:
        session = connection.session(access="ask", asks=False)
        assert session.toolbox is not None
        result = await session.toolbox.run(ToolUse("1", "run_command", '{"command": "env"}'), lambda _: None)
    assert "given-to-gh" in str(result)
    assert "not-given" not in str(result)
