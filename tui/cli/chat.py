"""The full screen: build the app with everything it uses, run it, and keep what could not be stored."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.chat.tools import Access
    from tui.chat_screen.context import Start
    from tui.cli.options import ChatOptions
    from tui.config import Settings
    from tui.services.launch_frame import LaunchFrame
    from tui.services.library import ChatLibrary
    from tui.services.provider import ClaudeProvider
    from tui.signals import ExitSignals


def open_full_screen(config: Path | None, options: ChatOptions, demo: bool) -> int:
    """Run the full screen with these options and return the exit code. Raises TuiError and UsageError."""
    from tui.actions import BY_NAME
    from tui.cli.options import read_settings
    from tui.cli.system_prompt import find_preset

    settings = read_settings(config, tuple(BY_NAME))
    find_preset(settings, options.preset)  # raises UsageError if there is no such preset
    return run(
        settings,
        demo=demo,
        prompt=options.prompt,
        attach=options.attach,
        model=options.model,
        system=options.system,
        resume=options.resume or "",
        start="last" if options.continue_last else "list" if options.resume == "" else "new",
        preset=options.preset or "",
        tools=options.tools,
    )


def run(
    settings: Settings,
    *,
    demo: bool = False,
    prompt: str = "",
    attach: Sequence[Path] = (),
    model: str | None = None,
    system: str | None = None,
    resume: str = "",
    start: Start = "new",
    preset: str = "",
    tools: Access | None = None,
    env: Mapping[str, str] = os.environ,
) -> int:
    """Run the app until it is closed and return the exit code.

    The library, the provider and the engine enclose the app. If the app is closed in the middle of an answer, the engine
    stops first and the library last, so the part of the answer that has arrived is stored.
    """
    from tui.services.library import ChatLibrary
    from tui.services.provider import ClaudeProvider
    from tui.services.warm_up import prepare
    from tui.signals import ExitSignals

    is_plain = start == "new" and not (prompt or attach or resume)
    library = ChatLibrary(settings.folders.data / "chats.db")
    with library:
        # First of all, so that the store's thread opens the file and reads the chat while the screen is imported.
        end = library.read_ahead(resume, demo=demo) if resume or start == "last" else None
        with ExitSignals() as exit_signals:
            with (
                library,  # closed in here, where signals wait until everything is stored
                ClaudeProvider(
                    settings, env, demo=demo, model=model, system=system, preset=preset, tools=tools
                ) as provider,
                _launch_frame(settings, provider, exit_signals, is_plain=is_plain) as launch_frame,
            ):
                prepare()
                # Only now, since this imports Textual: it takes longer than all the rest of the start.
                from tui.app import ChatApp
                from tui.chat_screen.context import StartOptions
                from tui.engine import Engine

                _check_textual_variables()
                for name in ("COLUMNS", "LINES"):
                    os.environ.pop(name, None)  # Rich would prefer them to the real size of the terminal
                start_options = StartOptions(
                    resume, start, own_model=bool(model or preset), system=system, tools=tools, end=end
                )
                with Engine() as engine:
                    engine.at_exit(provider.aclose)
                    app = ChatApp(
                        settings,
                        provider,
                        engine,
                        library,
                        prompt=prompt,
                        attach=attach,
                        start=start_options,
                        exit_signals=exit_signals,
                        launch_frame=launch_frame,
                    )
                    app.run()
            return _keep_unsaved(library, exit_signals.exit_code if exit_signals.received else app.return_code or 0)


def _launch_frame(
    settings: Settings, provider: ClaudeProvider, exit_signals: ExitSignals, *, is_plain: bool
) -> LaunchFrame:
    """Return the frame to show during the start. None is shown unless the chat is new and there is nothing to report."""
    from tui.services.last_folder import KnownFolders
    from tui.services.launch_frame import LaunchFrame

    conditions: object = None
    if is_plain and not settings.findings and not provider.notice and provider.obstacle is None:
        with suppress(OSError):  # the working folder is gone
            folder = Path.cwd()
            conditions = (
                settings.ui,
                settings.keys,
                settings.budget,
                provider.is_demo,
                provider.model,
                provider.reasoning,
                provider.preset,
                provider.default_tools,
                provider.credential_notice,
                "" if KnownFolders(settings.folders.state / "told-folders").knows(folder) else folder,
            )
    frame = LaunchFrame(settings.folders.state / "launch-frames", conditions)
    exit_signals.on_signal(lambda: frame.leave(exit_signals.exit_code))
    return frame


def _check_textual_variables() -> None:
    """Raise TuiError if an environment variable of Textual has a value that would make it fail."""
    from rich.console import COLOR_SYSTEMS
    from textual import constants
    from textual.driver import Driver

    if (colours := constants.COLOR_SYSTEM) is not None and colours not in ("auto", *COLOR_SYSTEMS):
        raise TuiError(f'TEXTUAL_COLOR_SYSTEM="{colours}" is unknown', f"Use one of: auto, {', '.join(COLOR_SYSTEMS)}.")
    if (name := constants.DRIVER) is None:
        return
    module, _, symbol = name.partition(":")
    found: object = None
    with suppress(ImportError, AttributeError, ValueError, TypeError):
        found = getattr(importlib.import_module(module), symbol)
    if not (isinstance(found, type) and issubclass(found, Driver)):
        raise TuiError(f'TEXTUAL_DRIVER="{name}" is not a driver of Textual', "Unset it: unset TEXTUAL_DRIVER")


def _keep_unsaved(library: ChatLibrary, code: int) -> int:
    """Save chats that could not be stored, and return the exit code: 1 if they are not in a safe place."""
    if library.lost is None or not library.lost.count:
        return code
    from tui.cli.unsaved import keep_unsaved

    file, print_it = library.elsewhere
    is_safe = keep_unsaved(library.lost, library.file, file=file, print_it=print_it)
    return code or (0 if is_safe else 1)
