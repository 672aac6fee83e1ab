"""The chat list: every chat there is, found by title and by every word that was said in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, Protocol, overload

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from tui.errors import TuiError
from tui.render import figures
from tui.screens.modal import Modal
from tui.screens.naming import Naming
from tui.widgets.chat_rows import ANSWERING, ASKING, UNREAD, chat_row, heading, hit_row, warm_s
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelHead
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Chat, Found, Hit, Place, Store

_FEWEST = 20
"""So many chats are read before the list is first shown, or what the screen has rows for; the others follow."""
_FOOT = "⏎ open  ^R rename  ^B pin  del delete  ^E export  esc"
_FOOT_UNDO = "deleted · ^Z brings it back"


class Opening(NamedTuple):
    """What to open: a chat, and the message to go to, or "", with the words that were found in it."""

    chat_id: str
    message_id: str = ""
    words: tuple[str, ...] = ()


class _Rows(Sequence[Item]):
    """Rows that are made when they are looked at: there may be ten thousand of them."""

    def __init__(self, rows: Sequence[Chat | tuple[str, str]], item: Callable[[Chat | tuple[str, str]], Item]) -> None:
        self._rows = rows
        self._item = item

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        return _Rows(self._rows[at], self._item) if isinstance(at, slice) else self._item(self._rows[at])


class Keeper(Protocol):
    """Who has chats open, and so must know what becomes of them."""

    @property
    def chat_id(self) -> str:
        """The chat on the screen below."""

    @property
    def answering(self) -> frozenset[str]:
        """The chats in which an answer arrives just now."""

    @property
    def asking(self) -> frozenset[str]:
        """Those in which something waits for the user's word."""

    @property
    def unread(self) -> frozenset[str]:
        """Those whose answer has ended out of sight."""

    def delete(self, chat_id: str) -> None: ...

    def restore(self, chat_id: str) -> None: ...

    def export(self, chat_id: str) -> None:
        """Writes a chat to a file, and says so to the list."""


class ChatList(Modal[Opening | None]):
    BINDINGS = [
        Binding("escape,ctrl+s,f3", "dismiss(None)", show=False),
        Binding("ctrl+r,f2", "rename", show=False),
        Binding("ctrl+b", "pin", show=False),
        Binding("delete,ctrl+d", "delete", show=False),
        Binding("ctrl+z", "undo", show=False),
        Binding("ctrl+e", "export", show=False),
    ]

    def __init__(
        self,
        store: Store,
        name_of: Callable[[str], str],
        keeper: Keeper,
        *,
        typed: str = "",
        passing: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`typed` is searched for at once. `passing`: the store goes with the program, as the demo's does."""
        super().__init__()
        self._store = store
        self._name_of = name_of
        self._keeper = keeper
        self._typed = typed
        self._passing = passing
        self._now = now
        self._model_names: dict[str, str] = {}
        self._chats: dict[str, Chat] = {}
        self._searching: Future[Found] | None = None
        self._live: dict[str, str] = {}
        """What is going on in chats, by id."""
        self._deleted: list[str] = []
        self._ticking: Timer | None = None
        self._words: dict[str, tuple[str, ...]] = {}
        """What was found in each row, as it stands there."""
        self._drafts: dict[str, str] = {}
        """What was typed and never sent, by chat."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Chats", "type to search")
            yield FilterList((), empty=self._nothing, searches=True)
            yield Static(_FOOT, classes="panel--foot")

    @property
    def rows(self) -> FilterList:
        return self.query_one(FilterList)

    async def on_mount(self) -> None:
        in_sight = max(_FEWEST, self.app.size.height)
        unsent, first = self._store.unsent(), self._store.chats(in_sight)
        self._drafts = {place.chat_id: _first_words(place) for place in await asyncio.wrap_future(unsent)}
        self._drafts.pop(self._keeper.chat_id, None)
        self._take(await asyncio.wrap_future(first))
        self.rows.typed = self.rows.typed or self._typed  # maybe somebody typed faster
        if len(self._chats) == in_sight:
            self.call_after_refresh(self._read_the_rest)

    def _read_the_rest(self) -> None:
        self.run_worker(later(self._read_all))

    async def _read_all(self) -> None:
        self._take(await asyncio.wrap_future(self._store.chats()))

    def _take(self, chats: tuple[Chat, ...], at: str = "") -> None:
        keeper = self._keeper
        states = ((keeper.unread, UNREAD), (keeper.answering, ANSWERING), (keeper.asking, ASKING))
        self._live = {id: word for ids, word in states for id in ids}
        self._chats = {chat.id: chat for chat in chats}
        if self._ticking is None and self.app.animation_level != "none":
            self._ticking = self.set_interval(1.0, self._count_down)
        if not self.rows.typed:
            self._show_all(at)

    def _count_down(self) -> None:
        """Shows how long caches stay warm, as long as any is."""
        if any(warm_s(chat, self._now()) for chat in self._chats.values()):
            self.rows.refresh()
        elif self._ticking is not None:
            self.rows.refresh()
            self._ticking.stop()
            self._ticking = None

    def _show_all(self, at: str = "") -> None:
        drafts = [(id, text) for id, text in self._drafts.items() if id not in self._chats]
        rows = _Rows([*drafts, *self._chats.values()], self._item)
        keys = [*(id for id, _ in drafts), *self._chats]
        at = at or self.rows.picked or self._keeper.chat_id
        self.rows.replace(rows, row=keys.index(at) if at in keys else None)
        self._say(figures.plural(len(self._chats), "chat"))

    def _item(self, row: Chat | tuple[str, str]) -> Item:
        return _draft(*row) if isinstance(row, tuple) else self._chat_item(row)

    def _chat_item(self, chat: Chat, marks: Sequence[tuple[int, int]] = ()) -> Item:
        return Item(
            draw=lambda width: chat_row(
                chat,
                width,
                name=self._called(chat.model),
                now=self._now(),
                marks=marks,
                is_here=chat.id == self._keeper.chat_id,
                live=self._live.get(chat.id, ""),
            ),
            key=chat.id,
        )

    def _called(self, model_id: str) -> str:
        """Looked up once for all rows: there are far more chats than models."""
        if model_id not in self._model_names:
            self._model_names[model_id] = self._name_of(model_id)
        return self._model_names[model_id]

    def _nothing(self, typed: str) -> str:
        if typed:
            return f'no title and no message with "{typed}"'
        return f"no chats yet: what you say is kept {'until the demo ends' if self._passing else 'from now on'}"

    def _say(self, aside: str) -> None:
        self.query_one(PanelHead).say(f"{self.rows.typed}▏ {aside}" if self.rows.typed else f"type to search · {aside}")

    # Searching

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        if self._searching is not None:
            self._searching.cancel()
        if event.typed.strip():
            self._say("")
            self.run_worker(later(self._search, event.typed), group="search", exclusive=True)
        else:
            self.workers.cancel_group(self, "search")
            self._show_all()

    async def _search(self, typed: str, at: str = "") -> None:
        self._searching = self._store.search(typed)
        try:
            found = await asyncio.wrap_future(self._searching)
        except TuiError as error:
            self.rows.replace(())
            self._say(error.message)
            return
        self.rows.replace(self._found_rows(found.hits), typed=typed, at=at)
        self._say(f"{len(found.hits)}+ places" if found.is_cut else figures.plural(len(found.hits), "place"))

    def _found_rows(self, hits: Sequence[Hit]) -> list[Item]:
        """Titles as in the list; below them, chat by chat, what was said."""
        rows: list[Item] = []
        by_chat: dict[str, list[Hit]] = {}
        for hit in hits:
            if hit.message_id:
                by_chat.setdefault(hit.chat_id, []).append(hit)
            elif (chat := self._chats.get(hit.chat_id)) is not None:
                rows.append(self._chat_item(chat, hit.marks))
        for said in by_chat.values():
            rows.append(Item(draw=heading(said[0].title)))
            rows += [self._hit(hit) for hit in said]
        return rows

    def _hit(self, hit: Hit) -> Item:
        who = "You" if hit.role == "user" else "Claude"
        key = f"{hit.chat_id} {hit.message_id}"
        self._words[key] = tuple(dict.fromkeys(hit.snippet[start:end] for start, end in hit.marks))
        return Item(draw=lambda width: hit_row(hit.snippet, hit.marks, who, width), key=key)

    # What can be done to a chat

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        chat_id, _, message_id = event.key.partition(" ")
        self.dismiss(Opening(chat_id, message_id, self._words.get(event.key, ())))

    @property
    def _chosen(self) -> Chat | None:
        return self._chats.get(self.rows.picked.partition(" ")[0])

    def action_rename(self) -> None:
        chat = self._chosen
        if chat is None:
            return

        def named(title: str | None) -> None:
            if title:
                self._store.rename(chat.id, title)
                self._read_again()

        self.app.push_screen(Naming("Rename the chat", chat.title), named)

    def action_pin(self) -> None:
        if (chat := self._chosen) is not None:
            self._store.pin(chat.id, not chat.pinned)
            self._read_again()

    def action_delete(self) -> None:
        if (chat := self._chosen) is not None:
            self._keeper.delete(chat.id)
            self._deleted.append(chat.id)
            self._foot(_FOOT_UNDO)
            self.rows.action_move(1)
            self._read_again()

    def action_undo(self) -> None:
        if self._deleted:
            self._keeper.restore(restored := self._deleted.pop())
            self._foot(_FOOT_UNDO if self._deleted else _FOOT)
            self._read_again(restored)

    def tell_changed(self) -> None:
        """Something has happened in a chat that is not on the screen."""
        self._read_again()

    def action_export(self) -> None:
        if (chat := self._chosen) is not None:
            self._keeper.export(chat.id)

    def say_exported(self, text: str) -> None:
        self._foot(text)

    def _foot(self, text: str) -> None:
        self.query_one(".panel--foot", Static).update(text)

    @work(group="again", exclusive=True)
    async def _read_again(self, at: str = "") -> None:
        """With the cursor on the chat `at`, if it is one of the rows then."""
        self._take(await asyncio.wrap_future(self._store.chats()), at)
        if self.rows.typed:
            await self._search(self.rows.typed, at)


def _first_words(place: Place) -> str:
    drafts = (place.draft, *place.queue)
    return next((draft.text for draft in drafts if draft.text), "attachments without words")


def _draft(chat_id: str, text: str) -> Item:
    """What was typed for a chat that never began."""
    return Item(draw=lambda width: hit_row(text, (), "not sent", width), key=chat_id)
