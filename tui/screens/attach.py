"""The attach dialog: the files of a folder, and a preview of what Claude will see of the one under the cursor."""

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

from tui.chat.base64_slices import decode_base64
from tui.chat.model import Model
from tui.chat.tokens import PAGE_TOKENS, block_tokens
from tui.chat.transcript import Document
from tui.errors import TuiError
from tui.images.attachable import FolderEntry, list_folder, looks_attachable
from tui.images.cell_size import CellSize
from tui.images.kinds import short_name
from tui.render import figures
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.gallery import Gallery
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.picture import Picture

if TYPE_CHECKING:
    from tui.images.preview import Preview

EDGES = (None, 1568, 1024, 768, 512)
"""Long edges to choose from, in pixels. None: the largest size that the model sees."""
_PREVIEW_DELAY_S = 0.1  # how long the cursor stays on a file before it is read
_UP = "../"
_EXCERPT_LINES = 12
_EXCERPT_BYTES = 2000


@dataclass(frozen=True)
class Picked:
    """The files to attach, and the long edge in pixels that images are reduced to (None: the model's largest)."""

    files: tuple[Path, ...]
    long_edge: int | None


class FileList(FilterList):
    """A list in which some keys belong to the dialog, not to the filter. All keys take effect in the order typed."""

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
    """Returns what was picked, or None. `left_in` is the folder shown last; None if it was closed before it showed one."""

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
        """`start` returns the first folder; it is called in a thread, since it may take a while.

        `warning` describes what attaching that many images costs beside their own tokens, or returns "".
        `are_many` is True if that many more images make a request in which each is sent smaller.
        """
        super().__init__()
        self.left_in: Path | None = None
        self._start = start
        self._model = model
        self._warning = warning
        self._are_many = are_many
        self._gallery = gallery or Gallery()
        # Attributes, not queries: a preview may be ready after the screen was taken apart.
        self._side = Vertical(classes="side")
        self._picture = Picture(self._gallery)
        self._facts = Static("", classes="facts")
        self._entries: dict[str, FolderEntry] = {}
        self._selected: list[Path] = []
        self._hidden = False
        self._edge = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Attach files", "")
            with Horizontal(classes="body"):
                yield FileList((), empty=lambda typed: f'No file matches "{typed}"' if typed else "…")
                with self._side:
                    yield self._picture
                    yield self._facts
            yield PanelFoot()

    def on_mount(self) -> None:
        self.watch(self._list, "chosen", self._look, init=False)
        self._open(None)
        self._show_foot()

    def on_resize(self) -> None:
        self._look()

    def dismiss(self, result: Picked | None = None) -> AwaitComplete:
        self.workers.cancel_node(self)  # a preview that is still being read is not shown any more
        return super().dismiss(result)

    @property
    def _folder(self) -> Path:
        """The folder that is shown."""
        return self.left_in or Path.cwd()

    @property
    def _list(self) -> FileList:
        return self.query_one(FileList)

    # The folder

    @work(group="folder", exclusive=True)
    async def _open(self, folder: Path | None, at: str = "") -> None:
        """Show a folder (None: the first one), with the cursor on the entry `at`."""
        try:
            path = folder if folder is not None else await asyncio.to_thread(self._start)
            entries = await asyncio.to_thread(list_folder, path, hidden=self._hidden)
        except TuiError as error:
            self._show_facts(safe(error.message))
            return
        self.left_in = path
        self._entries = {entry.name + "/" * entry.is_folder: entry for entry in entries}
        self._list.typed = ""
        self._show_entries(at)

    def _show_entries(self, at: str = "") -> None:
        up = [Item(draw=lambda width: Content.styled(f"  {_UP}", "$dim"), words="..", key=_UP)]
        self._list.replace([*map(self._item, self._entries), *up], at=at or next(iter(self._entries), _UP))
        self._show_head()
        self._look()

    def _show_head(self) -> None:
        """Show the filter text, or else the folder and the key for hidden files."""
        note = f"{_short(self._folder)}   . {'hide' if self._hidden else 'show'} hidden"
        self.query_one(PanelHead).set_note(f"{self._list.typed}▏" if self._list.typed else note)

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
        """Delete a letter of the filter; if there is none, open the parent folder."""
        if self._list.typed:
            self._list.action_delete_left()
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
        self._look()  # the cost of all selected files changes

    def _show_foot(self) -> None:
        edge = f"{EDGES[self._edge]} px" if EDGES[self._edge] else "full size"
        count = f" ({len(self._selected)})" if self._selected else ""
        hints = (("space", "select"), ("⏎", f"attach{count}"), ("←→", edge), ("esc", "cancel"))
        self.query_one(PanelFoot).set_hints(*hints)

    # What Claude will see

    def action_edge(self, step: int) -> None:
        self._edge = max(0, min(self._edge + step, len(EDGES) - 1))
        self._show_foot()
        self._look()

    def _look(self) -> None:
        self._preview(self._list.picked)

    @work(group="preview", exclusive=True)
    async def _preview(self, key: str) -> None:
        """Preview the file under the cursor. The next call cancels this one, so that no late preview is shown."""
        entry = self._entries.get(key)
        if entry is None or entry.is_folder:
            self._picture.clear()
            has_files = not all(entry.is_folder for entry in self._entries.values())
            self._show_facts("" if has_files or self.left_in is None else "No files in this folder")
            return
        await asyncio.sleep(_PREVIEW_DELAY_S)
        self._show_facts("Reading …")
        path, edge = self._folder / entry.name, EDGES[self._edge]
        try:
            found = await asyncio.to_thread(_preview_of, path, self._model, edge, self._are_many(self._count))
        except TuiError as error:
            self._picture.clear()
            self._show_facts(safe(error.sentences))
            return
        text = Content("\n".join(facts(found, self._model)))
        if found.original is None:
            self._picture.clear()
        else:
            if warning := self._warning(self._count):
                text = Content.assemble(text, "\n", (f"! {warning}", "$warning"))
            await self._picture.load(found.data, found.width, found.height, self._room_above(text))
        self._show_facts(text)

    @property
    def _count(self) -> int:
        """How many images Enter would attach."""
        return sum(looks_attachable(path.name) and path.suffix.lower() != ".pdf" for path in self._selected) or 1

    def _room_above(self, text: Content) -> CellSize:
        """Return the cells that the facts leave for the image above them."""
        width, height = self._side.content_size
        return CellSize(max(8, width), max(3, height - text.get_height({}, max(8, width)) - 1))

    def _show_facts(self, text: Content | str) -> None:
        self._facts.update(text if isinstance(text, Content) else Content(text))


def _preview_of(path: Path, model: Model, long_edge: int | None, many: bool) -> Preview:
    from tui.images.preview import preview  # loads Pillow, here in a thread

    return preview(path, model, long_edge=long_edge, many=many)


def facts(found: Preview, model: Model) -> Sequence[str]:
    """Describe a file in lines: what it is, what will be sent, and what that costs."""
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
            *excerpt_of(found.text),
        )
    if found.original is None:
        return (
            f"PDF, {figures.plural(found.pages, 'page')}, {figures.size(found.size_bytes)}",
            "sent unchanged",
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


def excerpt_of(text: Document) -> Sequence[str]:
    """Return the first lines of a text, to check that its encoding was read correctly."""
    lines = decode_base64(text.data)[:_EXCERPT_BYTES].decode(errors="ignore").splitlines()
    return [safe(line, keep_newlines=False) for line in lines[:_EXCERPT_LINES]]


def _short(folder: Path) -> str:
    try:
        text = f"~/{folder.relative_to(Path.home())}".removesuffix("/.")
    except ValueError:
        text = str(folder)
    text = safe(text, keep_newlines=False)
    return text if len(text) <= 40 else "…" + text[-39:]
