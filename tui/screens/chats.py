"""The chat list: all chats, searched by title and by the text of their messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol, overload

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer

from tui.errors import TuiError
from tui.render import figures
from tui.screens.modal import Modal
from tui.screens.rename import RenameDialog
from tui.widgets.chat_rows import ANSWERING, ASKING, UNREAD, chat_row, heading, hit_row, warm_s
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Chat, Hit, Position, SearchResults, Store

_FIRST_ROWS = 20
"""Chats that are read before the list is first shown, or as many as the screen has rows; the others follow."""
_KEYS = (("⏎", "open"), ("^R", "rename"), ("^B", "pin"), ("del", "delete"), ("^E", "export"), ("esc", "close"))
_UNDO = ("^Z", "undo delete")


class _Rows(Sequence[Item]):
    """Rows that are made when they are drawn, since there may be ten thousand of them."""

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


class ChatListPort(Protocol):
    """The port to the chat screen, which has chats open and so must know what happens to them."""

    @property
    def chat_id(self) -> str:
        """The chat on the screen below."""

    @property
    def answering(self) -> frozenset[str]:
        """The chats in which an answer is running."""

    @property
    def asking(self) -> frozenset[str]:
        """The chats that wait for a permission."""

    @property
    def unread(self) -> frozenset[str]:
        """The chats whose answer ended while another chat was open."""

    def open(self, chat_id: str, message_id: str = "", words: tuple[str, ...] = ()) -> None:
        """Show a chat; scroll to a message and highlight words in it, if one is given."""

    def delete(self, chat_id: str) -> None: ...

    def restore(self, chat_id: str) -> None: ...

    def export(self, chat_id: str) -> None:
        """Write a chat to a file, then call `ChatList.show_notice`."""


class ChatList(Modal[None]):
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
        port: ChatListPort,
        *,
        typed: str = "",
        is_temporary: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`typed` is searched for at once. `is_temporary`: the store is temporary, as in the demo."""
        super().__init__()
        self._store = store
        self._name_of = name_of
        self._port = port
        self._typed = typed
        self._is_temporary = is_temporary
        self._now = now
        self._model_names: dict[str, str] = {}
        self._chats: dict[str, Chat] = {}
        self._searching: Future[SearchResults] | None = None
        self._live: dict[str, str] = {}
        """The state shown beside a title, e.g. that an answer is running, by chat ID."""
        self._deleted: list[str] = []
        self._ticking: Timer | None = None
        self._words: dict[str, tuple[str, ...]] = {}
        """The matched words of each search result, by its key."""
        self._drafts: dict[str, str] = {}
        """The first words of unsent drafts, by chat ID."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Chats", "type to search")
            yield FilterList((), empty=self._nothing, searches=True)
            yield PanelFoot(*_KEYS)

    @property
    def rows(self) -> FilterList:
        return self.query_one(FilterList)

    async def on_mount(self) -> None:
        in_sight = max(_FIRST_ROWS, self.app.size.height)
        unsent, first = self._store.unsent(), self._store.chats(in_sight)
        self._drafts = {place.chat_id: _first_words(place) for place in await asyncio.wrap_future(unsent)}
        self._drafts.pop(self._port.chat_id, None)
        self._take(await asyncio.wrap_future(first))
        self.rows.typed = self.rows.typed or self._typed  # maybe somebody typed faster
        if len(self._chats) == in_sight:
            self.call_after_refresh(self._read_the_rest)

    def _read_the_rest(self) -> None:
        self.run_worker(later(self._read_all))

    async def _read_all(self) -> None:
        self._take(await asyncio.wrap_future(self._store.chats()))

    def _take(self, chats: tuple[Chat, ...], at: str = "") -> None:
        port = self._port
        states = ((port.unread, UNREAD), (port.answering, ANSWERING), (port.asking, ASKING))
        self._live = {id: word for ids, word in states for id in ids}
        self._chats = {chat.id: chat for chat in chats}
        if self._ticking is None and self.app.animation_level != "none":
            self._ticking = self.set_interval(1.0, self._count_down)
        if not self.rows.typed:
            self._show_all(at)

    def _count_down(self) -> None:
        """Redraw every second for as long as the cache of any chat is warm."""
        if any(warm_s(chat, self._now()) for chat in self._chats.values()):
            self.rows.refresh()
        elif self._ticking is not None:
            self.rows.refresh()
            self._ticking.stop()
            self._ticking = None

    def _show_keys(self) -> None:
        """Show the keys that do something: an empty list has nothing to open or to rename."""
        keys = _KEYS if self.rows.picked else _KEYS[-1:]
        self._foot.set_hints(*((_UNDO, *keys) if self._deleted else keys))

    def _show_all(self, at: str = "") -> None:
        drafts = [(id, text) for id, text in self._drafts.items() if id not in self._chats]
        rows = _Rows([*drafts, *self._chats.values()], self._item)
        keys = [*(id for id, _ in drafts), *self._chats]
        at = at or self.rows.picked or self._port.chat_id
        self.rows.replace(rows, row=keys.index(at) if at in keys else None)
        self._set_note(figures.plural(len(self._chats), "chat"))
        self._show_keys()

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
                is_here=chat.id == self._port.chat_id,
                live=self._live.get(chat.id, ""),
            ),
            key=chat.id,
        )

    def _called(self, model_id: str) -> str:
        """Return the name of a model, looked up once for all rows."""
        if model_id not in self._model_names:
            self._model_names[model_id] = self._name_of(model_id)
        return self._model_names[model_id]

    def _nothing(self, typed: str) -> str:
        if typed:
            return f'No title or message matches "{typed}"'
        fate = "The demo keeps them until it ends." if self._is_temporary else "They are saved as you write."
        return f"No chats yet. {fate}"

    def _set_note(self, note: str) -> None:
        self.query_one(PanelHead).set_note(
            f"{self.rows.typed}▏ {note}" if self.rows.typed else f"type to search · {note}"
        )

    # Searching

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        if self._searching is not None:
            self._searching.cancel()
        if event.typed.strip():
            self._set_note("")
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
            self._set_note(error.message)
            return
        self.rows.replace(self._found_rows(found.hits), typed=typed, at=at)
        self._set_note(_matches(len(found.hits), is_cut=found.is_truncated))

    def _found_rows(self, hits: Sequence[Hit]) -> list[Item]:
        """Return rows for a search: matching titles first, then the matching messages of each chat."""
        rows: list[Item] = []
        by_chat: dict[str, list[Hit]] = {}
        for hit in hits:
            if hit.message_id:
                by_chat.setdefault(hit.chat_id, []).append(hit)
            elif (chat := self._chats.get(hit.chat_id)) is not None:
                rows.append(self._chat_item(chat, hit.marks))
        for of_chat in by_chat.values():
            rows.append(Item(draw=heading(of_chat[0].title)))
            rows += [self._hit(hit) for hit in of_chat]
        return rows

    def _hit(self, hit: Hit) -> Item:
        who = "You" if hit.role == "user" else "Claude"
        key = f"{hit.chat_id} {hit.message_id}"
        self._words[key] = tuple(dict.fromkeys(hit.snippet[start:end] for start, end in hit.marks))
        return Item(draw=lambda width: hit_row(hit.snippet, hit.marks, who, width), key=key)

    # Actions on the chat under the cursor

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        chat_id, _, message_id = event.key.partition(" ")
        # Before the list is gone: what is typed from now on is for that chat.
        self._port.open(chat_id, message_id, self._words.get(event.key, ()))
        self.dismiss()

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

        self.app.push_screen(RenameDialog(chat.title), named)

    def action_pin(self) -> None:
        if (chat := self._chosen) is not None:
            self._store.pin(chat.id, not chat.pinned)
            self._read_again()

    def action_delete(self) -> None:
        if (chat := self._chosen) is not None:
            self._port.delete(chat.id)
            self._deleted.append(chat.id)
            self.rows.action_move(1)
            self._read_again()

    def action_undo(self) -> None:
        if self._deleted:
            self._port.restore(restored := self._deleted.pop())
            self._read_again(restored)

    def refresh_chats(self) -> None:
        """Read the chats again, since one that is not on the screen has changed."""
        self._read_again()

    def action_export(self) -> None:
        if (chat := self._chosen) is not None:
            self._port.export(chat.id)

    def show_notice(self, text: str) -> None:
        self._foot.set_notice(text)

    @property
    def _foot(self) -> PanelFoot:
        return self.query_one(PanelFoot)

    @work(group="again", exclusive=True)
    async def _read_again(self, at: str = "") -> None:
        """Show the chats as they are stored now, with the cursor on the chat `at` if it is among them."""
        self._take(await asyncio.wrap_future(self._store.chats()), at)
        if self.rows.typed:
            await self._search(self.rows.typed, at)


def _matches(count: int, *, is_cut: bool) -> str:
    return f"{count}+ matches" if is_cut else f"{count:,} {'match' if count == 1 else 'matches'}"


def _first_words(place: Position) -> str:
    drafts = (place.draft, *place.queue)
    return next((draft.text for draft in drafts if draft.text), "attachments only")


def _draft(chat_id: str, text: str) -> Item:
    """Return the row of a chat that has a draft and no messages."""
    return Item(draw=lambda width: hit_row(text, (), "Draft", width), key=chat_id)
