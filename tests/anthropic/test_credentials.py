"""Which credential is found, why not the others, and where it may be sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.credentials import (
    ApiKey,
    BearerToken,
    CredentialsMissing,
    Discovery,
    OAuthToken,
    credentials_file,
    discover,
)
from tui.anthropic.destinations import ForeignHost, Misdirected, NotAnAddress, Unencrypted, check_destination
from tui.anthropic.login import Login, Unusable, parse_login

NOW = 1_795_000_000.0
KEY = "sk-ant-api03-planted-secret"
SETUP = "sk-ant-oat01-planted-secret"
CAMEL = {"accessToken": "sk-ant-oat01-access", "refreshToken": "sk-ant-ort01-refresh", "expiresAt": 1_795_000_000_000}
SNAKE = {"access_token": "sk-ant-oat01-access", "refresh_token": "sk-ant-ort01-refresh", "expires_at": 1_795_000_000}


def write_login(home: Path, content: object) -> Path:
    file = home / ".claude" / ".credentials.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def reasons(found: Discovery) -> dict[str, str]:
    return {one.source.partition(" (")[0]: one.reason for one in found.considered}


def found_in(home: Path, api_key: str = "", **env: str) -> Discovery:
    return discover(api_key, env, home, now_s=NOW)


# The seed's table of sources


def test_a_direct_api_key_is_a_key(tmp_path: Path) -> None:
    assert found_in(tmp_path, KEY).credential == ApiKey(key=KEY, source="api_key in config.toml")


def test_an_oauth_setup_token_is_known_by_how_it_begins(tmp_path: Path) -> None:
    token = found_in(tmp_path, SETUP).credential
    assert token == OAuthToken(access_token=SETUP, source="api_key in config.toml")
    assert not token.is_claude_code_login


@pytest.mark.parametrize("content", [{"claudeAiOauth": CAMEL}, {"claudeAiOauth": SNAKE}, CAMEL, SNAKE])
def test_the_login_of_claude_code_is_found_in_both_spellings(tmp_path: Path, content: dict) -> None:
    file = write_login(tmp_path, content)
    login = found_in(tmp_path).credential
    assert login == OAuthToken(
        access_token="sk-ant-oat01-access",
        refresh_token="sk-ant-ort01-refresh",
        expires_at_s=1_795_000_000.0,
        source=f"Claude Code's login ({file})",
        file=file,
    )
    assert login.is_claude_code_login


def test_the_environment_variable_is_found(tmp_path: Path) -> None:
    assert found_in(tmp_path, ANTHROPIC_API_KEY=KEY).credential == ApiKey(key=KEY, source="ANTHROPIC_API_KEY")


# Precedence, and why not the others


def test_every_place_is_asked_in_order_and_says_why_it_is_not_used(tmp_path: Path) -> None:
    file = write_login(tmp_path, {"claudeAiOauth": CAMEL})
    places = {
        "ANTHROPIC_API_KEY": "gateway-key",
        "ANTHROPIC_AUTH_TOKEN": "gateway-token",
        "CLAUDE_CODE_OAUTH_TOKEN": SETUP,
    }
    profile = f"the profile of ant auth login ({tmp_path / '.config/anthropic/configs/default.json'})"
    order = ["api_key in config.toml", *places, f"Claude Code's login ({file})"]
    api_key = KEY
    for at, source in enumerate(order):
        found = discover(api_key, places, tmp_path, now_s=NOW)
        considered = [one for one in found.considered if one.source != profile]
        assert [one.source for one in found.considered] == [*order[:-1], profile, order[-1]]
        assert [one.used for one in considered] == [one == source for one in order]
        assert found.require().source == source
        assert {one.reason for one in considered[:at]} <= {"not set"}
        assert {one.reason for one in considered[at + 1 :]} <= {f"set, but {source} comes first"}
        api_key = ""
        places.pop(source, None)


def test_kinds_go_by_text_and_by_variable(tmp_path: Path) -> None:
    assert isinstance(found_in(tmp_path, "gateway").credential, ApiKey)
    assert isinstance(found_in(tmp_path, ANTHROPIC_API_KEY=SETUP).credential, OAuthToken)
    assert isinstance(found_in(tmp_path, ANTHROPIC_AUTH_TOKEN="t").credential, BearerToken)
    assert isinstance(found_in(tmp_path, ANTHROPIC_AUTH_TOKEN=KEY).credential, BearerToken)
    assert isinstance(found_in(tmp_path, CLAUDE_CODE_OAUTH_TOKEN="t").credential, OAuthToken)


@pytest.mark.parametrize("alias", ["anthropic", "claude-code", "claude-cli"])
def test_an_api_key_that_names_the_provider_means_the_login_and_no_other_account(tmp_path: Path, alias: str) -> None:
    found = found_in(tmp_path, alias, ANTHROPIC_API_KEY=KEY)
    assert found.credential is None
    assert reasons(found) == {
        "api_key in config.toml": f'is "{alias}": the login of Claude Code',
        "Claude Code's login": "there is no such file",
        "ANTHROPIC_API_KEY": "not used: api_key in config.toml selects Claude Code's login",
    }
    write_login(tmp_path, CAMEL)
    assert found_in(tmp_path, alias, ANTHROPIC_API_KEY=KEY).require().is_claude_code_login


def test_claude_config_dir_moves_the_file(tmp_path: Path) -> None:
    assert credentials_file({}, tmp_path) == tmp_path / ".claude" / ".credentials.json"
    both = {"CLAUDE_CONFIG_DIR": "/elsewhere"}
    assert credentials_file(both, tmp_path) == Path("/elsewhere/.credentials.json")
    both["CLAUDE_SECURESTORAGE_CONFIG_DIR"] = "/secure"
    assert credentials_file(both, tmp_path) == Path("/secure/.credentials.json")
    both["CLAUDE_SECURESTORAGE_CONFIG_DIR"] = ""
    assert credentials_file(both, tmp_path) == tmp_path / ".claude" / ".credentials.json"


def test_nothing_found_says_the_three_ways(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        found_in(tmp_path, "  ", ANTHROPIC_API_KEY=" ").require()
    assert caught.value.message == "Anthropic credentials not set"
    for way in ("ANTHROPIC_API_KEY", "api_key in config.toml", "[providers.anthropic]", "~/.claude/.credentials.json"):
        assert way in caught.value.hint


def test_what_is_there_and_of_no_use_is_said_with_the_ways(tmp_path: Path) -> None:
    write_login(tmp_path, "{")
    with pytest.raises(CredentialsMissing) as caught:
        found_in(tmp_path, "", ANTHROPIC_API_KEY="sk-ant api03").require()
    assert caught.value.message == "Anthropic credentials not set"
    login = tmp_path / ".claude" / ".credentials.json"
    causes = (
        "ANTHROPIC_API_KEY contains characters that are not allowed in a key. "
        f"Claude Code's login ({login}) is not JSON. Set the "
    )
    assert caught.value.hint.startswith(causes)


@pytest.mark.parametrize("secret", ["sk-ant-api03-é", "sk-ant api03", "sk-ant-api03-\n-x", "sk\x00"])
def test_what_cannot_stand_in_a_header_is_no_key(tmp_path: Path, secret: str) -> None:
    found = found_in(tmp_path, secret)
    assert found.credential is None
    assert reasons(found)["api_key in config.toml"] == "contains characters that are not allowed in a key"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not JSON"),
        ("\ufeff{", "is not JSON"),
        ("[1]", "contains no login"),
        ("{}", "contains no login"),
        ({"mcpOAuth": {}}, "contains no login"),
        (
            {"claudeAiOauth": {"accessToken": "", "refreshToken": "", "expiresAt": 0}},
            "is signed out: open Claude Code and sign in",
        ),
        (
            {"claudeAiOauth": {"accessToken": "sk-ant-oat01-a\nb", "refreshToken": "r"}},
            "contains a token with invalid characters",
        ),
        (
            {"accessToken": "sk-ant-oat01-a", "expiresAt": (NOW - 1) * 1000},
            "has expired and has no refresh token: open Claude Code",
        ),
    ],
)
def test_a_login_that_is_of_no_use_says_why(tmp_path: Path, content: object, reason: str) -> None:
    write_login(tmp_path, content)
    found = found_in(tmp_path)
    assert found.credential is None
    assert reasons(found)["Claude Code's login"] == reason


def test_a_folder_in_the_files_place_is_a_reason_too(tmp_path: Path) -> None:
    (tmp_path / ".claude" / ".credentials.json").mkdir(parents=True)
    assert reasons(found_in(tmp_path))["Claude Code's login"].startswith("cannot be read: ")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1_795_000_000_000, 1_795_000_000.0),
        (1_795_000_000, 1_795_000_000.0),
        (1_795_000_000_000.5, 1_795_000_000.0005),
        ("1795000000000", 1_795_000_000.0),
        ("1795000000.5", 1_795_000_000.5),
        ("2026-11-18T11:06:40Z", 1_795_000_000.0),
        ("2026-11-18T12:06:40+01:00", 1_795_000_000.0),
        ("2026-11-18T11:06:40", 1_795_000_000.0),
        (0, 0.0),
        ("soon", None),
        (None, None),
        (True, None),
        ([1], None),
        (10**400, None),
    ],
)
def test_the_expiry_is_understood_in_any_unit(written: object, seconds: float | None) -> None:
    login = parse_login(json.dumps({"claudeAiOauth": {"accessToken": "t", "expiresAt": written}}).encode())
    assert isinstance(login, Login)
    assert login.expires_at_s == seconds


def test_a_login_with_only_a_refresh_token_has_expired() -> None:
    login = parse_login(b'{"claudeAiOauth": {"accessToken": "", "refreshToken": "r", "expiresAt": 9e12}}')
    assert isinstance(login, Login)
    assert login.expires_at_s == 0.0


@given(st.binary(max_size=40) | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["claudeAiOauth", "accessToken", "refreshToken", "expiresAt", "x"]), inner)).map(
        lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_file_is_a_login_or_a_reason(raw: bytes) -> None:
    assert isinstance(parse_login(raw), Login | Unusable)


def test_no_secret_is_in_any_repr_or_reason(tmp_path: Path) -> None:
    write_login(tmp_path, {"claudeAiOauth": CAMEL})
    env = {"ANTHROPIC_AUTH_TOKEN": KEY, "CLAUDE_CODE_OAUTH_TOKEN": SETUP}
    for found in (found_in(tmp_path, KEY, **env), found_in(tmp_path, **env), found_in(tmp_path)):
        assert "sk-ant" not in repr(found)
    assert "sk-ant" not in repr(parse_login(json.dumps(CAMEL).encode()))
    for broken in (f"{KEY}\n", f"{KEY} x"):
        assert "planted" not in repr(found_in(tmp_path, f"a{broken}b"))


# Where it may go

GIVEN = [
    ApiKey(key=KEY, source="x"),
    BearerToken(token="t", source="x"),
    OAuthToken(access_token=SETUP, source="x"),
]
BORROWED = OAuthToken(access_token=SETUP, source="x", file=Path("x"))
LOOPBACK = ["http://localhost:8080", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:9", "http://a.localhost"]


@pytest.mark.parametrize("credential", [*GIVEN, BORROWED], ids=repr)
@pytest.mark.parametrize("url", [*LOOPBACK, "https://api.anthropic.com", "https://API.anthropic.com:443/v1"])
def test_every_credential_goes_to_anthropic_and_to_this_machine(credential, url: str) -> None:
    check_destination(credential, url)


@pytest.mark.parametrize("credential", GIVEN, ids=repr)
def test_what_the_user_gave_goes_where_the_user_said(credential) -> None:
    check_destination(credential, "https://my-proxy.example.com/anthropic")


@pytest.mark.parametrize("credential", [*GIVEN, BORROWED], ids=repr)
@pytest.mark.parametrize(
    "url",
    ["http://api.anthropic.com", "http://10.0.0.1", "http://localhost@evil.example", "http://127.0.0.1.evil.example"],
)
def test_nothing_goes_anywhere_else_unencrypted(credential, url: str) -> None:
    with pytest.raises(Unencrypted, match="over plain http"):
        check_destination(credential, url)


@pytest.mark.parametrize(
    "url", ["https://my-proxy.example.com", "https://api.anthropic.com.evil.example", "https://anthropic.com"]
)
def test_the_login_goes_to_its_own_hosts_only(url: str) -> None:
    with pytest.raises(
        ForeignHost, match=r"Claude Code's login is not sent to \S+: it belongs to api\.anthropic\.com\."
    ):
        check_destination(BORROWED, url)


def test_further_hosts_may_be_named_for_the_login() -> None:
    check_destination(BORROWED, "https://Proxy.example/x", ["proxy.EXAMPLE"])
    check_destination(BORROWED, "https://proxy.example:8443", ["proxy.example:8443"])
    with pytest.raises(ForeignHost):
        check_destination(BORROWED, "https://proxy.example:8444", ["proxy.example:8443"])
    with pytest.raises(Unencrypted):
        check_destination(BORROWED, "http://proxy.example", ["proxy.example"])


@pytest.mark.parametrize("url", ["", "api.anthropic.com", "ftp://x", "https://", "https://[x", "https://h:99999"])
def test_what_is_no_address_is_named_so(url: str) -> None:
    with pytest.raises(NotAnAddress):
        check_destination(GIVEN[0], url)


def test_each_refusal_has_words_of_its_own() -> None:
    said = set()
    for url in ("ftp://x", "http://x.example", "https://x.example"):
        with pytest.raises(Misdirected) as caught:
            check_destination(BORROWED, url)
        said |= {caught.value.message, caught.value.hint}
    assert len(said) == 6
