"""What runs beside the screen is handed over to be called, not begun.

A worker that is cancelled before it starts, by the next one of its group or by the end of the program, would leave a
coroutine that nobody ever waits for.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "tui").rglob("*.py"))
_HANDED_OVER = {"later", "wrap_future"}
"""Calls that begin nothing of ours: the one is for later, the other is under way elsewhere."""


def begun(tree: ast.AST) -> list[int]:
    """The lines on which a worker is given a coroutine."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_worker"
        and isinstance(work := node.args[0], ast.Call)
        and (work.func.attr if isinstance(work.func, ast.Attribute) else ast.unparse(work.func)) not in _HANDED_OVER
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_worker_is_given_a_coroutine(file: Path) -> None:
    assert begun(ast.parse(file.read_text())) == []


def test_one_that_is_would_be_found() -> None:
    assert begun(ast.parse("self.run_worker(self._look(), exclusive=True)")) == [1]
    assert begun(ast.parse("self.run_worker(self._look, exclusive=True)")) == []
    assert begun(ast.parse("self.run_worker(later(self._look, 1), exclusive=True)")) == []
