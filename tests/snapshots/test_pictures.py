"""Pictures of the screen, each named for what the user did. They are for layout; what happens is asserted elsewhere.

`make snapshots` records them anew. Look at each before you commit it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from chatting import Chat, words

from tui.demo.authentication import NO_WORKSPACE, Workspaces
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text, Thinking, error_event
from tui.demo.service import DEMO_KEY
from tui.screens.dialogs import ConfirmDialog
from tui.widgets.chart import Chart
from tui.widgets.filter_list import FilterList
from tui.widgets.spend_chart import SpentDay, draw_days
from tui.widgets.status import StatusBar
from tui.widgets.text_field import IdField

Story = Callable[[Chat], Awaitable[None]]
Compare = Callable[..., bool]

NORMAL, LARGE, NARROW, WIDE = (80, 24), (120, 40), (60, 20), (200, 60)
LIGHT = '[ui]\ntheme = "light"\n'
USAGE = {"input_tokens": 310, "cache_read_input_tokens": 11_200, "cache_creation_input_tokens": 420}
TIDE = """\
It runs **out**: the kelp lies seaward, and the wet line on the rock is about a hand above the water.

| Hour  | Level | Runs |
|-------|------:|------|
| 06:10 | 2.4 m | in   |
| 12:25 | 0.3 m | out  |

To know how much is still to come, take the two lines and halve the difference:

```python
def level(above: float, below: float) -> float:
    \"\"\"Half way between two lines, in metres.\"\"\"
    return (above - below) / 2
```

So about `0.6 m`, over the next two hours."""


class Timed:
    """An answer that takes its time: two seconds to think, and one to write."""

    def __init__(self, text: str, thinking: str = "") -> None:
        self.thought, self.written = Gate(), Gate()
        first = (Thinking(thinking, self.thought),) if thinking else ()
        self.answer = Answer(*first, Text(text, self.written), usage=USAGE)
        self.thinks = bool(thinking)

    async def play(self, chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        if self.thinks:
            await chat.until_shown("thinking")
            chat.clock.now_s = 2
            self.thought.open()
        await chat.until_written()
        if self.thinks:
            turn = chat.screen.conversation.viewport.turns[-1]
            await chat.until(lambda: turn.messages[-1].text, "its thinking never ended")
        chat.clock.now_s = 3.1
        self.written.open()
        await chat.until_idle()


async def until_ticked(chat: Chat) -> None:
    """Waits for what is sent so far, three seconds into the answer, and for the count of seconds that tells it."""
    await chat.until_shown("the water.")
    chat.clock.now_s = 3
    await chat.until_shown("3 s · ")


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_opens_it_without_credentials(pictured: Compare, size: tuple[int, int]) -> None:
    """The message, the ways to set credentials, and the demo."""
    assert pictured(key="", size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_pastes_a_key_that_is_refused(pictured: Compare, size: tuple[int, int]) -> None:
    """A dot for each character; why it was refused, in a sentence; the field stays."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("1", *"sk-ant-none", "enter")
        await chat.request()
        await chat.until(lambda: "✗" in str(chat.app.screen.query_one("#message").render()))

    assert pictured(key="", story=story, size=size)


def test_is_asked_for_a_key(pictured: Compare) -> None:
    """Where to get one, and where it goes."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("1")

    assert pictured(key="", story=story)


@pytest.mark.parametrize("theme", ["", LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
@pytest.mark.parametrize("wrong", [False, True], ids=["asked", "wrong"])
def test_is_asked_for_a_workspace(pictured: Compare, size: tuple[int, int], theme: str, wrong: bool) -> None:
    """What is missing and where to find it; then what is wrong with an ID that does not fit."""

    async def story(chat: Chat) -> None:
        chat.server.service.workspaces = Workspaces(unscoped={DEMO_KEY: NO_WORKSPACE})
        await chat.pilot.press("1", *DEMO_KEY, "enter")
        await chat.until(lambda: isinstance(chat.app.focused, IdField))
        if wrong:
            await chat.pilot.press(*"wrkspc_01Nobody", "enter")
            await chat.until(lambda: "✗" in str(chat.app.screen.query_one("#message").render()))

    assert pictured(key="", story=story, size=size, config=theme)


def log_in_to_claude_code() -> None:
    folder = Path.home() / ".claude"
    folder.mkdir(parents=True)
    login = {"accessToken": "sk-ant-oat01-borrowed", "refreshToken": "", "subscriptionType": "max"}
    (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_sees_the_terms_of_claude_codes_login(pictured: Compare, size: tuple[int, int]) -> None:
    """Before it is used for the first time."""

    async def story(chat: Chat) -> None:
        log_in_to_claude_code()
        await chat.pilot.press("2")
        await chat.until(lambda: chat.app.screen is not chat.screen)

    assert pictured(key="", story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_opens_it_on_claude_codes_login(pictured: Compare, size: tuple[int, int]) -> None:
    """Which account pays is said below the ideas."""
    log_in_to_claude_code()
    assert pictured(key="", size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW, WIDE], ids=["80x24", "120x40", "60x20", "200x60"])
def test_opens_an_empty_chat(pictured: Compare, size: tuple[int, int]) -> None:
    """Three things to try; the prompt has the focus."""
    assert pictured(size=size)


def test_opens_the_demo(pictured: Compare) -> None:
    """It marks itself in the title."""
    assert pictured(demo=True)


def test_opens_it_with_a_broken_configuration(pictured: Compare) -> None:
    """What is wrong is said above the chat."""
    assert pictured(config='[default]\nmodel = "claude-sonnet-4-20250514"\n[ui]\ntheme = 7\n')


@pytest.mark.parametrize("size", [NORMAL, LARGE], ids=["80x24", "120x40"])
def test_watches_an_answer_arrive(pictured: Compare, size: tuple[int, int]) -> None:
    """The speaker line counts; the hints say how to stop and that prompts are queued."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await until_ticked(chat)

    assert pictured(Answer(Text(TIDE[:130], Gate())), story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW, WIDE], ids=["80x24", "120x40", "60x20", "200x60"])
def test_reads_an_answer_with_a_table_and_code(pictured: Compare, size: tuple[int, int]) -> None:
    """Time, tokens and cost at the speaker; what the cache gave below the answer and in the status."""
    timed = Timed(TIDE)
    assert pictured(timed.answer, story=timed.play, size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE], ids=["80x24", "120x40"])
def test_reads_an_answer_in_the_light_theme(pictured: Compare, size: tuple[int, int]) -> None:
    """The same page on paper."""
    timed = Timed(TIDE, thinking="The kelp lies seaward.")
    assert pictured(timed.answer, story=timed.play, size=size, config=LIGHT)


def test_sees_that_it_thought(pictured: Compare) -> None:
    """Thinking is one line until it is opened."""
    timed = Timed("It runs **out**.", thinking="The kelp lies seaward, so the water runs that way.")
    assert pictured(timed.answer, story=timed.play)


def test_opens_the_thinking(pictured: Compare) -> None:
    """Ctrl+T; what was thought is further back than what was said."""
    timed = Timed("It runs **out**.", thinking="The kelp lies seaward, so the water runs that way.\n\nThe rock is wet.")

    async def story(chat: Chat) -> None:
        await timed.play(chat)
        await chat.pilot.press("ctrl+t")

    assert pictured(timed.answer, story=story)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_opens_the_model_picker(pictured: Compare, size: tuple[int, int]) -> None:
    """Families first, then every other model."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("ctrl+l")

    assert pictured(story=story, size=size)


def test_filters_the_model_picker(pictured: Compare) -> None:
    """Retired models are named with their successor."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("ctrl+l", *"sonnet 4")

    assert pictured(story=story, config=LIGHT)


def test_waits_for_a_busy_server(pictured: Compare) -> None:
    """The countdown stands where the answer would."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await chat.until_shown("retry in")

    assert pictured(Error(529, headers={"retry-after": "12"}), story=story)


def test_has_a_prompt_refused(pictured: Compare) -> None:
    """What happened, what to do, the request's ID; the prompt is back in the box."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await chat.until_idle()

    assert pictured(Error(401), story=story)


def test_has_an_answer_fail_halfway(pictured: Compare) -> None:
    """The text is kept, and the failure stands below it."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await chat.until_idle()

    assert pictured(Answer(Text(TIDE[:130], error_event())), story=story)


def test_stops_an_answer(pictured: Compare) -> None:
    """The hints say what became of it."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await until_ticked(chat)
        await chat.pilot.press("escape")
        await chat.until_idle()

    assert pictured(Answer(Text(TIDE[:130], Gate())), story=story)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_queues_prompts_while_an_answer_arrives(pictured: Compare, size: tuple[int, int]) -> None:
    """They are above the prompt, with what can be done to them."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await until_ticked(chat)
        await chat.send("And at which hour does it turn?")
        await chat.send("Then write all of that down as a table with hours, levels and the direction of the water.")
        await chat.pilot.press(*"and more")

    assert pictured(Answer(Text(TIDE[:130], Gate())), story=story, size=size)


def test_types_a_slash(pictured: Compare) -> None:
    """The commands that fit are above the prompt."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("/")

    assert pictured(story=story)


def test_writes_a_prompt_of_many_lines(pictured: Compare) -> None:
    """The box has grown upwards to its ten lines."""

    async def story(chat: Chat) -> None:
        await chat.send("go")
        await chat.until_idle()
        chat.prompt.put("\n".join(f"This is line {number} of the prompt." for number in range(1, 15)))
        await chat.until(lambda: "tok" in chat.hint)

    assert pictured(words("A short answer."), story=story)


def test_scrolls_up(pictured: Compare) -> None:
    """A few words over the foot of the page lead back to its end."""
    timed = Timed(TIDE)

    async def story(chat: Chat) -> None:
        await timed.play(chat)
        await chat.pilot.press("pageup")

    assert pictured(timed.answer, story=story)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_asks_for_the_keys(pictured: Compare, size: tuple[int, int]) -> None:
    """F1: the table of actions."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("f1")

    assert pictured(story=story, size=size)


def test_opens_the_palette(pictured: Compare) -> None:
    """Every action by what it does."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("ctrl+p", *"the")

    assert pictured(story=story)


def test_is_asked_before_quitting(pictured: Compare) -> None:
    """Ctrl+C with a draft."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press(*"a draft")
        await chat.until(lambda: "tok" in chat.hint)
        await chat.pilot.press("ctrl+c")

    assert pictured(story=story)


KEPT = '[default]\nsystem = """' + "You answer about tides and nothing else. " * 150 + '"""\n'
DAYS = [SpentDay("2026-11-21", 0.62, 1.10), SpentDay("2026-11-22", 0.18, 0.41), SpentDay("2026-11-23", 0.04, 0.09)]
TIDES = tuple(Answer(Text(text)) for text in ("It runs out.", TIDE, "At half past twelve.", "Yes, by the moon."))


async def four_turns(chat: Chat, pause_s: float = 0) -> None:
    """`pause_s`: after the second."""
    for number, text in enumerate(
        ("Which way does it run?", "As a table?", "And when does it turn?", "Is it the moon?"), 1
    ):
        chat.clock.now_s += pause_s if number == 3 else 0
        await chat.send(text)
        await chat.until(lambda count=2 * number: len(chat.screen.session.transcript.messages) == count)
        await chat.until_idle()


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
@pytest.mark.parametrize("theme", ["", LIGHT], ids=["dark", "light"])
def test_opens_the_cache_map(pictured: Compare, size: tuple[int, int], theme: str) -> None:
    """F6: the last request as a bar, the turns as a chart, and what each cost. The third came when all was cold."""

    async def story(chat: Chat) -> None:
        await four_turns(chat, pause_s=600)
        await chat.pilot.press("f6")
        await chat.until(lambda: len(chat.app.screen.query(Chart).last().lines(80)) > 0)
        await chat.until(lambda: any("█" in line.plain for line in chat.app.screen.query(Chart).first().lines(70)))
        chat.app.screen.query(Chart).last(Chart).show(lambda width: draw_days(DAYS, width))

    assert pictured(*TIDES, story=story, size=size, config=KEPT + theme)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_lets_the_cache_go_cold(pictured: Compare, size: tuple[int, int]) -> None:
    """The status says what sending costs now."""

    async def story(chat: Chat) -> None:
        await four_turns(chat)
        chat.clock.now_s = 301
        await chat.until(lambda: "cold" in chat.screen.query_one(StatusBar).render_line(0).text)

    assert pictured(*TIDES, story=story, size=size, config=KEPT)


@pytest.mark.parametrize("level", ["soft", "hard"])
@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_is_asked_before_a_limit_is_passed(pictured: Compare, size: tuple[int, int], level: str) -> None:
    """A soft limit asks; a hard one offers to be raised. The prompt is kept meanwhile."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await chat.until_idle()
        await chat.send("And at which hour does it turn?")
        await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog))

    dear = Answer(Text(TIDE), usage={"input_tokens": 0, "output_tokens": 50_000})
    assert pictured(dear, story=story, size=size, config=KEPT + f"[budget]\nchat_{level} = 0.7\n")


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_sees_what_each_model_would_cost(pictured: Compare, size: tuple[int, int]) -> None:
    """The picker prices this chat: staying, warm; switching, cold."""

    async def story(chat: Chat) -> None:
        await four_turns(chat)
        await chat.pilot.press("ctrl+l", "up")

    assert pictured(*TIDES, story=story, size=size, config=KEPT)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
@pytest.mark.parametrize("theme", ["", LIGHT], ids=["dark", "light"])
def test_chooses_thinking_and_effort(pictured: Compare, size: tuple[int, int], theme: str) -> None:
    """F8: what the model takes, what it refuses, and what a change does to the cache."""

    async def story(chat: Chat) -> None:
        await four_turns(chat)
        await chat.send("/effort low")
        await chat.until(lambda: "effort low" in chat.screen.header.settings)
        await chat.pilot.press("f8", "end")
        await chat.pilot.pause()

    assert pictured(*TIDES, story=story, size=size, config=KEPT + theme)


def test_sees_what_sending_takes(pictured: Compare) -> None:
    """While typing: tokens, what of them is cached, and the price of the next request."""

    async def story(chat: Chat) -> None:
        await four_turns(chat)
        chat.prompt.put("And how high does it come?")
        await chat.until(lambda: "cached" in chat.hint)

    assert pictured(*TIDES, story=story, config=KEPT)


def test_inspects_the_request(pictured: Compare) -> None:
    """F5: what came back, and what was sent."""
    timed = Timed(TIDE)

    async def story(chat: Chat) -> None:
        await timed.play(chat)
        await chat.pilot.press("f5")
        await chat.until(lambda: "model" in chat.app.screen.query_one("TextArea").text)

    assert pictured(timed.answer, story=story, size=LARGE)


async def three_chats(chat: Chat) -> None:
    """Three conversations of this morning, the first one pinned."""
    for prompt in ("Which way does the tide run in this one?", "Moons of Mars, and who named them", "Bread with rye"):
        await chat.send(prompt)
        await chat.until_idle()
        if prompt != "Bread with rye":
            await chat.pilot.press("ctrl+n")


THREE = (
    Answer(Text("It runs out past the kelp, a hand above the water."), usage=USAGE),
    Answer(Text("Phobos and Deimos, named by Henry Madan."), usage=USAGE),
    Answer(Text("Let the dough rest past noon."), usage=USAGE),
)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_opens_the_chat_list(pictured: Compare, size: tuple[int, int]) -> None:
    """Pinned first, then the newest: model, age, cost, and whether the cache is warm."""

    async def story(chat: Chat) -> None:
        await three_chats(chat)
        await chat.pilot.press("ctrl+s")
        await until_rows(chat, "rye")
        await chat.pilot.press("down", "down", "ctrl+b")
        await until_rows(chat, "▴")

    assert pictured(*THREE, story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_leaves_a_chat_in_mid_answer(pictured: Compare, size: tuple[int, int]) -> None:
    """The list marks it: its answer goes on."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run past the kelp?")
        await chat.until_shown("It runs out")
        await chat.pilot.press("ctrl+n")
        await chat.send("Bread with rye")
        await chat.until_shown("Let the dough rest.")
        await chat.until_idle()
        await chat.pilot.press("ctrl+s")
        await until_rows(chat, "answering")

    assert pictured(Answer(Text("It runs out", Gate())), Answer(Text("Let the dough rest.")), story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_searches_all_chats(pictured: Compare, size: tuple[int, int]) -> None:
    """What was said, chat by chat, with the words highlighted."""

    async def story(chat: Chat) -> None:
        await three_chats(chat)
        await chat.pilot.press("ctrl+s", *"past")
        await chat.until(lambda: all(one.is_finished for one in chat.app.workers if one.group == "search"))
        await until_rows(chat, "kelp")

    assert pictured(*THREE, story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])
def test_steps_through_siblings(pictured: Compare, size: tuple[int, int]) -> None:
    """An answer asked for again says which one it is, and what that did to the cache."""

    async def story(chat: Chat) -> None:
        await chat.send("Which way does the tide run in this one?")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("g")
        await chat.until_shown("‹ 2/2 ›")
        await chat.until_idle()

    assert pictured(*THREE, story=story, size=size)


def test_finds_words_in_the_chat(pictured: Compare) -> None:
    """They are highlighted; the bar says how many there are."""
    timed = Timed(TIDE)

    async def story(chat: Chat) -> None:
        await timed.play(chat)
        await chat.pilot.press("ctrl+f", *"line")
        await chat.until(lambda: "match" in str(chat.screen.query_one(".count").content))

    assert pictured(timed.answer, story=story)


async def until_rows(chat: Chat, text: str) -> None:
    """Waits for a row of the list on top."""

    def shown() -> bool:
        lists = chat.app.screen.query(FilterList)
        return any(text in view.render_line(y).text for view in lists for y in range(view.size.height))

    await chat.until(shown)
