"""Makes the pictures of the README from the running app: `python assets/make_pictures.py`.

Needs `rsvg-convert` (librsvg) and the font Fira Code. Each picture is the demo after what its function typed.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.cells import cell_len
from textual.pilot import Pilot

from tui.app import ChatApp, Desk
from tui.config import load
from tui.engine import Engine
from tui.shelves import Shelves

HERE = Path(__file__).parent
SIZE = (100, 34)
CELL = 12.2  # the width of a cell in the pictures that Textual exports

Story = Callable[[Pilot[int], ChatApp], Awaitable[None]]


async def say(pilot: Pilot[int], app: ChatApp, text: str) -> None:
    app.chat.prompt.put(text)
    await pilot.press("enter")
    while not app.chat.is_answering:
        await pilot.pause(0.05)
    while app.chat.is_answering or app.chat.conversation.streaming:
        await pilot.pause(0.05)


async def a_conversation(pilot: Pilot[int], app: ChatApp) -> None:
    await say(pilot, app, "How do I count words, in code?")
    await say(pilot, app, "And which planet has the longest day? As a table, please")


async def the_model_picker(pilot: Pilot[int], app: ChatApp) -> None:
    await say(pilot, app, "Now show me some code")
    await pilot.press("ctrl+l")


async def the_cache_map(pilot: Pilot[int], app: ChatApp) -> None:
    for text in (
        "How do I count words, in code?",
        "Tell me a long story",
        "And which planet has the longest day? As a table, please",
        "Think about it, then answer",
    ):
        await say(pilot, app, text)
    await pilot.press("f6")


async def in_the_light(pilot: Pilot[int], app: ChatApp) -> None:
    app.action_theme()
    await say(pilot, app, "Show me a table")
    await say(pilot, app, "Think about it, then answer")
    await pilot.press("ctrl+t")


PICTURES: dict[str, Story] = {
    "chat": a_conversation,
    "cache": the_cache_map,
    "models": the_model_picker,
    "light": in_the_light,
}


async def picture(story: Story) -> str:
    with tempfile.TemporaryDirectory() as home:
        settings = load({"PRX_HOME": home})
        shelves = Shelves(settings.folders.data / "chats.db")
        with shelves, Desk(settings, {}, demo=True) as desk, Engine() as engine:
            app = ChatApp(settings, desk, engine, shelves)
            async with app.run_test(size=SIZE) as pilot:
                await pilot.pause()
                await story(pilot, app)
                await pilot.pause(0.3)
                return app.export_screenshot(title="prx demo")


def for_the_converter(svg: str) -> str:
    """The picture as librsvg draws it right: it knows nothing of `textLength`, so each word is put on its own column."""

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
        subprocess.run(["rsvg-convert", "-z", "1.3", "-o", str(target)], input=svg.encode(), check=True)
        print(target.name, target.stat().st_size // 1000, "KB")


if __name__ == "__main__":
    main()
