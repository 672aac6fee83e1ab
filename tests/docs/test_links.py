"""Whatever a page points to is there: files, headings, commands of make."""

from __future__ import annotations

import posixpath
import re

import pytest
from manual import GUIDE, PAGES, ROOT, anchors, code, commands, links, prose, read


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    dead = []
    for file, anchor in links(page):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), file)) if file else page
        if not (ROOT / target).exists() or (anchor and anchor not in anchors(prose(target))):
            dead.append(f"{file}#{anchor}")
    assert dead == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_a_page_points_to_is_there(page: str) -> None:
    named = [text for text in code(page) if re.fullmatch(r"(tui|tests|docs|assets|benchmarks)/[\w./]*", text)]
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_readme_leads_to_every_page() -> None:
    linked = {file for file, _ in links("README.md")}
    assert linked >= {*GUIDE, *PAGES} - {"README.md"}


def test_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) < 90


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('# `[models."ID"]`', ["modelsid"]),
        ('## "Chats not saved"', ["chats-not-saved"]),
        ("### A, b & c: d_e", ["a-b--c-d_e"]),
        ("# Same\n# Same", ["same", "same-1"]),
    ],
)
def test_anchors_are_made_as_github_makes_them(text: str, expected: list[str]) -> None:
    assert anchors(text) == expected


TARGETS = set(re.findall(r"^([a-z][\w-]*):", read("Makefile"), re.MULTILINE))


def test_every_target_of_make_is_explained_and_exists() -> None:
    named = {
        word
        for page in PAGES
        for text in (*code(page), *commands((page,)))
        for word in re.findall(r"\bmake ([a-z][\w-]*)", text)
    }
    assert named <= TARGETS
    explained = {word for line in commands(("CONTRIBUTING.md",)) for word in re.findall(r"^make ([\w-]+)", line)}
    assert TARGETS - explained <= {"lint", "types", "test", "format"}  # parts of `make check`


def test_all_targets_are_phony() -> None:
    phony = re.search(r"\.PHONY:((?:.*\\\n)*.*)", read("Makefile"))
    assert phony is not None
    assert set(phony[1].replace("\\", "").split()) == TARGETS
