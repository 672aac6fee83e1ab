"""GET /v1/models: order, pages, lifecycles, aliases; held against what the client reads from it."""

from __future__ import annotations

import pytest
from asking import ask, complaint
from msgspec.structs import replace

from tui.anthropic.model_listing import from_listing
from tui.anthropic.models import MODELS
from tui.demo.service import FakeAnthropic

LIVING = [model for model in MODELS if model.lifecycle != "retired"]


def get(path, service=None, **headers):
    return ask(service or FakeAnthropic(), b"", path=path, method="GET", **headers)


def ids(reply):
    return [entry["id"] for entry in reply.json()["data"]]


def test_the_list_is_of_living_models_newest_first():
    told = get("/v1/models?limit=1000").json()
    assert {entry["id"] for entry in told["data"]} == {model.id for model in LIVING}
    created = [entry["created_at"] for entry in told["data"]]
    assert created == sorted(created, reverse=True)
    assert told["data"][0]["id"].endswith("-5-2")
    assert told["has_more"] is False
    assert (told["first_id"], told["last_id"]) == (told["data"][0]["id"], told["data"][-1]["id"])


def test_the_client_reads_its_own_table_from_it():
    read = {model.id: model for model in from_listing(get("/v1/models?limit=1000").read())}
    assert read == {model.id: replace(model, listed=True) for model in LIVING}


def test_pages_follow_one_another():
    seen, after = [], ""
    while True:
        told = get(f"/v1/models?limit=7{after}").json()
        seen += [entry["id"] for entry in told["data"]]
        if not told["has_more"]:
            break
        after = f"&after_id={told['last_id']}"
    assert seen == ids(get("/v1/models?limit=1000"))
    assert len(told["data"]) == len(LIVING) % 7


def test_pages_go_backwards_too():
    every = ids(get("/v1/models?limit=1000"))
    told = get(f"/v1/models?limit=3&before_id={every[5]}")
    assert ids(told) == every[2:5]
    assert told.json()["has_more"] is True
    assert ids(get(f"/v1/models?limit=3&before_id={every[2]}")) == every[:2]


def test_retired_models_come_only_when_asked_for():
    retired = ids(get("/v1/models?limit=1000&lifecycle[]=retired"))
    assert "claude-sonnet-4-20250514" in retired
    assert len(retired) == len(MODELS) - len(LIVING)
    both = ids(get("/v1/models?limit=1000&lifecycle%5B%5D=retired&lifecycle%5B%5D=deprecated"))
    assert set(both) == {*retired, "claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-mythos-preview"}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "lifecycle[]=dead", "colour=red", "after_id=nothing"]
)
def test_a_query_without_sense_is_refused(query):
    assert get(f"/v1/models?{query}").status == 400


def test_after_and_before_exclude_each_other():
    reply = get("/v1/models?after_id=claude-opus-5&before_id=claude-opus-5")
    assert "Only one of" in complaint(reply)


def test_one_model_is_found_by_id_and_alias():
    assert get("/v1/models/claude-haiku-4-5").json()["id"] == "claude-haiku-4-5-20251001"
    assert get("/v1/models/claude-sonnet-5-5").json()["capabilities"]["thinking"]["types"]["between_tools"]["supported"]
    assert get("/v1/models/claude-sonnet-4-20250514").json()["lifecycle"] == "retired"
    reply = get("/v1/models/gpt-5")
    assert reply.status == 404
    assert complaint(reply) == "model: gpt-5"


def test_the_list_needs_a_credential_and_a_version():
    assert get("/v1/models", x_api_key=None).status == 401
    assert get("/v1/models", anthropic_version=None).status == 400
