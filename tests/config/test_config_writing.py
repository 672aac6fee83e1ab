"""Rules that the app writes into the user's file, which stays the user's."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.config import load
from tui.config.writing import NotWritten, add_rule

WRITTEN = """# mine
[default]
model = "opus"   # the big one

[tools]
private_hosts = true
allow = [
  "run_command(ls *)",  # harmless
]

[ui]
theme = "light"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def allowed(file: Path) -> tuple[str, ...]:
    found = load({}, file=file)
    assert found.findings == ()
    return found.tools.allow


def test_a_rule_joins_the_others_and_everything_else_stays(file: Path) -> None:
    file.write_text(WRITTEN)
    add_rule(file, "run_command(git *)")
    assert allowed(file) == ("run_command(ls *)", "run_command(git *)")
    kept = [line for line in WRITTEN.splitlines() if line.strip()]
    changed = file.read_text().splitlines()
    assert [line for line in kept if line not in changed] == []


def test_a_file_is_made_for_the_first_one(file: Path) -> None:
    add_rule(file, "edit_file(src/**)")
    assert allowed(file) == ("edit_file(src/**)",)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_rule_again_changes_nothing(file: Path) -> None:
    file.write_text(WRITTEN)
    add_rule(file, "run_command(ls *)")
    assert file.read_text() == WRITTEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tools]\n",
        "tools.turns = 3\n",
        "[tools]\nallow = []\n[ui]\n",
        "tools = { turns = 3 }\n",
        "\ufeff[ui]\n",
        "[ui]\r\n",
    ],
)
def test_wherever_it_belongs_it_is_read_back(file: Path, text: str) -> None:
    file.write_text(text, newline="")
    add_rule(file, "run_command(make)")
    assert allowed(file) == ("run_command(make)",)


@pytest.mark.parametrize("text", ["[tools\n", "tools = 3\n", "[tools]\nallow = 3\n", "a = \xff"])
def test_a_file_that_cannot_be_changed_stays_as_it_is(file: Path, text: str) -> None:
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(NotWritten) as raised:
        add_rule(file, "run_command(make)")
    assert str(file) in raised.value.message
    assert file.read_bytes() == text.encode("latin-1")


def test_two_at_once_both_count(file: Path) -> None:
    rules = [f"run_command(make part{number})" for number in range(8)]
    threads = [threading.Thread(target=add_rule, args=(file, rule)) for rule in rules]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed(file)) == sorted(rules)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("${}'\"\\\n#")), max_size=30))
def test_any_command_is_read_back_as_it_was(file: Path, command: str) -> None:
    file.unlink(missing_ok=True)
    add_rule(file, f"run_command({command})")
    assert tomli.loads(file.read_text())
    assert allowed(file) == (f"run_command({command})",)
