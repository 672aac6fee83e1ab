"""The options of `prx` and `prx demo`, and the settings that every command reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from tui.chat.tools import Access
    from tui.cli.output import OutputFormat
    from tui.config import Settings


class ExistingFile(click.Path):
    """An option's type: a file that exists, even if its name is typed with other spaces or accents than it has."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from tui.inputs.typed_paths import find_path

        return super().convert(find_path(Path(value)) or value, param, ctx)


class ModelName(click.types.StringParamType):
    """An option's type: a model. A key in its place is refused: it would be shown, stored with the chat and sent."""

    name = "model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from tui.masking import is_secret

        if is_secret(value):
            self.fail("this looks like a key, not a model. `prx models` lists the models.", param, ctx)
        return value


_Command = TypeVar("_Command", bound=Callable[..., Any])


def chat_options(command: _Command) -> _Command:
    """Decorate a click command with the options of `ChatOptions`."""
    for option in reversed(
        (
            click.option(
                "-p", "--print", "print_mode", is_flag=True, help="Print one answer on stdout, without the full screen."
            ),
            click.option(
                "-m", "--model", metavar="MODEL", type=ModelName(), help="opus, sonnet, haiku, or the ID of a model."
            ),
            click.option("-c", "--continue", "continue_last", is_flag=True, help="Continue the most recent chat."),
            click.option(
                "-r",
                "--resume",
                metavar="[ID]",
                is_flag=False,
                flag_value="",
                help="Continue the chat with this ID or start of an ID; without one, pick it from the list.",
            ),
            click.option(
                "-a",
                "--attach",
                metavar="FILE",
                multiple=True,
                type=click.Path(path_type=Path),
                help="Attach an image, a PDF or a text file. Can be repeated.",
            ),
            click.option("--preset", metavar="NAME", help="Start the chat with a preset of the configuration."),
            click.option("--system", metavar="TEXT", help="Set the system prompt."),
            click.option(
                "--system-file",
                metavar="FILE",
                type=ExistingFile(),
                help="Read the system prompt from a file.",
            ),
            click.option(
                "--tools",
                type=click.Choice(["none", "read", "ask"]),
                help="Tools for Claude: none, read files here, or ask before anything else (refused with -p).",
            ),
            click.option(
                "--output-format",
                type=click.Choice(["text", "json", "stream-json"]),
                help="With -p: plain text, one JSON object, or one JSON event per line.",
            ),
        )
    ):
        command = option(command)
    return command


class ChatOptions(NamedTuple):
    """The options as given on the command line."""

    prompt: str
    print_mode: bool
    model: str | None
    continue_last: bool
    resume: str | None
    """The ID of a chat or its start; "" to pick one from the list; None for a new chat."""
    attach: tuple[Path, ...]
    preset: str | None
    system: str | None
    system_file: Path | None
    tools: Access | None
    output_format: OutputFormat | None


def read_settings(config: Path | None, actions: tuple[str, ...] = (), *, report_blocking: bool = True) -> Settings:
    """Load the settings and report their mistakes on stderr. The full screen shows them again.

    With `report_blocking` False, skip the mistake that blocks sending: the error that ends the command reports it.
    """
    from tui.cli.printing import say
    from tui.config import load
    from tui.render.safe import safe

    settings = load(os.environ, file=config, actions=actions)
    findings = list(settings.findings)
    if not report_blocking and settings.obstacle is not None:
        findings.remove(next(finding for finding in findings if finding.stops))
    for finding in findings:
        say(f"prx: {safe(str(finding), keep_newlines=False)}", err=True)
    return settings
