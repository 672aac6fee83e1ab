"""The commands of `prx` and their exit codes. The options of a chat are in `options`.

Each command imports what it needs when it runs, so that no command pays for another one.

Exit codes: 0 success, 1 failure, 2 wrong usage, 128 plus the number of a signal that ended the program (130 for Ctrl+C).
"""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tui import __version__
from tui.cli.options import ChatOptions, ExistingFile, chat_options, read_settings
from tui.cli.printing import guard, say
from tui.errors import TuiError
from tui.masking import masked
from tui.signals import INTERRUPTED, exit_now, on_interrupt

if TYPE_CHECKING:
    from tui.cli.doctor import Check


class _PromptOrCommand(click.Group):
    """Take `prx WORDS` as a prompt unless the first word is a command. `prx -- WORDS` and `prx -p WORDS` are prompts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, words, _ = self.make_parser(ctx).parse_args(list(args))
        literal = len(words) < len(args) and args[len(args) - len(words) - 1] == "--"
        if words and words[0] in self.commands and not literal and not options.get("print_mode"):
            return super().parse_args(ctx, args)
        if not literal and not options.get("print_mode"):
            self._refuse_misspelt(ctx, words)
        ctx.allow_interspersed_args = True  # prx "a question" -m opus
        ctx.meta["prx.prompt"] = " ".join(click.Command.parse_args(self, ctx, args))
        ctx.args = []
        return []

    def _refuse_misspelt(self, ctx: click.Context, words: list[str]) -> None:
        """Raise UsageError if the only word is almost a command: as a prompt it would be sent, and cost money."""
        import difflib  # rarely needed

        close = difflib.get_close_matches(words[0], self.commands, n=1, cutoff=0.75) if len(words) == 1 else []
        if close:
            message = f'No command "{words[0]}". Did you mean "{close[0]}"? To send it as a prompt: prx -- {words[0]}'
            raise click.UsageError(message, ctx)


@click.group(
    cls=_PromptOrCommand,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="[OPTIONS]",
    subcommand_metavar="[PROMPT | COMMAND]",
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Use this configuration file. Write it before the command.",
)
@chat_options
@click.version_option(__version__, "--version", prog_name="prx", message="%(prog)s %(version)s")
@click.pass_context
def prx(ctx: click.Context, /, config: Path | None, **options: Any) -> None:
    """Claude in your terminal.

    Without a command, prx opens the chat and sends PROMPT, if given.
    """
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_chat(config, ChatOptions(ctx.meta["prx.prompt"], **options), demo=False))
    if ctx.invoked_subcommand != "demo":  # a chat handles signals itself, and collects garbage when it is drawn
        gc.enable()
        on_interrupt(signal.default_int_handler)  # a command ends by KeyboardInterrupt
    ctx.meta["prx.options"] = options


def _open_chat(config: Path | None, options: ChatOptions, *, demo: bool) -> int:
    """Run the chat in the full screen or in print mode and return the exit code. Raises UsageError."""
    if options.system is not None and options.system_file is not None:
        raise click.UsageError("Use --system or --system-file, not both.")
    if options.output_format and not options.print_mode:
        raise click.UsageError("--output-format needs -p.")
    if options.continue_last and options.resume is not None:
        raise click.UsageError("Use -c or -r, not both.")
    if options.print_mode and options.resume == "":
        raise click.UsageError("With -p, -r needs the ID of a chat. `prx chats` lists them; -c continues the last one.")
    if options.system_file is not None:
        from tui.cli.system_prompt import read_system_prompt

        options = options._replace(system=read_system_prompt(options.system_file))
    if options.print_mode:
        from tui.cli.print_mode import print_answer

        gc.enable()
        return print_answer(config, options, demo)
    if not (sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The full screen needs a terminal. To print one answer on stdout: prx -p PROMPT")
    from tui.cli.chat import open_full_screen

    return open_full_screen(config, options, demo)


@prx.command()
@click.argument("words", metavar="[PROMPT]", nargs=-1)
@chat_options
@click.pass_context
def demo(ctx: click.Context, /, words: tuple[str, ...], **options: Any) -> None:
    """Open the chat with scripted answers: no key, no network."""
    before = ctx.meta["prx.options"]
    merged = {name: before[name] if value in (None, False, ()) else value for name, value in options.items()}
    ctx.exit(_open_chat(ctx.obj, ChatOptions(" ".join(words), **merged), demo=True))


@prx.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@click.pass_obj
def models(config: Path | None, as_json: bool) -> None:
    """List the models with their limits and prices."""
    from tui.cli.models import model_rows, model_table
    from tui.render.json_text import json_text

    settings = read_settings(config)
    rows = model_rows(settings)
    say(json_text(rows, indent=2) if as_json else model_table(rows))


@prx.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@click.pass_obj
def paths(config: Path | None, as_json: bool) -> None:
    """Show where prx keeps its files."""
    from tui.cli.models import path_rows, path_table
    from tui.render.json_text import json_text

    rows = path_rows(read_settings(config))
    say(json_text(rows, indent=2) if as_json else path_table(rows))


@prx.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@click.pass_context
def chats(ctx: click.Context, as_json: bool) -> int:
    """List the chats on this computer, newest first."""
    from tui.cli.chats import list_chats

    if ctx.invoked_subcommand is not None:
        return 0
    return list_chats(read_settings(ctx.obj), as_json=as_json)


@chats.command("search", short_help="Find the chats that contain all WORDS.")
@click.argument("words", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of chats with their hits.")
@click.pass_obj
def search_chats(config: Path | None, words: tuple[str, ...], as_json: bool) -> int:
    """Find the chats that contain all WORDS, in the title or in a message."""
    from tui.cli.chats import search

    if not " ".join(words).strip():
        raise click.UsageError("Nothing to search for. Enter a word or the start of one. `prx chats` lists all chats.")
    return search(read_settings(config), " ".join(words), as_json=as_json)


@prx.command()
@click.argument("id")
@click.option(
    "--format", type=click.Choice(("md", "json", "html")), default="md", help="The file format; Markdown by default."
)
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, readable=False),
    help="Write to FILE instead of stdout.",
)
@click.pass_obj
def export(config: Path | None, id: str, format: Literal["md", "json", "html"], file: Path | None) -> int:
    """Write a chat to stdout. JSON contains everything and can be imported again."""
    from tui.cli.chats import export

    return export(read_settings(config), id, format, file)


@prx.command("import", short_help="Import chats from prx or Claude.ai.")
@click.argument("file", type=ExistingFile(allow_dash=True))
@click.pass_obj
def import_(config: Path | None, file: Path) -> int:
    """Import the chats in FILE: a JSON export of prx, or an export of Claude.ai (the zip file or conversations.json).

    Use - as FILE to read stdin.
    """
    from tui.cli.import_chats import import_file

    return import_file(read_settings(config), file)


@prx.group()
def auth() -> None:
    """Sign in, sign out, and show which credential is used."""


_provider = click.option(
    "--provider",
    type=click.Choice(("anthropic", "claude-code", "claude-cli")),
    default="anthropic",
    help="All three mean Anthropic, the only provider.",
    expose_value=False,
)


@auth.command(short_help="Check and store an API key, or use Claude Code's login.")
@_provider
@click.pass_obj
def login(config: Path | None) -> int:
    """Check and store an API key or a setup token, or use Claude Code's login.

    In a terminal, prx asks for the key and does not show it. Otherwise it reads the key from stdin.
    """
    from tui.cli.auth import login

    return login(read_settings(config, report_blocking=False), os.environ, sys.stdin)


@auth.command()
@_provider
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(config: Path | None, as_json: bool) -> int:
    """Show the credential in use, and why others are not used. Exit code 1 if signed out."""
    from tui.cli.auth import status

    return status(read_settings(config), os.environ, as_json=as_json)


@auth.command()
@_provider
@click.pass_obj
def logout(config: Path | None) -> int:
    """Delete the key that `prx auth login` stored."""
    from tui.cli.auth import logout

    return logout(read_settings(config), os.environ)


@prx.command()
@click.argument("check", type=click.Choice(("models", "config", "auth", "terminal")), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, findings, models.")
@click.pass_obj
def doctor(config: Path | None, check: Check | None, as_json: bool) -> int:
    """Find problems and how to fix them, in everything or one part. Changes nothing. Exit code 1 if a check failed."""
    from tui.actions import BY_NAME
    from tui.cli.doctor import CHECKS, examine, report_json, report_text
    from tui.config import load

    report = examine(load(os.environ, file=config, actions=tuple(BY_NAME)), os.environ, (check,) if check else CHECKS)
    say(report_json(report) if as_json else report_text(report))
    return 0 if report.ok else 1


def main() -> None:
    """Run the `prx` command. It never shows a traceback for a mistake of a user, a file or a server."""
    code = _main()
    _discard_unwritable_output()
    from tui.cli.login_renewal import wait_for_login_renewal  # not needed by `prx --version`

    wait_for_login_renewal()
    sys.exit(code)


def _open_closed_streams() -> None:
    """Reopen standard streams that the parent process closed (`>&-`), so that no socket or file gets their numbers.

    Writing to a stdout that was closed still fails. A closed stderr discards what is written.
    """
    for name, how, mode in (("stdin", os.O_RDWR, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_RDWR, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, how), mode, encoding="utf-8"))


def _main() -> int:
    try:
        try:
            return _run()
        finally:
            on_interrupt(exit_now)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run() -> int:
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that is not UTF-8
    guard()
    try:
        code = prx.main(prog_name="prx", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(masked(shown.getvalue().rstrip()), err=True)  # the message may quote a misplaced key
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except TuiError as error:
        from tui.render.safe import safe  # the message may quote file names and servers

        say(f"prx: {safe(error.message)}", err=True)
        if error.hint:
            say(safe(error.hint), err=True)
        return 1
    except OSError as error:  # stdout: its reader is gone, or its disk is full
        if not isinstance(error, BrokenPipeError):
            with suppress(OSError):
                words = error.strerror or type(error).__name__
                say("prx: stdout is closed" if error.errno == errno.EBADF else f"prx: {words}", err=True)
        return 1


def _discard_unwritable_output() -> None:
    """Discard output that nobody reads any more. Otherwise Python would complain at exit and return 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
