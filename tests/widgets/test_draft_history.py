"""Up and Down go through earlier prompts, and no draft is lost on the way. Strings only; no screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.history import DraftHistory, Shown


def sent(*texts: str) -> DraftHistory:
    drafts = DraftHistory()
    for text in texts:
        drafts.add(text)
    return drafts


def earlier(text: str) -> Shown:
    return Shown(text, is_draft=False)


def test_up_goes_back_and_down_returns_to_the_draft() -> None:
    drafts = sent("one", "two")
    assert drafts.older("draft") == earlier("two")
    assert drafts.older("two") == earlier("one")
    assert drafts.older("one") is None
    assert drafts.newer("one") == earlier("two")
    assert drafts.newer("two") == Shown("draft", is_draft=True)
    assert drafts.newer("draft") is None


def test_without_earlier_prompts_nothing_is_shown() -> None:
    drafts = DraftHistory()
    assert drafts.older("") is None
    assert drafts.newer("") is None


def test_the_draft_is_what_was_written_and_not_what_is_looked_at() -> None:
    drafts = sent("one")
    drafts.older("draft")
    assert drafts.unsent("one") == ("draft", "")
    assert drafts.unsent("one, changed") == ("one, changed", "draft")


def test_changes_to_an_earlier_prompt_are_kept() -> None:
    kept: list[str] = []
    drafts = DraftHistory(on_kept=kept.append)
    drafts.add("one")
    drafts.add("two")
    drafts.older("")
    drafts.older("two, changed")
    assert kept == ["two, changed"]
    assert drafts.prompts.texts == ["one", "two", "two, changed"]
    assert drafts.prompts.last_sent == "two"


def test_what_is_stashed_twice_is_kept_and_comes_back_last_in_first_out() -> None:
    kept: list[str] = []
    drafts = DraftHistory(on_kept=kept.append)
    drafts.stash("first")
    drafts.stash("second")
    assert kept == ["first"]
    assert drafts.pop() == "second"
    assert drafts.pop() == ""


def test_prompts_of_other_chats_come_after_those_of_this_one() -> None:
    drafts = sent("own")
    drafts.set_earlier(["newest", "oldest"])
    assert drafts.prompts.texts == ["oldest", "newest", "own"]
    drafts.older("")
    drafts.set_earlier(["other"])
    assert "other" not in drafts.prompts.texts


def test_a_new_chat_has_no_prompts_of_its_own_and_keeps_what_was_not_sent() -> None:
    drafts = sent("sent")
    drafts.keep("unsent")
    drafts.begin_chat()
    assert drafts.prompts.texts == ["unsent"]
    assert drafts.prompts.last_sent == ""


@given(st.lists(st.sampled_from(["up", "down", "write", "stash", "send"]), max_size=40))
def test_no_text_that_was_written_is_lost(steps: list[str]) -> None:
    drafts, text, written = sent("one", "two"), "", set[str]()
    for number, step in enumerate(steps):
        if step == "write":
            written.discard(text)  # it was replaced by whoever wrote
            text = f"text {number}"
            written.add(text)
        elif step == "stash":
            drafts.stash(text)
            text = ""
        elif step == "send":
            drafts.add(text)
            written.discard(text)
            text = drafts.pop()
        elif shown := drafts.older(text) if step == "up" else drafts.newer(text):
            text = shown.text
    assert written <= {text, *drafts.unsent(text), *drafts.prompts.texts}
