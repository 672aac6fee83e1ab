"""Paths after an @: where they begin and end, and how they go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.images.mentions import mentions_in, partial_mention


@pytest.mark.parametrize(
    ("before", "path"),
    [
        ("@", ""),
        ("see @pho", "pho"),
        ("see @my\\ pho", "my pho"),
        ("see @my\\", "my"),
        ('see @"my pho', "my pho"),
        ("see @'my pho", "my pho"),
        ('@a.png and @"', ""),
        ("@~/Pictures/", "~/Pictures/"),
    ],
)
def test_a_path_is_being_typed(before, path):
    assert partial_mention(before).path == path


@pytest.mark.parametrize("before", ["", "bob@alice", "see @a.png ", 'see @"a b.png"', "@a\nb"])
def test_none_is(before):
    assert partial_mention(before) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("compare @a.png with @b.pdf", ("a.png", "b.pdf")),
        ("is it @a.png?", ("a.png",)),
        ("@\"my photos/a b.png\" and @'c d.png'", ("my photos/a b.png", "c d.png")),
        ("@my\\ photos/a\\ b.png", ("my photos/a b.png",)),
        ("(@a.png), [@b.png] {@c.png} <@d.png>", ("a.png", "b.png", "c.png", "d.png")),
        ("“@a.png”, 见（@b.png）。比较@c.png和图", ("a.png", "b.png", "c.png")),
        ("a:@a.png;@b.png -> **@c.png**", ("a.png", "b.png", "c.png")),
        ("me@example.org user.name@b.png a/@c x@@d", ()),
        ("@ @\"\" @'' @. (@)", ()),
        ("@a.png @a.png", ("a.png",)),
        ("@a(1).png and (@b(2).png).", ("a(1).png", "b(2).png")),
    ],
)
def test_what_a_text_mentions(text, names):
    there = {"a.png", "b.png", "c.png", "d.png", "b.pdf", "my photos/a b.png", "c d.png", "a(1).png", "b(2).png"}
    found = [next((one for one in mention.readings if one in there), "") for mention in mentions_in(text)]
    assert tuple(found) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [("see @gone.png).", "gone.png"), ("@“", "“"), ("@gone", "gone"), ("（@x。）", "x"), ('@"a, b"', "a, b")],
)
def test_a_mention_is_named_without_what_follows_it(text, name):
    assert [mention.name for mention in mentions_in(text)] in ([name], [])


@given(st.text("ab /.'\"\\é~", min_size=1), st.sampled_from(["", '"', "'"]))
def test_what_goes_on_is_read_as_the_same_path(path, quote):
    begun = partial_mention(f"see @{quote}")
    if quote and ("'" in path or '"' in path):
        return
    assert partial_mention(f"see @{begun.completion(path)}") == (path, quote, 4)


@given(st.text("@ab /.'\"\\\n", max_size=30))
def test_no_text_is_too_odd(text):
    partial_mention(text)
    assert all(all(mention.readings) and mention.name for mention in mentions_in(text))
