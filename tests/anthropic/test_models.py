"""The model table, what names mean, and how the server's list and the configuration go over it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import get_args

import pytest
from anthropic._data.deprecated_models import DEPRECATED_MODELS
from anthropic.types.model_param import ModelParam
from msgspec.structs import replace

from tui.anthropic.model_listing import from_listing
from tui.anthropic.models import (
    ALIASES,
    FAMILIES,
    MISSPELT,
    MODELS,
    ModelSettingsError,
    as_of,
    find,
    overridden,
    resolve,
)
from tui.chat.model import Price

TODAY = date(2026, 11, 23)
UNPRICED = "claude-mythos-preview"
"""Its price was never published."""
CHANGES = (
    "What changes: it counts about 30 % more tokens for the same text; it thinks before it answers unless thinking is off; "
    "it cannot reuse its earlier thinking once a message before it has changed."
)


def sdk_ids() -> list[str]:
    literals = [part for part in get_args(ModelParam) if part is not str]
    return [value for literal in literals for value in get_args(literal)]


def test_every_model_that_the_sdk_names_is_in_the_table() -> None:
    ids = sdk_ids()
    assert len(ids) > 15
    assert [one for one in ids if not find(one).known] == []


def test_every_model_that_the_sdk_calls_deprecated_has_its_date() -> None:
    def day(said: str) -> str:  # such as "November 30th, 2026"
        return datetime.strptime(re.sub(r"(?<=\d)(st|nd|rd|th)", "", said), "%B %d, %Y").date().isoformat()

    # Anthropic's page gives Mythos Preview no day any more: its retirement is to be announced.
    expected = {one: day(said) for one, said in DEPRECATED_MODELS.items()} | {"claude-mythos-preview": ""}
    assert {one: find(one).retires for one in DEPRECATED_MODELS} | {"claude-mythos-preview": ""} == expected
    assert {find(one).lifecycle for one in DEPRECATED_MODELS} <= {"deprecated", "retired"}


def test_ids_are_unique_and_aliases_lead_to_rows() -> None:
    ids = [model.id for model in MODELS]
    assert len(set(ids)) == len(ids)
    assert set(ALIASES.values()) | set(MISSPELT.values()) <= set(ids)
    assert not (set(ALIASES) | set(MISSPELT)) & set(ids)


@pytest.mark.parametrize("model", [model for model in MODELS if model.retires], ids=lambda model: model.id)
def test_whatever_retires_has_a_successor_that_lives(model) -> None:
    its_day = date.fromisoformat(model.retires)
    choice = resolve(model.id, today=its_day)
    assert choice.model.lifecycle in ("active", "legacy")
    assert choice.model.retires == ""
    assert model.id in choice.notice
    assert choice.model.id in choice.notice
    assert choice.model.name in choice.notice


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m.lifecycle != "retired" and m.id != UNPRICED], ids=lambda model: model.id
)
def test_a_living_model_is_priced_and_answers_for_itself(model) -> None:
    assert model.prices
    assert model.prices[-1].up_to is None
    assert model.known
    assert resolve(model.id, today=TODAY).model is model
    assert resolve(model.id, today=TODAY).notice == ""
    assert model.effort_default in (*model.efforts, "high")


@pytest.mark.parametrize(
    ("family", "newest"),
    [
        ("sonnet", "claude-sonnet-5-5"),
        ("opus", "claude-opus-5-5"),
        ("haiku", "claude-haiku-5-5"),
        ("Fable", "claude-fable-5-2"),
        ("mythos", "claude-mythos-5-2"),
    ],
)
def test_a_family_is_its_newest_model(family: str, newest: str) -> None:
    assert resolve(family).model.id == newest
    assert resolve(family).notice == ""


def test_every_family_of_the_table_can_be_asked_for() -> None:
    assert {model.family for model in MODELS} - {""} == set(FAMILIES)


@pytest.mark.parametrize(
    ("seed_id", "answers"),
    [
        ("claude-opus-4-20250514", "claude-opus-5-5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-5-5"),
        ("claude-haiku-3-5-20241022", "claude-haiku-5-5"),
        ("claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("claude-opus-4-6", "claude-opus-4-6"),
    ],
)
def test_every_id_of_the_seed_is_answered(seed_id: str, answers: str) -> None:
    choice = resolve(seed_id, today=TODAY)
    assert choice.model.id == answers
    assert bool(choice.notice) == (seed_id != answers)


def test_the_notice_of_a_misspelt_id_gives_the_right_one() -> None:
    assert resolve("claude-haiku-3-5-20241022").notice == (
        "claude-haiku-3-5-20241022 is not a model ID: Haiku 3.5 is claude-3-5-haiku-20241022, retired on 2026-02-19. "
        f"Haiku 5.5 (claude-haiku-5-5) answers in its place. {CHANGES}"
    )


@pytest.mark.parametrize("asked", ["claude-sonnet-4-0", "claude-haiku-3-5-20241022", "claude-2.1"])
def test_a_retired_id_goes_out_untouched_when_it_is_not_to_be_followed(asked: str) -> None:
    choice = resolve(asked, follow_retired=False)
    assert choice.model.id == asked
    assert choice.notice == ""


def test_a_deprecated_model_answers_until_its_day() -> None:
    assert resolve("claude-sonnet-4-5", today=date(2026, 11, 29)).model.id == "claude-sonnet-4-5-20250929"
    gone = resolve("claude-sonnet-4-5", today=date(2026, 11, 30))
    assert gone.model.id == "claude-sonnet-5-5"
    assert gone.notice == (
        "Sonnet 4.5 (claude-sonnet-4-5) was retired on 2026-11-30. Sonnet 5.5 (claude-sonnet-5-5) answers in its place. "
        + CHANGES
    )


def test_opus_4_5_answers_until_january() -> None:
    assert resolve("claude-opus-4-5", today=date(2027, 1, 21)).model.id == "claude-opus-4-5-20251101"
    assert resolve("claude-opus-4-5", today=date(2027, 1, 22)).model.id == "claude-opus-5-5"


@pytest.mark.parametrize("day", [date(2026, 11, 29), date(2027, 2, 1), date(2029, 1, 1)], ids=str)
def test_mythos_preview_answers_as_long_as_no_day_is_announced(day: date) -> None:
    assert resolve("claude-mythos-preview", today=day).model.id == "claude-mythos-preview"


def test_every_mythos_and_fable_from_5_1_on_binds_its_thinking() -> None:
    named = [f"claude-{line}-5-{minor}" for line in ("fable", "mythos") for minor in (1, 2)]
    assert [find(one).binds_thinking for one in named] == [True] * 4


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2027, 2, 1), date(2029, 1, 1)], ids=str)
def test_the_lifecycle_of_the_servers_list_decides_and_not_a_date(day: date) -> None:
    overdue = {"id": "claude-sonnet-4-5-20250929", "lifecycle": "deprecated", "retires_at": "2026-11-30T00:00:00Z"}
    live = from_listing(listing(overdue))
    for name in ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "Sonnet 4.5"):
        choice = resolve(name, live=live, today=day)
        assert (choice.model.id, choice.notice) == ("claude-sonnet-4-5-20250929", "")
    assert as_of(live[0], day).lifecycle == "deprecated"
    gone = from_listing(listing({**overdue, "lifecycle": "retired", "retires_at": "2030-01-01T00:00:00Z"}))
    assert resolve("claude-sonnet-4-5", live=gone, today=day).model.id == "claude-sonnet-5-5"


def test_a_model_of_the_table_is_shown_as_retired_from_its_day_on() -> None:
    sonnet = find("claude-sonnet-4-5")
    assert as_of(sonnet, date(2026, 11, 29)) is sonnet
    assert as_of(sonnet, date(2026, 11, 30)).lifecycle == "retired"


def test_a_name_as_people_say_it_is_understood() -> None:
    assert resolve("Opus 4.8").model.id == "claude-opus-4-8"
    assert resolve("claude haiku 5.5").model.id == "claude-haiku-5-5"
    assert resolve("haiku-4-5").model.id == "claude-haiku-4-5-20251001"
    assert resolve("sonnet-4").model.id == "claude-sonnet-5-5"


def test_an_unknown_model_gets_safe_defaults_and_keeps_its_id() -> None:
    model = resolve("qwen3-coder:30b").model
    assert (model.id, model.name, model.known) == ("qwen3-coder:30b", "qwen3-coder:30b", False)
    assert (model.thinking, model.efforts, model.prices) == ((), (), ())
    assert model.vision
    assert model.tools


def test_haiku_5_5_is_priced_by_the_size_of_the_prompt() -> None:
    haiku = find("claude-haiku-5-5")
    small, large = haiku.price_for(100_000), haiku.price_for(100_001)
    assert small == Price(input=0.10, output=0.50, write_5m=0.125, write_1h=0.20, read=0.01, up_to=100_000)
    assert large == Price(input=0.50, output=2.50, write_5m=0.625, write_1h=1.00, read=0.05)


def listing(*entries: object) -> bytes:
    return json.dumps({"data": entries, "has_more": False, "first_id": None, "last_id": None}).encode()


def capable(*, thinking: tuple[str, ...], efforts: tuple[str, ...]) -> dict[str, object]:
    return {
        "image_input": {"supported": False},
        "effort": {"supported": bool(efforts)} | {level: {"supported": True} for level in efforts},
        "thinking": {
            "supported": bool(thinking),
            "types": {kind: {"supported": kind in thinking} for kind in ("adaptive", "disabled", "enabled")},
        },
    }


def test_the_live_list_goes_over_the_table() -> None:
    (model,) = from_listing(
        listing(
            {
                "id": "claude-opus-4-6",
                "display_name": "Claude Opus 4.6",
                "created_at": "2026-02-05T00:00:00Z",
                "line": "opus",
                "lifecycle": "deprecated",
                "retires_at": "2027-02-05T00:00:00Z",
                "max_input_tokens": 500_000,
                "max_tokens": 64_000,
                "capabilities": capable(thinking=("adaptive",), efforts=("low", "high")),
            }
        )
    )
    assert (model.lifecycle, model.retires, model.context, model.max_output) == (
        "deprecated",
        "2027-02-05",
        500_000,
        64_000,
    )
    assert (model.thinking, model.efforts, model.vision) == (("adaptive",), ("low", "high"), False)
    assert model.prices == find("claude-opus-4-6").prices
    assert resolve("Opus 4.6", live=(model,)).model is model


def test_a_family_is_its_newest_model_in_the_live_list_whatever_its_order() -> None:
    live = from_listing(
        listing(
            {"id": "claude-sonnet-5-5", "line": "sonnet", "created_at": "2026-09-28T00:00:00Z"},
            {
                "id": "claude-sonnet-6",
                "display_name": "Claude Sonnet 6",
                "line": "sonnet",
                "lifecycle": "active",
                "created_at": "2027-01-10T00:00:00Z",
                "max_tokens": 256_000,
                "capabilities": capable(thinking=("adaptive",), efforts=("low",)),
            },
        )
    )
    newest = resolve("sonnet", live=live).model
    assert (newest.id, newest.name, newest.known, newest.max_output) == ("claude-sonnet-6", "Sonnet 6", True, 256_000)


def test_fields_that_the_server_leaves_out_or_nulls_stay_as_in_the_table() -> None:
    for entry in (
        {"id": "claude-sonnet-5-5"},
        {"id": "claude-sonnet-5-5", "line": None, "max_tokens": None, "capabilities": None, "lifecycle": "active"},
        {"id": "claude-sonnet-5-5", "capabilities": {"effort": {"supported": True}, "thinking": {}}},
    ):
        assert from_listing(listing(entry)) == (replace(find("claude-sonnet-5-5"), listed=True),)


def test_legacy_is_a_word_of_our_own_that_active_does_not_overwrite() -> None:
    (model,) = from_listing(listing({"id": "claude-opus-5", "lifecycle": "active"}))
    assert model.lifecycle == "legacy"


def test_a_retired_model_that_a_gateway_lists_answers_for_itself() -> None:
    live = from_listing(b'{"object": "list", "data": [{"id": "claude-sonnet-4-20250514", "object": "model"}]}')
    choice = resolve("claude-sonnet-4-20250514", live=live, today=TODAY)
    assert (choice.model.id, choice.notice) == ("claude-sonnet-4-20250514", "")


def test_a_list_in_openai_shape_gives_names_only() -> None:
    payload = b'{"object":"list","models":[{}],"data":[{"id":"llama","object":"model","created":1},{"name":"x"}, 7]}'
    (model,) = from_listing(payload)
    assert (model.id, model.known) == ("llama", False)


@pytest.mark.parametrize("payload", [b"", b"<html>", b"{}", b'{"data": null}', b"[1]", b'{"data": [{"id": 3}]}'])
def test_what_is_no_list_gives_no_models(payload: bytes) -> None:
    assert from_listing(payload) == ()


def test_the_configuration_goes_over_everything() -> None:
    model = overridden(
        find("qwen3"), {"name": "Qwen 3", "context": 32_768, "vision": False, "prices": [{"input": 1, "output": 2.0}]}
    )
    assert (model.name, model.context, model.vision) == ("Qwen 3", 32_768, False)
    assert model.prices == (Price(input=1, output=2, write_5m=1.25, write_1h=2, read=0.1),)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"contxt": 1}, "contxt"),
        ({"id": "x"}, "'id'"),
        ({"context": "big"}, "context"),
        ({"efforts": ["huge"]}, "efforts"),
        ({"prices": [{"input": True, "output": 1}]}, "prices"),
    ],
)
def test_a_setting_that_no_model_has_is_named(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ModelSettingsError, match=said):
        overridden(find("claude-opus-5"), settings)
