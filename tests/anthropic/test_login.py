"""New tokens in Claude Code's file: the spelling and the units it has, and not a letter of anything else changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.login import Login, TokenGrant, parse_login, with_new_tokens

GRANT = TokenGrant(access_token="sk-ant-oat01-new", refresh_token="sk-ant-ort01-new", expires_at_s=1_795_028_800.0)
OLD = {"accessToken": "sk-ant-oat01-old", "refreshToken": "sk-ant-ort01-old", "expiresAt": 1_795_000_000_000}


def written(content: object, grant: TokenGrant = GRANT) -> dict:
    return json.loads(with_new_tokens(json.dumps(content).encode(), grant))


def test_claude_codes_own_spelling() -> None:
    more = {"scopes": ["user:inference"], "subscriptionType": "max"}
    assert written({"claudeAiOauth": {**OLD, **more}, "mcpOAuth": {"a": 1}}) == {
        "claudeAiOauth": {
            "accessToken": "sk-ant-oat01-new",
            "refreshToken": "sk-ant-ort01-new",
            "expiresAt": 1_795_028_800_000,
            **more,
        },
        "mcpOAuth": {"a": 1},
    }


@pytest.mark.parametrize("nested", [True, False])
def test_the_seeds_spelling(nested: bool) -> None:
    old = {"access_token": "a", "refresh_token": "r", "expires_at": 1_795_000_000}
    new = {"access_token": "sk-ant-oat01-new", "refresh_token": "sk-ant-ort01-new", "expires_at": 1_795_028_800}
    assert written({"claudeAiOauth": old} if nested else old) == ({"claudeAiOauth": new} if nested else new)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1_795_000_000_000, 1_795_028_800_000),
        (1_795_000_000, 1_795_028_800),
        (1_795_000_000.5, 1_795_028_800),
        ("1795000000000", "1795028800000"),
        ("1795000000", "1795028800"),
        ("2026-11-18T11:06:40Z", "2026-11-18T19:06:40Z"),
        (0, 1_795_028_800_000),
        (None, 1_795_028_800_000),
        ("soon", "1795028800000"),
    ],
)
def test_the_time_stays_in_its_unit(before: object, after: object) -> None:
    assert written({"claudeAiOauth": {**OLD, "expiresAt": before}})["claudeAiOauth"]["expiresAt"] == after


def test_a_file_that_never_said_a_time_is_told_one() -> None:
    assert written({"accessToken": "a"})["expiresAt"] == 1_795_028_800_000
    assert written({"access_token": "a"})["expires_at"] == 1_795_028_800


def test_without_a_new_refresh_token_the_old_one_stays() -> None:
    grant = TokenGrant(access_token="n", refresh_token="", expires_at_s=1.8e9)
    assert written({"claudeAiOauth": OLD}, grant)["claudeAiOauth"]["refreshToken"] == "sk-ant-ort01-old"


def test_the_life_of_the_refresh_token_is_written_only_where_it_was() -> None:
    grant = TokenGrant(access_token="n", refresh_token="r", expires_at_s=1.8e9, refresh_expires_at_s=1.9e9)
    known = written({**OLD, "refreshTokenExpiresAt": 1_997_000_000_000}, grant)
    assert known["refreshTokenExpiresAt"] == 1_900_000_000_000
    sooner = written({**OLD, "refreshTokenExpiresAt": 1_797_000_000_000}, grant)
    assert sooner["refreshTokenExpiresAt"] == 1_797_000_000_000, "Claude Code only ever lowers it"
    assert "refreshTokenExpiresAt" not in written(OLD, grant)
    assert written({**OLD, "refreshTokenExpiresAt": 5}, GRANT)["refreshTokenExpiresAt"] == 5


def test_what_is_not_ours_is_kept_to_the_letter() -> None:
    raw = b'{"big": 123456789012345678901234567890, "precise": 1.10, "claudeAiOauth": {"accessToken":"a","x":1e2}}'
    after = with_new_tokens(raw, GRANT)
    assert b"123456789012345678901234567890" in after
    assert b"1.10" in after
    assert b"1e2" in after


def test_a_file_of_many_lines_stays_one() -> None:
    assert with_new_tokens(json.dumps({"claudeAiOauth": OLD}, indent=4).encode(), GRANT).count(b"\n") > 4
    assert b"\n" not in with_new_tokens(json.dumps({"claudeAiOauth": OLD}).encode(), GRANT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3),
)
FIELDS = st.dictionaries(st.sampled_from(["scopes", "subscriptionType", "refreshTokenExpiresAt", "x", "é"]), JSON)


@given(
    st.sampled_from(["claudeAiOauth", ""]),
    st.sampled_from([("accessToken", "refreshToken", "expiresAt"), ("access_token", "refresh_token", "expires_at")]),
    FIELDS,
    FIELDS,
    JSON,
)
def test_any_login_is_renewed_and_nothing_else_changes(nest: str, names, outer: dict, inner: dict, time) -> None:
    login = {**inner, names[0]: "old", names[1]: "old", names[2]: time}
    content = {**outer, nest: login} if nest else {**outer, **login}
    raw = json.dumps(content).encode()
    after = with_new_tokens(raw, GRANT)
    parsed = parse_login(after)
    assert isinstance(parsed, Login)
    assert (parsed.access_token, parsed.refresh_token) == (GRANT.access_token, GRANT.refresh_token)
    assert parsed.expires_at_s == GRANT.expires_at_s
    fields = json.loads(after)
    held = fields[nest] if nest else fields
    for name in names:
        held[name] = login[name]
    assert fields == content
