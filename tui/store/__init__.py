"""Chats on disk: what was said is recorded as it is said, listed, searched, and never lost.

`Store` is the door; everything behind it runs on a thread of its own. The modules, from the bottom: `values` is what comes
out, `codec` turns messages into rows and back, `accounts` adds up what was used, `words` makes text searchable, `schema` is
the tables, `database` the file and its troubles, `watch` what others do to it, `worker` the thread, `writing` and `reading`
the SQL, `recorder` what a session tells.
"""

from tui.store.recorder import Recorder
from tui.store.store import Store, new_id
from tui.store.values import (
    Branch,
    Chat,
    ChatUsage,
    Day,
    Found,
    Hit,
    ImportResult,
    Instance,
    NewChat,
    Place,
    Since,
    Stored,
    Unsaved,
)

__all__ = [
    "Branch",
    "Chat",
    "ChatUsage",
    "Day",
    "Found",
    "Hit",
    "ImportResult",
    "Instance",
    "NewChat",
    "Place",
    "Recorder",
    "Since",
    "Store",
    "Stored",
    "Unsaved",
    "new_id",
]
