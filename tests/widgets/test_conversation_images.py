"""Small pictures in the conversation: their room is kept from the beginning, they are drawn when they are looked at."""

from __future__ import annotations

import asyncio
import base64
import gc
import time
import weakref

import pytest
from conversation_app import ChatApp, answer, prompt
from drawing import corners, file, photo

from tui.chat.transcript import Image, Message, Text
from tui.images.cell_size import CellSize
from tui.widgets.conversation import Conversation
from tui.widgets.conversation.image_cache import KEPT
from tui.widgets.conversation.image_grid import ImageGrid
from tui.widgets.conversation.palette import palette_of
from tui.widgets.gallery import Drawing, Gallery
from tui.widgets.themes import DARK

pytestmark = pytest.mark.anyio


def picture(data: bytes = b"", name: str = "fjord.png", width: int = 64, height: int = 48, **fields) -> Image:
    return Image("image/png", base64.b64encode(data or file(corners(), "PNG")).decode(), name, width, height, **fields)


def showing(*images: Image, text: str = "what is it?") -> Message:
    return Message(role="user", blocks=(*images, *((Text(text),) if text else ())))


def numbered(number: int) -> Image:
    """A picture like no other."""
    return picture(file(photo(64, 48, seed=number), "PNG"), f"{number}.png")


class Held(Gallery):
    """Draws nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_draw = asyncio.Event()

        self.asked = 0

    async def draw(self, data: str | bytes, room: CellSize) -> Drawing:
        self.asked += 1
        await self.may_draw.wait()
        return await super().draw(data, room)


class App(ChatApp):
    def __init__(self, messages=(), gallery: Gallery | None = None) -> None:
        super().__init__(messages)
        self.gallery = gallery
        self.opened: list[Conversation.ImageOpened] = []

    def on_mount(self) -> None:
        if self.gallery is not None:
            self.pane.gallery = self.gallery
        super().on_mount()

    def on_conversation_image_opened(self, message: Conversation.ImageOpened) -> None:
        self.opened.append(message)


def grids(app: ChatApp) -> list[ImageGrid]:
    return [part for turn in app.pane.viewport.turns for part in turn.parts if isinstance(part, ImageGrid)]


def missing(app: ChatApp) -> set[str]:
    """The pictures in view that are not drawn."""
    view, found = app.pane.viewport, set()
    for y in range(app.pane.size.height):
        turn, place = app.pane.viewport.at(y) or (None, None)
        if turn is not None and isinstance(grid := turn.parts[turn.at(place.row)[0]], ImageGrid):
            found |= {wanted.image.name for wanted in grid.missing(max(0, turn.at(place.row)[1]))}
    return found if view.turns else set()


async def until_drawn(app: ChatApp, pilot) -> None:
    end = time.monotonic() + 30
    while missing(app):
        assert time.monotonic() < end, f"never drawn: {missing(app)}"
        await pilot.pause()


def colours(app: ChatApp, y: int, x: int) -> tuple[str, str]:
    """Upper and lower colour of a cell."""
    style = app.pane.render_line(y).crop(x, x + 1)._segments[0].style
    return style.color.triplet.hex, style.bgcolor.triplet.hex


async def test_a_picture_stands_before_its_name_and_the_text_in_its_own_colours() -> None:
    app = App([showing(picture()), answer("a flag")])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_drawn(app, pilot)
        rows = app.rows()
        assert [row.strip() for row in rows[1:9]] == ["▀" * 21] * 8
        assert rows[9:12] == [" ▣ fjord.png  64×48 · 6 tokens", "", " what is it?"]
        corner = {(1, 1): "#dc1414", (1, 21): "#14c814", (8, 1): "#1414dc", (8, 21): "#fafafa"}
        assert {place: colours(app, *place)[0] for place in corner} == corner


async def test_a_picture_that_is_being_drawn_is_not_drawn_again() -> None:
    app = App([showing(picture())], gallery := Held())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.rows()  # the screen is drawn again meanwhile
        gallery.may_draw.set()
        await until_drawn(app, pilot)
        await app.workers.wait_for_complete()
        assert gallery.asked == 1


async def test_nothing_moves_when_a_picture_has_been_drawn() -> None:
    app = App([showing(picture()), answer("a flag")], gallery := Held())
    async with app.run_test(size=(80, 24)) as pilot:
        assert missing(app) == {"fjord.png"}
        before = [row.replace("▀", " ").rstrip() for row in app.rows()]
        gallery.may_draw.set()
        await until_drawn(app, pilot)
        assert [row.replace("▀", " ").rstrip() for row in app.rows()] == before
        assert "▀" in app.screen_text()


async def test_only_what_is_looked_at_is_drawn() -> None:
    talk = [showing(numbered(number), text=f"number {number}") for number in range(40)]
    app = App([message for one in talk for message in (one, answer("yes"))])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_drawn(app, pilot)
        assert len(app.pane.images) <= 3
        app.pane.action_scroll_home()
        await pilot.pause()
        await until_drawn(app, pilot)
        assert len(app.pane.images) <= 6


async def test_a_picture_that_is_said_twice_is_drawn_once() -> None:
    app = App([showing(picture()), answer("a flag"), showing(picture(name="again.png"))])
    async with app.run_test(size=(80, 40)) as pilot:
        await until_drawn(app, pilot)
        assert len(app.pane.images) == 1
        assert app.screen_text().count("▀" * 21) == 16


async def test_the_drawings_used_last_are_kept_and_others_are_drawn_anew() -> None:
    app = App([showing(numbered(number)) for number in range(KEPT + 4)])
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.action_scroll_home()
        for _ in range(KEPT + 4):
            await until_drawn(app, pilot)
            app.pane.scroll_rows(12)
            await pilot.pause()
        assert len(app.pane.images) == KEPT
        assert not grids(app)[0]._drawings
        app.pane.action_scroll_home()
        await pilot.pause()
        await until_drawn(app, pilot)
        assert "▀" in app.screen_text()


@pytest.mark.parametrize(
    ("count", "width", "rows"),
    [
        (1, 98, 8 + 1),  # one line under a single picture
        (3, 78, 8 + 2),
        (4, 78, 8 + 2 + 1 + 8 + 2),  # the fourth begins another row
        (7, 78, 7),  # too many: named
        (2, 58, 6 + 2),
        (1, 40, 1),  # too narrow: named
    ],
)
def test_the_room_of_pictures(count: int, width: int, rows: int) -> None:
    grid = ImageGrid([picture()] * count)
    grid.fit(width, palette_of(DARK, {}))
    assert grid.height == rows
    assert all(grid.line(y).strip.cell_length <= width for y in range(rows))


def test_a_picture_of_unknown_size_is_named_only() -> None:
    grid = ImageGrid([picture(width=0, height=0)])
    grid.fit(78, palette_of(DARK, {}))
    assert grid.line(0).strip.text == "▣ fjord.png  image/png"


def test_a_picture_that_was_set_aside_says_so_in_a_narrow_room_too() -> None:
    grid = ImageGrid([picture(), picture(name="b.png", quarantined=True)])
    grid.fit(58, palette_of(DARK, {}))
    assert grid.line(grid.height - 1).strip.text.split("  ")[-1].strip() == "image left out"


@pytest.mark.parametrize("size", [(1, 9_000), (9_000, 1), (1, 1), (2576, 1449)])
def test_a_picture_of_any_shape_stays_in_its_room(size: tuple[int, int]) -> None:
    grid = ImageGrid([picture(width=size[0], height=size[1])])
    grid.fit(78, palette_of(DARK, {}))
    (wanted,) = grid.missing(0)
    assert CellSize(1, 1) <= wanted.room
    assert wanted.room.columns <= 24
    assert wanted.room.rows <= 8


@pytest.mark.parametrize("data", [b"no picture", file(corners(), "PNG")[:60]])
async def test_what_is_no_picture_says_so_in_its_place(data: bytes) -> None:
    app = App([showing(picture(data))])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_drawn(app, pilot)
        assert "not an image" in app.screen_text()


async def test_names_are_neither_markup_nor_control() -> None:
    app = App([showing(picture(name="[red]\x1b[2Jx.png"), picture(name="\x9b\n" + "y" * 60))])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_drawn(app, pilot)
        text = app.screen_text()
        assert "[red]" in text
        assert not any(character in text for character in "\x1b\x9b")


async def test_enter_opens_the_pictures_of_the_marked_message() -> None:
    images = picture(name="a.png"), picture(name="b.png")
    app = App([showing(*images), answer("two")])
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.focus()
        await pilot.press("up", "enter")
        (opened,) = app.opened
        assert (opened.images, opened.number) == (images, 0)


async def test_a_click_opens_the_picture_that_was_hit() -> None:
    images = tuple(picture(name=f"{name}.png") for name in "abcd")
    app = App([showing(*images)])
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.click(app.pane, offset=(5, 3))
        await pilot.click(app.pane, offset=(30, 9))
        await pilot.click(app.pane, offset=(5, 14))
        assert [opened.number for opened in app.opened] == [0, 1, 3]


async def test_text_and_pictures_stand_in_the_order_they_were_sent() -> None:
    message = Message(role="user", blocks=(Text("this one:"), picture(), Text("or this one:"), picture(name="b.png")))
    app = App([message])
    async with app.run_test(size=(80, 40)):
        text = app.screen_text()
        assert text.index("this one") < text.index("fjord.png") < text.index("or this") < text.index("b.png")


async def test_a_selection_copies_the_names_and_no_blocks() -> None:
    app = App([prompt("before"), showing(picture()), answer("after")])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_drawn(app, pilot)
        app.screen.text_selection_started = True
        app.pane.text_select_all()
        assert "▀" not in (copied := app.screen.get_selected_text() or "")
        assert "fjord.png" in copied
        assert "\n\n\n\n" not in copied


async def test_the_pictures_of_a_chat_that_was_left_are_given_up() -> None:
    """The drawing is kept for the next time, the message's own megabytes are not."""
    app = App([showing(picture())])
    async with app.run_test(size=(60, 20)) as pilot:
        await until_drawn(app, pilot)
        left = [weakref.ref(grid) for grid in grids(app)]
        assert left
        app.pane.show(())
        await pilot.pause()
        gc.collect()
        assert [grid() for grid in left if grid() is not None] == []
