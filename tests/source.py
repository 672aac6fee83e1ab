"""The source of the package, as tests of its structure read it: modules, imports, classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "tui"


class Import(NamedTuple):
    module: str
    """Dotted, without the leading `tui.` where it is ours."""
    ours: bool
    at_start: bool
    line: int


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str) -> Iterator[Import]:
    """Every import of a module; those under `if TYPE_CHECKING` count as ones that never run."""

    def walk(node: ast.AST, at_start: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield made(alias.name, at_start, child.lineno)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"line {child.lineno}: imports are absolute"
                for alias in child.names:
                    base = child.module or ""
                    is_module = (PACKAGE.parent / base.replace(".", "/") / f"{alias.name}.py").exists()
                    yield made(f"{base}.{alias.name}" if is_module or base == "tui" else base, at_start, child.lineno)
            yield from walk(child, at_start and not inside and not typing_only)

    def made(name: str, at_start: bool, line: int) -> Import:
        ours = name == "tui" or name.startswith("tui.")
        return Import(name.removeprefix("tui.") if ours else name, ours, at_start, line)

    return walk(ast.parse(source), True)


def covers(names: frozenset[str], module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def classes(source: str) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
