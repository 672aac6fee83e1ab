"""The README's commands are the ones that work, and CI runs the very line that it gives for the tests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import tomli
from click.testing import CliRunner

from tui.actions import ACTIONS, key_name
from tui.cli.main import prx
from tui.config import load
from tui.inputs import limits

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^ *```(\w+)\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.strip() for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


def after_install() -> list[str]:
    """What each of the two one-line commands does once it has made its environment."""
    lines = [line for line in COMMANDS if line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")]
    return [line.rsplit(" && ", 1)[1] for line in lines]


def test_two_lines_open_the_demo_and_pass_the_tests() -> None:
    assert after_install() == [".venv/bin/prx demo", ".venv/bin/python -m pytest -q"]


def test_ci_finds_the_test_line_by_its_mark() -> None:
    marked = re.findall(r"<!-- test -->\n```sh\n(.*)\n```", README)
    assert [line.rsplit(" && ", 1)[1] for line in marked] == [".venv/bin/python -m pytest -q"]
    assert "'/<!-- test -->/,/^```$/p'" in (ROOT / ".ci" / "run").read_text()


def test_the_install_lines_name_extras_that_exist() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = set(re.findall(r"'\.\[(\w+)\]'", README))
    assert named == {"mcp"} <= set(project["optional-dependencies"])
    assert project["scripts"] == {"prx": "tui.__main__:main"}


def command_in(words: list[str]) -> list[str]:
    """The words that name a command, or one of a group's."""
    path: list[str] = []
    group: click.Command | None = prx
    for word in words:
        group = group.commands.get(word) if isinstance(group, click.Group) else None
        if group is None:
            break
        path.append(word)
    return path


@pytest.mark.parametrize("line", [line for line in COMMANDS if re.match(r"prx \[?[a-z]", line)])
def test_each_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line.split("#")[0].replace("[", " ").replace("]", " "))[1:]
    shown = CliRunner().invoke(prx, [*command_in(words), "--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in words if word.startswith("-"))


def test_each_option_it_mentions_exists() -> None:
    text = CliRunner().invoke(prx, ["--help"]).output
    for option in ("-m", "--system", "--system-file", "--config", "--output-format", "-p"):
        assert f"`{option}" in README or f" {option} " in README
        assert option in text


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "toml"])
def test_the_configurations_it_shows_are_right(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("\n".join(line.strip() for line in text.splitlines()))
    assert load({"ANTHROPIC_API_KEY": "x"}, file=file).findings == ()


def test_the_keys_it_lists_are_the_keys() -> None:
    table = README.split("## Keys")[1].split("##")[0]
    for name in (
        "models",
        "thinking",
        "editor",
        "new_chat",
        "inspect",
        "palette",
        "help",
        "quit",
        "newline",
        "jump_to_end",
    ):
        action = next(action for action in ACTIONS if action.name == name)
        assert all(key_name(key).replace("⏎", "Enter") in table for key in action.keys), name


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "CONTRIBUTING.md"])
def test_every_file_a_page_points_to_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text) + re.findall(r"`(tui/[\w./]+\.\w+)`", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_security_page_names_settings_and_bounds_that_exist() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    example = (ROOT / "config.example.toml").read_text()
    settings = re.findall(r"`(api_url|api_key|oauth_hosts|command_env|private_hosts|tools)\b", page)
    assert len(set(settings)) == 6
    assert all(re.search(rf"^#? ?{name} =", example, re.MULTILINE) for name in settings)
    assert f"for {limits.WAIT_S:.0f} seconds" in page
