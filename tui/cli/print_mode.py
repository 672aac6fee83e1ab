"""`prx -p`: send one prompt and print the answer on stdout. Notices and errors go to stderr."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.events import AnswerEnded, Notice, TurnEvent
from tui.chat.outcomes import notices_for
from tui.chat.reasoning import MODEL_DEFAULTS, Reasoning
from tui.chat.tools import Access
from tui.chat.transcript import Draft
from tui.chat.turn import run_turn
from tui.cli.output import PRINTERS, OutputFormat, Printer, TurnResult
from tui.errors import TuiError
from tui.signals import ExitSignals, Interrupted

if TYPE_CHECKING:
    from tui.cli.options import ChatOptions
    from tui.config import Settings
    from tui.services.connection import Connection
    from tui.services.resume import StoredSession


def print_answer(config: Path | None, options: ChatOptions, demo: bool) -> int:
    """Send the prompt of the command line and of stdin, print the answer, and return the exit code. Raises UsageError."""
    with ExitSignals() as exit_signals:
        return _print_answer(config, options, demo, exit_signals)


def _print_answer(config: Path | None, options: ChatOptions, demo: bool, exit_signals: ExitSignals) -> int:
    from tui.cli.options import read_settings
    from tui.cli.stdin import read_piped_text, with_piped_text
    from tui.cli.system_prompt import find_preset
    from tui.services import resume

    output = options.output_format or "text"
    try:
        _require_stdout()
        settings = read_settings(config, report_blocking=output != "text" or demo)
        preset = find_preset(settings, options.preset)
        piped = read_piped_text(sys.stdin, exit_signals)
    except Interrupted:
        return _end_early(output, exit_signals)
    except TuiError as error:
        return _end_early(output, exit_signals, error)
    return run(
        settings,
        prompt=with_piped_text(options.prompt, piped.text),
        notices=(*piped.notices, *_unattached_files(options.prompt, piped.text)),
        model=options.model or preset.model,
        system=preset.system if options.system is None else options.system,
        output=output,
        attach=options.attach,
        resume=resume.LAST if options.continue_last else options.resume,
        reasoning=Reasoning(thinking=preset.thinking, effort=preset.effort),
        tools=options.tools or preset.tools,
        demo=demo,
        exit_signals=exit_signals,
    )


def _require_stdout() -> None:
    """Raise TuiError if stdout is closed: the answer would be paid for and lost."""
    try:
        os.write(sys.stdout.fileno(), b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            message = "stdout is closed, so nothing was sent"
            raise TuiError(message, "Remove >&-, or redirect stdout to a file: >answer.txt") from error


def _unattached_files(prompt: str, piped: str) -> list[str]:
    """Return notices about files that are mentioned but not prepare_files, and about broken image markers.

    Only the full screen attaches mentioned files: the prompt of a script may contain any text.
    """
    notices: list[str] = []
    if "@" in prompt or "[IMAGE:" in prompt or "[IMAGE:" in piped:
        from tui.images.attachable import broken_marker_notice, mentioned_files

        if files := mentioned_files(prompt, Path.cwd()).files:
            notices.append(f"{files[0].name} is mentioned but not attached. With -p, attach files with -a FILE.")
        if broken := broken_marker_notice(f"{prompt}\n{piped}"):
            notices.append(broken)
    return notices


def run(
    settings: Settings,
    *,
    prompt: str,
    model: str | None,
    system: str | None,
    output: OutputFormat,
    attach: Sequence[Path] = (),
    resume: str | None = None,
    reasoning: Reasoning = MODEL_DEFAULTS,
    tools: Access | None = None,
    notices: Sequence[str] = (),
    demo: bool = False,
    exit_signals: ExitSignals,
    env: Mapping[str, str] = os.environ,
) -> int:
    """Send the prompt and print the answer. Return the exit code: 0, 1 on failure, 128 plus the number of an exit signal.

    `resume` is the ID of the chat to continue, or `services.resume.LAST`; None starts a new chat.
    """
    from tui.services.attachments import prepare_files
    from tui.services.connection import Connection
    from tui.services.library import ChatLibrary
    from tui.services.resume import begin

    result = TurnResult(notices)
    printer = PRINTERS[output](exit_signals)
    disk_problems: list[str] = []
    library = ChatLibrary(settings.folders.data / "chats.db")
    try:
        # The end of this block writes the chat to disk, before the result is printed.
        with (
            Connection(settings, env, demo=demo) as connection,
            library,
        ):
            if connection.obstacle:
                raise connection.obstacle
            library.trouble = lambda problem: disk_problems.append(problem.message)
            store = library.store(demo=demo)
            stored = begin(
                store, connection, resume=resume, model=model or "", system=system, tools=tools, reasoning=reasoning
            )
            attachments = prepare_files(attach, connection.choose(stored.model).model, result.add_notice)
            draft = Draft(text=prompt, attachments=attachments)
            asyncio.run(_run_until_signal(connection, stored, draft, result, printer, exit_signals))
    except (asyncio.CancelledError, Interrupted):
        pass
    except TuiError as error:
        result.fail(error)
    if library.lost is not None and library.lost.chats:
        result.add_notice(f"This chat was not stored in {library.file}. The answer is only on stdout.")
    for text in disk_problems:
        if result.failure is None or text != result.failure.message:
            result.add_notice(text)
    return _finish(result, printer, exit_signals)


def _end_early(output: OutputFormat, exit_signals: ExitSignals, error: TuiError | None = None) -> int:
    """Print why nothing was sent, an error or a signal, in the format of the output. Return the exit code."""
    if error is None and output == "text":
        return exit_signals.exit_code
    result = TurnResult()
    if error is not None:
        result.fail(error)
    return _finish(result, PRINTERS[output](exit_signals), exit_signals)


def _finish(result: TurnResult, printer: Printer, exit_signals: ExitSignals) -> int:
    if exit_signals.received:
        result.add_notice("Interrupted. This is the part of the answer that had arrived.")
    try:
        printer.finish(result)
    except OSError:
        if not exit_signals.received:  # after a signal the terminal may be gone
            raise
    return exit_signals.exit_code if exit_signals.received else 1 if result.failure else 0


async def _run_until_signal(
    connection: Connection,
    stored: StoredSession,
    draft: Draft,
    result: TurnResult,
    printer: Printer,
    exit_signals: ExitSignals,
) -> None:
    """Run one turn and close the connection. An exit signal cancels the turn."""
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    with exit_signals.cancelling(task):
        try:
            await _run_turn(connection, stored, draft, result, printer)
        finally:
            await connection.aclose()


async def _run_turn(
    connection: Connection, stored: StoredSession, draft: Draft, result: TurnResult, printer: Printer
) -> None:
    from tui.services.resume import check_budget

    choice = connection.choose(stored.model)
    result.model, result.chat_id = choice.model.id, stored.recorder.chat.id
    if connection.credential_notice:
        _handle(Notice(connection.credential_notice), result, printer)
    if text := await check_budget(connection, stored, draft, choice.model):
        _handle(Notice(text), result, printer)
    loop = asyncio.get_running_loop()
    connection.warn = lambda text: _call_on(loop, lambda: _handle(Notice(text), result, printer))
    turn = run_turn(stored.session, draft, stored.ask(connection), choice.model)
    try:
        async for event in turn:
            _handle(event, result, printer)
    except (asyncio.CancelledError, Interrupted):
        with contextlib.suppress(OSError):  # the reader of stdout may be gone
            for event in turn.conclude(asyncio.CancelledError()):
                _handle(event, result, printer)
        raise


def _call_on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the turn was stopped
        loop.call_soon_threadsafe(call)


def _handle(event: TurnEvent, result: TurnResult, printer: Printer) -> None:
    result.handle(event)
    printer.handle(event)
    for text in notices_for(result.answers) if isinstance(event, AnswerEnded) else ():
        _handle(Notice(text), result, printer)
