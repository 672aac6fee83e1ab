"""README's commands are the ones that work, and CI runs the very line that it gives for the tests."""

from __future__ import annotations

import re
from pathlib import Path

import tomli

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
    pages = [README, *(file.read_text() for file in (ROOT / "docs").glob("*.md"))]
    named = {extra for page in pages for extra in re.findall(r"'\.\[(\w+)\]'", page)}
    assert "mcp" in named
    assert named <= set(project["optional-dependencies"])
    assert project["scripts"] == {"prx": "tui.__main__:main"}


def test_the_security_page_names_settings_and_bounds_that_exist() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    example = (ROOT / "config.example.toml").read_text()
    settings = re.findall(r"`(api_url|api_key|oauth_hosts|command_env|private_hosts|tools)\b", page)
    assert len(set(settings)) == 6
    assert all(re.search(rf"^#? ?{name} =", example, re.MULTILINE) for name in settings)
    assert f"for {limits.WAIT_S:.0f} seconds" in page
