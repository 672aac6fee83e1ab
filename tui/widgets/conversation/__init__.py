"""The conversation pane. It is given messages and events, and posts what the reader wants; it does no I/O.

`conversation` is the widget. It has a `transcript` (turns, and how they change), a `viewport` (which rows are in view), a
`cursor` (what keys act on), a `finder`, a `selector` and an `image_cache`, none of which needs a screen; `transcript_view`
draws and scrolls. A `turn` is made of `parts`; `live` grows them while an answer streams; `pace` says when.
"""

from tui.widgets.conversation.conversation import Conversation

__all__ = ["Conversation"]
