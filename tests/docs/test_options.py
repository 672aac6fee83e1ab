"""The documentation names the options that exist, and all of them: of the configuration, the commands, the environment."""

from __future__ import annotations

import json
import re
import shlex
from functools import lru_cache
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner
from manual import GUIDE, ROOT, blocks, code, commands, prose, read

from tui.actions import BY_NAME
from tui.anthropic.models import MODELS
from tui.chat.ledger import Usage, api_fields, cache_fields
from tui.cli.auth import Status
from tui.cli.chats import ChatRow, HitRow
from tui.cli.main import prx
from tui.config import load
from tui.config.settings import (
    Anthropic,
    Defaults,
    Limits,
    McpServer,
    ModelFacts,
    Preset,
    Tools,
    Ui,
    WebSearch,
)

USER_PAGES = tuple(page for page in GUIDE if page != "docs/architecture.md")
SCHEMA: dict[str, type[msgspec.Struct]] = {
    "default": Defaults,
    "providers.anthropic": Anthropic,
    'models."ID"': ModelFacts,
    "presets.NAME": Preset,
    "budget": Limits,
    "tools": Tools,
    "mcp.NAME": McpServer,
    "ui": Ui,
}
"""The tables of the configuration, as docs/configuration.md calls them."""
OPTIONS = {name for struct in (*SCHEMA.values(), WebSearch) for name in struct.__struct_fields__}


def documented(text: str) -> dict[str, str]:
    """The options in the tables of a text, with their defaults."""
    rows = re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? ?\|", text, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "an option stands there twice"
    return dict(rows)


def defaults(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The options of a table of the configuration, with their defaults as TOML writes them; "" for none."""
    values = {field.name: field.default for field in msgspec.structs.fields(struct)}
    values |= {
        field.name: field.default_factory()
        for field in msgspec.structs.fields(struct)
        if field.default_factory is not msgspec.NODEFAULT
    }
    return {name: "" if value is None else json.dumps(value) for name, value in values.items()}


@pytest.mark.parametrize("table", SCHEMA)
def test_every_option_of_the_configuration_is_documented_with_its_default(table: str) -> None:
    section = read("docs/configuration.md").split(f"### `[{table}]`\n")[1].split("\n### ")[0]
    section, _, search = section.partition("`web_search` can be a table")
    expected = defaults(SCHEMA[table])
    if table == "tools":
        expected["web_search"] = "false"  # None, once it has been read
        assert documented(search) == defaults(WebSearch)
    assert documented(section) == expected


def test_every_table_of_the_configuration_is_documented() -> None:
    assert set(re.findall(r"^### `\[(.+)\]`$", read("docs/configuration.md"), re.MULTILINE)) == {*SCHEMA, "keys"}


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.page)
def test_the_configurations_they_show_are_right(block: tuple[str, str, str], tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("\n".join(line.strip() for line in block[2].splitlines()))
    settings = load({"ANTHROPIC_API_KEY": "x", "TICKETS_TOKEN": "x"}, file=file, actions=tuple(BY_NAME))
    assert settings.findings == ()


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md"])
def test_the_settings_they_name_exist(page: str) -> None:
    named = {match[1] for text in code(page) if (match := re.match(r"(\w+) = ", text))}
    assert named <= OPTIONS


@lru_cache
def identifiers() -> frozenset[str]:
    """Whatever may be called by a name with an underscore: options, tools, actions, fields of JSON."""
    tools = set(
        re.findall(r'^\s+"([a-z]+_[a-z]+)",$', "\n".join(map(Path.read_text, (ROOT / "tui/tools").glob("*.py"))), re.M)
    )
    assert len(tools) == 7
    answers = "\n".join(
        file.read_text() for file in (ROOT / "tui").rglob("*.py") if "StreamPrinter" in file.read_text()
    )
    fields = {*re.findall(r'"(\w+)":', answers), *api_fields(Usage()), *cache_fields(Usage(), None)}
    stream_types = set(re.findall(r'"type": "(\w+)"', answers))
    listed = {name for row in (ChatRow, HitRow, Status) for name in row.__annotations__}
    thinking = {kind for model in MODELS for kind in model.thinking}
    return frozenset({*OPTIONS, *BY_NAME, *tools, *fields, *stream_types, *listed, *thinking})


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md"])
def test_the_names_in_backticks_exist(page: str) -> None:
    named = {
        word for text in code(page) if re.fullmatch(r'"?[a-z]+(_[a-z0-9]+)+"?', text) for word in [text.strip('"')]
    }
    assert named - identifiers() == set()


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md"])
def test_the_variables_of_the_environment_they_name_are_read(page: str) -> None:
    source = "\n".join(file.read_text() for file in (ROOT / "tui").rglob("*.py"))
    named = set(re.findall(r"\b(?:PRX|ANTHROPIC|CLAUDE|SSL)_[A-Z_]+\b", read(page)))
    assert [name for name in sorted(named) if f'"{name}"' not in source] == []


# Commands


def command_in(words: list[str]) -> tuple[list[str], click.Command]:
    """The words that name a command, or one of a group's; and that command."""
    path: list[str] = []
    group: click.Command = prx
    for word in words:
        if not isinstance(group, click.Group) or word not in group.commands:
            break
        group = group.commands[word]
        path.append(word)
    return path, group


def all_options(command: click.Command = prx) -> dict[str, set[str]]:
    """Every spelling of an option, by command."""
    own = {
        word
        for option in command.params
        if isinstance(option, click.Option)
        for word in (*option.opts, *option.secondary_opts)
    }
    found = {command.name or "": own}
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        found |= all_options(inner)
    return found


SPELLINGS = {"-h", "--help", *(word for words in all_options().values() for word in words)}
PROGRAMS = re.compile(r"(?:.*\| *)?(?:\.venv/bin/)?prx ")


@pytest.mark.parametrize("line", [line for line in commands() if re.match(r"prx \[?[a-z]", line)])
def test_each_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line.split("#")[0].replace("[", " ").replace("]", " "))[1:]
    shown = CliRunner().invoke(prx, [*command_in(words)[0], "--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in words if word.startswith("-"))


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md", "CHANGELOG.md", "config.example.toml"])
def test_the_options_of_commands_they_name_exist(page: str) -> None:
    texts = code(page) if page.endswith(".md") else re.findall(r"prx [^,;.\n]*", read(page))
    if page in GUIDE:
        texts += [line for line in commands((page,)) if PROGRAMS.match(line)]
    ours = [
        text.rpartition("| prx ")[2].split("#")[0] for text in texts if PROGRAMS.match(text) or text.startswith("-")
    ]
    words = [word.split("=")[0].strip("[],") for text in ours for word in text.split(" | jq")[0].split()]
    named = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert named <= SPELLINGS


@pytest.mark.parametrize("page", [*USER_PAGES, "SECURITY.md", "CHANGELOG.md"])
def test_the_commands_they_name_exist(page: str) -> None:
    for text in code(page):
        if found := re.fullmatch(r"prx ([a-z]+)( [a-z]+)?(?: .*)?", text):
            path, command = command_in([word.strip() for word in found.groups("")])
            assert path, text
            choices = [one for of in command.params if isinstance(of.type, click.Choice) for one in of.type.choices]
            second = (found[2] or "").strip()
            assert not second or second == path[-1] or second in choices, text


@pytest.mark.parametrize("name", sorted(all_options()))
def test_every_option_is_documented(name: str) -> None:
    table = prose("docs/scripting.md").split("<!-- options")[1]
    spelled = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", table))
    assert all_options()[name] <= spelled


def test_every_command_is_documented() -> None:
    listed = [
        command_in(shlex.split(line.split("#")[0].replace("[", " "))[1:])[0]
        for line in commands(("docs/scripting.md",))
    ]
    for name, command in prx.commands.items():
        assert [name] in listed or isinstance(command, click.Group)
        for inner in command.commands if isinstance(command, click.Group) else ():
            assert [name, inner] in listed


def test_each_option_it_mentions_exists() -> None:
    text = CliRunner().invoke(prx, ["--help"]).output
    page = read("docs/scripting.md")
    for option in ("-m", "--system", "--system-file", "--config", "--output-format", "-p"):
        assert f"`{option}" in page or f" {option} " in page
        assert option in text
