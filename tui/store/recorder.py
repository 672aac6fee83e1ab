"""Connect a session to the store: messages as they enter and leave one chat, and an answer while it arrives.

The recorder knows the position of the conversation in the tree, which messages do not. Each writer has its own: two
instances that write to one chat at the same time create two branches.
"""

from __future__ import annotations

from msgspec.structs import replace

from tui.chat.transcript import Document, Draft, Image, Message, Text, Thinking, Tool
from tui.store.store import Store, new_id
from tui.store.values import NewChat


class Recorder:
    """Give its methods to a `Session`. With `gives_back`, a prompt that is withdrawn becomes unsent text; otherwise it
    stays.
    """

    def __init__(self, store: Store, chat: NewChat, head: str | None = None, *, gives_back: bool = True) -> None:
        self.chat = chat
        """Replace it when the model or another setting of a chat that has not begun changes."""
        self.head = head
        """The message that the next one follows. Set it to an earlier one to start a branch there."""
        self.ids: set[str] = set()
        """The ids of all messages recorded here, to distinguish them from those of other writers."""
        self._store = store
        self._gives_back = gives_back
        self._arriving = ""
        self._before = head

    def record(self, message: Message) -> None:
        """Record a message that has entered the transcript."""
        id = self._arriving if self._arriving and not message.is_prompt else new_id()
        self._arriving = ""
        self.ids.add(id)
        if message.summary is not None:  # it begins a branch
            message, self.head = replace(message, summarizes=self.head or ""), None
        self._store.append(self.chat, id, self.head, message)
        self._before, self.head = self.head, id

    def partial(self, message: Message) -> None:
        """Record an answer, or the results of its tools, so far. Does nothing while there is no content."""
        if all(block in (Text(""), Thinking("")) for block in message.blocks):
            return
        self._arriving = self._arriving or new_id()
        self._store.partial(self.chat, self._arriving, self.head, message)

    def set_tools(self, tools: tuple[Tool, ...]) -> None:
        """Record that the chat, which has begun, offers these tools from its first request on."""
        self.chat = replace(self.chat, definitions=tools)
        self._store.set_tools(self.chat.id, self.chat.tools, tools)

    def revise(self, number: int, message: Message) -> None:
        """Record that a message has changed in place. `number` is its index in the chat."""
        if self.head is not None:
            self._store.revise(self.head, number, message)

    def discard(self, message: Message) -> None:
        """Record an answer that was billed but has no content."""
        self._store.discard(self.chat.id, message)

    def withdraw(self, message: Message) -> None:
        """Record that the last message was removed from the transcript."""
        if self.head is None or not self._gives_back:
            return
        self._store.withdraw(self.chat.id, self.head, _draft(message))
        self.head = self._before


def _draft(message: Message) -> Draft:
    attachments = tuple(block for block in message.blocks if isinstance(block, (Image, Document)))
    return Draft(text=message.text, attachments=attachments)
