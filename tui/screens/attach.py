"""The attach dialog: a folder to choose files from, and beside it what Claude will see of the one under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual import events, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.chat.model import Model
from tui.chat.slices import data_of
from tui.chat.tokens import PAGE_TOKENS, block_tokens
from tui.chat.transcript import Document
from tui.errors import TuiError
from tui.images.fitting import Room
from tui.images.kinds import short_name
from tui.images.offers import Entry, entries_of, looks_offered
from tui.render import figures
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.gallery import Gallery
from tui.widgets.panel import PanelHead
from tui.widgets.picture import Picture

if TYPE_CHECKING:
    from tui.images.preview import Preview

EDGES = (None, 1568, 1024, 768, 512)
"""Long edges to choose from, in pixels; None: as large as the model sees it."""
_REST_S = 0.1  # the cursor has to stay on a file for so long before it is read
_UP = "../"
_FIRST_LINES = 12
_LONGEST_BEGINNING = 2000  # bytes


@dataclass(frozen=True)
class Picked:
    """What to attach."""

    files: tuple[Path, ...]
    long_edge: int | None


class FileList(FilterList):
    """The list, in which some keys are no letters of the filter. They count in the order in which they were typed."""

    KEYS = {
        "space": "screen.select",
        "full_stop": "screen.hidden",
        "left": "screen.edge(1)",
        "right": "screen.edge(-1)",
        "backspace": "screen.back",
    }

    async def _on_key(self, event: events.Key) -> None:
        if action := self.KEYS.get(event.key):
            event.stop()
            event.prevent_default()
            await self.run_action(action)


class AttachScreen(Modal[Picked | None]):
    """Gives what was picked, or None. `left_in` says where it was left then; None: before it had shown any folder."""

    DEFAULT_CSS = """
    AttachScreen {
        & .panel { width: 100; height: 90%; }
        & .body { height: 1fr; }
        & FilterList { width: 1fr; height: 100%; }
        & .side { width: 45%; height: 100%; padding-left: 2; }
        & .facts { height: auto; color: $dim; }
        & Picture.-drawn { margin-bottom: 1; }
    }
    """
    BINDINGS = [Binding("escape,ctrl+o,f4", "dismiss(None)", show=False)]

    def __init__(
        self,
        start: Callable[[], Path],
        model: Model,
        warning: Callable[[int], str],
        are_many: Callable[[int], bool],
        *,
        gallery: Gallery | None = None,
    ) -> None:
        """`start` gives the folder to begin with; it is called in a thread, for it may take a while.

        `warning` says what attaching so many pictures costs beside their own tokens; "" for nothing.
        `are_many` says whether a request with so many more is one in which pictures are sent smaller.
        """
        super().__init__()
        self.left_in: Path | None = None
        self._start = start
        self._model = model
        self._warning = warning
        self._are_many = are_many
        self._gallery = gallery or Gallery()
        # Held here, since what was looked at may be done when the screen has been taken apart.
        self._side = Vertical(classes="side")
        self._picture = Picture(self._gallery)
        self._facts = Static("", classes="facts")
        self._entries: dict[str, Entry] = {}
        self._selected: list[Path] = []
        self._hidden = False
        self._edge = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Attach files", "")
            with Horizontal(classes="body"):
                yield FileList((), empty=lambda typed: f'nothing with "{typed}" in its name' if typed else "…")
                with self._side:
                    yield self._picture
                    yield self._facts
            yield Static("", classes="panel--foot")

    def on_mount(self) -> None:
        self.watch(self._list, "chosen", self._look, init=False)
        self._open(None)
        self._show_foot()

    def on_resize(self) -> None:
        self._look()

    def dismiss(self, result: Picked | None = None) -> AwaitComplete:
        self.workers.cancel_node(self)  # what is being read has no place to be shown any more
        return super().dismiss(result)

    @property
    def _folder(self) -> Path:
        """The one that is shown."""
        return self.left_in or Path.cwd()

    @property
    def _list(self) -> FileList:
        return self.query_one(FileList)

    # The folder

    @work(group="folder", exclusive=True)
    async def _open(self, folder: Path | None, at: str = "") -> None:
        """Shows a folder; None: the one to begin with."""
        try:
            place = folder if folder is not None else await asyncio.to_thread(self._start)
            entries = await asyncio.to_thread(entries_of, place, hidden=self._hidden)
        except TuiError as error:
            self._say(safe(error.message))
            return
        self.left_in = place
        self._entries = {entry.name + "/" * entry.is_folder: entry for entry in entries}
        self._list.typed = ""
        self._show_entries(at)

    def _show_entries(self, at: str = "") -> None:
        up = [Item(draw=lambda width: Content.styled(f"  {_UP}", "$dim"), words="..", key=_UP)]
        self._list.replace([*map(self._item, self._entries), *up], at=at or next(iter(self._entries), _UP))
        self._show_head()
        self._look()

    def _show_head(self) -> None:
        """What is typed to filter; else the folder, and the key for what is hidden in it."""
        where = f"{_short(self._folder)}   . {'hides' if self._hidden else 'shows'} hidden"
        self.query_one(PanelHead).say(f"{self._list.typed}▏" if self._list.typed else where)

    def _item(self, key: str) -> Item:
        entry = self._entries[key]
        name = safe(key, keep_newlines=False)

        def draw(width: int) -> Content:
            mark = ("▣ ", "$accent") if self._folder / entry.name in self._selected else "  "
            size = "" if entry.is_folder else figures.size(entry.size_bytes)
            room = max(4, width - 2 - len(size) - 1)
            shown = name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
            return Content.assemble(mark, set_cell_size(shown, room), (f" {size}", "$dim"))

        return Item(draw=draw, words=name, key=key)

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        if event.key == _UP:
            self._open(self._folder.parent, at=self._folder.name + "/")
        elif self._entries[event.key].is_folder:
            self._open(self._folder / self._entries[event.key].name)
        else:
            files = self._selected or [self._folder / self._entries[event.key].name]
            self.dismiss(Picked(tuple(files), EDGES[self._edge]))

    def on_filter_list_filtered(self) -> None:
        self._show_head()
        self._look()

    def action_back(self) -> None:
        """Takes back a letter of the filter; without one, goes up to the folder around."""
        if self._list.typed:
            self._list.action_rub_out()
        else:
            self._open(self._folder.parent, at=self._folder.name + "/")

    def action_hidden(self) -> None:
        if self._list.typed:
            self._list.typed += "."
        else:
            self._hidden = not self._hidden
            self._open(self.left_in, at=self._list.picked)

    def action_select(self) -> None:
        entry = self._entries.get(self._list.picked)
        if entry is None or entry.is_folder:
            return
        path = self._folder / entry.name
        if path in self._selected:
            self._selected.remove(path)
        else:
            self._selected.append(path)
        self._list.refresh()
        keys = list(self._entries)
        following = keys[keys.index(self._list.picked) + 1 :][:1]
        if following and not self._entries[following[0]].is_folder:  # there, Enter would open it
            self._list.action_move(1)
        self._show_foot()
        self._look()  # what they cost together is another sum

    def _show_foot(self) -> None:
        edge = f"{EDGES[self._edge] or 'all that Claude sees'}"
        count = f" ({len(self._selected)})" if self._selected else ""
        self.query_one(".panel--foot", Static).update(f"space select  ⏎ attach{count}  ←→ {edge}  esc")

    # What Claude will see

    def action_edge(self, step: int) -> None:
        self._edge = max(0, min(self._edge + step, len(EDGES) - 1))
        self._show_foot()
        self._look()

    def _look(self) -> None:
        self._preview(self._list.picked)

    @work(group="preview", exclusive=True)
    async def _preview(self, key: str) -> None:
        """Another look cancels this one, so that nothing late is shown."""
        entry = self._entries.get(key)
        if entry is None or entry.is_folder:
            self._picture.clear()
            has_files = not all(entry.is_folder for entry in self._entries.values())
            self._say("" if has_files or self.left_in is None else "no files in this folder")
            return
        await asyncio.sleep(_REST_S)
        self._say("looking at it …")
        path, edge = self._folder / entry.name, EDGES[self._edge]
        try:
            found = await asyncio.to_thread(_preview_of, path, self._model, edge, self._are_many(self._count))
        except TuiError as error:
            self._picture.clear()
            self._say(safe(error.sentences))
            return
        said = Content("\n".join(facts(found, self._model)))
        if found.original is None:
            self._picture.clear()
        else:
            if warning := self._warning(self._count):
                said = Content.assemble(said, "\n", (f"! {warning}", "$warning"))
            await self._picture.look_at(found.data, found.width, found.height, self._room_above(said))
        self._say(said)

    @property
    def _count(self) -> int:
        """How many pictures Enter would attach."""
        return sum(looks_offered(path.name) and path.suffix.lower() != ".pdf" for path in self._selected) or 1

    def _room_above(self, said: Content) -> Room:
        """What the facts leave of the side."""
        width, height = self._side.content_size
        return Room(max(8, width), max(3, height - said.get_height({}, max(8, width)) - 1))

    def _say(self, said: Content | str) -> None:
        self._facts.update(said if isinstance(said, Content) else Content(said))


def _preview_of(path: Path, model: Model, long_edge: int | None, many: bool) -> Preview:
    from tui.images.preview import preview  # loads Pillow, here in a thread

    return preview(path, model, long_edge=long_edge, many=many)


def facts(found: Preview, model: Model) -> Sequence[str]:
    """What the file is, what will be sent of it, and what that costs."""
    tokens = found.tokens or found.pages * PAGE_TOKENS
    if found.text is not None:
        tokens = round(block_tokens(found.text, model))
    price = model.price_for(tokens)
    cost = f" · {figures.money(tokens * price.input / 1e6)}" if price else ""
    if found.text is not None:
        return (
            f"text, {figures.size(found.size_bytes)}",
            *found.notes,
            f"{figures.about(figures.tokens(tokens))} tokens{cost}",
            f"with {model.name}",
            "",
            *beginning_of(found.text),
        )
    if found.original is None:
        return (
            f"PDF, {figures.plural(found.pages, 'page')}, {figures.size(found.size_bytes)}",
            "sent as it is",
            f"{figures.about(figures.tokens(tokens))} tokens{cost}",
            f"with {model.name}",
        )
    original = found.original
    return (
        f"{original.width}×{original.height}  {figures.size(original.size_bytes)} {original.kind.removesuffix(' image')}",
        f"→ {found.width}×{found.height}  {figures.size(found.sent_bytes)} {short_name(found.media_type)}",
        f"{figures.plural(found.tokens, 'token')}{cost}",
        f"with {model.name}",
        *found.notes,
    )


def beginning_of(text: Document) -> Sequence[str]:
    """The first lines of a text, so that one sees whether it was read as it was written."""
    lines = data_of(text.data)[:_LONGEST_BEGINNING].decode(errors="ignore").splitlines()
    return [safe(line, keep_newlines=False) for line in lines[:_FIRST_LINES]]


def _short(folder: Path) -> str:
    try:
        text = f"~/{folder.relative_to(Path.home())}".removesuffix("/.")
    except ValueError:
        text = str(folder)
    text = safe(text, keep_newlines=False)
    return text if len(text) <= 40 else "…" + text[-39:]
