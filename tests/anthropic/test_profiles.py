"""Profiles of `ant auth login`: found, read, renewed and sent as the official SDK does it."""

from __future__ import annotations

import json
from pathlib import Path

import anthropic.lib.credentials._providers as sdk
import httpx
import pytest
from login_file import VERSION, Clock

from tui.anthropic.auth import auth_for
from tui.anthropic.credentials import Discovery, OAuthToken, discover
from tui.anthropic.destinations import ForeignHost, check_destination
from tui.anthropic.token_endpoint import GrantRefused
from tui.anthropic.workspace import workspace_for
from tui.demo.oauth import TokenEndpoint, Trouble
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

pytestmark = pytest.mark.anyio

CLIENT = "ant-cli"
NOW = 1_795_000_000.0


class Profiles:
    """The folder of `ant`: what it writes when somebody signs in."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / ".config" / "anthropic"

    def write(
        self, name: str = "default", *, access: str = "sk-ant-oat01-p", expires_at: object = None, **more
    ) -> Path:
        """Write both files of a profile. `more`: further fields of its settings; of its tokens with `tokens=`."""
        tokens = {"access_token": access, "refresh_token": f"ort-{name}"} | more.pop("tokens", {})
        if expires_at is not None:
            tokens["expires_at"] = expires_at
        authentication = {"type": "user_oauth", "client_id": CLIENT} | more.pop("authentication", {})
        settings = {"version": "1.0", "authentication": authentication} | more
        for kind, content, mode in (("configs", settings, 0o644), ("credentials", tokens, 0o600)):
            file = self.folder / kind / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
            file.chmod(mode)
        return file

    def select(self, name: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "active_config").write_text(f"{name}\n")

    def found(self, api_key: str = "", **env: str) -> Discovery:
        return discover(api_key, env, self.home, stored=self.home / "key.json", now_s=NOW)

    def reason(self, **env: str) -> str:
        return next(one.reason for one in self.found(**env).considered if "ant auth login" in one.source)


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles(tmp_path)


def sign_in_claude_code(home: Path) -> None:
    file = home / ".claude" / ".credentials.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-c", "refreshToken": "r"}}))


# Which one


def test_the_default_profile_is_found_before_claude_codes_login(profiles: Profiles) -> None:
    file = profiles.write(expires_at=int(NOW) + 600, workspace_id="wrkspc_1", base_url="https://api.anthropic.com/")
    sign_in_claude_code(profiles.home)
    settings = profiles.folder / "configs" / "default.json"
    assert profiles.found().credential == OAuthToken(
        access_token="sk-ant-oat01-p",
        refresh_token="ort-default",
        expires_at_s=NOW + 600,
        source=f"the profile of ant auth login ({settings})",
        file=file,
        profile="default",
        client_id=CLIENT,
        base_url="https://api.anthropic.com",
        workspace_id="wrkspc_1",
    )
    assert "sk-ant" not in repr(profiles.found())


def test_the_active_profile_and_the_variable_choose_another(profiles: Profiles) -> None:
    for name in ("default", "work", "play"):
        profiles.write(name, access=f"sk-ant-oat01-{name}")
    profiles.select("work")
    assert profiles.found().require().access_token == "sk-ant-oat01-work"
    assert profiles.found(ANTHROPIC_PROFILE="play").require().access_token == "sk-ant-oat01-play"


def test_the_folder_can_be_elsewhere(profiles: Profiles, tmp_path: Path) -> None:
    profiles.write()
    profiles.folder.rename(tmp_path / "elsewhere")
    assert profiles.found().credential is None
    assert profiles.found(ANTHROPIC_CONFIG_DIR=str(tmp_path / "elsewhere")).require().profile == "default"


def test_a_named_profile_comes_before_the_setup_token_and_after_keys(profiles: Profiles) -> None:
    profiles.write()
    setup = {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-setup"}
    assert profiles.found(**setup).require().source == "CLAUDE_CODE_OAUTH_TOKEN"
    assert profiles.found(ANTHROPIC_PROFILE="default", **setup).require().profile == "default"
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        assert profiles.found(ANTHROPIC_PROFILE="default", **{name: "key"}).require().source == name
    assert profiles.found("key", ANTHROPIC_PROFILE="default").require().source == "api_key in config.toml"


@pytest.mark.parametrize("how", ["variable", "active", "folder"])
def test_no_other_account_is_used_in_place_of_a_chosen_profile(profiles: Profiles, how: str) -> None:
    profiles.write("other")
    sign_in_claude_code(profiles.home)
    env = {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-setup"} if how == "variable" else {}
    match how:
        case "variable":
            env["ANTHROPIC_PROFILE"] = "gone"
        case "active":
            profiles.select("gone")
        case "folder":
            env["ANTHROPIC_CONFIG_DIR"] = str(profiles.folder)
    found = profiles.found(**env)
    assert found.credential is None
    last = found.considered[-1]
    assert "Claude Code" in last.source
    assert last.reason.startswith("not used: the profile of ant auth login")


def test_without_a_choice_claude_codes_login_is_used_where_there_is_no_profile(profiles: Profiles) -> None:
    profiles.write("other")
    sign_in_claude_code(profiles.home)
    assert profiles.found().require().is_claude_code_login
    assert profiles.reason() == "there is no such file"


# What is refused, as the SDK refuses it


def break_mode(file: Path, settings: Path) -> None:
    file.chmod(0o640)


def break_link(file: Path, settings: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to(file.with_name("real"))


def break_settings_mode(file: Path, settings: Path) -> None:
    settings.chmod(0o664)


def break_json(file: Path, settings: Path) -> None:
    settings.write_text("{")


def break_list(file: Path, settings: Path) -> None:
    file.write_text("[]")


def break_missing(file: Path, settings: Path) -> None:
    file.unlink()


BROKEN = {
    "has credentials that others can read (mode 640)": (break_mode, {}),
    "has a link in place of its credentials file": (break_link, {}),
    "can be changed by others (mode 664)": (break_settings_mode, {}),
    "is not JSON": (break_json, {}),
    "is not a JSON object": (break_list, {}),
    "has no credentials file": (break_missing, {}),
    'has no "authentication"': (None, {"authentication": {"type": None, "client_id": None}}),
    "signs in by workload identity that prx does not support": (None, {"authentication": {"type": "oidc_federation"}}),
    "has credentials of another type": (None, {"tokens": {"type": "key"}}),
    "is signed out": (None, {"tokens": {"access_token": ""}}),
    "has an expires_at that is not": (None, {"expires_at": "2026-11-30T00:00:00Z"}),
    "has no refresh token": (None, {"tokens": {"refresh_token": ""}}),
    "contains a token with invalid characters": (None, {"tokens": {"access_token": "a\nb"}}),
    "has a base_url that does not start with https": (None, {"base_url": "http://evil.example"}),
}


@pytest.mark.parametrize("said", [*BROKEN])
def test_a_profile_that_cannot_be_used_says_why(profiles: Profiles, said: str, monkeypatch) -> None:
    damage, more = BROKEN[said]
    if more == {"authentication": {"type": None, "client_id": None}}:
        file = profiles.write()
        (profiles.folder / "configs" / "default.json").write_text("{}")
    else:
        file = profiles.write(**more)
    if damage is not None:
        damage(file, profiles.folder / "configs" / "default.json")
    assert profiles.found().credential is None
    assert profiles.reason().startswith(said)
    if said.startswith(("contains", "signs in")):
        return  # the SDK accepts any text, and supports that
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(profiles.folder))
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setattr(sdk.time, "time", lambda: NOW)
    with pytest.raises(Exception, match=r"."):
        sdk.CredentialsFile("default")()


@pytest.mark.parametrize("name", ["../../etc/x", "a/b", "a\\b", ".hidden", " x"])
def test_a_name_cannot_lead_out_of_the_folder(profiles: Profiles, name: str) -> None:
    profiles.write()
    assert profiles.reason(ANTHROPIC_PROFILE=name).startswith("cannot be used: its name")


# Where it is sent


def test_it_is_sent_to_its_own_api_and_nowhere_else(profiles: Profiles) -> None:
    profiles.write(base_url="https://staging.example")
    login = profiles.found().require()
    check_destination(login, "https://staging.example/v1/messages")
    check_destination(login, "http://127.0.0.1:9/v1/messages")
    check_destination(login, "https://gateway.example", ["gateway.example"])
    for url in ("https://api.anthropic.com", "https://gateway.example"):
        with pytest.raises(ForeignHost, match="The login of the profile default is not sent to"):
            check_destination(login, url)


def test_its_workspace_goes_before_the_environments_and_after_the_configurations(profiles: Profiles) -> None:
    profiles.write(workspace_id="wrkspc_own")
    login = profiles.found().require()
    for configured, source, sent in (
        ("", "", "wrkspc_own"),
        ("wrkspc_env", "ANTHROPIC_WORKSPACE_ID", "wrkspc_own"),
        ("wrkspc_toml", "workspace_id (config.toml:3)", "wrkspc_toml"),
    ):
        workspace = workspace_for(login, configured, source)
        assert workspace is not None
        assert workspace.id == sent


# Renewal


class SignedIn:
    """`with` it: a server, and a profile whose login it issued."""

    def __init__(self, profiles: Profiles, life_s: float = 0.0, **more) -> None:
        self.clock = Clock()
        self.endpoint = TokenEndpoint(clock=self.clock)
        self.server = Server(FakeAnthropic(oauth=self.endpoint))
        access, refresh = self.endpoint.sign_in(life_s, CLIENT, needs_beta=True)
        self.profiles = profiles
        self.file = profiles.write(
            access=access,
            expires_at=int(self.clock.now + life_s),
            tokens={"refresh_token": refresh, "organization_uuid": "kept"},
            **more,
        )

    def __enter__(self) -> SignedIn:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    async def ask(self) -> int:
        login = discover("", {}, self.profiles.home, now_s=self.clock.now).require()
        auth = auth_for(login, self.server.url, now=self.clock)
        async with httpx.AsyncClient(trust_env=False, auth=auth, headers=VERSION) as client:
            return (await client.get(f"{self.server.url}/v1/models")).status_code

    def tokens(self) -> dict:
        return json.loads(self.file.read_text())


async def test_an_expired_login_is_renewed_at_its_own_api_and_written_back(profiles: Profiles) -> None:
    with SignedIn(profiles) as place:
        before = place.tokens()
        assert await place.ask() == 200
        after = place.tokens()
        assert (place.endpoint.renewals, place.endpoint.reuses) == (1, 0)
        assert after["access_token"] != before["access_token"]
        assert after["refresh_token"] != before["refresh_token"]
        assert after["expires_at"] == int(place.clock.now) + 28_800
        assert (after["version"], after["type"], after["organization_uuid"]) == ("1.0", "oauth_token", "kept")
        assert place.file.stat().st_mode & 0o777 == 0o600
        assert not list(profiles.home.rglob("*.lock")), "Claude Code's locks are not for this"


async def test_the_sdk_goes_on_with_what_we_wrote_and_we_with_what_it_wrote(profiles: Profiles, monkeypatch) -> None:
    with SignedIn(profiles) as place:
        monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(profiles.folder))
        monkeypatch.setattr(sdk.time, "time", place.clock)
        assert await place.ask() == 200
        theirs = sdk.CredentialsFile("default")
        theirs.bind_base_url(place.server.url)
        assert theirs().token == place.tokens()["access_token"], "valid, so it is not renewed"
        place.clock.now += 30_000
        token = theirs().token
        theirs.close()
        assert place.endpoint.renewals == 2
        assert await place.ask() == 200
        assert (place.tokens()["access_token"], place.endpoint.renewals) == (token, 2)
        place.clock.now += 30_000
        assert await place.ask() == 200
        assert (place.endpoint.renewals, place.endpoint.reuses) == (3, 0)


async def test_what_cannot_be_renewed_says_how_to_sign_in(profiles: Profiles) -> None:
    with SignedIn(profiles) as place:
        place.endpoint.trouble(Trouble(status=400, body=b'{"error": "invalid_grant"}'))
        with pytest.raises(GrantRefused, match="The login of the profile default can no longer") as caught:
            await place.ask()
        assert caught.value.hint == "Run `ant auth login`."


async def test_tokens_that_another_program_renews_are_only_read(profiles: Profiles) -> None:
    with SignedIn(profiles, life_s=60, authentication={"client_id": None}) as place:
        assert await place.ask() == 200
        assert place.endpoint.posts == 0
        place.clock.now += 61
        assert discover("", {}, profiles.home, now_s=place.clock.now).credential is None
