"""The attach dialog: choosing files, seeing what Claude will see of them, and what that costs."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from chatting import Chat, chatting, words
from PIL import Image
from textual import events
from textual.widgets import Static

from tui.chat.transcript import Draft
from tui.chat.transcript import Image as ImageBlock
from tui.demo.scenarios import Answer, Text
from tui.screens.attach import AttachScreen
from tui.widgets.attachments import Attachments
from tui.widgets.filter_list import FilterList
from tui.widgets.panel import PanelHead
from tui.widgets.picture import Picture

pytestmark = pytest.mark.anyio
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "photos"
    (folder / "old").mkdir(parents=True)
    Image.effect_noise((3000, 1500), 40).save(folder / "fjord.jpg")
    Image.new("RGB", (280, 140), "teal").save(folder / "kelp.png")
    Image.new("RGB", (280, 140), "red").save(folder / ".secret.png")
    Image.new("RGB", (56, 56), "red").save(folder / "old" / "boat.png")
    (folder / "notes.txt").write_text("no picture")
    monkeypatch.chdir(folder)
    return folder


def rows(chat: Chat) -> list[str]:
    """The names that are listed."""
    view = chat.app.screen.query_one(FilterList)
    lines = [view.render_line(y).text for y in range(view.size.height)]
    return [line.removeprefix("› ").removeprefix("  ").split()[0] for line in lines if line.strip()]


def said(chat: Chat) -> str:
    return str(chat.app.screen.query_one(".facts", Static).render())


def head(chat: Chat) -> str:
    return str(chat.app.screen.query_one(PanelHead).query_one(".note", Static).render())


async def opened(chat: Chat) -> None:
    await chat.pilot.press("ctrl+o")
    await chat.until(lambda: isinstance(chat.app.screen, AttachScreen) and "tokens" in said(chat))


async def attached(chat: Chat, count: int) -> list[str]:
    row = chat.screen.query_one(Attachments)
    await chat.until(lambda: len(row.blocks) == count and not row.is_busy)
    return [block.name for block in row.blocks]


async def test_it_lists_pictures_and_shows_what_will_be_sent(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        assert rows(chat) == ["fjord.jpg", "kelp.png", "notes.txt", "old/", "../"]
        original, sent, cost, model = said(chat).splitlines()
        assert original.startswith("3000×1500")
        assert original.endswith("B JPEG")
        assert sent.startswith("→ 2576×1288")
        assert (cost, model) == ("4,232 tokens · $0.008", "with Sonnet 5.5")
        assert chat.app.screen.query_one(Picture).size.height > 2
        await chat.pilot.press("enter")
        assert await attached(chat, 1) == ["fjord.jpg"]
        assert chat.app.focused is chat.prompt


async def test_the_long_edge_is_chosen_and_kept_to(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("left", "left")
        await chat.until(lambda: "→ 1024×512" in said(chat))
        await chat.pilot.press("enter")
        await attached(chat, 1)
        assert chat.screen.query_one(Attachments).blocks[0].width == 1024


async def test_a_kind_is_called_alike_before_and_after(photos: Path) -> None:
    Image.new("RGB", (20, 20), "teal").save(photos / "a.webp")
    async with chatting() as chat:
        await chat.pilot.press("ctrl+o")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen) and "1 token ·" in said(chat))
        original, sent, _, _ = said(chat).splitlines()
        assert original.endswith(" WebP")
        assert sent.endswith(" WebP")


@pytest.mark.parametrize(
    ("text", "encoding", "remark"),
    [
        ("日期,商户\n测试,1\n", "gb18030", "read as GBK, which is a guess"),
        ("Größe;5€\n", "cp1252", "read as Windows-1252, which is a guess"),
        ("これは日本語です。\n", "cp932", "read as Shift-JIS, which is a guess"),
        ("name,Éva\n", "utf-16", ""),
    ],
)
async def test_a_text_is_shown_as_it_was_read_and_goes_as_a_document(
    photos: Path, text: str, encoding: str, remark: str
) -> None:
    (photos / "a.csv").write_bytes(text.encode(encoding))
    async with chatting(words("Fine.")) as chat:
        await opened(chat)
        await chat.pilot.press("down", "down")
        await chat.until(lambda: text.splitlines()[0] in said(chat))
        assert said(chat).splitlines()[0].startswith("text, ")
        assert [line for line in said(chat).splitlines() if "guess" in line] == [remark] * bool(remark)
        await chat.pilot.press("enter")
        assert await attached(chat, 1) == ["a.csv"]
        await chat.send("What is it?")
        await chat.until_shown("Fine.")
        document = (await chat.request()).json["messages"][0]["content"][0]
        assert (document["type"], document["source"]["data"]) == ("document", text)


async def test_a_binary_file_is_called_one(photos: Path) -> None:
    (photos / "a.log").write_bytes(b"one\n\0\0two\n")
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("down", "down")
        await chat.until(lambda: said(chat).startswith("a.log is a binary file of an unsupported type"))


async def test_space_selects_several(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("space", "space", "enter")
        assert await attached(chat, 2) == ["fjord.jpg", "kelp.png"]


async def test_a_folder_without_files_says_so(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "empty" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(photos / "empty")
    async with chatting() as chat:
        await chat.pilot.press("ctrl+o")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen))
        await chat.until(lambda: said(chat) == "No files in this folder")


async def test_a_point_shows_hidden_files_and_typing_filters(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("full_stop")
        await chat.until(lambda: ".secret.png" in rows(chat))
        await chat.pilot.press(*"kelp.")
        assert rows(chat) == ["kelp.png"]
        await chat.pilot.press("backspace")
        assert chat.app.screen.query_one(FilterList).typed == "kelp"


async def test_the_head_says_what_is_typed_and_else_where_one_is(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        await chat.until(lambda: head(chat).endswith("photos   . show hidden"))
        await chat.pilot.press(*"kelp")
        await chat.until(lambda: head(chat) == "kelp▏")
        await chat.pilot.press(*["backspace"] * 4)
        await chat.until(lambda: head(chat).endswith("photos   . show hidden"))


async def test_keys_count_in_the_order_in_which_they_are_typed(photos: Path) -> None:
    """However fast they come, as after a pause of the line."""
    async with chatting() as chat:
        await opened(chat)
        for character in "kelp.j":
            name = {".": "full_stop"}.get(character, character)
            chat.app.post_message(events.Key(name, character))
        chat.app.post_message(events.Key("backspace", None))
        await chat.until(lambda: rows(chat) == ["kelp.png"])
        assert chat.app.screen.query_one(FilterList).typed == "kelp."


async def test_wide_names_leave_room_for_their_size(photos: Path) -> None:
    Image.new("RGB", (28, 28), "teal").save(photos / "日本の海と空と山の写真の長い名前ですよ.png")
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press(*"日本")
        line = chat.app.screen.query_one(FilterList).render_line(0).text.rstrip()
        assert re.search(r"… +\d+ B$", line)


async def test_it_remembers_the_folder(photos: Path) -> None:
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("down", "down", "down", "enter")
        await chat.until(lambda: "boat.png" in rows(chat))
        await chat.pilot.press("escape")
        await opened(chat)
        assert rows(chat)[0] == "boat.png"
        await chat.pilot.press("backspace")
        await chat.until(lambda: "fjord.jpg" in rows(chat))


async def test_it_remembers_the_folder_at_the_next_start(photos: Path) -> None:
    kept = Path.home() / "state" / "attach-folder"
    async with chatting() as chat:
        await opened(chat)
        await chat.pilot.press("down", "down", "down", "enter")
        await chat.until(lambda: "boat.png" in rows(chat))
        await chat.pilot.press("escape")
        await chat.until(kept.exists)
    async with chatting() as chat:
        await opened(chat)  # at once: it waits for nothing
        assert rows(chat)[0] == "boat.png"


async def test_a_file_that_cannot_be_read_says_why(photos: Path) -> None:
    (photos / "a.png").write_bytes((photos / "kelp.png").read_bytes()[:50])
    async with chatting() as chat:
        await chat.pilot.press("f4")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen) and "a.png" in said(chat))


async def test_it_warns_of_what_a_picture_drops_from_the_cache(photos: Path) -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 12_000, "cache_read_input_tokens": 0}
    async with chatting(Answer(Text("hello"), usage=usage), words("x")) as chat:
        await chat.send("hi")
        await chat.until_idle()
        await opened(chat)
        assert "! adding an image drops 12k cached tokens ($0.029)" in said(chat)


async def test_a_cache_that_is_cold_has_nothing_to_drop(photos: Path) -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 12_000, "cache_read_input_tokens": 0}
    async with chatting(Answer(Text("hello"), usage=usage), words("x")) as chat:
        await chat.send("hi")
        await chat.until_idle()
        chat.clock.now_s = 301
        await opened(chat)
        assert "drops" not in said(chat)


async def test_and_neither_has_one_that_a_picture_came_to_before(photos: Path) -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 12_000, "cache_read_input_tokens": 0}
    async with chatting(Answer(Text("hello"), usage=usage), words("x")) as chat:
        chat.prompt.attachments.attach_files([photos / "kelp.png"])
        await chat.until(lambda: len(chat.prompt.attachments.blocks) == 1)
        await chat.send("hi")
        await chat.until_idle()
        await opened(chat)
        assert "drops" not in said(chat)


def wide(count: int) -> Draft:
    """A prompt with so many pictures that would be made smaller among more than 20."""
    out = io.BytesIO()
    Image.new("RGB", (2400, 28), "teal").save(out, "PNG")
    picture = ImageBlock("image/png", base64.b64encode(out.getvalue()).decode(), "wide.png", width=2400, height=28)
    return Draft(text="Look", attachments=(picture,) * count)


async def test_it_warns_of_the_one_picture_too_many_for_the_large_ones_before(photos: Path) -> None:
    (photos / "notes.txt").unlink()
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 12_000, "cache_read_input_tokens": 0}
    async with chatting(Answer(Text("hello"), usage=usage)) as chat:
        chat.screen.submit(wide(19))
        await chat.until_shown("hello")
        await chat.until_idle()
        await opened(chat)
        assert "drops" not in said(chat)
        await chat.pilot.press("space", "space")  # both of them are one too many
        await chat.until(lambda: "! over 20 images, larger ones are sent smaller, which" in said(chat))
        assert "drops 12k cached tokens ($0.029)" in said(chat)
        await chat.pilot.press("up")
        await chat.until(lambda: "→ 2000×1000" in said(chat), "of the two, too, the large one is sent smaller")
        await chat.pilot.press("enter")
        await attached(chat, 2)
        await chat.until(lambda: "0 % cached (over 20 images)" in chat.hint)
        await opened(chat)
        assert "drops" not in said(chat), "those in the box have done it already"


async def test_what_a_first_picture_drops_is_said_in_the_line_of_hints_too(photos: Path) -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 12_000, "cache_read_input_tokens": 0}
    async with chatting(Answer(Text("hello"), usage=usage)) as chat:
        await chat.send("hi")
        await chat.until_shown("hello")
        await chat.until_idle()
        chat.prompt.put("and this?")
        await chat.until(lambda: "tok, 100 % cached, $" in chat.hint or "99 % cached, $" in chat.hint)
        chat.prompt.attachments.attach_files([photos / "kelp.png"])
        await chat.until(lambda: "0 % cached (first image), $" in chat.hint)


async def test_a_pdf_says_its_pages_and_is_attached(photos: Path) -> None:
    (photos / "a chart.pdf").write_bytes(PDF)
    async with chatting() as chat:
        await chat.pilot.press("f4")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen) and "PDF, 1 page" in said(chat))
        assert said(chat).splitlines()[1:] == ["sent unchanged", "~2k tokens · $0.004", "with Sonnet 5.5"]
        facts, listed = chat.app.screen.query_one(".facts"), chat.app.screen.query_one(FilterList)
        await chat.until(lambda: facts.region.y == listed.region.y)
        await chat.pilot.press("enter")
        assert await attached(chat, 1) == ["a chart.pdf"]


async def test_a_pdf_with_a_password_says_so(photos: Path) -> None:
    (photos / "a chart.pdf").write_bytes(PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt<</V 1>>"))
    async with chatting() as chat:
        await chat.pilot.press("f4")
        await chat.until(lambda: isinstance(chat.app.screen, AttachScreen) and "is encrypted" in said(chat))
