"""A user of `prx` in a real terminal who does anything at any moment: sends, stops, pastes, resizes, switches, restarts.

Each turn has a word of its own in the prompt (`prompt-a-17`) and in the answer (`answer-a-17`), so that it can be waited for
on the screen and found in the database.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from terminal import Terminal

from tui.demo.reply import Cut, Gate
from tui.demo.scenarios import Answer, Error, Raw, Text, Thinking, ToolUse, error_event
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

SIZES = ((80, 24), (120, 40), (60, 20), (100, 30))
CTRL_C, CTRL_D, CTRL_L, CTRL_N, CTRL_Q, CTRL_S, ESC = "\x03", "\x04", "\x0c", "\x0e", "\x11", "\x13", "\x1b"
MARKDOWN = """\
## The lights of {word}

The first lights were **fires** on the hill; `oil` came later, then gas, then electricity:

1. a fire of wood,
2. a lamp of oil with a mirror behind it.

| light | range |
| --- | --- |
| fire | 5 miles |
| lamp | 20 miles |

```python
def seen_from(height_m: float) -> float:
    return 3.57 * height_m**0.5
```

"""


class User:
    """One terminal with one prx in it, and the server that answers it as scripted."""

    def __init__(
        self, name: str, server: Server[FakeAnthropic], env: Mapping[str, str], folder: Path, seed: int
    ) -> None:
        self.name = name
        self.prompts: list[str] = []
        """The words of every prompt that was sent."""
        self.turns = 0
        self.story: list[str] = []
        """What it did, for whoever has to find out what went wrong."""
        self._server = server
        self._env = {**env, "ANTHROPIC_BASE_URL": server.url}
        self._folder = folder
        self._random = random.Random(f"{seed} {name}")
        self._deck: list[Callable[[], None]] = []
        self.terminal = self._started()

    @property
    def _kinds(self) -> list[Callable[[], None]]:
        """Everything a turn can be. Each round has all of them, so that every stretch of time has the same work."""
        return [
            *(
                self.plain,
                self.plain,
                self.thinking,
                self.stopped,
                self.cut_off,
                self.reset,
                self.overloaded_within,
                self.nonsense,
            ),
            *(
                self.retried,
                self.refused,
                self.tool,
                self.asked,
                self.picture,
                self.pasted,
                self.queued,
                self.left_running,
            ),
        ]

    def take_turn(self) -> None:
        """Does the next thing, after a change of the surroundings now and then."""
        if not self._deck:
            self._deck = self._kinds
            self._random.shuffle(self._deck)
            self._new_chat()
        if self._random.random() < 0.3:
            self._do(self._random.choice([self._resize, self._switch_model, self._switch_chat, self._look_around]))
        self.turns += 1
        self._do(self._deck.pop())

    def _do(self, what: Callable[[], None]) -> None:
        self.story.append(what.__name__)
        what()

    def quit(self) -> int:
        self.terminal.type(CTRL_Q)
        return self.terminal.wait_exit()

    def restart(self) -> None:
        """Ends it in one of the ways programs end, and continues the last chat."""
        way = self._random.choice(["quit", "term", "hang up", "kill"])
        if way == "quit":
            assert self.quit() == 0
        elif way == "hang up":
            self.terminal.hang_up()
            self.terminal.process.wait(30)
        else:
            self.terminal.process.send_signal(signal.SIGTERM if way == "term" else signal.SIGKILL)
            self.terminal.wait_exit()
        self.terminal.__exit__()
        self.terminal = self._started("-c")

    # Turns

    def plain(self) -> None:
        word = self._script(Answer(Text(self._long_text(), self._answer())))
        self._send(word)

    def thinking(self) -> None:
        self._script(Answer(Thinking("The tide runs out. " * self._random.randint(1, 60)), Text(self._answer())))
        self._send("Think about it")

    def stopped(self) -> None:
        gate = Gate()
        self._script(Answer(Text(self._long_text(), self._answer(), " ", gate, "never")))
        self._type_prompt("Begin")
        self.terminal.wait_for(self._answer())
        self.terminal.type(ESC)
        self.terminal.wait_for("text kept")
        self._rest()

    def cut_off(self) -> None:
        self._script(Answer(Text(self._long_text(), self._answer(), " ", Cut())))
        self._type_prompt("Begin")
        self._wait_for_failure()

    def reset(self) -> None:
        """As by a proxy that dies: the connection is broken off, not closed."""
        gate = Gate()
        self._script(Answer(Text(self._answer(), " ", gate, Cut(reset=True))))
        self._type_prompt("Begin")
        self.terminal.wait_for(self._answer())
        gate.open()
        self._wait_for_failure()

    def overloaded_within(self) -> None:
        self._script(Answer(Text(self._answer(), " ", error_event())))
        self._type_prompt("Begin")
        self._wait_for_failure()

    def nonsense(self) -> None:
        """Events that no server should send."""
        bad = self._random.choice(
            [b"data: {\n\n", b"data: [[[[\n\n", b'event: x\ndata: {"type": 1}\n\n', b"\xff\xfe\n\n"]
        )
        self._script(Answer(Text(self._answer(), " ", Raw(bad), Cut())))
        self._type_prompt("Begin")
        self._wait_for_failure()

    def retried(self) -> None:
        busy = Error(529, headers={"retry-after": "0"})
        self._script(busy, Answer(Text(self._answer())))
        self._send("Be patient")

    def refused(self) -> None:
        """A failure before any output: the prompt is back in the box, and the second try works."""
        self._server.service.script(Error(400, message=f"no-{self._word()}"))
        self._type_prompt("Try")
        self.terminal.wait_for(f"no-{self._word()}")
        self._script(Answer(Text(self._answer())))
        self.terminal.type("\r")
        self.terminal.wait_for(self._answer())
        self._rest()

    def tool(self) -> None:
        calls = [ToolUse("read_file", input={"path": "notes.txt"}), ToolUse("list_files", input={})]
        self._script(
            Answer(*calls), Answer(ToolUse("search_files", input={"pattern": "tide"})), Answer(Text(self._answer()))
        )
        self._send("Look it up")

    def asked(self) -> None:
        """A command that needs permission, which is given or refused."""
        word = self._word()
        self._server.service.script(
            Answer(ToolUse("run_command", input={"command": f"echo {word}"})), Answer(Text(self._answer()))
        )
        self._type_prompt("Run it")
        self.terminal.wait_for("Run a command?")
        self.terminal.type("\t")
        key = self._random.choice("yn")
        for _ in range(300):  # a key counts once the question has been seen for a moment
            if self._answer() in self.terminal.text:
                break
            if "Run a command?" in self.terminal.text:
                self.terminal.type(key)
            self.terminal.watch(0.2)
        self.terminal.wait_for(self._answer())
        self._rest()

    def picture(self) -> None:
        self._script(Answer(Text(self._answer())))
        self._send("What is this? @tide.png ")

    def pasted(self) -> None:
        self._script(Answer(Text(self._answer())))
        self.terminal.paste(
            "\n".join(f"line {number} of what was copied" for number in range(self._random.randint(2, 300)))
        )
        self._send(" and so on")

    def queued(self) -> None:
        """A second prompt, sent while the first is being answered."""
        gate = Gate()
        self._script(Answer(Text(f"wait-{self._word()} ", gate, self._answer())))
        self._type_prompt("First")
        self.terminal.wait_for(f"wait-{self._word()}")
        self.turns += 1
        self._script(Answer(Text(self._answer())))
        self._type_prompt("Second")
        self.terminal.wait_for("queued")
        gate.open()
        self.terminal.wait_for(self._answer())
        self._rest()

    def left_running(self) -> None:
        """The chat is left for a new one while it is answered, and ends out of sight."""
        gate = Gate()
        self._script(Answer(Text(f"wait-{self._word()} ", gate, self._answer())))
        self._type_prompt("Begin")
        self.terminal.wait_for(f"wait-{self._word()}")
        self._new_chat()
        gate.open()
        self.turns += 1
        self._script(Answer(Text(self._answer())))
        self._send("And here")

    # Surroundings

    def _new_chat(self) -> None:
        self.terminal.type(CTRL_N)
        self.terminal.wait_for("Talk to")

    def _resize(self) -> None:
        self.terminal.resize(*self._random.choice(SIZES))
        self._rest()

    def _switch_model(self) -> None:
        self._choose(CTRL_L, "Model for the next", self._random.choice(["haiku 5.5", "sonnet 5.5", "opus 5.5"]))

    def _switch_chat(self) -> None:
        self._choose(CTRL_S, "type to search", "\x1b[B" * self._random.randint(0, 3))
        self.terminal.settle(0.4)  # a prompt that is sent before the other chat is there belongs to this one

    def _choose(self, key: str, shown: str, choice: str) -> None:
        self.terminal.type(key)
        self.terminal.wait_for(shown)
        self.terminal.type(choice + "\r")
        self.terminal.wait(lambda: shown not in self.terminal.text)
        self._rest()

    def _look_around(self) -> None:
        """Opens what can be opened, and closes it again."""
        self.terminal.type(self._random.choice(["\x1bOP", "\x1b[17~", "\x1b[15~", "\x10"]))  # F1, F6, F5, Ctrl+P
        self.terminal.settle(0.3)
        self.terminal.type(ESC)
        self.terminal.settle(0.3)

    # Words

    def _word(self) -> str:
        return f"{self.name}-{self.turns}."

    def _answer(self) -> str:
        return f"answer-{self._word()}"

    def _long_text(self) -> str:
        return MARKDOWN.format(word=self._word()) * self._random.randint(0, 4)

    def _script(self, *scenarios: Answer | Error) -> str:
        self._server.service.script(*scenarios)
        return self._word()

    def _type_prompt(self, text: str) -> None:
        word = f"prompt-{self._word()}"
        self.prompts.append(word)
        self.terminal.type(f"{text} {word}\r")

    def _send(self, text: str) -> None:
        self._type_prompt(text)
        self.terminal.wait_for(self._answer())
        self._rest()

    def _wait_for_failure(self) -> None:
        self.terminal.wait(lambda: "✗" in self.terminal.text.partition(self._answer())[2])
        self._rest()

    def _rest(self) -> None:
        self.terminal.wait(lambda: "Esc stop" not in self.terminal.text and "╰─" in self.terminal.text)

    def _started(self, *options: str) -> Terminal:
        argv = [sys.executable, "-m", "tui", *options]
        terminal = Terminal(argv, self._env, self._folder, *self._random.choice(SIZES))
        terminal.wait_for("⏎ send")
        return terminal
