"""What the simulator says of its own accord: it shows what it promises, and never passes for a model."""

from __future__ import annotations

import pytest
from asking import ask, assistant, request, text, user
from test_image_rules import drawn, image

from tui.demo import reply_texts
from tui.demo.replies import answer_for
from tui.demo.scenarios import Answer, Error, Text, Thinking, ToolUse
from tui.demo.service import FakeAnthropic

SEARCH_TOOL = {"type": "web_search_20250305", "name": "web_search"}
TOOL = {
    "name": "read_file",
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string"}, "lines": {"type": "integer"}, "mode": {"enum": ["text", "binary"]}},
        "required": ["path", "mode"],
    },
}


def say(prompt, *, first=False, **fields):
    """The answer to a prompt, as the first or a later one of a chat."""
    before = [] if first else [user("Hello"), assistant("Hello!")]
    return answer_for(request(*before, user(prompt), **fields))


def words(answer):
    return "\n".join(
        piece for part in answer.parts if isinstance(part, Text) for piece in part.pieces if isinstance(piece, str)
    )


def test_the_first_answer_is_a_welcome_that_shows_markdown():
    answer = say("Good morning", first=True)
    assert isinstance(answer.parts[0], Thinking)
    for feature in ("# Welcome", "\n## ", "\n1. ", "\n| --- |", "\n```python\n", "\n> ", "](https://"):
        assert feature in words(answer)
    assert "scripted" in words(answer)


def test_the_code_of_the_welcome_runs(capsys):
    source = reply_texts.WELCOME.split("```python\n")[1].split("```")[0]
    exec(compile(source, "welcome", "exec"), {})
    assert capsys.readouterr().out == "Hello, world!\n"


@pytest.mark.parametrize(
    ("prompt", "feature"),
    [
        ("Show me a table, please", "\n| :-- |"),
        ("Write some code", "```python\n"),
        ("A list of steps", "\n1. Open"),
        ("Any quote?", "\n> Say it once"),
        ("Now think hard about the ferryman", "seven crossings"),
        ("Tell me a long story", "## 6. Lights"),
        ("help", "| `stall` |"),
        ("thank you", "written beforehand"),
        ("hello", "!"),
    ],
)
def test_a_word_picks_the_answer(prompt, feature):
    if prompt == "thank you":
        assert any(feature in variant for variant in reply_texts.THANKS)
        assert any(variant in words(say(prompt)) for variant in reply_texts.THANKS)
    else:
        assert feature in words(say(prompt))
    assert reply_texts.TAIL in words(say(prompt))


def test_the_long_story_is_long_and_its_program_runs(capsys):
    story = words(say("a long one"))
    assert len(story) > 2500
    source = story.split("```python\n")[1].split("```")[0]
    exec(compile(source, "story", "exec"), {})
    assert capsys.readouterr().out == "29.7 km\n"


def test_unknown_prompts_get_varied_answers_that_quote_them():
    prompts = [f"Tell me of town {number} by the sea" for number in range(30)]
    said = [words(say(prompt)) for prompt in prompts]
    assert all("Tell me of town" in answer for answer in said)
    assert len({answer.split("Tell me")[0] for answer in said}) == len(reply_texts.UNKNOWN)
    assert said == [words(say(prompt)) for prompt in prompts]


def test_a_quoted_prompt_cannot_break_the_markdown():
    assert "“b i x y”" in words(say("`b` *i* [x](y)".replace("](", "] (").replace("(", "").replace(")", "")))
    assert "```" not in words(say("```sh rm"))


def test_trouble_comes_only_when_called_for():
    assert isinstance(say("error"), Error)
    assert say("refuse this").options.stop_reason == "refusal"
    assert say("slow").options.pace is not None
    assert isinstance(say("Why does my program stop with an error at the end?"), Answer)
    assert reply_texts.CODE[:40] in words(say("Why does my program stop with an error at the end?"))


def test_tools_are_called_where_there_are_some():
    call = say("use a tool", tools=[TOOL]).parts[-1]
    assert isinstance(call, ToolUse)
    assert (call.name, dict(call.input)) == ("read_file", {"path": ".", "mode": "text"})
    assert "no tools" in words(say("use a tool"))
    searched = ask(FakeAnthropic(), request(user("search for tides"), tools=[SEARCH_TOOL])).json()
    assert searched["usage"]["server_tool_use"] == {"web_search_requests": 1}
    assert next(block["citations"] for block in searched["content"] if block["type"] == "text")


@pytest.mark.parametrize("content", ["the file's lines", [text("the file's lines")]])
def test_a_tools_result_is_shown(content):
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": content}
    answer = answer_for(request(user("use a tool"), assistant(call), user(result)))
    assert "the file's lines" in words(answer)


def test_images_are_measured():
    answer = answer_for(
        request(user(image(drawn("PNG", 200, 200)), image(drawn("GIF", 56, 28)), text("What is this?")))
    )
    assert "the 2 pictures" in words(answer)
    assert "| 1 | PNG | 200 × 200 px | 64 |" in words(answer)
    assert "| 2 | GIF | 56 × 28 px | 2 |" in words(answer)


def test_an_image_alone_is_enough():
    assert "the picture" in words(answer_for(request(user(image(drawn("PNG"))))))
