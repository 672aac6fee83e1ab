"""A rule covers what its bytes say, and nothing that only looks like it: paths, commands, addresses and MCP tools."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.calling import NO, Tools, words
from tui.chat.tools import PermissionDecision, PermissionRequest
from tui.config import load
from tui.config.writing import add_rule
from tui.mcp.tool_names import name_of, rules_for
from tui.tools.patterns import literal_text, pattern_of
from tui.tools.rules import covers, for_command, means

pytestmark = pytest.mark.anyio
UNDECODABLE = "\udcff\udc80"
ODD = [
    "\r",
    "\n",
    "\t",
    "\x1b",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\u00a0",
    "\\",
    "*",
    "?",
    "[",
    "]",
    "(",
    ")",
    "é",
    "\u0301",
]
_text = st.text(
    st.one_of(st.sampled_from([*"abrnxu0/ .", *ODD, *UNDECODABLE]), st.characters(exclude_categories=["Cs"])),
    max_size=8,
)
_texts = _text.filter(lambda text: "\0" not in text).map(lambda text: os.fsdecode(os.fsencode(text)))


@given(_texts)
def test_a_text_has_one_pattern_which_is_printable_and_means_it(text: str) -> None:
    assert literal_text(pattern_of(text)) == text
    assert pattern_of(text).isprintable()


@given(_texts, _texts)
def test_two_texts_have_two_patterns(one: str, other: str) -> None:
    rule, call = f"write_file({pattern_of(one)})", f"write_file({pattern_of(other)})"
    assert means(rule, call) is (os.fsencode(one) == os.fsencode(other))
    assert covers(rule, call) is (os.fsencode(one) == os.fsencode(other))


# A part of a pattern: how it is written, and the bytes that it stands for (None: any within a name, 1: one character).
_PARTS: list[tuple[str, bytes | int | None]] = [
    ("*", None),
    ("?", 1),
    ("a", b"a"),
    ("r", b"r"),
    (r"\r", b""),  # means nothing: no path is covered
    (r"\x0d", b"\r"),
    (r"\xff", b"\xff"),
    (r"\xc3\xa9", "é".encode()),
    ("é", "é".encode()),
    (r"\*", b"*"),
    (r"\[", b"["),
    (r"\\", b"\\"),
    ("\r", b"\r"),
]
_names = st.lists(
    st.sampled_from(["a", "r", "\r", "é", "*", "[", "\\", "\udcff", "e\u0301"]), min_size=1, max_size=3
).map("".join)


def fits(parts: list[bytes | int | None], name: bytes) -> bool:
    """An oracle of its own: bytes, one after the other."""
    if not parts:
        return name == b""
    first, rest = parts[0], parts[1:]
    if first is None:
        return any(fits(rest, name[at:]) for at in range(len(name) + 1))
    if isinstance(first, int):
        size = len(os.fsencode(os.fsdecode(name)[:1]))
        return bool(name) and fits(rest, name[size:])
    return name.startswith(first) and fits(rest, name[len(first) :])


@given(
    st.lists(st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3), min_size=1, max_size=2),
    st.lists(_names, min_size=1, max_size=2),
)
def test_a_rule_covers_a_path_if_and_only_if_its_bytes_match(
    pattern: list[list[tuple[str, bytes | int | None]]], names: list[str]
) -> None:
    written = "/".join("".join(text for text, _ in name) for name in pattern)
    is_void = any(text == r"\r" for name in pattern for text, _ in name)
    is_deep = any(name == [("*", None), ("*", None)] for name in pattern)  # `**` is any number of folders
    expected = len(pattern) == len(names) and all(
        fits([meant for _, meant in name], os.fsencode(path)) for name, path in zip(pattern, names, strict=False)
    )
    if not is_deep:
        path = os.fsdecode(os.fsencode("/".join(names)))
        assert covers(f"write_file({written})", f"write_file({pattern_of(path)})") is (expected and not is_void)


@pytest.mark.parametrize(
    "odd", ["s\rc", "s\x1bc", "s\nc", "s\u202ec", "s\\rc", "s\\x72c", "SRC", "src ", "src.", "s*c", "s?c", "[s]rc"]
)
async def test_a_folder_of_another_name_is_not_the_one_that_a_rule_is_for(tmp_path: Path, odd: str) -> None:
    tools = Tools(tmp_path, rules=["write_file(src/**)", "write_file(s\\rc/**)"], answer=NO)
    await tools.failure("write_file", path=f"{odd}/x", content="no")
    assert not (tmp_path / odd).exists()
    (question,) = tools.asked
    assert question.rules[0] == f"write_file({pattern_of(odd)}/x)"


async def test_the_escaped_form_of_an_absolute_path_is_not_a_path(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "project"
    folder.mkdir()
    tools = Tools(folder, rules=[f"write_file({tmp_path}/nout/**)", f"write_file({tmp_path}/\\nout/**)"], answer=NO)
    await tools.failure("write_file", path=f"{tmp_path}/\nout/x", content="no")
    assert not (tmp_path / "\nout").exists()
    assert await tools.text("write_file", path=f"{tmp_path}/nout/x", content="yes")
    assert not home.exists()


@pytest.mark.parametrize(
    "name", ["a\rb", "a\x1b[2Jb", "*", "[a]", "a\\", "é", "e\u0301", "${HOME}", 'a"b', " a ", "a)"]
)
async def test_always_allowed_means_this_file_at_the_next_start_too(tmp_path: Path, name: str) -> None:
    """The rule is written to the configuration, read again, and covers the one file in the folder that it was made for."""
    project, config = tmp_path / "project", tmp_path / "config.toml"
    (project / "d").mkdir(parents=True)

    def always(question: PermissionRequest) -> PermissionDecision:
        return PermissionDecision(allowed=True, lasting="always", rule=question.rules[0])

    first = Tools(project, answer=always)
    assert await first.text("write_file", path=f"d/{name}", content="1")
    (rule,) = first.kept
    assert rule.isprintable()
    add_rule(config, rule)
    settings = load({}, file=config)
    assert settings.findings == ()
    again = Tools(project, rules=settings.tools.allow, answer=NO)
    assert await again.text("write_file", path=f"d/{name}", content="2")
    for other in ("ab", "a", "arb", "b", "\\xff", "\ufffd", "E\u0301", unicodedata.normalize("NFC", name) + "x", "x"):
        assert "did not allow" in await again.failure("write_file", path=f"d/{other}", content="no")
    assert [path.name for path in (project / "d").iterdir()] == [name]


async def test_two_names_are_asked_about_in_two_ways(tmp_path: Path) -> None:
    tools = Tools(tmp_path / "project", answer=NO)
    for name in ("a\rb", "a\\rb"):
        await tools.failure("read_file", path=str(tmp_path / name))
    one, other = tools.asked
    assert one.detail != other.detail
    assert set(one.rules).isdisjoint(other.rules[:1])


@pytest.mark.parametrize("half", ["\\ud800", "\\udcff", "\\udcc3\\udca9"])
async def test_what_is_no_text_is_no_argument(tmp_path: Path, half: str) -> None:
    """Half a character could be the byte of a name, and pass for another one."""
    (tmp_path / "é").mkdir()
    tools = Tools(tmp_path, rules=["write_file(é/**)", "write_file(**)"], answer=NO)
    for name, key in (("read_file", "path"), ("run_command", "command"), ("fetch_url", "url")):
        assert "not whole, valid JSON" in words(await tools.send(name, f'{{"{key}": "{half}/x"}}'))
    assert tools.asked == []


async def test_a_link_may_lead_to_any_bytes(tmp_path: Path) -> None:
    for byte in (b"\xff", b"\xfe"):
        (tmp_path / os.fsdecode(byte)).mkdir()
    (tmp_path / "link").symlink_to(os.fsdecode(b"\xff"))
    assert await Tools(tmp_path, rules=[r"write_file(\xff/**)"], answer=NO).text(
        "write_file", path="link/x", content="y"
    )
    await Tools(tmp_path, rules=[r"write_file(\xfe/**)", r"write_file(\\xff/**)"], answer=NO).failure(
        "write_file", path="link/x", content="no"
    )
    assert (tmp_path / os.fsdecode(b"\xff") / "x").read_text() == "y"


@pytest.mark.parametrize(
    "name", ["//proc/self/environ", "///etc/hostname", "/./etc//hostname", "d/../../x", "d//../.././x"]
)
async def test_slashes_and_dots_hide_no_place(tmp_path: Path, name: str) -> None:
    (tmp_path / "project" / "d").mkdir(parents=True)
    tools = Tools(tmp_path / "project", rules=["read_file(**)", "read_file(d/**)"], answer=NO)
    said = await tools.failure("read_file", path=name)
    assert "belongs to the system" in said or "did not allow" in said
    assert all(question.detail == os.path.realpath(tmp_path / "project" / name) for question in tools.asked)  # noqa: ASYNC240


@pytest.mark.parametrize("odd", ["\r", "\n", "\x1b", "\u00a0", "\\r", "\u2028", "\x85"])
async def test_a_command_with_a_sign_in_it_is_another_command(tmp_path: Path, odd: str) -> None:
    plain = Tools(
        tmp_path, rules=[r"run_command(echo arb)", r"run_command(echo a\rb)", "run_command(echo a *)"], answer=NO
    )
    await plain.failure("run_command", command=f"echo a{odd}b")
    rule = for_command(f"echo a{odd}b")[0]
    assert rule.isprintable()
    assert means(rule, rule)
    assert not means(rule, for_command("echo arb")[0])
    assert await Tools(tmp_path, rules=[rule], answer=NO).call("run_command", command=f"echo a{odd}b")


@given(_texts.filter(bool), _texts.filter(bool))
def test_tools_of_a_server_are_told_apart_whatever_their_names_hold(one: str, other: str) -> None:
    first, second = name_of("srv", one), name_of("srv", other)
    assert (first == second) is (one == other)
    assert covers(f"{first}(*)", rules_for(second, "{}")[0]) is (one == other)


@given(_texts, _texts)
def test_arguments_for_a_server_are_meant_exactly(one: str, other: str) -> None:
    rule, call = rules_for("srv__tool", one)[0], rules_for("srv__tool", other)[0]
    assert means(rule, call) is (one == other)
    assert not covers(rule, call)


assert sys.getfilesystemencoding() == "utf-8"
