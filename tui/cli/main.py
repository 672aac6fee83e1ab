"""Commands and exit codes; what begins a conversation is in `options`.

What a command does is imported inside it, so that each start costs what it needs.

Exit codes: 0 fine, 1 a problem that was found, 2 wrong usage, 130 interrupted (128 and the number of the signal).
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tui import __version__
from tui.cli.options import ExistingFile, Wanted, chat_options, open_chat, read_settings
from tui.cli.printing import guard, say
from tui.errors import TuiError
from tui.masking import masked
from tui.signals import INTERRUPTED, exit_now, on_interrupt

if TYPE_CHECKING:
    from tui.cli.doctor import Check


class _PromptOrCommand(click.Group):
    """`prx WORDS` is a prompt, unless the first word is a command. `prx -- WORDS` and `prx -p WORDS` always are prompts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, words, _ = self.make_parser(ctx).parse_args(list(args))
        literal = len(words) < len(args) and args[len(args) - len(words) - 1] == "--"
        if words and words[0] in self.commands and not literal and not options.get("once"):
            return super().parse_args(ctx, args)
        if not literal and not options.get("once"):
            self._refuse_misspelt(ctx, words)
        ctx.allow_interspersed_args = True  # prx "a question" -m opus
        ctx.meta["prx.prompt"] = " ".join(click.Command.parse_args(self, ctx, args))
        ctx.args = []
        return []

    def _refuse_misspelt(self, ctx: click.Context, words: list[str]) -> None:
        """A lone word that is nearly a command is no prompt: it would be sent, and billed."""
        import difflib  # for such a word only

        close = difflib.get_close_matches(words[0], self.commands, n=1, cutoff=0.75) if len(words) == 1 else []
        if close:
            message = f'No command "{words[0]}": did you mean "{close[0]}"? To send it as a prompt: prx -- {words[0]}'
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
    help="The configuration file. It stands before a command.",
)
@chat_options
@click.version_option(__version__, "--version", prog_name="prx", message="%(prog)s %(version)s")
@click.pass_context
def prx(ctx: click.Context, /, config: Path | None, **options: Any) -> None:
    """Claude in your terminal.

    Without a command, prx opens the chat, and sends PROMPT if there is one.
    """
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        ctx.exit(open_chat(config, Wanted(ctx.meta["prx.prompt"], **options), demo=False))
    if ctx.invoked_subcommand != "demo":  # a chat handles signals itself
        on_interrupt(signal.default_int_handler)  # what a command is doing is ended in order
    ctx.meta["prx.options"] = options


@prx.command()
@click.argument("words", metavar="[PROMPT]", nargs=-1)
@chat_options
@click.pass_context
def demo(ctx: click.Context, /, words: tuple[str, ...], **options: Any) -> None:
    """The same with scripted answers: no key, no network."""
    before = ctx.meta["prx.options"]
    merged = {name: before[name] if value in (None, False, ()) else value for name, value in options.items()}
    ctx.exit(open_chat(ctx.obj, Wanted(" ".join(words), **merged), demo=True))


@prx.command()
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@click.pass_obj
def models(config: Path | None, as_json: bool) -> None:
    """The models that prx knows, with limits and prices."""
    from tui.cli.models import model_rows, model_table
    from tui.render.json_text import json_text

    settings = read_settings(config)
    rows = model_rows(settings)
    say(json_text(rows, indent=2) if as_json else model_table(rows))


@prx.command()
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@click.pass_obj
def paths(config: Path | None, as_json: bool) -> None:
    """Where prx keeps its files."""
    from tui.cli.models import path_rows, path_table
    from tui.render.json_text import json_text

    rows = path_rows(read_settings(config))
    say(json_text(rows, indent=2) if as_json else path_table(rows))


@prx.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@click.pass_context
def chats(ctx: click.Context, as_json: bool) -> int:
    """The chats on this computer, newest first."""
    from tui.cli.chats import listing

    if ctx.invoked_subcommand is not None:
        return 0
    return listing(read_settings(ctx.obj), as_json=as_json)


@chats.command("search", short_help="Chats in which all WORDS stand.")
@click.argument("words", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="A list of objects: chats with their hits.")
@click.pass_obj
def search_chats(config: Path | None, words: tuple[str, ...], as_json: bool) -> int:
    """Chats in which all WORDS stand, in the title or in anything that was said."""
    from tui.cli.chats import search

    if not " ".join(words).strip():
        raise click.UsageError(
            "Nothing to search for: give a word, or the beginning of one. `prx chats` lists all chats."
        )
    return search(read_settings(config), " ".join(words), as_json=as_json)


@prx.command()
@click.argument("id")
@click.option("--format", type=click.Choice(("md", "json", "html")), default="md", help="Markdown by default.")
@click.option(
    "-o", "--output", "file", metavar="FILE", type=click.Path(path_type=Path, readable=False), help="Instead of stdout."
)
@click.pass_obj
def export(config: Path | None, id: str, format: Literal["md", "json", "html"], file: Path | None) -> int:
    """A chat on stdout. JSON holds all of it and can be imported again."""
    from tui.cli.chats import export

    return export(read_settings(config), id, format, file)


@prx.command("import", short_help="Add the chats of an export, of prx or of Claude.ai.")
@click.argument("file", type=ExistingFile(allow_dash=True))
@click.pass_obj
def import_(config: Path | None, file: Path) -> int:
    """Add the chats in FILE: an export of prx in JSON, or of Claude.ai (the zip file or conversations.json).

    FILE may be -, for what comes on stdin.
    """
    from tui.cli.import_chats import import_file

    return import_file(read_settings(config), file)


@prx.group()
def auth() -> None:
    """Sign in, sign out, and see which credential is used."""


_provider = click.option(
    "--provider",
    type=click.Choice(("anthropic", "claude-code", "claude-cli")),
    default="anthropic",
    help="All three are Anthropic, the only provider.",
    expose_value=False,
)


@auth.command(short_help="Take a key, or Claude Code's login; check it, and store it.")
@_provider
@click.pass_obj
def login(config: Path | None) -> int:
    """Take an API key or setup token, or Claude Code's login; check it, and store it.

    The key is asked for without being shown, or read from stdin where that is no terminal.
    """
    from tui.cli.auth import login

    return login(read_settings(config, tells_obstacle=False), os.environ, sys.stdin)


@auth.command()
@_provider
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.pass_obj
def status(config: Path | None, as_json: bool) -> int:
    """Which credential is used, from where, and why not the others. Exit code 1 when signed out."""
    from tui.cli.auth import status

    return status(read_settings(config), os.environ, as_json=as_json)


@auth.command()
@_provider
@click.pass_obj
def logout(config: Path | None) -> int:
    """Forget the key that `prx auth login` stored."""
    from tui.cli.auth import logout

    return logout(read_settings(config), os.environ)


@prx.command()
@click.argument("check", type=click.Choice(("models", "config", "auth", "terminal")), required=False)
@click.option("--json", "as_json", is_flag=True, help="One object: ok, findings, models.")
@click.pass_obj
def doctor(config: Path | None, check: Check | None, as_json: bool) -> int:
    """What is wrong, and how to mend it: all of it, or one part. Changes nothing; exit code 1 if something failed."""
    from tui.actions import BY_NAME
    from tui.cli.doctor import CHECKS, examine, report_json, report_text
    from tui.config import load

    report = examine(load(os.environ, file=config, actions=tuple(BY_NAME)), os.environ, (check,) if check else CHECKS)
    say(report_json(report) if as_json else report_text(report))
    return 0 if report.ok else 1


def main() -> None:
    """The `prx` command. It never shows a traceback for what a user, a file or a server did."""
    code = _main()
    _leave_dead_streams()
    from tui.cli.renewals import see_through  # nothing that `prx --version` waits for

    see_through()
    sys.exit(code)


def _open_closed_streams() -> None:
    """Who started us may have closed them (`>&-`): nothing else may get their numbers, a socket least of all.

    What is written to a stdout that was closed fails, as it would there; there is nobody to tell of a closed stderr.
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
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 is no reason to stop
    guard()
    try:
        code = prx.main(prog_name="prx", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(masked(shown.getvalue().rstrip()), err=True)  # a key may stand in the place of another word
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except TuiError as error:
        from tui.render.safe import safe  # names of files and words of servers stand in it

        say(f"prx: {safe(error.message)}", err=True)
        if error.hint:
            say(safe(error.hint), err=True)
        return 1
    except OSError as error:  # stdout: its reader has left, or its disk is full
        if not isinstance(error, BrokenPipeError):
            with suppress(OSError):
                words = error.strerror or type(error).__name__
                say("prx: stdout is closed" if error.errno == errno.EBADF else f"prx: {words}", err=True)
        return 1


def _leave_dead_streams() -> None:
    """Python would complain, and end with 120, if something were still to be written where nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
