"""The stored key: for the user's eyes only, found in its place of the precedence, and forgotten on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.anthropic.credentials import ApiKey, Discovery, OAuthToken, discover
from tui.anthropic.key_file import NotStored, StoredKey, read_key, remove_key, write_key
from tui.anthropic.login import Unusable

KEY = "sk-ant-api03-planted"


def found(folder: Path, api_key: str = "", **env: str) -> Discovery:
    return discover(api_key, env, folder / "home", stored=folder / "data" / "credentials.json")


def test_what_is_stored_is_read_and_only_the_user_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "credentials.json"
    write_key(file, "old")
    write_key(file, KEY)
    assert read_key(file) == StoredKey(KEY)
    assert json.loads(file.read_text()) == {"anthropic": KEY}
    write_key(file, KEY, "wrkspc_1")
    assert read_key(file) == StoredKey(KEY, "wrkspc_1")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert remove_key(file) is True
    assert remove_key(file) is False
    assert read_key(file) == Unusable("nothing is stored")


def test_it_comes_after_what_is_set_and_before_claude_codes_login(tmp_path: Path) -> None:
    file = tmp_path / "data" / "credentials.json"
    write_key(file, KEY)
    login = tmp_path / "home" / ".claude" / ".credentials.json"
    login.parent.mkdir(parents=True)
    login.write_text(json.dumps({"accessToken": "sk-ant-oat01-x"}))
    assert found(tmp_path).credential == ApiKey(key=KEY, source=f"prx auth login ({file})")
    assert [one.source.partition(" (")[0] for one in found(tmp_path).considered][-3:] == [
        "prx auth login",
        "the profile of ant auth login",
        "Claude Code's login",
    ]
    assert found(tmp_path, CLAUDE_CODE_OAUTH_TOKEN="t").require().source == "CLAUDE_CODE_OAUTH_TOKEN"
    assert found(tmp_path, "k").require().source == "api_key in config.toml"
    passed_over = found(tmp_path, "claude-code")
    assert passed_over.require().source == f"Claude Code's login ({login})"
    assert passed_over.considered[-1].reason.startswith("not used")


def test_a_setup_token_is_known_by_how_it_begins(tmp_path: Path) -> None:
    write_key(tmp_path / "data" / "credentials.json", "sk-ant-oat01-setup")
    credential = found(tmp_path).require()
    assert isinstance(credential, OAuthToken)
    assert not credential.is_claude_code_login


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"anthropic": 5}', '{"anthropic": ""}', "\ufeff"])
def test_a_file_that_is_of_no_use_says_what_to_do(tmp_path: Path, content: str) -> None:
    file = tmp_path / "data" / "credentials.json"
    file.parent.mkdir()
    file.write_text(content)
    assert found(tmp_path).credential is None
    reason = next(one.reason for one in found(tmp_path).considered if "prx auth login" in one.source)
    assert reason.endswith("run `prx auth login` again")


def test_where_it_cannot_be_stored_it_is_said_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(NotStored) as caught:
        write_key(tmp_path / "data" / "credentials.json", KEY)
    assert "cannot be written" in caught.value.message
    assert KEY not in f"{caught.value} {caught.value.hint}"
