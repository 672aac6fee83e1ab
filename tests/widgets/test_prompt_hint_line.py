"""What the hint line shows: hints, passing messages, and those that stay. Timers are the test's own; no screen."""

from __future__ import annotations

from collections.abc import Callable

from tui.widgets.hint_line import MESSAGE_S, HintLine


class Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False


class Bench:
    def __init__(self) -> None:
        self.shown = ""
        self.text = ""
        self.timers: list[Timer] = []
        self.line = HintLine(self._show, text=lambda: self.text, set_timer=self._set_timer)
        self.line.hint("⏎ send")

    def _show(self, text: str) -> None:
        self.shown = text

    def _set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        assert delay == MESSAGE_S
        self.timers.append(Timer(callback))
        return self.timers[-1]

    def pass_time(self) -> None:
        """Let the timers that run come to their end."""
        for timer in self.timers:
            if timer.is_running:
                timer.is_running = False
                timer.callback()

    def write(self, text: str) -> None:
        self.text = text
        self.line.text_changed()


def test_a_passing_message_gives_way_to_the_hints() -> None:
    bench = Bench()
    bench.line.say("copied")
    assert (bench.shown, bench.line.is_saying) == ("copied", True)
    bench.pass_time()
    assert (bench.shown, bench.line.is_saying) == ("⏎ send", False)


def test_new_hints_end_a_message_unless_it_holds() -> None:
    bench = Bench()
    bench.line.say("copied")
    bench.line.hint("esc stop")
    assert bench.shown == "esc stop"
    bench.line.say("no such file", holding=True)
    bench.line.hint("⏎ queue")
    assert bench.shown == "no such file"
    bench.pass_time()
    assert bench.shown == "⏎ queue"


def test_a_lasting_message_ends_when_something_is_written() -> None:
    bench = Bench()
    bench.line.say("not sent", lasting=True)
    bench.pass_time()
    bench.write("")
    assert bench.shown == "not sent"
    bench.write("x")
    assert (bench.shown, bench.line.is_saying) == ("⏎ send", False)


def test_a_lasting_message_comes_back_after_a_passing_one() -> None:
    bench = Bench()
    bench.line.say("not sent", lasting=True)
    bench.line.say("copied")
    assert bench.shown == "copied"
    bench.pass_time()
    assert bench.shown == "not sent"


def test_a_message_that_follows_another_has_its_own_time() -> None:
    bench = Bench()
    bench.line.say("one")
    bench.line.say("two")
    assert [timer.is_running for timer in bench.timers] == [False, True]


def test_no_control_character_is_shown() -> None:
    bench = Bench()
    bench.line.say("a\x1b[2J\nb")
    assert "\x1b" not in bench.shown
    assert "\n" not in bench.shown
