"""The login in the macOS Keychain, read through the system's command: here a script of that name on the PATH."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from login_file import VERSION, SignedIn

from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import Discovery, OAuthToken, discover
from tui.anthropic.keychain import service_name
from tui.anthropic.token_refresh import LoginGone

NOW = 1_795_000_000.0
LOGIN = {
    "claudeAiOauth": {
        "accessToken": "sk-ant-oat01-chain",
        "refreshToken": "sk-ant-ort01-chain",
        "expiresAt": (NOW + 3600) * 1000,
        "subscriptionType": "max",
    }
}


class Security:
    """A `security` command: what it prints, how it ends, and what it was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        monkeypatch.setenv("LOGNAME", "ada")

    def does(self, script: str) -> None:
        command = self.folder / "security"
        command.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/asked\n{script}\n')
        command.chmod(0o755)

    def holds(self, secret: str) -> None:
        (self.folder / "secret").write_text(secret)
        self.does(f"cat {self.folder}/secret")

    @property
    def asked(self) -> list[str]:
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def security(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Security:
    return Security(tmp_path / "bin", monkeypatch)


def found(home: Path, **env: str) -> Discovery:
    return discover("", env, home, now_s=NOW, platform="darwin")


def reason(home: Path) -> str:
    found_here = found(home)
    assert found_here.credential is None
    return next(one.reason for one in found_here.considered if "Keychain" in one.source)


def test_the_login_is_read_from_the_keychain(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps(LOGIN) + "\n")
    login = found(tmp_path).require()
    assert isinstance(login, OAuthToken)
    assert login.access_token == "sk-ant-oat01-chain"
    assert login.source == "Claude Code's login (macOS Keychain)"
    assert login.is_claude_code_login
    assert login.plan == "max"
    assert security.asked == ["find-generic-password -a ada -s Claude Code-credentials -w"]


def test_it_goes_before_the_file_which_is_a_copy(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps(LOGIN))
    file = tmp_path / ".claude" / ".credentials.json"
    file.parent.mkdir()
    file.write_text(json.dumps(LOGIN))
    assert [(one.used, one.reason) for one in found(tmp_path).considered][-2:] == [
        (True, "used, as Claude Code's login"),
        (False, "set, but Claude Code's login (macOS Keychain) comes first"),
    ]
    security.does("exit 44")
    assert found(tmp_path).require().source == f"Claude Code's login ({file})"


def test_another_users_item_is_taken_where_this_one_has_none(tmp_path: Path, security: Security) -> None:
    (security.folder / "secret").write_text(json.dumps(LOGIN))
    security.does(f'case "$*" in *"-a ada"*) exit 44;; esac; cat {security.folder}/secret')
    assert found(tmp_path).credential is not None


def test_a_secret_printed_in_hexadecimal_is_understood(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps(LOGIN).encode().hex())
    assert found(tmp_path).credential is not None


def test_it_is_not_asked_where_a_key_is_set_nor_on_other_systems(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps(LOGIN))
    assert found(tmp_path, ANTHROPIC_API_KEY="k").require().source == "ANTHROPIC_API_KEY"
    assert discover("", {}, tmp_path, now_s=NOW, platform="linux").credential is None
    assert security.asked == []


def test_each_config_dir_has_an_item_of_its_own() -> None:
    assert service_name({}) == "Claude Code-credentials"
    work = {"CLAUDE_CONFIG_DIR": "/Users/ada/.claude-work"}
    assert service_name(work) == "Claude Code-credentials-6a5b8464"
    moved = {"CLAUDE_CONFIG_DIR": "/x", "CLAUDE_SECURESTORAGE_CONFIG_DIR": "/Users/ada/.claude-work"}
    assert service_name(moved) == "Claude Code-credentials-6a5b8464"
    assert service_name(work | {"CLAUDE_SECURESTORAGE_CONFIG_DIR": ""}) == "Claude Code-credentials"


def test_an_item_that_is_split_in_two_is_named_as_such(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps({"keychainOverflow": {"slot": "a"}}))
    assert reason(tmp_path).startswith("is split over two items, which only Claude Code can read")
    security.holds(json.dumps({"keychainOverflow": {"slot": "a"}, **LOGIN}))
    assert found(tmp_path).require().access_token == "sk-ant-oat01-chain"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 44", "nothing is stored"),
        ("echo sk-ant-oat01-chain >&2; exit 51", "did not return it (the security command exited with 51)"),
        ("echo '{'", "is not JSON"),
        ("echo '{}'", "contains no login"),
    ],
)
def test_what_is_of_no_use_says_why(tmp_path: Path, security: Security, script: str, why: str) -> None:
    security.does(script)
    assert reason(tmp_path) == why


def test_an_expired_login_there_is_for_claude_code_to_renew(tmp_path: Path, security: Security) -> None:
    security.holds(json.dumps({"accessToken": "sk-ant-oat01-x", "refreshToken": "r", "expiresAt": NOW * 1000}))
    assert reason(tmp_path) == "has expired: open Claude Code, which refreshes it"


def test_without_the_command_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason(tmp_path) == "cannot be read: No such file or directory"


def test_it_is_read_again_and_never_renewed_by_us(tmp_path: Path, security: Security) -> None:
    with SignedIn(tmp_path, life_s=60) as place:
        place.file.rename(security.folder / "secret")
        security.does(f"cat {security.folder}/secret")
        place.file = security.folder / "secret"
        login = found(tmp_path).require()
        auth = auth_for(login, place.server.url, token_url=place.token_url, now=place.clock)
        with httpx.Client(trust_env=False, auth=auth, headers=VERSION) as client:
            url = f"{place.server.url}/v1/models"
            assert client.get(url).status_code == 200
            place.clock.now += 60
            with pytest.raises(LoginGone, match=r"macOS Keychain: has expired: open Claude Code") as caught:
                client.get(url)
            assert "sk-ant" not in f"{caught.value}{caught.value.hint}"
            assert place.endpoint.posts == 0
            theirs = place.elsewhere_renewed()
            assert client.get(url).status_code == 200
            assert place.tokens_sent()[-1] == theirs
        assert place.endpoint.posts == 1
