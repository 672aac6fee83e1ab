"""The rows of the model picker."""

from __future__ import annotations

import pytest

from tui.anthropic.models import MODELS
from tui.chat.model import Model, Price
from tui.screens.models import columns, in_order, titles

PRICE = Price(input=3, output=15, write_5m=3.75, write_1h=6, read=0.3)


def test_the_newest_of_each_family_stand_first_and_the_retired_last() -> None:
    heads, rest = in_order(MODELS)
    assert [model.id for model in heads] == ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]
    retired = [model.lifecycle == "retired" for model in rest]
    assert retired == sorted(retired)
    assert sorted(model.id for model in (*heads, *rest)) == sorted(model.id for model in MODELS)


def test_a_family_whose_newest_is_retired_is_headed_by_the_next() -> None:
    old = Model(id="o", name="Opus 4", family="opus", lifecycle="retired")
    assert in_order((old, Model(id="p", name="Opus 3", family="opus")))[0][0].id == "p"


def test_a_retired_model_names_its_successor() -> None:
    model = Model(id="m", name="Sonnet 4", lifecycle="retired", retires="2026-06-15")
    assert columns(model, 80, current=False, successor="Sonnet 4.6").plain.split("  ")[-1] == (
        "retired 2026-06-15 → Sonnet 4.6"
    )


def test_marks_tell_what_a_model_can_do() -> None:
    model = Model(id="m", name="Plain", vision=False, prices=(PRICE,))
    row = columns(model, 80, current=False, successor="").plain
    assert "vision" not in row
    assert "tools" in row
    assert "thinking" not in row


@pytest.mark.parametrize("width", [53, 73, 77])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_known_model_fits_its_row(model: Model, width: int) -> None:
    assert columns(model, width, current=True, successor="Sonnet 5.5").cell_length <= width
    assert titles(width).cell_length <= width
