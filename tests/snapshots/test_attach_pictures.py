"""Pictures of attaching: the dialog, and the chips on the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest
from chatting import Chat
from PIL import Image
from test_pictures import NARROW, NORMAL, Compare
from textual.widgets import Static

from tui.screens.attach import AttachScreen
from tui.widgets.picture import Picture

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)
BOTH = pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])


@pytest.fixture(autouse=True)
def photos(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path.home() / "photos"
    (folder / "notes").mkdir(parents=True)
    slope = Image.linear_gradient("L").resize((1600, 1200))
    sea = Image.merge("RGB", (slope.rotate(180), slope, Image.new("L", slope.size, 150)))
    sea.paste((240, 220, 90), (1100, 150, 1300, 350))
    sea.save(folder / "fjord.png")
    Image.new("RGB", (400, 300), "olive").save(folder / "kelp.png")
    monkeypatch.chdir(folder)
    return folder


@BOTH
def test_looks_for_a_picture(pictured: Compare, size: tuple[int, int]) -> None:
    """Beside the list stands what Claude will see, and what it costs."""

    async def story(chat: Chat) -> None:
        await chat.pilot.press("ctrl+o")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen))
        await chat.until(lambda: "tokens" in str(chat.app.screen.query_one(".facts", Static).render()))
        await chat.pilot.press("space")
        await chat.until(lambda: "400×300" in str(chat.app.screen.query_one(".facts", Static).render()))
        await chat.until(lambda: chat.app.screen.query_one(Picture).is_whole)

    assert pictured(story=story, size=size)


@BOTH
def test_attaches_two_pictures(pictured: Compare, photos: Path, size: tuple[int, int]) -> None:
    """They stand in the prompt's box, above what is written."""

    async def story(chat: Chat) -> None:
        await attach(chat, photos / "fjord.png", photos / "kelp.png")
        chat.prompt.put("Which way does the tide run in these?")
        await chat.until(lambda: "~2.7k tok" in chat.hint)
        await chat.until(lambda: " tok, " in chat.hint)

    assert pictured(story=story, size=size)


@BOTH
def test_sees_a_picture_refused_and_set_aside(pictured: Compare, photos: Path, size: tuple[int, int]) -> None:
    """The prompt stays with all else that was attached; a word sends it without the picture."""

    async def story(chat: Chat) -> None:
        await attach(chat, photos / "kelp.png")
        data = chat.prompt.attachments.blocks[0].data
        chat.server.service.rejected_images.add(data)
        (photos / "chart.pdf").write_bytes(PDF)
        chat.prompt.attachments.attach_files([photos / "chart.pdf"])
        await chat.until(lambda: len(chat.prompt.attachments.blocks) == 2)
        await chat.send("Does the chart show this kelp?")
        await chat.until(lambda: "rejected" in chat.hint)

    assert pictured(story=story, size=size)


async def attach(chat: Chat, *files: Path) -> None:
    chat.prompt.attachments.attach_files(files)
    await chat.until(lambda: len(chat.prompt.attachments.blocks) == len(files))
