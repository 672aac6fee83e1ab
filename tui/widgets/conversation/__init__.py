"""The conversation pane. Bytes and keys stay outside: it is given messages and events, and posts what the reader wants.

From the inside out: `captions` says what stands around the words; `parts`, `sheet` and `turn` make rows of it, `live` lets
them grow; `viewport` knows which rows are in view; `view` draws them, `reading` and `looking` act for the reader, `pane`
takes what arrives.
"""

from tui.widgets.conversation.pane import Conversation

__all__ = ["Conversation"]
