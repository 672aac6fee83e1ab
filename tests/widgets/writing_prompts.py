"""What a prompt needs beside it, for tests that show one without a chat."""

from __future__ import annotations

from tui.anthropic.models import find
from tui.widgets.attachments import Attachments
from tui.widgets.commands import CommandList, FileList


def prompt_parts() -> tuple[CommandList, Attachments, FileList]:
    """The lists above a prompt and its chips, to be composed beside it."""
    return CommandList(), Attachments(lambda: find("sonnet")), FileList()
