"""Wait at the end of the program for a login that is being renewed: its old token is already used up."""

from __future__ import annotations

import os
import threading

from tui.cli.printing import say

RENEWAL = "login-renewal"
"""The name of the threads that renew a login. `anthropic.auth` starts them."""
_INTERRUPTED = 130
_SILENT_S = 0.5
"""How long to wait without a message, in seconds."""


def wait_for_login_renewal() -> None:
    """Wait until Claude Code's login is renewed, with a message if it takes long. A second Ctrl+C ends the program."""
    renewals = [thread for thread in threading.enumerate() if thread.name == RENEWAL]
    try:
        for thread in renewals:
            thread.join(_SILENT_S)
            if thread.is_alive():
                say("prx: waiting for Claude Code's renewed login, which would be lost (Ctrl+C: end now)", err=True)
                thread.join()
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)  # Python itself would wait for the thread
