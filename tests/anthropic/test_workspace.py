"""Which workspace goes with which credential: what is configured, what was stored with a key, and what is no ID at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client
from tui.anthropic.credentials import ApiKey, BearerToken, OAuthToken
from tui.anthropic.errors import ProtocolError, WorkspaceNeeded
from tui.anthropic.key_file import write_key
from tui.anthropic.workspace import NotAWorkspace, Workspace, parse_workspace, workspace_for
from tui.config import load
from tui.demo.authentication import NO_WORKSPACE, Workspaces
from tui.demo.scenarios import Error
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.services.connection import Connection, workspace_of

pytestmark = pytest.mark.anyio
HEADER = "anthropic-workspace-id"
STORED = ApiKey(key=DEMO_KEY, source="prx auth login (x)", workspace_id="wrkspc_stored")


@pytest.mark.parametrize("text", ["wrkspc_01AbC-9", "  wrkspc_01AbC-9\n", "\u00a0wrkspc_01AbC-9\t"])
def test_an_id_is_taken_without_the_blanks_around_it(text: str) -> None:
    assert parse_workspace(text, "here") == "wrkspc_01AbC-9"


@pytest.mark.parametrize("text", ["", "  ", "\u00a0\n"])
def test_blanks_alone_are_no_id(text: str) -> None:
    assert parse_workspace(text, "here") == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wrkspc_1 wrkspc_2", "contains a character"),
        ("wrkspc_1\r\nx-api-key: other", "contains a character"),
        ("wrkspc_\u00e9", "contains a character"),
        ("wrkspc_\x00", "contains a character"),
        ("wrkspc_\ud800", "contains a character"),
        ('"wrkspc_1"', "contains a character"),
        ("wrkspc_" + "1" * 200, "too long"),
        ("sk-ant-api03-PLANTED", "is an API key"),
    ],
)
def test_what_cannot_be_an_id_is_an_error_that_does_not_repeat_it(text: str, says: str) -> None:
    with pytest.raises(NotAWorkspace, match=says) as error:
        parse_workspace(text, "ANTHROPIC_WORKSPACE_ID")
    assert error.value.message.startswith("ANTHROPIC_WORKSPACE_ID ")
    assert text[7:] not in error.value.message
    assert "wrkspc_" in error.value.hint


def test_what_is_configured_goes_before_what_is_stored() -> None:
    assert workspace_for(STORED, "wrkspc_set", "the file") == Workspace("wrkspc_set", "the file")
    stored = workspace_for(STORED, "", "")
    assert stored == Workspace("wrkspc_stored", "the workspace ID of prx auth login (x)")


def test_what_is_stored_goes_with_its_key_alone(tmp_path: Path) -> None:
    env = {"PRX_HOME": str(tmp_path), "HOME": str(tmp_path)}
    settings = load(env)
    write_key(settings.folders.data / "credentials.json", DEMO_KEY, "wrkspc_stored")

    def named(**more: str) -> str:
        settings = load(env | more)
        workspace = workspace_of(settings, Connection(settings, env | more).found.require())
        return workspace.id if workspace else ""

    assert named() == "wrkspc_stored"
    assert named(ANTHROPIC_API_KEY="sk-ant-api03-another") == ""
    assert named(ANTHROPIC_WORKSPACE_ID="wrkspc_env") == "wrkspc_env"
    file = tmp_path / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text('[providers.anthropic]\nworkspace_id = " wrkspc_file "\n')
    assert named(ANTHROPIC_WORKSPACE_ID="wrkspc_env") == "wrkspc_file"
    file.write_text('[providers.anthropic]\nworkspace_id = ""\n')
    assert named(ANTHROPIC_WORKSPACE_ID="wrkspc_env") == "wrkspc_env"
    file.write_text('[providers.anthropic]\nworkspace_id = "${MY_WORKSPACE}"\n')
    assert named() == "wrkspc_stored"
    assert named(MY_WORKSPACE="wrkspc_mine") == "wrkspc_mine"


def test_claude_codes_login_gets_none_and_a_token_that_was_given_does() -> None:
    login = OAuthToken(access_token="sk-ant-oat01-x", source="Claude Code", file=Path("x"))
    assert workspace_for(login, "wrkspc_set", "the file") is None
    for given in (OAuthToken(access_token="sk-ant-oat01-x", source="x"), BearerToken(token="t", source="x")):
        assert workspace_for(given, "wrkspc_set", "the file") == Workspace("wrkspc_set", "the file")


@pytest.mark.parametrize("bad", ["wrkspc_a b", "sk-ant-api03-PLANTED", "wrkspc_\u00e9"])
def test_a_bad_id_is_an_obstacle_and_nothing_is_sent(tmp_path: Path, bad: str) -> None:
    (tmp_path / "config").mkdir()
    for env, toml, where in (
        ({"ANTHROPIC_WORKSPACE_ID": bad}, "", "ANTHROPIC_WORKSPACE_ID"),
        ({}, f"[providers.anthropic]\nworkspace_id = {json.dumps(bad)}\n", "workspace_id (config.toml:2)"),
    ):
        (tmp_path / "config" / "config.toml").write_text(toml)
        env = {"PRX_HOME": str(tmp_path), "ANTHROPIC_API_KEY": DEMO_KEY, **env}
        connection = Connection(load(env), env)
        assert isinstance(connection.obstacle, NotAWorkspace)
        assert connection.obstacle.message.startswith(where)
        assert not connection.wants_models
        with pytest.raises(NotAWorkspace):
            connection._connected()


async def listed(server: Server[FakeAnthropic], workspace_id: str = "") -> int:
    workspace = Workspace(workspace_id, "a test") if workspace_id else None
    client = Client(server.url, auth_for(ApiKey(DEMO_KEY, "test"), server.url), workspace=workspace)
    try:
        return len(await client.list_models())
    finally:
        await client.aclose()


async def test_the_header_is_sent_where_an_id_is_set_and_never_blank() -> None:
    with Server(FakeAnthropic()) as server:
        await listed(server)
        assert HEADER not in server.requests[-1].headers
        await listed(server, "wrkspc_demo")
        assert server.requests[-1].headers[HEADER] == "wrkspc_demo"


async def test_a_redirect_does_not_take_it_to_another_host() -> None:
    with Server(FakeAnthropic()) as other, Server(FakeAnthropic()) as server:
        server.service.script(Error(307, headers={"location": f"{other.url}/v1/models"}), to="/v1/models")
        with pytest.raises(ProtocolError):
            await listed(server, "wrkspc_demo")
        assert other.requests == []


async def test_every_request_of_a_key_without_a_workspace_names_it(tmp_path: Path) -> None:
    service = FakeAnthropic(workspaces=Workspaces(unscoped={DEMO_KEY: NO_WORKSPACE}))
    body = b'{"model":"claude-sonnet-5-5","max_tokens":100,"messages":[{"role":"user","content":"Hi"}],"stream":true}'
    with Server(service) as server:
        for id in ("", "wrkspc_other"):
            workspace = Workspace(id, "a test") if id else None
            client = Client(server.url, auth_for(ApiKey(DEMO_KEY, "test"), server.url), workspace=workspace)

            async def ask(client: Client = client) -> None:
                async for _ in client.stream(body):
                    pass

            for send in (client.list_models, lambda client=client: client.count_tokens(body), ask):
                if id:
                    await send()
                    assert server.requests[-1].headers[HEADER] == id
                else:
                    with pytest.raises(WorkspaceNeeded) as error:
                        await send()
                    assert (error.value.message, error.value.status) == (NO_WORKSPACE, 400)
            await client.aclose()
        assert len(server.requests) == 6  # none is sent again
