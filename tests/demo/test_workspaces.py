"""Keys that belong to no workspace, as the API treats them: in its words, on every path."""

from __future__ import annotations

import json

import anthropic
import pytest
from asking import ask, complaint, request

from tui.demo.authentication import NO_WORKSPACE, NO_WORKSPACE_OLDER, Workspaces
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

UNSCOPED = "sk-ant-api03-of-no-workspace"
MODEL = "claude-sonnet-5-5"


def service(words=NO_WORKSPACE):
    return FakeAnthropic(workspaces=Workspaces(unscoped={UNSCOPED: words}))


def every_path(fake, **headers):
    counted = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    yield ask(fake, b"", path="/v1/models", method="GET", **headers)
    yield ask(fake, b"", path=f"/v1/models/{MODEL}", method="GET", **headers)
    yield ask(fake, json.dumps(counted).encode(), path="/v1/messages/count_tokens", **headers)
    yield ask(fake, request(), **headers)


@pytest.mark.parametrize("words", [NO_WORKSPACE, NO_WORKSPACE_OLDER])
def test_without_a_workspace_every_request_is_refused_in_those_words(words):
    for reply in every_path(service(words), x_api_key=UNSCOPED):
        assert (reply.status, reply.json()["error"]["type"]) == (400, "invalid_request_error")
        assert complaint(reply) == words


@pytest.mark.parametrize("id", ["wrkspc_demo", "wrkspc_other"])
def test_with_one_of_its_organization_every_request_is_answered(id):
    for reply in every_path(service(), x_api_key=UNSCOPED, anthropic_workspace_id=id):
        assert reply.status == 200


@pytest.mark.parametrize(
    ("key", "id", "says"),
    [
        (UNSCOPED, "wrkspc_nobody", "no workspace wrkspc_nobody"),
        (UNSCOPED, " ", "blank"),
        (DEMO_KEY, "", "blank"),
        (DEMO_KEY, "wrkspc_other", "does not match"),
    ],
)
def test_a_workspace_that_does_not_go_with_the_key_is_refused(key, id, says):
    for reply in every_path(service(), x_api_key=key, anthropic_workspace_id=id):
        assert reply.status == 400
        assert says in complaint(reply)


def test_a_key_of_one_workspace_may_name_it_or_not():
    for headers in ({}, {"anthropic_workspace_id": "wrkspc_demo"}):
        for reply in every_path(service(), x_api_key=DEMO_KEY, **headers):
            assert reply.status == 200


def test_a_wrong_key_is_refused_before_its_workspace():
    assert [reply.status for reply in every_path(service(), x_api_key="sk-wrong")] == [401] * 4


def test_the_official_sdk_is_refused_and_served_alike():
    with (
        Server(service()) as server,
        anthropic.Anthropic(api_key=UNSCOPED, base_url=server.url, max_retries=0) as client,
    ):
        said = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
        for send in (
            client.models.list,
            lambda: client.messages.create(max_tokens=100, **said),
            lambda: client.messages.count_tokens(**said),
        ):
            with pytest.raises(anthropic.BadRequestError, match="not scoped to a workspace"):
                send()
        assert client.messages.create(max_tokens=100, workspace_id="wrkspc_demo", **said).content
        assert client.messages.count_tokens(workspace_id="wrkspc_demo", **said).input_tokens
        named = client.with_options(default_headers={"anthropic-workspace-id": "wrkspc_demo"})
        assert named.models.list().data
