"""Going on from a summary in the app: the question, the branch, the offer where the window fills up, the kept prompt."""

from __future__ import annotations

import pytest
from chatting import Chat, chatting
from textual.widgets import Static

from tui.demo.scenarios import Answer, Text
from tui.exchange.markdown import to_markdown
from tui.screens.dialogs import ConfirmDialog

pytestmark = pytest.mark.anyio

SMALL = '[default]\nmodel = "sonnet"\n[models."claude-sonnet-5-5"]\ncontext = 2000\n'
"""A window that some sentences fill."""
SUMMARY = Answer(Text("They spoke of **tides** and kelp."))


async def say(chat: Chat, text: str) -> None:
    count = len(chat.screen.session.transcript.messages)
    await chat.send(text)
    await chat.until(lambda: len(chat.screen.session.transcript.messages) == count + 2)
    await chat.until_idle()


async def asked(chat: Chat) -> str:
    """What the dialog says."""
    await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog) and chat.app.screen.query(Static))
    return " ".join(" ".join(str(part.content) for part in chat.app.screen.query(Static)).split())


async def agree(chat: Chat) -> None:
    await chat.pilot.press("enter")
    await chat.until_shown("summary of the chat so far")
    await chat.until_idle()


async def test_the_question_names_the_price_and_the_chat_goes_on_as_a_branch_with_the_summary() -> None:
    async with chatting(Answer(Text("Out, then in.")), SUMMARY, Answer(Text("At six."))) as chat:
        await say(chat, "Which way do tides run?")
        await chat.send("/compact the place names")
        text = await asked(chat)
        assert "Go on from a summary?" in text
        assert "Sonnet 5.5 reads " in text
        assert ": about $0.02" in text  # 2,000 tokens for $10 a million
        assert "To keep: the place names" in text
        assert "as the branch before this one, in search and in exports" in text
        assert len(chat.server.requests) == 1
        await agree(chat)
        assert "They spoke of tides and kelp." in chat.shown
        await chat.until_shown("2/2")
        assert "Which way do tides run?" not in chat.shown

        await say(chat, "And when?")
        request = (await chat.request(3)).json
        assert [one["role"] for one in request["messages"]] == ["assistant", "user"]
        assert chat.server.requests[2].headers["anthropic-beta"] == "compact-2026-09-04"
        assert "At six." in chat.shown

        await chat.pilot.press("alt+left")  # the full chat
        await chat.until_shown("Which way do tides run?")
        await chat.pilot.press("alt+right")
        await chat.until_shown("At six.")


async def test_the_full_chat_stays_in_search_and_exports() -> None:
    async with chatting(Answer(Text("Out, then in.")), SUMMARY) as chat:
        await say(chat, "Which way do tides run?")
        await chat.send("/compact")
        await asked(chat)
        await agree(chat)
        store = chat.screen.session.store
        found = store.search("run").result().hits
        assert [hit.chat_id for hit in found if hit.role == "user"] == [chat.screen.session.id]
        assert [hit.role for hit in store.search("kelp").result().hits] == ["assistant"]
        exported = to_markdown(store.tree(chat.screen.session.id).result())
        assert exported.index("Which way do tides run?") < exported.index("Summary of the chat so far")
        assert "They spoke of **tides** and kelp." in exported


async def test_the_summary_folds() -> None:
    async with chatting(Answer(Text("Out.")), SUMMARY) as chat:
        await say(chat, "Which way?")
        await chat.send("/compact")
        await asked(chat)
        await agree(chat)
        conversation = chat.screen.conversation
        conversation.focus()
        await chat.pilot.press("enter")
        await chat.until(lambda: "kelp" not in chat.shown)
        assert "▸ summary of the chat so far" in chat.shown


async def test_saying_no_sends_nothing() -> None:
    async with chatting(Answer(Text("Out."))) as chat:
        await say(chat, "Which way?")
        await chat.send("/compact")
        await asked(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert len(chat.server.requests) == 1
        assert len(chat.screen.session.transcript.messages) == 2


async def test_without_a_summary_the_chat_stays_as_it_was_and_says_why() -> None:
    async with chatting(Answer(Text("Out.")), Answer(Text("Half"), stop_reason="max_tokens")) as chat:
        await say(chat, "Which way?")
        await chat.send("/compact")
        await asked(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("No summary was made: it was cut off at the output limit.")
        await chat.until_idle()
        assert [one.role for one in chat.screen.session.transcript.messages] == ["user", "assistant"]


async def test_from_80_percent_a_summary_is_offered_and_a_prompt_that_exceeds_the_window_is_kept() -> None:
    answers = Answer(Text("Noted.")), SUMMARY, Answer(Text("Gladly."))
    async with chatting(*answers, config=SMALL, size=(120, 30)) as chat:
        await say(chat, "The tide runs out. " * 280)  # 1,730 tokens of 2,000
        assert "of the context window is used · /compact goes on from a summary" in chat.shown
        assert "of the window · /compact" in chat.hint
        long = "Kelp lies seaward. " * 60
        await chat.send(long)
        text = await asked(chat)
        assert "The prompt is kept." in text
        assert chat.prompt.full_text == long.strip() or chat.prompt.full_text == long
        assert len(chat.server.requests) == 1
        await agree(chat)
        assert chat.prompt.full_text.startswith("Kelp lies seaward.")
        assert "of the window" not in chat.hint
        await chat.pilot.press("enter")
        await chat.until_shown("Gladly.")
        assert len(chat.server.requests) == 3
