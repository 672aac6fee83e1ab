"""From a call to its result: every call is answered, the gate is asked, and what it allows for longer counts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.calling import NO, YES, Tools, contents, see, words
from tui.chat.model import Model
from tui.chat.tokens import text_tokens
from tui.chat.tools import Access, PermissionDecided, PermissionDecision, PermissionRequest
from tui.chat.transcript import Text, Tool, ToolUse
from tui.errors import TuiError
from tui.tools.built_in import built_in
from tui.tools.tool import Content, Failed, Plan
from tui.tools.toolbox import MAX_CHARS, shortened

pytestmark = pytest.mark.anyio


class Act:
    """A tool that does what it is told, maybe after a question."""

    is_reading = False

    def __init__(
        self, act: Callable[[], Awaitable[Content]], rules: tuple[str, ...] | None = None, name: str = "act"
    ) -> None:
        self.definition = Tool(name=name, description="Acts.", input_schema='{"type":"object"}')
        self._act = act
        self._rules = rules

    async def plan(self, call: ToolUse) -> Plan:
        question = PermissionRequest(call=call, title="Act", kind="call", detail=call.input, rules=self._rules or ())
        return Plan(lambda _: self._act(), None if self._rules is None else question)


async def done() -> Content:
    return "done"


def test_the_definitions_are_small_and_the_same_each_time(tmp_path: Path) -> None:
    first = Tools(tmp_path).box.tools
    assert first == Tools(tmp_path / "other", more=[tmp_path], timeout_s=3).box.tools
    model = Model(id="m", name="M", tokens_per_char=0.35)
    assert 400 < text_tokens(msgspec.json.encode(first).decode(), model) < 1_800
    for tool in first:
        schema = msgspec.json.decode(tool.input_schema)
        assert schema["type"] == "object"
        assert "$ref" not in tool.input_schema


@pytest.mark.parametrize(
    ("access", "names"),
    [
        ("none", ()),
        ("read", ("list_files", "read_file", "search_files")),
        (
            "ask",
            ("list_files", "read_file", "search_files", "write_file", "edit_file", "run_command", "fetch_url"),
        ),
    ],
)
async def test_the_access_says_what_is_offered_and_what_works(
    tmp_path: Path, access: Access, names: tuple[str, ...]
) -> None:
    tools = Tools(tmp_path, access=access)
    assert tuple(tool.name for tool in tools.box.tools) == names
    result = await tools.call("run_command", command="touch made")
    assert (tmp_path / "made").exists() is (access == "ask")
    assert result.is_error is (access != "ask")
    assert (await tools.call("list_files")).is_error is (access == "none")


MISTAKES = [
    ("read_file", "{}", "missing required field `path`"),
    ("read_file", "", "missing required field `path`"),
    ("read_file", '{"path": 3}', "Expected `str`, got `int` - at `$.path`"),
    ("read_file", '{"path": "a", "offset": 0}', "Expected `int` >= 1 - at `$.offset`"),
    ("read_file", '{"path": "a", "lines": 3}', "unknown field `lines`"),
    ("read_file", '{"path": "a.t', "not whole, valid JSON"),
    ("read_file", '["a"]', "Expected `object`, got `array`"),
    ("read_file", "{" * 5000, "not whole, valid JSON"),
    ("write_file", '{"path": "x", "content": "\\ud800"}', "not whole, valid JSON"),
    ("read_file", '{"path": "\ud800"}', "There is no file"),
    ("reed_file", "{}", "There is no tool reed_file. The tools are: list_files, read_file"),
]


@pytest.mark.parametrize(("name", "arguments", "told"), MISTAKES, ids=[told for *_, told in MISTAKES])
async def test_a_call_that_makes_no_sense_is_answered_with_what_is_wrong(
    tmp_path: Path, name: str, arguments: str, told: str
) -> None:
    result = await Tools(tmp_path).send(name, arguments)
    assert result.is_error
    assert told in words(result)
    assert contents(tmp_path) == {}


async def test_a_number_in_quotes_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n2\n3\n")
    assert (await Tools(tmp_path).text("read_file", path="a", offset="3")) == "3\t3"


_texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["f", "one", "..", ".", "/", "~", "/proc/self/mem", "a/b", "*", "**/[", "(?P<", "http://127.0.0.1:1/"]
    ),
)
_VALUES = {"string": _texts, "integer": st.integers(-1, 2**70), "boolean": st.booleans()}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str]:
    """A tool, and arguments that its schema allows, or nearly."""
    tool = draw(st.sampled_from([kind.definition for kind in built_in(Path("/"), see=see)]))
    schema = msgspec.json.decode(tool.input_schema)
    names = {*schema["required"], *draw(st.sets(st.sampled_from(sorted(schema["properties"]))))}
    values = {name: draw(_VALUES[schema["properties"][name]["type"]]) for name in sorted(names)}
    return tool.name, draw(st.sampled_from([json.dumps(values), json.dumps(values)[:-1], json.dumps([values])]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls())
def test_any_arguments_have_an_answer_and_without_leave_nothing_happens(tmp_path: Path, call: tuple[str, str]) -> None:
    (tmp_path / "f").write_text("one\ntwo\n")
    result = asyncio.run(Tools(tmp_path, answer=NO).send(*call))
    assert "is a bug in prx" not in words(result)
    assert words(result).encode()
    assert contents(tmp_path) == {"f": "one\ntwo\n"}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Failed("No such thing."), "No such thing."),
        (TuiError("It is broken.", "Mend it."), "It is broken. Mend it."),
        (TuiError("It is broken", "Mend it."), "It is broken. Mend it."),
        (TuiError("Is it broken?", "Mend it."), "Is it broken? Mend it."),
        (TuiError("It is broken"), "It is broken"),
        (ZeroDivisionError("division"), "The tool failed (ZeroDivisionError: division)."),
    ],
)
async def test_whatever_goes_wrong_is_a_result(tmp_path: Path, error: Exception, told: str) -> None:
    async def act() -> Content:
        raise error

    assert told in await Tools(tmp_path, kinds=[Act(act)]).failure("act")


async def test_a_cancellation_is_passed_on_and_withdraws_the_question(tmp_path: Path) -> None:
    tools = Tools(tmp_path, kinds=[Act(done, rules=())], answer=None)
    task = asyncio.create_task(tools.call("act"))
    await tools.questions(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    tools.gate.answer("call_1", YES)
    assert tools.settled == []


async def test_a_long_result_keeps_both_its_ends(tmp_path: Path) -> None:
    async def act() -> Content:
        return (Text("a" * MAX_CHARS + "end"), Text("more"))

    text = await Tools(tmp_path, kinds=[Act(act)]).text("act")
    assert len(text) < MAX_CHARS + 100
    assert text.startswith("aaa")
    assert text.endswith("end")
    assert "characters left out" in text
    assert shortened("abc", 3) == "abc"


@pytest.mark.parametrize("content", ["", (), (Text(""),)])
async def test_an_empty_result_is_not_an_empty_block(tmp_path: Path, content: Content) -> None:
    async def act() -> Content:
        return content

    assert await Tools(tmp_path, kinds=[Act(act)]).text("act") == "(nothing)"


async def test_the_time_is_that_of_the_work_not_of_the_wait(tmp_path: Path) -> None:
    now = [0.0]

    def answer(question: PermissionRequest) -> PermissionDecision:
        now[0] += 100
        return YES

    async def act() -> Content:
        now[0] += 2
        return "done"

    tools = Tools(tmp_path, kinds=[Act(act, rules=())], answer=answer)
    tools.box._clock = lambda: now[0]
    assert (await tools.call("act")).elapsed_s == 2


async def test_a_no_is_told_with_its_reason_and_nothing_happens(tmp_path: Path) -> None:
    tools = Tools(tmp_path, answer=PermissionDecision(allowed=False, reason="use make instead"))
    text = await tools.failure("run_command", command="touch made")
    assert text == "The user did not allow this: use make instead. Nothing was done."
    assert contents(tmp_path) == {}
    assert tools.settled == [PermissionDecided("call_1", False)]
    assert await Tools(tmp_path, answer=NO).failure("run_command", command="touch made")


async def test_where_nobody_can_be_asked_only_rules_allow(tmp_path: Path) -> None:
    tools = Tools(tmp_path, asks=False, rules=["run_command(touch *)"])
    assert "nobody is there" in await tools.failure("run_command", command="ls")
    await tools.text("run_command", command="touch made")
    assert tools.asked == []
    assert (tmp_path / "made").exists()


async def test_once_is_once(tmp_path: Path) -> None:
    tools = Tools(tmp_path, kinds=[Act(done, rules=("act(1)", "act(*)"))])
    await tools.text("act")
    await tools.text("act")
    assert len(tools.asked) == 2
    assert tools.kept == []


@pytest.mark.parametrize(("lasting", "kept"), [("chat", []), ("always", ["run_command(echo *)"])])
async def test_what_is_allowed_for_longer_is_not_asked_again(tmp_path: Path, lasting: str, kept: list[str]) -> None:
    verdict = msgspec.convert({"allowed": True, "lasting": lasting, "rule": "run_command(echo *)"}, PermissionDecision)
    tools = Tools(tmp_path, answer=verdict)
    assert await tools.text("run_command", command="echo a") == "a"
    assert await tools.text("run_command", command="echo b") == "b"
    assert len(tools.asked) == 1
    assert tools.kept == kept
    await tools.text("run_command", command="echo c; echo d")
    assert len(tools.asked) == 2


async def test_a_rule_that_was_not_offered_is_not_kept(tmp_path: Path) -> None:
    tools = Tools(tmp_path, answer=PermissionDecision(allowed=True, lasting="always", rule="run_command(rm *)"))
    await tools.text("run_command", command="echo a")
    assert tools.kept == []
    await tools.text("run_command", command="rm -f x")
    assert len(tools.asked) == 2


async def test_an_exact_rule_allows_a_compound_command(tmp_path: Path) -> None:
    tools = Tools(tmp_path, answer=NO, rules=["run_command(echo a | cat)"])
    assert await tools.text("run_command", command="echo a | cat") == "a"
    await tools.failure("run_command", command="echo a | cat ")
    assert len(tools.asked) == 1


async def test_several_questions_wait_at_once_and_one_rule_can_answer_them(tmp_path: Path) -> None:
    tools = Tools(
        tmp_path, kinds=[Act(done, rules=("act(1)", "act(*)")), Act(done, rules=(), name="other")], answer=None
    )
    calls = [asyncio.create_task(tools.call(name)) for name in ("act", "act", "other")]
    first, second, third = (question.call.id for question in await tools.questions(3))
    tools.gate.answer(second, PermissionDecision(allowed=True, lasting="chat", rule="act(*)"))
    await asyncio.wait(calls[:2])
    assert not calls[2].done()
    tools.gate.answer(third, NO)
    assert [(await call).is_error for call in calls] == [False, False, True]
    assert {one.id: one.allowed for one in tools.settled} == {first: True, second: True, third: False}


async def test_an_answer_comes_from_any_thread_and_counts_once(tmp_path: Path) -> None:
    tools = Tools(tmp_path, kinds=[Act(done, rules=())], answer=None)
    call = asyncio.create_task(tools.call("act"))
    await tools.questions(1)

    def answers() -> None:
        tools.gate.answer("nobody", NO)
        tools.gate.answer("call_1", YES)
        tools.gate.answer("call_1", NO)

    thread = threading.Thread(target=answers)
    thread.start()
    assert not (await call).is_error
    thread.join()
    tools.gate.answer("call_1", NO)


def test_of_two_tools_with_one_name_the_first_counts(tmp_path: Path) -> None:
    mine = Act(done, name="read_file")
    tools = Tools(tmp_path, kinds=[*built_in(tmp_path, see=see), mine])
    assert [tool.description for tool in tools.box.tools if tool.name == "read_file"] != ["Acts."]
