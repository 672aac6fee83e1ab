"""From a prompt to a request: the steps, their order, and that nothing is sent unless every step lets it pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import serving

from tui.chat.transcript import Draft
from tui.chat_screen.pipeline import (
    Pipeline,
    Proceed,
    QueueWhileRunning,
    RefuseKey,
    Send,
    Step,
    Submission,
    WaitUntilReady,
)
from tui.chat_screen.prompt_queue import PromptQueue


class Chat:
    """The part of a ChatSession that the pipeline uses. A turn runs until the test ends it."""

    def __init__(self) -> None:
        self.queue = PromptQueue()
        self.running = False
        self.in_question: Draft | None = None
        self.started: list[str | None] = []

    def start(self, draft: Draft | None) -> None:
        assert not self.running, "one turn at a time"
        self.running = True
        self.started.append(draft.text if draft else None)


def prompt(chat: Any, text: str = "hello") -> Submission:
    return Submission(chat, "prompt", Draft(text=text))


def ignored(*_: object) -> None: ...


# The order


def test_the_steps_and_their_order() -> None:
    from tui.chat_screen.screen import ChatScreen  # made, and never shown

    with serving() as services:
        screen = ChatScreen(services.provider, services.engine, services.library)
        steps = [getattr(step, "__name__", type(step).__name__) for step in screen.parts.pipeline.steps]
    assert steps == [
        "WaitUntilReady",
        "RefuseKey",
        "QueueWhileRunning",
        "keep_what_exceeds",
        "BudgetGuard",
        "QueueWhileRunning",  # while a request was checked, another one may have been sent
        "branch_from_edit",
        "record_model",
        "send",  # a summary
        "Send",
    ]


def test_a_submission_passes_the_steps_in_their_order() -> None:
    passed: list[str] = []

    def step(name: str) -> Step:
        def take(submission: Submission, proceed: Proceed) -> None:
            passed.append(name)
            proceed(submission)

        return take

    Pipeline([step("a"), step("b"), step("c")]).submit(prompt(Chat()))
    assert passed == ["a", "b", "c"]


def test_a_step_may_go_on_later_and_with_another_submission() -> None:
    kept: list[Callable[[], None]] = []
    seen: list[str] = []

    def wait(submission: Submission, proceed: Proceed) -> None:
        kept.append(lambda: proceed(submission._replace(draft=Draft(text="other"))))

    def last(submission: Submission, proceed: Proceed) -> None:
        assert submission.draft is not None
        seen.append(submission.draft.text)
        proceed(submission)

    pipeline = Pipeline([wait, last])
    pipeline.submit(prompt(Chat()))
    assert seen == []
    kept[0]()
    assert seen == ["other"]


@pytest.mark.parametrize("refusing", range(5))
@pytest.mark.parametrize("kind", ["prompt", "release", "next", "answer", "regenerate"])
def test_nothing_is_sent_when_a_step_does_not_go_on(kind: Any, refusing: int) -> None:
    chat: Any = Chat()
    chat.queue.add(Draft(text="queued"))
    told: list[Submission] = []
    passing: Step = lambda submission, proceed: proceed(submission)  # noqa: E731
    steps: list[Step] = [passing] * 5
    steps[refusing] = ignored
    Pipeline([*steps, Send(told.append)]).submit(Submission(chat, kind, Draft(text="hello")))
    assert (chat.started, told, [draft.text for draft in chat.queue.drafts]) == ([], [], ["queued"])


# Each step of this module


def test_before_the_store_is_open_a_prompt_waits_and_then_goes_to_the_chat_on_view() -> None:
    early, opened = Chat(), Chat()
    waiting: list[Callable[[], None]] = []
    passed: list[Submission] = []
    step = WaitUntilReady(lambda: False, lambda do, _: waiting.append(do), lambda: opened)  # type: ignore[arg-type,return-value]
    step(prompt(early), passed.append)
    assert passed == []
    waiting[0]()
    assert passed == [prompt(opened)]


@pytest.mark.parametrize(
    ("kind", "passes"), [("release", False), ("answer", False), ("regenerate", False), ("next", True)]
)
def test_what_is_asked_of_a_chat_that_is_about_to_give_way_is_dropped_except_its_queue(kind: Any, passes: bool) -> None:
    chat: Any = Chat()
    waiting: list[object] = []
    passed: list[Submission] = []
    step = WaitUntilReady(lambda: False, lambda do, _: waiting.append(do), lambda: chat)
    step(Submission(chat, kind), passed.append)
    assert (bool(passed), waiting) == (passes, [])


def test_once_ready_everything_passes_at_once() -> None:
    chat: Any = Chat()
    passed: list[Submission] = []
    WaitUntilReady(lambda: True, ignored, lambda: chat)(prompt(chat), passed.append)
    assert passed == [prompt(chat)]


@pytest.mark.parametrize("has_credentials", [False, True])
def test_a_key_in_the_place_of_a_prompt_is_refused_where_there_are_no_credentials(has_credentials: bool) -> None:
    chat: Any = Chat()
    passed: list[Submission] = []
    notices: list[str] = []
    step = RefuseKey(lambda: has_credentials, notices.append)
    step(prompt(chat, "sk-ant-api03-PLANTED9x8Y7z6W5v4-U3t2S1r0"), passed.append)
    step(prompt(chat, "hello"), passed.append)
    assert (len(passed), len(notices)) == ((2, 0) if has_credentials else (1, 1))


@pytest.mark.parametrize("state", ["running", "in question"])
def test_a_prompt_behind_another_one_is_queued(state: str) -> None:
    chat: Any = Chat()
    chat.running, chat.in_question = state == "running", Draft(text="first") if state != "running" else None
    queued: list[str] = []
    passed: list[Submission] = []
    QueueWhileRunning(lambda _, draft: queued.append(draft.text))(prompt(chat, "second"), passed.append)
    assert (queued, [draft.text for draft in chat.queue.drafts], passed) == (["second"], ["second"], [])


@pytest.mark.parametrize("kind", ["release", "next", "answer", "regenerate"])
def test_nothing_else_is_sent_or_queued_while_a_turn_runs(kind: Any) -> None:
    chat: Any = Chat()
    chat.running = True
    passed: list[Submission] = []
    QueueWhileRunning(ignored)(Submission(chat, kind, Draft(text="hello")), passed.append)
    assert (passed, chat.queue.drafts) == ([], ())


def sent(kind: Any, chat: Any) -> list[str | None]:
    told: list[Submission] = []
    Send(told.append)(Submission(chat, kind, Draft(text="hello")), ignored)
    assert len(told) == 1
    return list(chat.started)


def test_a_prompt_is_sent_itself_and_of_the_queue_its_first() -> None:
    chat = Chat()
    chat.queue.add(Draft(text="queued"))
    assert sent("prompt", chat) == ["hello"]
    chat.running = False
    assert sent("next", chat) == ["hello", "queued"]
    assert chat.queue.drafts == ()


def test_a_held_queue_is_sent_by_hand_only() -> None:
    chat = Chat()
    chat.queue.put_first(Draft(text="back"))
    assert sent("next", chat) == []
    assert sent("release", chat) == ["back"]


def test_the_queue_may_have_become_empty_meanwhile() -> None:
    assert sent("next", Chat()) == []
    assert sent("release", Chat()) == []


@pytest.mark.parametrize("kind", ["answer", "regenerate"])
def test_an_answer_is_asked_for_without_a_prompt(kind: Any) -> None:
    chat: Any = Chat()
    Send(ignored)(Submission(chat, kind), ignored)
    assert chat.started == [None]


# All of them together


@dataclass
class Gate:
    """A step that lets pass, keeps for later, or refuses, as the test says."""

    way: str = "pass"
    kept: list[Callable[[], None]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        assert submission.draft is not None
        if self.way == "refuse":
            self.refused.append(submission.draft.text)
        elif self.way == "later":
            submission.session.in_question = submission.draft
            self.kept.append(lambda: self._go_on(submission, proceed))
        else:
            proceed(submission)

    def _go_on(self, submission: Submission, proceed: Proceed) -> None:
        submission.session.in_question = None
        proceed(submission)


WAYS = st.sampled_from(["pass", "later", "refuse"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), WAYS, WAYS),
        st.tuples(st.sampled_from(["ready", "busy", "end", "go on", "next"]), WAYS, WAYS),
    ),
    max_size=25,
)


@given(STEPS)
def test_a_prompt_is_sent_once_or_waits_or_was_refused(steps: list[tuple[str, str, str]]) -> None:
    """Whatever happens in whatever order: none is lost, none is sent twice, none past a step that refused it."""
    chat: Any = Chat()
    gates = Gate(), Gate()
    waiting: list[Callable[[], None]] = []
    is_ready = False
    pipeline = Pipeline(
        (
            WaitUntilReady(lambda: is_ready, lambda do, _: waiting.append(do), lambda: chat),
            QueueWhileRunning(ignored),
            *gates,
            Send(ignored),
        )
    )
    submitted: list[str] = []
    for what, *ways in steps:
        for gate, way in zip(gates, ways, strict=True):
            gate.way = way
        match what:
            case "submit":
                submitted.append(f"prompt {len(submitted)}")
                pipeline.submit(prompt(chat, submitted[-1]))
            case "ready" | "busy":
                is_ready = what == "ready"
                while is_ready and waiting:
                    waiting.pop(0)()
            case "end" if chat.running:
                chat.running = False
            case "next" if chat.queue.drafts and not chat.in_question:
                for gate in gates:
                    gate.way = "pass"
                pipeline.submit(Submission(chat, "next", chat.queue.drafts[0]))
            case "go on":
                for gate in gates:
                    for go_on in gate.kept[:1]:
                        gate.kept.pop(0)
                        go_on()
            case _:
                pass
        sent, refused = chat.started, [text for gate in gates for text in gate.refused]
        kept = len(waiting) + sum(len(gate.kept) for gate in gates)
        assert len(set(sent)) == len(sent)
        assert not set(sent) & set(refused)
        assert len(sent) + len(refused) + kept + len(chat.queue.drafts) == len(submitted)
