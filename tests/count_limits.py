"""What may happen at most, as counts: the same on every machine, and the one place for such limits.

Each limit is about a tenth above what is reached. Lower it when less is needed; raise it only with a reason in the commit.
`python tests/test_counts.py` prints what is reached now.
"""

from __future__ import annotations

OUR_MODULES = 127
"""Modules of ours at the first paint. Each takes about 0.4 ms: one that is not drawn then is to be imported on first use."""
ALL_MODULES = 542
"""The same with those of libraries and Python, which a newer version may add to."""
MODULES_BEFORE_TEXTUAL = 220
"""Modules, of all, until the frame of an earlier start is shown."""

IDLE_SECOND = {
    "bytes": 0,
    "frames": 0,
    "conversation_strips": 0,
    "other_strips": 0,
    "messages": 0,
    "layouts": 0,
    "timers": 0,
    "screen_wake_ups": 1,
    "engine_wake_ups": 0,
}
"""A second in which nothing is done, after the start."""
IDLE_KEY = {
    "bytes": 315,
    "frames": 1.1,
    "conversation_strips": 0,
    "other_strips": 1.1,
    "messages": 7.7,
    "layouts": 0,
    "timers": 1.1,
    "screen_wake_ups": 9,
}
"""A key that types a letter into a prompt of one line."""
STREAMING_KEY = {
    "bytes": 950,
    "frames": 2.2,
    "conversation_strips": 15,
    "other_strips": 1.2,
    "messages": 12.8,
    "layouts": 0.05,
    "timers": 2.4,
    "screen_wake_ups": 17,
}
"""The same while an answer comes at 80 tokens a second, with all that is done for the answer between two keys."""
THOUSAND_TOKENS = {
    "bytes": 75_000,
    "frames": 38,
    "conversation_strips": 1200,
    "other_strips": 4,
    "messages": 240,
    "layouts": 1,
    "timers": 40,
    "screen_wake_ups": 290,
    "engine_wake_ups": 240,
}
"""A thousand tokens of an answer at 400 a second, in a conversation that fills the screen."""
