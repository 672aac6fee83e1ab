"""Which part may import which, and other rules of structure. Read from the source: an import counts, tested or not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "tui"
EVERYTHING = "*"


class Layer(NamedTuple):
    ours: frozenset[str]
    """The layers it may import, itself aside."""
    others: frozenset[str] = frozenset()
    """The third-party packages it may import when it is itself imported; others only inside functions."""


def layer(ours: str, others: str = "") -> Layer:
    return Layer(frozenset(ours.split()), frozenset(others.split()))


# Every layer may use these: what comes from outside is read within the same bounds everywhere.
BOUNDS = frozenset(
    {"inputs", *(f"inputs.{name}" for name in ("limits", "bounded", "bounded_program", "pipes", "unpacking"))}
)
# The most specific name counts: a row for a module goes before that of its package.
LAYERS = {
    "masking": layer(""),
    "errors": layer("masking"),
    "private_file": layer(""),
    "inputs": layer(""),
    "inputs.proxies": layer("errors"),
    "chat": layer("errors", "msgspec"),
    "anthropic": layer("chat errors private_file masking", "msgspec"),
    "anthropic.auth": layer("chat errors anthropic", "msgspec httpx"),
    "anthropic.token_endpoint": layer("chat errors anthropic", "msgspec httpx"),
    "anthropic.client": layer("chat errors anthropic masking inputs.proxies", "msgspec httpx anyio"),
    "anthropic.bounded_body": layer("", "httpx"),
    "anthropic.network": layer("", "httpx httpcore"),
    "anthropic.response_stream": layer("chat anthropic", "httpx"),
    "anthropic.environment": layer("errors anthropic inputs.proxies", "httpx"),
    "images": layer("chat.transcript chat.base64_slices chat.tokens errors inputs.charset inputs.typed_paths"),
    "images.pixels": layer("chat.tokens errors images", "PIL"),
    "images.thumbnails": layer("images", "PIL"),
    "images.sixel": layer("", "PIL"),
    "images.colours": layer("", "PIL"),
    "images.downscaling": layer("chat.transcript chat.base64_slices chat.tokens errors images", "msgspec"),
    "render": layer("chat.transcript", "msgspec rich textual.strip textual.color"),
    "config": layer("errors private_file masking", "tomli platformdirs msgspec"),
    "mcp": layer("tools config chat errors", "msgspec"),
    "mcp.connection": layer("tools config chat errors mcp", "mcp mcp_types httpx2"),
    "mcp.http": layer("mcp inputs.proxies", "httpx2"),
    "mcp.stdio": layer("tools errors mcp", "mcp mcp_types anyio"),
    "engine": layer("chat errors"),
    "tools.gitignore": layer("", "pathspec"),
    "tools": layer("chat errors inputs.charset masking inputs.typed_paths", "msgspec"),
    "store": layer("chat errors", "msgspec"),
    "exchange": layer("chat errors render.html render.json_text render.figures", "msgspec"),
    "exchange.image_markers": layer("chat exchange images", "msgspec"),
    "demo": layer("anthropic.models chat.model errors", "msgspec"),
    "services": layer(""),
    "services.attachments": layer("images chat errors"),
    "services.connection": layer("config anthropic chat errors mcp", "msgspec"),
    "services.last_folder": layer("private_file"),
    "services.launch_frame": layer("private_file"),
    "services.library": layer("store exchange chat errors"),
    "services.model_list": layer("config anthropic chat", "msgspec"),
    "services.ports": layer("chat engine store errors"),
    "services.provider": layer("render.safe config mcp anthropic chat errors chat.exchange"),
    "services.resume": layer("store chat errors", "msgspec"),
    "services.sign_in": layer("config anthropic errors", "msgspec"),
    "services.titles": layer("chat"),
    "services.toolset": layer("config tools mcp anthropic.server_tools images.attach chat errors"),
    "services.unsaved": layer("store exchange private_file errors"),
    "services.warm_up": layer("render frames"),
    "frames": layer(""),
    "actions": layer("", "msgspec"),
    "widgets": layer("chat images render actions errors frames", "textual rich msgspec"),
    "chat_screen": layer(
        "screens widgets engine chat images errors masking actions render store services.ports", "textual rich msgspec"
    ),
    "chat_screen.controllers": layer(
        "chat_screen.background chat_screen.readiness chat_screen.context chat_screen.session chat_screen.pipeline "
        "chat_screen.hints chat errors masking store render.figures services.ports",
        "msgspec",
    ),
    "screens": layer("widgets engine chat images errors actions render store services.ports", "textual rich msgspec"),
    "app": layer(EVERYTHING, "textual rich"),
    "signals": layer(""),
    "cli": layer(""),
    "cli.auth": layer("config anthropic errors render.json_text masking services", "click"),
    "cli.chats": layer("config store exchange chat errors private_file render render.figures services"),
    "cli.doctor": layer(
        "inputs.proxies config anthropic chat.model images.terminal_graphics errors tools.rules masking services",
        "msgspec",
    ),
    "cli.import_chats": layer("config store exchange chat errors"),
    "cli.chat": layer("errors"),
    "cli.main": layer("signals config errors masking anthropic.credentials", "click"),
    "cli.models": layer("config"),
    "cli.options": layer("config errors", "click"),
    "cli.print_mode": layer("chat errors signals"),
    "cli.printing": layer("render.safe"),
    "cli.login_renewal": layer(""),
    "cli.unsaved": layer("services.unsaved private_file render.safe store"),
    "cli.output": layer("chat errors render signals", "msgspec"),
    "cli.stdin": layer("inputs.charset errors signals"),
    "cli.system_prompt": layer("inputs.charset config", "click"),
    "__main__": layer("cli.main signals"),
}


IMPORTING_LATE = (
    "cli.main",
    "cli.chat",
    "cli.options",
    "cli.models",
    "cli.print_mode",
    "cli.doctor",
    "services.connection",
)
"""Layers that may import anything inside a function."""


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


def layer_of(module: str) -> str:
    parts = module.split(".")
    return next(name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in LAYERS)


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


def offences(module: str, source: str) -> list[str]:
    own = layer_of(module)
    allowed = LAYERS[own]
    found = []
    for one in imports(source):
        if one.ours:
            if one.module in ("__version__", "tui") or one.module in BOUNDS:
                continue
            target = one.module
            same = target.split(".")[0] == own.split(".")[0]
            fine = same or EVERYTHING in allowed.ours or covers(allowed.ours, target)
            # What a command needs is imported inside it; which layers that may be is not restricted.
            fine = fine or (own in IMPORTING_LATE and not one.at_start)
        else:
            fine = (
                one.module.split(".")[0] in sys.stdlib_module_names
                or not one.at_start
                or covers(allowed.others, one.module)
            )
        if not fine:
            found.append(f"{module}:{one.line} imports {'tui.' if one.ours else ''}{one.module}")
    return found


def covers(names: frozenset[str], module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_a_module_imports_only_what_its_layer_may(file: Path) -> None:
    if module := name_of(file):
        assert offences(module, file.read_text()) == []


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_nothing_below_the_screen_mentions_textual(file: Path) -> None:
    if layer_of(name_of(file) or "errors") in ("widgets", "screens", "chat_screen", "app", "render", "cli.chat"):
        return
    assert [one for one in imports(file.read_text()) if one.module.split(".")[0] == "textual"] == []


def test_our_own_http_client_is_loaded_in_few_places_only() -> None:
    users = {
        name_of(file)
        for file in modules()
        for one in imports(file.read_text())
        if one.at_start and one.module.split(".")[0] == "httpx"
    }
    ours = ("auth", "bounded_body", "client", "environment", "network", "response_stream", "token_endpoint")
    assert users <= {f"anthropic.{name}" for name in ours}


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_a_module_stays_small_enough_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


def test_the_top_level_holds_few_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 10


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The groups of modules that import each other, directly or not. By Tarjan's algorithm."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for target in graph[module]:
            if target not in index:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in stack:
                lowest[module] = min(lowest[module], index[target])
        if lowest[module] == index[module]:
            at = stack.index(module)
            if len(group := stack[at:]) > 1:
                found.append(sorted(group))
            del stack[at:]

    for module in graph:
        if module not in index:
            visit(module)
    return found


def test_no_modules_import_each_other() -> None:
    """Imports inside functions count, and those for types alone."""
    files = {name_of(file): file for file in modules()}
    graph = {
        name: {one.module for one in imports(file.read_text()) if one.ours and one.module in files} - {name}
        for name, file in files.items()
    }
    assert sum(map(len, graph.values())) > len(files)
    assert circles(graph) == []


def test_the_test_sees_circles() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"], "e": ["f"], "f": ["e"]}) == [
        ["a", "b", "c"],
        ["e", "f"],
    ]
    assert circles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []


def classes(source: str) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


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


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("chat.session", "import httpx"),
        ("chat.session", "from tui.anthropic import client"),
        ("chat.session", "from tui import config"),
        ("anthropic.wire", "import httpx"),
        ("anthropic.models", "from tui.config import Settings"),
        ("widgets.status", "from tui.services.connection import choose"),
        ("widgets.status", "def f():\n    from tui.config import load"),
        ("engine", "import textual"),
        ("render.strips", "from textual.widgets import Markdown"),
        ("config.toml", "import tomlkit"),
        ("demo.service", "from tui.anthropic.client import Client"),
        ("cli.main", "from tui.app import run"),
    ],
)
def test_the_test_sees_a_wrong_arrow(module: str, source: str) -> None:
    assert len(offences(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cli.main", "def f():\n    from tui.app import run"),
        ("chat.session", "from tui.chat import events"),
        ("anthropic.client", "import httpx, asyncio"),
        ("config.settings", "if TYPE_CHECKING:\n    import rich"),
        ("render.strips", "from textual.strip import Strip"),
        ("app", "from tui.config import Settings"),
    ],
)
def test_and_lets_the_right_ones_pass(module: str, source: str) -> None:
    assert offences(module, source) == []
