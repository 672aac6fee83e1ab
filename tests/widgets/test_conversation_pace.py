"""The pace of drawing, with a clock and timers of the test's own."""

from __future__ import annotations

from itertools import pairwise

from tui.chat.events import TextDelta
from tui.chat.transcript import Message
from tui.frames import ANSWER_FRAMES_PER_S, BREATH_S, BUDGET_S, KEY_S, LONGEST_WAIT_S
from tui.widgets.conversation.backlog import SLICE_CHARS
from tui.widgets.conversation.pace import Pace


class Bench:
    """A pace in which every step takes some time, and a log of what was done when."""

    def __init__(self, step_s: float) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, object]] = []
        self.log: list[tuple[float, str]] = []
        self._step_s = step_s
        self.pace = Pace(self._do, self._paint, set_timer=self._set_timer, clock=lambda: self.now)
        self.gate = self.pace.gate

    def _set_timer(self, delay: float, callback) -> None:
        self.timers.append((self.now + delay, callback))

    def _do(self, step) -> None:
        self.now += self._step_s
        self.log.append((self.now, "did"))
        if callable(step):
            step()

    def _paint(self) -> None:
        self.log.append((self.now, "painted"))

    def grow(self, slices: int) -> None:
        message = Message(role="assistant")
        self.pace.arrive(message, [TextDelta(0, "x" * SLICE_CHARS) for _ in range(slices - 1)])

    def run(self) -> list[float]:
        """Lets the timers fire; how long each kept the loop."""
        spans = []
        while self.timers:
            self.timers.sort(key=lambda timer: timer[0])
            due, callback = self.timers.pop(0)
            self.now = began = max(self.now, due)
            callback()
            spans.append(self.now - began)
        return spans

    def times(self, what: str) -> list[float]:
        return [at for at, did in self.log if did == what]


def test_one_go_lasts_no_longer_than_its_budget_and_one_step() -> None:
    bench = Bench(step_s=0.003)
    bench.grow(200)
    spans = bench.run()
    assert max(spans) <= BUDGET_S + 0.003
    assert len(bench.times("did")) == 200


def test_the_loop_is_free_between_two_goes() -> None:
    bench = Bench(step_s=0.003)
    bench.grow(30)
    bench.run()
    gaps = [b - a for a, b in pairwise(bench.times("did"))]
    assert sum(gap >= BREATH_S for gap in gaps) >= 9


def test_frames_keep_their_distance_however_much_arrives() -> None:
    bench = Bench(step_s=0.001)
    for _ in range(60):
        bench.grow(5)
        bench.run()
    painted = bench.times("painted")
    assert all(b - a >= 1 / ANSWER_FRAMES_PER_S - 0.009 for a, b in pairwise(painted))
    assert len(bench.times("did")) == 300


def test_the_first_words_are_drawn_at_once() -> None:
    bench = Bench(step_s=0.001)
    bench.now = 50.0
    bench.grow(2)
    bench.run()
    assert bench.times("painted")[0] - 50.0 < 0.01


def test_nothing_runs_once_all_is_drawn() -> None:
    bench = Bench(step_s=0.001)
    bench.grow(3)
    bench.run()
    assert not bench.timers
    assert not bench.pace.behind


def test_what_comes_after_waits_for_what_came_before() -> None:
    bench, order = Bench(step_s=0.003), []
    bench.pace.then(lambda: order.append("at once"))
    assert order == ["at once"]
    bench.grow(20)
    bench.pace.then(lambda: order.append("after"))
    assert order == ["at once"]
    bench.run()
    assert order == ["at once", "after"]
    assert bench.log[-2:] == [(bench.log[-2][0], "did"), (bench.log[-1][0], "painted")]


def test_catching_up_leaves_nothing_behind() -> None:
    bench = Bench(step_s=0.003)
    bench.grow(100)
    bench.pace.catch_up()
    assert not bench.pace.behind
    assert bench.log[-1][1] == "painted"


def test_a_key_is_shown_before_the_answer() -> None:
    bench = Bench(step_s=0.001)
    bench.gate.key_came()
    bench.grow(2)
    bench.timers.append((0.012, lambda: (bench.log.append((bench.now, "key")), bench.gate.drawn())))
    bench.run()
    assert [did for _, did in bench.log if did != "did"] == ["key", "painted"]
    assert bench.times("did")[0] > bench.times("key")[0]


def test_a_key_that_shows_nothing_does_not_hold_the_answer_up() -> None:
    bench = Bench(step_s=0.001)
    bench.gate.key_came()
    bench.grow(2)
    bench.run()
    assert KEY_S <= bench.times("painted")[0] <= KEY_S + 2 * BREATH_S


def test_no_frames_queue_up_for_a_terminal_that_does_not_read() -> None:
    bench = Bench(step_s=0.001)
    bench.gate.is_unread = lambda: bench.now < 0.5
    for _ in range(10):
        bench.grow(2)
    bench.run()
    assert len(bench.times("painted")) == 1
    assert bench.times("painted")[0] >= 0.5
    assert bench.times("did")[-1] < 0.5  # what has arrived is processed all the same


def test_a_terminal_that_never_reads_gets_a_frame_now_and_then() -> None:
    bench = Bench(step_s=0.001)
    bench.gate.is_unread = lambda: True
    bench.grow(2)
    bench.run()
    assert LONGEST_WAIT_S <= bench.times("painted")[0] <= LONGEST_WAIT_S + 2 * BREATH_S
