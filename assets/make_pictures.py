"""Make the pictures of the documentation from the running app: `make pictures`, or `python assets/make_pictures.py NAME …`.

Needs `rsvg-convert` (librsvg) and the font Fira Code. Each picture is the demo after what its function typed.
"""

from __future__ import annotations

import asyncio
import html
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from rich.cells import cell_len
from textual.pilot import Pilot

from tui.app import ChatApp
from tui.config import load
from tui.engine import Engine
from tui.services.library import ChatLibrary
from tui.services.provider import ClaudeProvider

HERE = Path(__file__).parent
SIZE = (100, 34)
CELL = 12.2  # the width of a cell in the pictures that Textual exports
COLOURS = {"photo": 256}
"""Of a picture; 128 are enough for text."""

Story = Callable[[Pilot[int], ChatApp], Awaitable[None]]


async def send(pilot: Pilot[int], app: ChatApp, text: str) -> None:
    app.chat.prompt.put(text)
    await pilot.press("enter")
    while not app.chat.session.running:
        await pilot.pause(0.05)
    while app.chat.session.running or app.chat.conversation.streaming:
        await pilot.pause(0.05)


async def a_conversation(pilot: Pilot[int], app: ChatApp) -> None:
    await send(pilot, app, "How do I count words, in code?")
    await send(pilot, app, "And which planet has the longest day? As a table, please")


async def the_cache_map(pilot: Pilot[int], app: ChatApp) -> None:
    for text in (
        "How do I count words, in code?",
        "Tell me a long story",
        "And which planet has the longest day? As a table, please",
        "Think about it, then answer",
    ):
        await send(pilot, app, text)
    await pilot.press("f6")


async def a_photo(pilot: Pilot[int], app: ChatApp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fjord.jpg"
        fjord().save(path, quality=90)
        app.chat.prompt.attachments.attach_files([path])
        while not app.chat.prompt.attachments.blocks:
            await pilot.pause(0.05)
    await send(pilot, app, "What do you see?")


def fjord() -> Image.Image:
    """A low sun between mountains, each range nearer and darker, and its light on the water."""
    width, height, shore = 1600, 1000, 640
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        far = y / shore if y < shore else 1 - (y - shore) / (height - shore) * 0.9
        draw.line((0, y, width, y), (int(46 + 200 * far**1.6), int(62 + 96 * far), int(118 - 18 * far)))
    draw.ellipse((860, 440, 1060, 640), (255, 232, 170))
    for shade, peaks in (
        ((122, 92, 104), (0, 470, 240, 330, 520, 520, 800, 600, 1160, 560, 1400, 380, 1600, 450)),
        ((74, 66, 92), (0, 330, 180, 210, 420, 420, 640, 640, 1240, 640, 1460, 470, 1600, 520)),
        ((34, 40, 62), (0, 560, 90, 470, 300, 610, 380, 640, 1380, 640, 1600, 560)),
    ):
        draw.polygon((0, shore, *peaks, width, shore), shade)
    for number in range(26):
        y, half = shore + 8 + number * 14, 60 + number * 7 + 26 * (number % 3)
        draw.line((960 - half, y, 960 + half, y), (255, 214 - number * 3, 150 - number * 3), 5)
    return image.filter(ImageFilter.GaussianBlur(2))


PICTURES: dict[str, Story] = {
    "chat": a_conversation,
    "photo": a_photo,
    "cache": the_cache_map,
}


async def picture(story: Story) -> str:
    with tempfile.TemporaryDirectory() as home:
        settings = load({"PRX_HOME": home})
        library = ChatLibrary(settings.folders.data / "chats.db")
        with library, ClaudeProvider(settings, {}, demo=True) as provider, Engine() as engine:
            app = ChatApp(settings, provider, engine, library)
            async with app.run_test(size=SIZE) as pilot:
                await pilot.pause()
                await story(pilot, app)
                await pilot.pause(0.3)
                return app.export_screenshot(title="prx demo")


def for_the_converter(svg: str) -> str:
    """Return the picture with each word at its own column: librsvg ignores `textLength`."""

    def words(match: re.Match[str]) -> str:
        before, x, after, text = match.groups()
        plain = html.unescape(text).replace("\xa0", " ")
        return "".join(
            f"{before}{float(x) + CELL * cell_len(plain[: word.start()]):.1f}{after}>{html.escape(word[0])}</text>"
            for word in re.finditer(r"[\u2500-\u259f]|[^\s\u2500-\u259f]+", plain)
        )

    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)
    svg = svg.replace("font-variant-east-asian: full-width;", "letter-spacing: 0.2px;")
    return re.sub(r'(<text class="[^"]*-r\d+" x=")([\d.]+)(" y="[\d.]+")[^>]*>([^<]*)</text>', words, svg)


def main() -> None:
    if shutil.which("rsvg-convert") is None:
        sys.exit("rsvg-convert is needed: it comes with librsvg")
    os.environ.setdefault("COLORTERM", "truecolor")
    for name in sys.argv[1:] or PICTURES:
        svg = for_the_converter(asyncio.run(picture(PICTURES[name])))
        target = HERE / f"{name}.png"
        drawn = subprocess.run(
            ["rsvg-convert", "-z", "1.3"], input=svg.encode(), check=True, stdout=subprocess.PIPE
        ).stdout
        small = Image.open(io.BytesIO(drawn)).convert("RGB").quantize(COLOURS.get(name, 128), dither=Image.Dither.NONE)
        small.save(target, optimize=True)
        print(target.name, target.stat().st_size // 1000, "KB")


if __name__ == "__main__":
    main()
