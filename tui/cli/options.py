"""What begins a conversation, for `prx` and `prx demo`: its options, what they may not say together, and where it is held.

What each way needs is imported on that way, so that `prx --version` waits for none of it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from tui.chat.tools import Access
    from tui.cli.print_mode import Output
    from tui.config import Settings
    from tui.signals import ExitSignals


class ExistingFile(click.Path):
    """A file that has to be there, also where its name is typed in another form."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from tui.inputs.typed_paths import found

        return super().convert(found(Path(value)) or value, param, ctx)


_Command = TypeVar("_Command", bound=Callable[..., Any])


def chat_options(command: _Command) -> _Command:
    for option in reversed(
        (
            click.option("-p", "--print", "once", is_flag=True, help="Answer once on stdout, without the full screen."),
            click.option("-m", "--model", metavar="MODEL", help="opus, sonnet, haiku, or a model's ID."),
            click.option("-c", "--continue", "last", is_flag=True, help="Go on with the chat that was used last."),
            click.option(
                "-r",
                "--resume",
                metavar="[ID]",
                is_flag=False,
                flag_value="",
                help="Go on with this chat; the first characters of its id will do.",
            ),
            click.option(
                "-a",
                "--attach",
                metavar="FILE",
                multiple=True,
                type=click.Path(path_type=Path),
                help="Attach an image, a PDF or a text; may be given several times.",
            ),
            click.option("--preset", metavar="NAME", help="A preset of the configuration for a new chat."),
            click.option("--system", metavar="TEXT", help="The system prompt."),
            click.option(
                "--system-file",
                metavar="FILE",
                type=ExistingFile(),
                help="A file with the system prompt.",
            ),
            click.option(
                "--tools",
                type=click.Choice(["none", "read", "ask"]),
                help="What Claude may do: nothing, look at files here, or whatever you allow (-p refuses what would ask).",
            ),
            click.option(
                "--output-format",
                type=click.Choice(["text", "json", "stream-json"]),
                help="With -p: the text, one JSON object, or one JSON event a line.",
            ),
        )
    ):
        command = option(command)
    return command


class Wanted(NamedTuple):
    """The options as they were given."""

    prompt: str
    once: bool
    model: str | None
    last: bool
    resume: str | None
    """A chat's id; "": one that is picked from the list."""
    attach: tuple[Path, ...]
    preset: str | None
    system: str | None
    system_file: Path | None
    tools: Access | None
    output_format: Output | None


def open_chat(config: Path | None, wanted: Wanted, *, demo: bool) -> int:
    """The exit code of a conversation, on the full screen or on stdout."""
    from tui.cli import system_prompt

    if wanted.system is not None and wanted.system_file is not None:
        raise click.UsageError("Give --system or --system-file, not both.")
    if wanted.output_format and not wanted.once:
        raise click.UsageError("--output-format goes with -p.")
    if wanted.last and wanted.resume is not None:
        raise click.UsageError("Give -c or -r, not both.")
    if wanted.system_file is not None:
        wanted = wanted._replace(system=system_prompt.read(wanted.system_file))
    return _answer_once(config, wanted, demo) if wanted.once else _fill_screen(config, wanted, demo)


def _answer_once(config: Path | None, wanted: Wanted, demo: bool) -> int:
    from tui.signals import ExitSignals

    if wanted.resume == "":
        raise click.UsageError("-r needs the ID of a chat here: `prx chats` lists them; -c goes on with the last one.")
    with ExitSignals() as exit_signals:
        return _answer(config, wanted, demo, exit_signals)


def _answer(config: Path | None, wanted: Wanted, demo: bool, exit_signals: ExitSignals) -> int:
    from tui.chat.reasoning import Reasoning
    from tui.cli import print_mode, stdin, system_prompt
    from tui.errors import TuiError
    from tui.services import resume
    from tui.signals import Interrupted

    output = wanted.output_format or "text"
    try:
        _require_stdout()
        settings = read_settings(config, tells_obstacle=output != "text" or demo)
        said = system_prompt.preset(settings, wanted.preset)
        given = stdin.piped(sys.stdin, exit_signals)
    except Interrupted:
        return print_mode.end_early(output, exit_signals)
    except TuiError as error:
        return print_mode.end_early(output, exit_signals, error)
    return print_mode.run(
        settings,
        prompt=stdin.joined(wanted.prompt, given.text),
        notices=(*given.notices, *_not_attached(wanted.prompt, given.text)),
        model=wanted.model or said.model,
        system=said.system if wanted.system is None else wanted.system,
        output=output,
        attach=wanted.attach,
        resume=resume.LAST if wanted.last else wanted.resume,
        reasoning=Reasoning(thinking=said.thinking, effort=said.effort),
        tools=wanted.tools or said.tools,
        demo=demo,
        exit_signals=exit_signals,
    )


def _require_stdout() -> None:
    """Raises TuiError where stdout is closed: an answer would be paid for, and lost."""
    from tui.errors import TuiError

    try:
        os.write(sys.stdout.fileno(), b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            message = "stdout is closed: nothing was sent"
            raise TuiError(message, "Leave out >&-, or write to a file: >answer.txt") from error


def _not_attached(prompt: str, given: str) -> list[str]:
    """What to say of files that the prompt of `-p` mentions, since a script's text must not attach what it likes, and of
    broken markers in it and in what stood on stdin.
    """
    notices: list[str] = []
    if "@" in prompt or "[IMAGE:" in prompt or "[IMAGE:" in given:
        from tui.images.offers import broken_marker_in, mentioned_in

        if files := mentioned_in(prompt, Path.cwd()).files:
            notices.append(f"{files[0].name} is only mentioned, not attached: with -p, attach files by -a.")
        if broken := broken_marker_in(f"{prompt}\n{given}"):
            notices.append(broken)
    return notices


def _fill_screen(config: Path | None, wanted: Wanted, demo: bool) -> int:
    if not (sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The full screen needs a terminal. For one answer on stdout: prx -p PROMPT")
    from tui.services.warm_up import prepare

    prepare()
    from tui.actions import BY_NAME
    from tui.app import run
    from tui.cli import system_prompt

    settings = read_settings(config, tuple(BY_NAME))
    system_prompt.preset(settings, wanted.preset)
    return run(
        settings,
        demo=demo,
        prompt=wanted.prompt,
        attach=wanted.attach,
        model=wanted.model,
        system=wanted.system,
        resume=wanted.resume or "",
        start="last" if wanted.last else "list" if wanted.resume == "" else "new",
        preset=wanted.preset or "",
        tools=wanted.tools,
    )


def read_settings(config: Path | None, actions: tuple[str, ...] = (), *, tells_obstacle: bool = True) -> Settings:
    """The settings; what could not be used of them is said on stderr (a screen drawn over it says it again).

    Without `tells_obstacle`, the mistake because of which nothing is sent is left to the error that ends the command.
    """
    from tui.cli.printing import say
    from tui.config import load
    from tui.render.safe import safe

    settings = load(os.environ, file=config, actions=actions)
    findings = list(settings.findings)
    if not tells_obstacle and settings.obstacle is not None:
        findings.remove(next(finding for finding in findings if finding.stops))
    for finding in findings:
        say(f"prx: {safe(str(finding), keep_newlines=False)}", err=True)
    return settings
