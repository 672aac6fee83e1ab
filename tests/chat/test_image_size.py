"""The size the API shrinks images to, and what they count: the documentation's own figures, and both sides of its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.models import find
from tui.chat.tokens import HIGH, STANDARD, Target, fit_edge, max_images, seen_size, token_count
from tui.demo import tokens as pretend
from tui.images.api_limits import MAX_BYTES

SIDES = st.integers(1, 40_000)
TARGETS = st.sampled_from([HIGH, STANDARD])


@pytest.mark.parametrize(
    ("size", "target", "seen", "tokens"),
    [
        ((200, 200), STANDARD, (200, 200), 64),
        ((200, 200), HIGH, (200, 200), 64),
        ((1000, 1000), STANDARD, (1000, 1000), 1296),
        ((1000, 1000), HIGH, (1000, 1000), 1296),
        ((1920, 1080), STANDARD, (1456, 819), 1560),
        ((1920, 1080), HIGH, (1920, 1080), 2691),
        ((2000, 1500), STANDARD, (1269, 952), 1564),
        ((3840, 2160), HIGH, (2576, 1449), 4784),
        ((2576, 1456), HIGH, (2576, 1456), 4784),  # as many as there may be
        ((2436, 1540), HIGH, (2408, 1522), 4730),  # one more than that
        ((1568, 784), STANDARD, (1568, 784), 1568),
        ((1260, 980), STANDARD, (1232, 958), 1540),
    ],
)
def test_the_documented_sizes_come_out(size, target, seen, tokens):
    assert seen_size(*size, target) == seen
    assert token_count(*size, target) == tokens


def test_the_largest_image_is_ten_megabytes_of_base64():
    assert MAX_BYTES == 7_864_320


@given(SIDES, SIDES, TARGETS)
def test_shrunk_once_is_shrunk_for_good_and_the_shape_stays(width, height, target):
    small = seen_size(width, height, target)
    assert seen_size(*small, target) == small
    assert token_count(*small, target) == token_count(width, height, target) <= target.tokens
    assert max(small) <= target.edge
    assert min(small) >= 1
    ratio = max(small) / max(width, height)
    assert abs(min(small) - max(1, min(width, height) * ratio)) <= 0.5
    assert (small[0] >= small[1]) == (width >= height) or min(small) == max(small)


@given(SIDES, SIDES, TARGETS)
def test_no_larger_size_of_the_same_shape_would_do(width, height, target):
    small = seen_size(width, height, target)
    if small != (width, height):
        edge = max(small) + 1
        larger = fit_edge(width, height, edge)
        assert max(larger) == edge
        assert seen_size(*larger, target) != larger


@given(SIDES, SIDES, st.integers(1, 3000), TARGETS)
def test_a_chosen_edge_stays_within_what_is_seen(width, height, edge, target):
    small = fit_edge(*seen_size(width, height, target), edge)
    assert max(small) <= edge
    assert seen_size(*small, target) == small == fit_edge(*small, edge)


@given(SIDES, SIDES)
def test_the_simulator_counts_alike(width, height):
    for model in (find("claude-sonnet-5-5"), find("claude-haiku-4-5")):
        assert token_count(width, height, Target.of(model)) == pretend.image_tokens(width, height, model)


def test_what_a_model_sees_and_how_many():
    sonnet, haiku = find("claude-sonnet-5-5"), find("claude-haiku-4-5")
    assert (Target.of(sonnet), max_images(sonnet)) == (HIGH, 600)
    assert (Target.of(haiku), max_images(haiku)) == (STANDARD, 100)
