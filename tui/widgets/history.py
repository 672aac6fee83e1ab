"""The prompts that Up goes through: those of other chats, then this chat's own, and what was written and left unsent."""

from __future__ import annotations

from collections.abc import Sequence


class History:
    def __init__(self) -> None:
        self._earlier: list[str] = []
        """Of other chats, oldest first."""
        self._own: list[str] = []
        self._unsent: set[str] = set()
        """Those among all these that were never sent."""

    @property
    def texts(self) -> list[str]:
        """All of them, the newest last."""
        return self._earlier + self._own

    @property
    def last_sent(self) -> str:
        """The prompt that was sent last in this chat, or ""."""
        return next((text for text in reversed(self._own) if text not in self._unsent), "")

    def is_unsent(self, text: str) -> bool:
        return text in self._unsent

    def add(self, text: str) -> None:
        """Adds a prompt that was sent in this chat."""
        self._unsent.discard(text)
        if text and (not self._own or self._own[-1] != text):
            self._own.append(text)

    def keep(self, text: str) -> bool:
        """Keeps a text that was not sent. False if that is nothing, or stands here already."""
        if not text.strip() or text in self.texts:
            return False
        self._own.append(text)
        self._unsent.add(text)
        return True

    def set_earlier(self, texts: Sequence[str]) -> None:
        """Sets the prompts of other chats, newest first."""
        own = set(self._own)
        unsent = [text for text in self._earlier if text in self._unsent]
        self._earlier = [text for text in reversed(texts) if text not in own] + unsent

    def begin_chat(self) -> None:
        """Starts a new chat's own; what was left unsent is found behind them."""
        self._earlier += [text for text in self._own if text in self._unsent]
        self._own.clear()
