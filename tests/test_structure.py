"""Rules of structure: sizes, ancestors, ports, and what a controller may know. Read from the source, tested or not."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
from source import PACKAGE, classes, covers, imports, modules, name_of


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_a_module_stays_small_enough_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


def test_the_top_level_holds_few_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 10


def ancestors(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """The classes of ours that each class stands on, by their names with the module. `Generic[T]` counts as `Generic`."""
    bases: dict[str, set[str]] = {}
    for module, source in sources.items():
        names = {node.name: f"{module}.{node.name}" for node in classes(source)}
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                base = node.module.removeprefix("tui.")
                names |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
        for node in classes(source):
            texts = (ast.unparse(base).split("[")[0].split(".") for base in node.bases)
            bases[f"{module}.{node.name}"] = {".".join((names.get(first, first), *rest)) for first, *rest in texts}

    def above(name: str) -> set[str]:
        ours = {base for base in bases.get(name, ()) if base in bases}
        return ours.union(*map(above, ours))

    return {name: above(name) for name in bases}


def test_no_class_stands_on_more_than_two_of_ours() -> None:
    """Errors aside: their family is drawn as a tree."""
    found = ancestors({name_of(file): file.read_text() for file in modules()})
    errors = {name for name, above in found.items() if name == "errors.TuiError" or "errors.TuiError" in above}
    assert len(errors) > 10
    assert any(found.values())
    assert {name: above for name, above in found.items() if len(above) > 2 and name not in errors} == {}


def test_the_test_sees_ancestors() -> None:
    sources = {
        "chat.a": "class A(Protocol): ...\nclass B(A): ...",
        "chat.b": "from tui.chat.a import B as Base\nclass C(Base[int]): ...\nclass D(C, Widget): ...",
    }
    assert {name: len(above) for name, above in ancestors(sources).items()} == {
        "chat.a.A": 0,
        "chat.a.B": 1,
        "chat.b.C": 2,
        "chat.b.D": 3,
    }


def members(node: ast.ClassDef) -> list[str]:
    """The methods, properties and fields of a class."""
    methods = (one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    fields = (ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign))
    return [*methods, *fields]


def ports(source: str) -> dict[str, int]:
    """How many members each port has: a dataclass of that name, or a Protocol."""
    return {
        node.name: len(members(node))
        for node in classes(source)
        if node.name.endswith("Ports") or "Protocol" in map(ast.unparse, node.bases)
    }


def test_a_port_of_the_chat_screen_has_at_most_eight_members() -> None:
    files = [file for file in modules() if name_of(file).startswith("chat_screen.")]
    found = {f"{name_of(file)}.{name}": count for file in files for name, count in ports(file.read_text()).items()}
    assert len(found) > 20
    assert {name: count for name, count in found.items() if count > 8} == {}


def test_the_test_counts_the_members_of_a_port() -> None:
    source = (
        "class FlowPorts:\n    a: int\n    def b(self): ...\nclass P(Protocol):\n    c: str\nclass Other:\n    d: int"
    )
    assert ports(source) == {"FlowPorts": 2, "P": 1}


def test_the_chat_screen_hands_on_and_does_little_itself() -> None:
    source = (PACKAGE / "chat_screen" / "screen.py").read_text()
    (screen,) = (node for node in classes(source) if node.name == "ChatScreen")
    assert len([one for one in screen.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]) <= 60


CONTROLLERS = "chat_screen.controllers"
NOT_FOR_CONTROLLERS = frozenset(
    (
        "tui.chat_screen.screen",
        "tui.chat_screen.wiring",
        "tui.widgets",
        "tui.screens",
        "textual.widgets",
        "textual.screen",
    )
)


def forbidden_imports(module: str, source: str) -> list[str]:
    """What a controller imports that it must not: other controllers, the chat screen, widgets and dialogs."""
    found = []
    for one in imports(source):
        name = f"tui.{one.module}" if one.ours else one.module
        is_controller = one.ours and covers(frozenset((CONTROLLERS,)), one.module)
        is_itself = one.module in (module, CONTROLLERS)
        if covers(NOT_FOR_CONTROLLERS, name) or (is_controller and not is_itself):
            found.append(f"{module}:{one.line} imports {name}")
    return found


def test_controllers_know_neither_each_other_nor_the_screen() -> None:
    files = {name_of(file): file for file in modules() if covers(frozenset((CONTROLLERS,)), name_of(file))}
    assert [text for name, file in files.items() for text in forbidden_imports(name, file.read_text())] == []


@pytest.mark.parametrize(
    ("source", "is_allowed"),
    [
        ("from tui.chat_screen.session import ChatSession", True),
        ("from textual.content import Content", True),
        ("from tui.chat_screen.controllers.costs import CostController", False),
        ("if TYPE_CHECKING:\n    from tui.chat_screen.screen import ChatScreen", False),
        ("def f():\n    from textual.widgets import Static", False),
        ("def f():\n    from tui.widgets.prompt import PromptArea", False),
        ("def f():\n    from tui.screens.models import ModelsScreen", False),
    ],
)
def test_the_test_sees_what_a_controller_must_not_import(source: str, is_allowed: bool) -> None:
    assert (forbidden_imports(f"{CONTROLLERS}.budget", source) == []) is is_allowed
