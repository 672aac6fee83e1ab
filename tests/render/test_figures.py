"""The figures on the screen: short, with their unit, and never wider than their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render import figures


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        *[(0, "0"), (214, "214"), (999, "999"), (1_000, "1k"), (12_400, "12.4k"), (99_949, "99.9k")],
        *[(99_950, "100k"), (128_000, "128k"), (999_499, "999k"), (999_500, "1M"), (1_250_000, "1.2M")],
    ],
)
def test_tokens(count: int, shown: str) -> None:
    assert figures.tokens(count) == shown


@given(st.integers(0, 99_000_000))
def test_a_token_count_always_fits_its_place(count: int) -> None:
    assert len(figures.tokens(count)) <= 5


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        *[(None, "–"), (0, "$0"), (0.0001, "<$0.001"), (0.0214, "$0.021"), (0.0996, "$0.10"), (0.18, "$0.18")],
        *[(12.4, "$12.40"), (1240.2, "$1,240"), (-0.003, "-$0.003")],
    ],
)
def test_money(usd: float | None, shown: str) -> None:
    assert figures.money(usd) == shown


@pytest.mark.parametrize(("usd", "shown"), [(2, "$2"), (0.1, "$0.1"), (2.5, "$2.50"), (0.25, "$0.25"), (50, "$50")])
def test_a_list_price_has_no_empty_decimals(usd: float, shown: str) -> None:
    assert figures.price(usd) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(None, "–"), (0, "0 %"), (0.004, "<1 %"), (0.94, "94 %"), (0.999, "99 %"), (1, "100 %")],
)
def test_a_share_is_0_or_100_only_where_that_is_exact(share: float | None, shown: str) -> None:
    assert figures.percent(share) == shown


@pytest.mark.parametrize(
    ("span_s", "shown"),
    [(-1, "0.0 s"), (3.14, "3.1 s"), (9.96, "10 s"), (42.4, "42 s"), (59.6, "1:00"), (252, "4:12"), (3852, "1:04:12")],
)
def test_a_span_of_time(span_s: float, shown: str) -> None:
    assert figures.seconds(span_s) == shown


def test_a_countdown_keeps_its_width() -> None:
    assert [figures.clock(span_s) for span_s in (0, 7, 59.6, 252)] == ["0:00", "0:07", "1:00", "4:12"]


@pytest.mark.parametrize(("size", "shown"), [(812, "812 B"), (88_200, "88 KB"), (1_048_576, "1.0 MB")])
def test_a_size_in_bytes(size: int, shown: str) -> None:
    assert figures.size(size) == shown


def test_a_noun_agrees_with_its_count() -> None:
    assert [figures.plural(count, "line") for count in (0, 1, 1200)] == ["0 lines", "1 line", "1,200 lines"]
