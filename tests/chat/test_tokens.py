"""Estimated tokens against the figures of Anthropic's pages."""

from __future__ import annotations

import time

import pytest

from tui.anthropic.models import find
from tui.chat import tokens
from tui.chat.tokens import block_tokens, image_tokens, marker_count, prompt_tokens, text_tokens
from tui.chat.transcript import Document, Image, Opaque, Text, Thinking, ToolResult, ToolUse

HIGH, STANDARD = find("claude-sonnet-5-5"), find("claude-haiku-4-5")
MARKER = f"[IMAGE:data:image/png;base64,{'A' * 100_000}]"


@pytest.mark.parametrize(
    ("width", "height", "standard", "high"),
    [
        (200, 200, 64, 64),
        (1000, 1000, 1296, 1296),
        (1920, 1080, 1560, 2691),
        (2000, 1500, 1564, 3888),
        (3840, 2160, 1560, 4784),
        (1, 1, 1, 1),
        (0, 0, 1568, 4784),  # nobody knows: the most it can be
    ],
)
def test_images_count_by_the_patch_once_they_are_scaled_down(width, height, standard, high) -> None:
    assert image_tokens(width, height, STANDARD) == standard
    assert image_tokens(width, height, HIGH) == high
    assert image_tokens(height, width, HIGH) == high


def test_the_rule_for_many_images_is_the_one_that_they_are_made_smaller_by() -> None:
    assert (tokens.MANY_IMAGES, tokens.MANY_IMAGES_MAX_SIDE_PX) == (20, 2000)
    many = [tokens.downscaled(Image("image/png", "", width=width, height=900)) for width in (3000, 2000, 0)]
    assert [(one.width, one.height) for one in many] == [(2000, 600), (2000, 900), (0, 900)]


def test_text_counts_by_the_models_own_factor() -> None:
    assert text_tokens("x" * 1000, STANDARD) == 250
    assert text_tokens("x" * 1000, HIGH) == 325
    assert text_tokens("\ud83d", HIGH) > 0


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (Text("x" * 400), 100),
        (Thinking("x" * 400, "signature"), 100),
        (ToolUse("toolu_1", "tide", "x" * 396), 100),
        (ToolResult("toolu_1", (Text("x" * 400), Image("image/png", "", width=200, height=200))), 164),
        (Document("application/pdf", "", pages=3), 6000),
        (Document("text/plain", "x" * 400), 75),
        (Opaque("new", "x" * 400), 100),
    ],
)
def test_every_block_counts(block, tokens) -> None:
    assert block_tokens(block, STANDARD) == tokens


def test_a_marker_in_a_prompt_counts_as_an_image() -> None:
    between = text_tokens("ab", HIGH)
    assert prompt_tokens(f"a{MARKER}b{MARKER}", HIGH) == pytest.approx(between + 2 * 4784)
    broken = f"[IMAGE:data:image/png;base64,{'A' * 1000} "
    assert prompt_tokens(broken + MARKER, HIGH) == pytest.approx(text_tokens(broken, HIGH) + 4784)
    for text in ("[IMAGE:data:]", broken, "no [IMAGE] at all", ""):
        assert prompt_tokens(text, HIGH) == pytest.approx(text_tokens(text, HIGH))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (MARKER, 1),
        (f"a{MARKER} b {MARKER}{MARKER}", 3),
        (f"[IMAGE:data:image/png;base64,{'A' * 1000} {MARKER}", 1),  # the first never ends
        (f"[IMAGE:data:image/png;base64,{'A' * 1000}", 0),
        ("put [IMAGE:data:image/png;base64,…] into a prompt", 0),
        ("[IMAGE:data:image/png;base64,]", 0),
        ("no [IMAGE] at all", 0),
        ("", 0),
    ],
)
def test_the_images_that_stand_in_a_prompt_are_counted(text, count) -> None:
    assert marker_count(text) == count


@pytest.mark.parametrize("piece", ["[IMAGE:data:", f"[IMAGE:data:;base64,{'A' * 20}", "]["])
def test_counting_them_takes_time_in_proportion(piece) -> None:
    text = piece * (2_000_000 // len(piece))
    began = time.process_time()
    assert marker_count(text) == 0
    assert time.process_time() - began < 5
