"""Chats on disk: messages are recorded as they are written, listed and searched, and never lost.

`Store` is the interface; everything else runs on a thread of its own. The modules, from the bottom: `values` has the
results, `codec` converts messages to rows and back, `usage` adds up tokens and costs, `search_text` makes text searchable,
`schema` has the tables, `database` the file and its failures, `watch` notices changes by other programs, `worker` is the
thread, `updates`, `queries` and `branches` are the SQL, `recorder` connects a session.
"""

from tui.store.recorder import Recorder
from tui.store.store import Store, new_id
from tui.store.values import (
    Branch,
    Chat,
    ChatEnd,
    ChatUpdate,
    ChatUsage,
    DayUsage,
    Hit,
    ImportResult,
    Instance,
    NewChat,
    Position,
    SearchResults,
    StoredChat,
    StoredMessage,
    Unsaved,
)

__all__ = [
    "Branch",
    "Chat",
    "ChatEnd",
    "ChatUpdate",
    "ChatUsage",
    "DayUsage",
    "Hit",
    "ImportResult",
    "Instance",
    "NewChat",
    "Position",
    "Recorder",
    "SearchResults",
    "Store",
    "StoredChat",
    "StoredMessage",
    "Unsaved",
    "new_id",
]
