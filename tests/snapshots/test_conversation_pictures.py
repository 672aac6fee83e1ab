"""Pictures of pictures: small ones in the conversation, and one on a screen of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from chatting import Chat, words
from PIL import Image, ImageDraw
from test_pictures import LARGE, LIGHT, NARROW, NORMAL, Compare

from tui.screens.picture import PictureScreen
from tui.widgets.conversation.image_grid import ImageGrid
from tui.widgets.picture import Picture

SIZES = pytest.mark.parametrize("size", [NORMAL, LARGE, NARROW], ids=["80x24", "120x40", "60x20"])


@pytest.fixture(autouse=True)
def photos() -> Path:
    folder = Path.home() / "photos"
    folder.mkdir(parents=True)
    fjord().save(folder / "fjord.jpg", quality=90)
    fjord().crop((300, 0, 900, 900)).save(folder / "the same fjord, upright, in autumn.jpg")
    Image.new("RGB", (900, 300), "olive").save(folder / "kelp.png")
    return folder


def three(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def fjord() -> Image.Image:
    """Two mountains, a low sun, and its light on the water."""
    image = Image.new("RGB", (1600, 900))
    draw = ImageDraw.Draw(image)
    for y in range(900):
        sky = y < 560
        at = y / 560 if sky else (y - 560) / 340
        colour = (40 + int(180 * at), 70 + int(90 * at), 120) if sky else (90 - int(60 * at), 90, 120)
        draw.line((0, y, 1600, y), colour)
    draw.ellipse((980, 380, 1140, 540), (255, 225, 150))
    draw.polygon(((0, 560), (0, 300), (330, 120), (760, 560)), (38, 46, 66))
    draw.polygon(((1150, 560), (1450, 230), (1600, 330), (1600, 560)), (52, 58, 80))
    draw.polygon(((1020, 560), (1100, 560), (1180, 900), (940, 900)), (230, 190, 130))
    return image


async def send(chat: Chat, text: str, *files: Path) -> None:
    chat.prompt.attachments.attach_files(files)
    await chat.until(lambda: len(chat.prompt.attachments.blocks) == len(files))
    await chat.send(text)
    await chat.until_idle()
    await until_hung(chat)


async def until_hung(chat: Chat) -> None:
    """Waits for the pictures in view to be drawn."""

    parts = [part for turn in chat.screen.conversation.viewport.turns for part in turn.parts]
    grids = [part for part in parts if isinstance(part, ImageGrid)]
    await chat.until(lambda: not any(list(grid.missing(y)) for grid in grids for y in range(grid.height)))
    await chat.pilot.pause()


@SIZES
@pytest.mark.parametrize("theme", ["", LIGHT], ids=["dark", "light"])
def test_sends_a_photo(pictured: Compare, photos: Path, size: tuple[int, int], theme: str) -> None:
    async def story(chat: Chat) -> None:
        await send(chat, "Which way does the tide run?", photos / "fjord.jpg")

    assert pictured(words("It runs **out**, towards the sun."), story=story, size=size, config=theme)


@SIZES
def test_sends_three_photos(pictured: Compare, photos: Path, size: tuple[int, int]) -> None:
    """Side by side, each above its name and facts."""

    async def story(chat: Chat) -> None:
        await send(chat, "Which of these is the odd one out?", *three(photos))

    assert pictured(words("The kelp."), story=story, size=size)


def test_sends_seven_pictures(pictured: Compare, photos: Path) -> None:
    """So many are named only."""

    async def story(chat: Chat) -> None:
        await send(chat, "Are they all the same?", *[photos / "kelp.png"] * 7)

    assert pictured(words("They are."), story=story)


@SIZES
def test_opens_a_photo(pictured: Compare, photos: Path, size: tuple[int, int]) -> None:
    """As large as it fits, with its facts below; the arrows lead to the others of the message."""

    async def story(chat: Chat) -> None:
        await send(chat, "Which of these is the odd one out?", *three(photos))
        chat.screen.conversation.focus()
        await chat.pilot.press("up", "up", "enter")
        await chat.until(lambda: isinstance(chat.app.screen, PictureScreen))
        await chat.until(lambda: chat.app.screen.query_one(Picture).is_whole)

    assert pictured(words("The kelp."), story=story, size=size)
