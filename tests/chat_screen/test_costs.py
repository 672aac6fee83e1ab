"""The map of the cache, warm and cold, why a request missed, and what the next one takes, with the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from chatting import Chat, chatting, words
from PIL import Image
from textual.widgets import Static
from transcripts import PNG

from tui.chat.events import AnswerUpdated
from tui.chat.forecast import NO_DRAFT
from tui.chat.transcript import Image as ImageBlock
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.render import figures
from tui.screens.cache_map import CacheScreen
from tui.screens.models import ModelPicker
from tui.widgets.chart import Chart
from tui.widgets.filter_list import FilterList
from tui.widgets.status import StatusBar

pytestmark = pytest.mark.anyio

SYSTEM = '[default]\nmodel = "sonnet"\nsystem = """' + "You answer about tides and nothing else. " * 150 + '"""\n'

PICTURE = "data:image/png;base64," + PNG


def status(chat: Chat) -> str:
    return chat.screen.query_one(StatusBar).render_line(0).text


async def say(chat: Chat, text: str) -> None:
    count = len(chat.screen.session.transcript.messages)
    await chat.send(text)
    await chat.until(lambda: len(chat.screen.session.transcript.messages) == count + 2)
    await chat.until_idle()


def dear(text: str) -> Answer:
    """An answer of Sonnet 5.5 that costs $0.10."""
    return Answer(Text(text), usage={"input_tokens": 50_000, "output_tokens": 0})


async def until_in_status(chat: Chat, text: str) -> None:
    await chat.until(lambda: text in status(chat), f'"{text}" was never in the status')


def drawn(chat: Chat) -> str:
    """All of the open map."""
    figures = chat.app.screen.query(Chart)
    return "\n".join(line.plain for figure in figures for line in figure.lines(figure.content_size.width))


async def test_the_map_shows_what_the_second_request_read() -> None:
    async with chatting(words("Out."), words("At noon."), config=SYSTEM, size=(120, 40)) as chat:
        await say(chat, "Which way does it run?")
        await say(chat, "And when does it turn?")
        await chat.pilot.press("f6")
        await chat.until(lambda: "█" in drawn(chat))
        shown, usage = drawn(chat), chat.screen.session.transcript.messages[-1].usage
        assert usage.cache_read_input_tokens > 1000
        assert "system" in shown.splitlines()[0]
        assert "▲" in shown
        assert "warm until 09:46:00" in shown
        assert "2 turns" in shown
        await chat.until(lambda: "all chats by day" in drawn(chat))
        await chat.pilot.press("escape")
        assert chat.app.screen is chat.screen


async def test_before_anything_was_sent_the_map_says_so() -> None:
    async with chatting() as chat:
        await chat.pilot.press("f6")
        assert "No answer has arrived yet" in chat.hint


async def test_the_map_of_a_restored_chat_is_built_once_more() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        await chat.pilot.press("f6")
        await chat.until(lambda: "▓" in drawn(chat))
        before = drawn(chat)
        await chat.pilot.press("escape")
        chat.screen.session.exchange = None
        await chat.pilot.press("f6")
        await chat.until(lambda: "▓" in drawn(chat))
        assert drawn(chat).splitlines()[:6] == before.splitlines()[:6]


async def test_the_map_opens_by_its_command() -> None:
    async with chatting(words("Out.")) as chat:
        await say(chat, "Which way does it run?")
        await chat.send("/cache")
        await chat.until(lambda: isinstance(chat.app.screen, CacheScreen))


async def test_a_warm_chat_counts_down_and_says_what_it_costs_once_cold() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        await until_in_status(chat, "warm  5:00")
        chat.clock.now_s = 48
        await until_in_status(chat, "warm  4:12")
        chat.clock.now_s = 301
        await until_in_status(chat, "cold · next $0.0")
        assert not chat.screen.parts.costs.is_ticking  # nothing moves any more


async def test_after_another_system_prompt_nothing_of_the_chat_is_told_to_be_warm() -> None:
    async with chatting(
        words("Out."), words("At noon."), config=SYSTEM.replace("sonnet", "claude-sonnet-5"), size=(120, 40)
    ) as chat:
        await say(chat, "Which way does it run? " * 60)
        await until_in_status(chat, "warm  5:00")
        await chat.send("/system " + "You answer about the moon. " * 150)
        await until_in_status(chat, "cold · next writes ")
        coming = chat.screen.parts.costs.coming(NO_DRAFT, chat.screen.session.transcript)
        await say(chat, "And when?")
        usage = chat.screen.session.transcript.messages[-1].usage
        assert usage.cache_read_input_tokens == 0
        assert coming.usage.cache_creation_input_tokens == pytest.approx(usage.cache_creation_input_tokens, rel=0.1)
        await until_in_status(chat, "warm  5:00")


async def test_after_another_system_prompt_the_chat_stays_warm_where_it_is_a_message() -> None:
    async with chatting(words("Out."), words("At noon."), config=SYSTEM, size=(120, 40)) as chat:
        await say(chat, "Which way does it run? " * 60)
        written = chat.screen.session.transcript.messages[-1].usage.cache_creation_input_tokens
        await chat.send("/system " + "You answer about the moon. " * 150)
        await until_in_status(chat, "warm  5:00")
        coming = chat.screen.parts.costs.coming(NO_DRAFT, chat.screen.session.transcript)
        await say(chat, "And when?")
        usage = chat.screen.session.transcript.messages[-1].usage
        assert usage.cache_read_input_tokens == coming.usage.cache_read_input_tokens == written


async def test_with_room_it_says_how_much_the_next_request_writes() -> None:
    async with chatting(words("Out."), config=SYSTEM, size=(120, 40)) as chat:
        await say(chat, "Which way does it run?")
        chat.clock.now_s = 301
        await until_in_status(chat, "cold · next writes 2k, $0.0")


async def test_a_chat_too_short_to_be_kept_is_neither() -> None:
    async with chatting(words("Out.")) as chat:
        await say(chat, "Which way does it run?")
        assert "warm" not in status(chat)
        assert "cold" not in status(chat)


async def test_with_reduced_motion_nothing_counts() -> None:
    async with chatting(words("Out."), config=SYSTEM + "[ui]\nreduced_motion = true\n") as chat:
        await say(chat, "Which way does it run?")
        await until_in_status(chat, "warm to 09:46")


async def test_a_pause_that_lost_the_cache_is_told_under_the_answer() -> None:
    missed = {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 1500}
    late = Answer(Text("At noon."), usage=missed)
    async with chatting(words("Out."), late, config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.clock.now_s = 7 * 60
        await say(chat, "And when does it turn?")
        await chat.until_shown("The cache had expired: it lasts 5 minutes")


async def test_a_first_answer_too_short_to_be_kept_says_so_once() -> None:
    async with chatting(words("Out."), words("At noon.")) as chat:
        await say(chat, "Which way does it run?")
        await chat.until_shown("below the minimum of 512 tokens for Sonnet 5.5: nothing is cached yet")
        await say(chat, "And when does it turn?")
        await chat.until_shown("At noon.")
        assert chat.shown.count("nothing is cached yet") == 1


async def test_a_server_that_caches_nothing_is_not_said_to_cache_nothing_yet() -> None:
    config = '[providers.anthropic]\ndialect = "basic"\n'
    async with chatting(words("Out."), config=config) as chat:
        await say(chat, "Which way does it run?")
        assert "cached" not in chat.shown


async def test_a_request_that_read_all_there_was_needs_no_word() -> None:
    async with chatting(words("Out."), words("At noon."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        await say(chat, "And when does it turn?")
        assert "cache was" not in chat.shown
        assert "anew" not in chat.shown


async def test_what_is_typed_is_estimated_and_forgotten_with_the_text() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("And when does it turn?")
        await chat.until(lambda: "% cached, " in chat.hint)
        chat.prompt.put("")
        await chat.until(lambda: "cached" not in chat.hint)


async def test_what_came_back_after_a_failure_is_estimated_as_soon_as_it_is_changed() -> None:
    async with chatting(Error(400)) as chat:
        await chat.send("hi")
        await chat.until_idle()
        assert "Your prompt is back" in chat.hint
        await chat.pilot.press(*" there")
        await chat.until(lambda: " tok, " in chat.hint)


async def test_what_is_written_is_estimated_anew_in_another_chat() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("And when does it turn?")
        await chat.until(lambda: "% cached, " in chat.hint)
        await chat.pilot.press("ctrl+n")
        assert "tok" in chat.hint
        assert "cached" not in chat.hint


async def test_the_server_counts_what_is_written_until_it_is_changed() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("And when does it turn? [IMAGE:" + PICTURE + "]")
        await chat.pilot.press("f7")
        await chat.until(lambda: " counted)" in chat.hint)
        asked = chat.server.requests[-1]
        assert asked.path == "/v1/messages/count_tokens"
        assert [block["type"] for block in asked.json["messages"][-1]["content"]] == ["text", "image"]
        assert not {"max_tokens", "stream"} & set(asked.json)
        counted = int(chat.hint.split(" counted)")[0].split("(")[-1].replace(",", ""))
        assert counted > 1500
        chat.prompt.put("And when?")
        await chat.until(lambda: "cached, " in chat.hint and "counted" not in chat.hint)
        await chat.send("And when?")
        await chat.until_idle()
        assert len(chat.screen.session.transcript.messages) == 4  # nothing of the counting is in the chat


async def test_what_was_counted_is_what_is_then_used() -> None:
    async with chatting(words("Out."), words("At noon."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("And when does it turn?")
        await chat.pilot.press("f7")
        await chat.until(lambda: "counted" in chat.hint)
        counted = int(chat.hint.split(" counted)")[0].split("(")[-1].replace(",", ""))
        await say(chat, "And when does it turn?")
        assert chat.screen.session.transcript.messages[-1].usage.total_input == counted


async def test_a_server_that_does_not_count_is_told_of() -> None:
    async with chatting(words("Out.")) as chat:
        chat.server.service.script(Error(404, message="Not Found"), to="/v1/messages/count_tokens")
        chat.prompt.put("Which way does it run?")
        await chat.pilot.press("f7")
        await chat.until(lambda: "does not count tokens" in chat.hint)
        assert chat.prompt.text == "Which way does it run?"


async def test_with_nothing_written_there_is_nothing_to_count() -> None:
    async with chatting() as chat:
        await chat.send("/count")
        await chat.until(lambda: "The prompt is empty" in chat.hint)
        assert chat.server.requests == []


async def test_remapped_keys_are_heard_in_the_prompt_and_the_old_ones_are_not() -> None:
    config = SYSTEM + '[keys]\ncache_map = "f9"\ncount = "ctrl+k"\nmodels = "f10"\n'
    async with chatting(words("Out."), config=config) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("And when?")
        await chat.pilot.press("f6", "f7", "ctrl+l")
        assert chat.app.screen is chat.screen
        assert len(chat.server.requests) == 1
        for place in (chat.prompt, chat.screen.conversation):
            place.focus()
            await chat.pilot.press("f9")
            assert isinstance(chat.app.screen, CacheScreen)
            await chat.pilot.press("f6")
            assert isinstance(chat.app.screen, CacheScreen)
            await chat.pilot.press("f9")
            assert chat.app.screen is chat.screen
            await chat.pilot.press("f10", "f2")
            assert isinstance(chat.app.screen, ModelPicker)
            await chat.pilot.press("f10")
            assert chat.app.screen is chat.screen
        await chat.pilot.press("ctrl+k")
        await chat.until(lambda: "counted" in chat.hint)
        assert chat.prompt.text == "And when?"


async def test_a_path_at_the_beginning_is_no_command() -> None:
    async with chatting() as chat:
        chat.prompt.put("/home/ann/kelp.png is what?")
        await chat.until(lambda: "~9 tok" in chat.hint)


async def test_a_command_is_not_estimated() -> None:
    async with chatting(words("Out."), config=SYSTEM) as chat:
        await say(chat, "Which way does it run?")
        chat.prompt.put("/cache")
        chat.screen.parts.costs.show_estimate()
        assert "cached" not in chat.hint


async def test_while_an_answer_runs_the_hints_are_its_own() -> None:
    async with chatting(Answer(Text("Out, as it seems.", Gate())), config=SYSTEM) as chat:
        await chat.send("Which way does it run?")
        await chat.until_written()
        chat.prompt.put("And when does it turn?")
        chat.screen.parts.costs.show_estimate()
        assert "Esc stop" in chat.hint


async def test_the_picker_prices_this_chat_with_each_model() -> None:
    async with chatting(words("Out."), config=SYSTEM, size=(80, 24)) as chat:
        await say(chat, "Which way does it run?")
        await chat.pilot.press("ctrl+l")
        rows = chat.app.screen.query_one(FilterList)
        shown = [rows.render_line(y).text for y in range(rows.size.height)]
        assert any("Sonnet 5.5" in row and "stay " in row and "warm" in row for row in shown)
        assert any("Opus 5.5" in row and "switch  $0.0" in row and "cold" in row for row in shown)
        await chat.pilot.press("up")
        assert "out 128k · vision tools thinking" in str(chat.app.screen.query_one("#meaning", Static).content)
        assert "never pays off" in str(chat.app.screen.query_one("#meaning", Static).content)
        await chat.pilot.press(*"haiku 5")
        await chat.until(lambda: "pays off after" in str(chat.app.screen.query_one("#meaning", Static).content))


async def test_what_was_stopped_before_its_first_word_is_in_the_ledger_of_a_chat_that_is_opened_again() -> None:
    async with chatting(words("Out."), Answer(Gate(), Text("At noon.")), config=SYSTEM, size=(120, 40)) as chat:
        await say(chat, "Which way does it run?")
        chat_id, chat.clock.now_s = chat.screen.session.id, 60
        await chat.send("And when does it turn?")
        await chat.until(lambda: any(isinstance(event, AnswerUpdated) for event in chat.screen.session.pending_events))
        await chat.pilot.press("escape")
        await chat.until_idle()
        (lost,) = chat.screen.session.turns.discarded
        cost = figures.money(chat.screen.session.transcript.messages[-1].bill.cost_usd + lost.bill.cost_usd)
        await until_in_status(chat, cost)
        await chat.pilot.press("ctrl+n")
        await chat.screen.parts.sessions.open_chat(chat_id)
        assert [one.usage for one in chat.screen.session.turns.discarded] == [lost.usage]
        await until_in_status(chat, cost)
        await chat.pilot.press("f6")
        await chat.until(lambda: "2 turns" in drawn(chat))
        (sum_,) = (line for line in drawn(chat).splitlines() if line.startswith(" all "))
        assert cost in sum_
        assert "branches" not in drawn(chat)


async def test_the_map_says_what_the_other_branches_have_cost() -> None:
    async with chatting(dear("Out."), dear("In."), size=(120, 40)) as chat:
        await say(chat, "Which way does it run?")
        await chat.send("/again")
        await chat.until_shown("In.")
        await chat.until_idle()
        await chat.pilot.press("f6")
        await chat.until(lambda: "plus $0.10 in other branches" in drawn(chat))
        await until_in_status(chat, "$0.10")


async def test_the_map_of_a_fork_says_what_was_spent_before_it() -> None:
    async with chatting(dear("Out."), size=(120, 40)) as chat:
        await say(chat, "Which way does it run?")
        first = chat.screen.session.id
        await chat.send("/fork")
        await chat.until(lambda: chat.screen.session.id != first)
        await chat.pilot.press("f6")
        await chat.until(lambda: "of which $0.10 before the fork" in drawn(chat))


async def test_the_chips_of_many_pictures_tell_their_size_among_so_many(tmp_path: Path) -> None:
    block = ImageBlock("image/png", "AAAA", "kelp.png", width=2576, height=1449)
    async with chatting() as chat:
        row = chat.prompt.attachments
        row.show_blocks([block] * 20)
        assert "2576×1449 · 4.8k tokens" in str(row.render())
        row.add_blocks([block])
        assert "2576×1449" not in str(row.render())
        assert "2000×1125 · 3k tokens" in str(row.render())
        await chat.until(lambda: "~62k tok" in chat.hint)


async def test_what_is_attached_is_estimated_with_and_without_words(tmp_path: Path) -> None:
    Image.new("RGB", (560, 560), "teal").save(tmp_path / "kelp.png")
    async with chatting() as chat:
        chat.prompt.attachments.attach_files([tmp_path / "kelp.png"])
        await chat.until(lambda: "~400 tok" in chat.hint)
        chat.prompt.put("words " * 50)
        await chat.until(lambda: "~498 tok" in chat.hint)
        chat.prompt.attachments.remove_last()
        await chat.until(lambda: "~98 tok" in chat.hint)
        chat.prompt.put("")
        await chat.until(lambda: "tok" not in chat.hint)
