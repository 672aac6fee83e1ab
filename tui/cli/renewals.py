"""What the program does not end before: the renewal of a login, of which the old one is already used up."""

from __future__ import annotations

import os
import threading

from tui.cli.printing import say

RENEWAL = "login-renewal"
"""The name of the threads that do it (`anthropic.auth` starts them)."""
_INTERRUPTED = 130
_UNREMARKABLE_S = 0.5


def see_through() -> None:
    """Says why the program does not end yet, where Claude Code's login is being renewed; a second Ctrl+C ends it anyway."""
    renewals = [thread for thread in threading.enumerate() if thread.name == RENEWAL]
    try:
        for thread in renewals:
            thread.join(_UNREMARKABLE_S)
            if thread.is_alive():
                say("prx: waiting for Claude Code's renewed login, which would be lost (Ctrl+C: end now)", err=True)
                thread.join()
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)  # Python itself would go on waiting
