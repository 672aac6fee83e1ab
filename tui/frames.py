"""The frame policy: how often the screen is drawn, how long that may take, and what goes first.

- A key is shown at once. It changes a line or two, and a reader feels a delay above some 20 ms.
- An answer is drawn `ANSWER_FRAMES_PER_S` times a second. More is not read more easily, and each frame may move all lines of
  the conversation: some 4 ms of work, and up to 8 KB for the terminal.
- What has arrived is processed for `BUDGET_S` at a stretch; then keys have their turn for `BREATH_S`.
- A frame of an answer waits while a key is on its way to the screen, and while the terminal has not read the frame before:
  over a slow line frames are left out, and none queue up. It waits for `LONGEST_WAIT_S` at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable

ANSWER_FRAMES_PER_S = 12
KEY_FRAMES_PER_S = 240
BUDGET_S = 0.008
BREATH_S = 0.01
KEY_S = 0.03
"""How long a key can be on its way: one that changes nothing is never shown."""
LONGEST_WAIT_S = 1.0


class FrameGate:
    """Says what an answer has to wait for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_unread: Callable[[], bool] = lambda: False
        """Returns True while the terminal has not read all that was written."""
        self._clock = clock
        self._key_at: float | None = None
        self._drawn_at = clock()

    def key_came(self) -> None:
        """A key was pressed."""
        self._key_at = self._clock()

    def drawn(self) -> None:
        """A frame was drawn, with all that keys have changed."""
        self._key_at = None
        self._drawn_at = self._clock()

    @property
    def has_key(self) -> bool:
        """True while a key is on its way to the screen."""
        return self._key_at is not None and self._clock() - self._key_at < KEY_S

    @property
    def is_shut(self) -> bool:
        """True while the terminal is behind."""
        return self.is_unread() and self._clock() - self._drawn_at < LONGEST_WAIT_S
