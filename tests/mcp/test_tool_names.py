"""Names that the API takes, whatever servers call their tools, and rules for them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.mcp.tool_names import name_of, rules_for, server_of
from tui.tools.rules import covers

SERVERS = st.from_regex(r"[A-Za-z0-9]{1,24}", fullmatch=True)


@given(SERVERS, st.text(min_size=1), st.text(min_size=1))
def test_every_tool_has_a_name_of_its_own(server: str, one: str, other: str) -> None:
    name = name_of(server, one)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)
    assert server_of(name) == server
    assert (name_of(server, other) == name) == (one == other)


@given(st.text())
def test_any_arguments_are_covered_by_the_wide_rule_and_by_their_own_alone(arguments: str) -> None:
    exact, wide = rules_for("time__now", arguments)
    assert covers(wide, exact)
    assert covers("time__*(*)", exact)
    assert not covers("time__then(*)", exact)
    assert not covers("tim__*(*)", exact)


@pytest.mark.parametrize("rule", ["time__now(a*)", "time__now()", "run_command(*)", "*(*)", "time__now"])
def test_nothing_else_covers_a_call(rule: str) -> None:
    assert not covers(rule, rules_for("time__now", '{"a":1}')[0])


def test_a_tool_of_ours_is_no_servers() -> None:
    assert server_of("run_command") == ""
