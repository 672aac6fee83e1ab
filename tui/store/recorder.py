"""What a session tells the store: messages as they enter and leave one chat, and an answer while it arrives.

The recorder knows where in the tree its conversation stands, which the messages themselves do not. Each writer has its
own: what two instances say in one chat at the same time become two branches.
"""

from __future__ import annotations

from msgspec.structs import replace

from tui.chat.transcript import Document, Draft, Image, Message, Text, Thinking, Tool
from tui.store.store import Store, new_id
from tui.store.values import NewChat


class Recorder:
    """Give its methods to a `Session`. `gives_back`: a prompt that is withdrawn becomes unsent text; else it stays."""

    def __init__(self, store: Store, chat: NewChat, head: str | None = None, *, gives_back: bool = True) -> None:
        self.chat = chat
        """To be replaced when the model or anything else of a chat that has not begun is chosen."""
        self.head = head
        """The message that the next one follows. Set it to an earlier one, and a branch begins there."""
        self.ids: set[str] = set()
        """Of all that was recorded here, to be told from what others say in the same chat."""
        self._store = store
        self._gives_back = gives_back
        self._arriving = ""
        self._before = head

    def record(self, message: Message) -> None:
        """Records a message that has entered the transcript."""
        id = self._arriving if self._arriving and not message.is_prompt else new_id()
        self._arriving = ""
        self.ids.add(id)
        self._store.append(self.chat, id, self.head, message)
        self._before, self.head = self.head, id

    def partial(self, message: Message) -> None:
        """Records an answer, or the results of its tools, as far as they have come. No content yet is not worth a line."""
        if all(block in (Text(""), Thinking("")) for block in message.blocks):
            return
        self._arriving = self._arriving or new_id()
        self._store.partial(self.chat, self._arriving, self.head, message)

    def equip(self, tools: tuple[Tool, ...]) -> None:
        """The chat, which has begun, offers these tools from its first request on."""
        self.chat = replace(self.chat, definitions=tools)
        self._store.set_tools(self.chat.id, self.chat.tools, tools)

    def revise(self, number: int, message: Message) -> None:
        """A message that was recorded has changed in place: the one of that number, from the beginning of the chat."""
        if self.head is not None:
            self._store.revise(self.head, number, message)

    def write_off(self, message: Message) -> None:
        """An answer was billed, and there is nothing of it to keep."""
        self._store.write_off(self.chat.id, message)

    def withdraw(self, message: Message) -> None:
        """The last message has left the transcript again."""
        if self.head is None or not self._gives_back:
            return
        self._store.withdraw(self.chat.id, self.head, _draft(message))
        self.head = self._before


def _draft(message: Message) -> Draft:
    attachments = tuple(block for block in message.blocks if isinstance(block, (Image, Document)))
    return Draft(text=message.text, attachments=attachments)
