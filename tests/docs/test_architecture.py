"""The architecture page and its picture are made from the same ten steps, and these name files and classes that exist."""

from __future__ import annotations

import ast
import re
import sys

import pytest
from manual import ROOT, code, read

sys.path.insert(0, str(ROOT / "docs"))
import make_architecture  # a script, which no package holds
from make_architecture import ASIDES, STEPS, Step


def test_there_are_ten_steps() -> None:
    assert len(STEPS) == 10


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.file)
def test_a_step_names_what_is_there(step: Step) -> None:
    tree = ast.parse((ROOT / step.file).read_text())
    defined = {
        node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert set(step.names) <= defined
    assert step.names


@pytest.mark.parametrize("aside", ASIDES, ids=lambda aside: aside.file)
def test_so_does_what_stands_beside_a_step(aside: make_architecture.Aside) -> None:
    assert (ROOT / aside.file).exists()


def test_the_picture_is_up_to_date() -> None:
    assert make_architecture.picture() == read("docs/architecture.svg"), "run `make docs`"


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_classes_a_page_names_exist(page: str) -> None:
    source = "\n".join(file.read_text() for file in (ROOT / "tui").rglob("*.py"))
    named = {text for text in code(page) if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", text)}
    assert named
    assert {name for name in named if f"class {name}" not in source} <= {"CancelledError"}


PLACES = re.findall(r"^\| `(tui/\w+)/` \| (.*) \|$", read("CONTRIBUTING.md"), re.MULTILINE)


@pytest.mark.parametrize(("folder", "text"), PLACES, ids=[folder for folder, _ in PLACES])
def test_the_modules_of_a_place_exist(folder: str, text: str) -> None:
    named = re.findall(r"`([a-z_]+)`", text)
    assert [name for name in named if not (ROOT / folder / f"{name}.py").exists()] == []


def test_every_place_is_in_the_table() -> None:
    table = read("CONTRIBUTING.md").split("## Places")[1].split("\n## ")[0]
    named = set(re.findall(r"`tui/(\w+(?:\.py)?)/?`", table))
    there = {path.name for path in (ROOT / "tui").glob("*.py")} | {
        path.parent.name for path in (ROOT / "tui").glob("*/*.py")
    }
    assert there - {"__init__.py", "__main__.py"} <= named
