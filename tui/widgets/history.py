"""Earlier prompts, and the unsent text behind them: what Up and Down show in the prompt. Strings only, no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.widgets.pastes import cleaned


class PromptHistory:
    """The prompts that Up goes through: those of other chats, then this chat's own, with texts that were never sent."""

    def __init__(self) -> None:
        self._earlier: list[str] = []
        """Prompts of other chats, oldest first."""
        self._own: list[str] = []
        self._unsent: set[str] = set()
        """Those of both lists that were never sent."""

    @property
    def texts(self) -> list[str]:
        """All texts, the newest last."""
        return self._earlier + self._own

    @property
    def earlier_count(self) -> int:
        """The number of texts that are not this chat's."""
        return len(self._earlier)

    @property
    def last_sent(self) -> str:
        """The prompt that was sent last in this chat, or ""."""
        return next((text for text in reversed(self._own) if text not in self._unsent), "")

    def is_unsent(self, text: str) -> bool:
        """True if the text was kept, but never sent."""
        return text in self._unsent

    def add(self, text: str) -> None:
        """Add a prompt that was sent in this chat."""
        self._unsent.discard(text)
        if text and (not self._own or self._own[-1] != text):
            self._own.append(text)

    def add_older(self, texts: Sequence[str]) -> int:
        """Add prompts that were sent in this chat before all others, oldest first. Return how many texts that added."""
        older: list[str] = []
        for text in texts:
            if text and text not in older[-1:]:
                older.append(text)
        if older and older[-1:] == self._own[:1]:
            older.pop()
        self._own[:0] = older
        return len(older)

    def keep(self, text: str) -> bool:
        """Keep a text that was not sent. False if it is blank, or is kept already."""
        if not text.strip() or text in self.texts:
            return False
        self._own.append(text)
        self._unsent.add(text)
        return True

    def set_earlier(self, texts: Sequence[str]) -> None:
        """Set the prompts of other chats, newest first."""
        own = set(self._own)
        unsent = [text for text in self._earlier if text in self._unsent]
        self._earlier = [text for text in reversed(texts) if text not in own] + unsent

    def begin_chat(self) -> None:
        """Start the list of a new chat. Unsent texts stay, behind its prompts."""
        self._earlier += [text for text in self._own if text in self._unsent]
        self._own.clear()


class Shown(NamedTuple):
    """A text to show in the prompt."""

    text: str
    is_draft: bool
    """True if it is the unsent text, False for an earlier prompt."""


class DraftHistory:
    """The text in the prompt: a draft, or an earlier prompt with the draft stashed until that is sent or left."""

    def __init__(self, on_kept: Callable[[str], object] = str) -> None:
        """`on_kept` is called with each text that is added to the history without having been sent."""
        self.prompts = PromptHistory()
        self._on_kept = on_kept
        self._at: int | None = None
        """The index of the earlier prompt that is shown; None for a draft."""
        self._stashed = ""

    def unsent(self, text: str) -> tuple[str, str]:
        """Return the draft and the stashed draft, given the text in the prompt. An earlier prompt, unchanged, is neither."""
        if self._at is not None and text == self.prompts.texts[self._at] and not self.prompts.is_unsent(text):
            return self._stashed, ""
        return (text, self._stashed) if text else (self._stashed, "")

    def begin(self) -> None:
        """Forget the stashed draft: another chat's draft will be shown."""
        self._stashed, self._at = "", None

    def stash(self, text: str) -> None:
        """Make room in the prompt for another text. Only one draft comes back by itself: an older one is kept for Up."""
        draft, before = self.unsent(text)
        if draft.strip():
            self.keep(before)
            self._stashed = draft
        self._at = None

    def pop(self) -> str:
        """Return the stashed draft, or "", after the text in the prompt was sent or dropped."""
        stashed = self._stashed
        self.begin()
        return stashed

    def keep(self, text: str) -> bool:
        """Keep a text that leaves the prompt unsent, so that Up finds it. False if it is there already."""
        is_new = self.prompts.keep(text)
        if is_new:
            self._on_kept(text)
        return is_new

    def add(self, text: str) -> None:
        """Add a prompt that was sent."""
        self.prompts.add(text)
        self._at = None

    def add_older(self, texts: Sequence[str]) -> None:
        """Add prompts that were sent in this chat before all others, oldest first."""
        is_own = self._at is not None and self._at >= self.prompts.earlier_count
        added = self.prompts.add_older(texts)
        if self._at is not None and is_own:
            self._at += added

    def set_earlier(self, texts: Sequence[str]) -> None:
        """Set the prompts of other chats, newest first, unless one is being shown."""
        if self._at is None:
            self.prompts.set_earlier(texts)

    def begin_chat(self) -> None:
        """Start the history of a new chat. The draft stays."""
        self.prompts.begin_chat()
        self._at = None

    def older(self, text: str) -> Shown | None:
        """Return the prompt before the one that is shown; None if there is none."""
        texts = self.prompts.texts
        if self._at is None and texts:
            self.stash(text)
            self._at = len(texts) - 1
        elif self._at:
            self._keep_changed(text)
            self._at -= 1
        else:
            return None
        return Shown(texts[self._at], is_draft=False)

    def newer(self, text: str) -> Shown | None:
        """Return the prompt after the one that is shown, or the draft after the last one; None if there is none."""
        texts = self.prompts.texts
        if self._at is not None:
            self._keep_changed(text)
            if self._at < len(texts) - 1:
                self._at += 1
                return Shown(texts[self._at], is_draft=False)
        elif not self._stashed or text:
            return None
        return Shown(self.pop(), is_draft=True)

    def _keep_changed(self, text: str) -> None:
        """Keep the changes that were made to the earlier prompt that is shown."""
        if self._at is not None and text != cleaned(self.prompts.texts[self._at]):
            self.keep(text)
