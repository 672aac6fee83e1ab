"""Which part may import which. Read from the source: an import counts, tested or not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from source import covers, imports, modules, name_of

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
    "engine": layer("chat errors frames"),
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


def layer_of(module: str) -> str:
    parts = module.split(".")
    return next(name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in LAYERS)


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
