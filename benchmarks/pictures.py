"""Compare a chat of 200 messages and 50 photos with the same one without photos: opening it, and scrolling through it.

Prints milliseconds and their ratio: until the first frame of the open chat, the longest and the median step of a scroll, and
the longest delay of the loop while images were decoded in threads.
"""

from __future__ import annotations

import asyncio
import base64
import io
import random
import statistics
import time
from collections.abc import Sequence

from PIL import Image as Pillow
from textual.app import App, ComposeResult

from tui.chat.transcript import Image, Message, Text
from tui.widgets.conversation import Conversation

SIZE = (120, 40)
WORDS = "It runs **out**: the kelp lies seaward, and the wet line on the rock is about a hand above the water. " * 4


def photo(seed: int) -> Image:
    """Return a photo of 1600×1200: noise over shapes, about 700 KB of JPEG."""
    small = Pillow.frombytes("RGB", (32, 24), random.Random(seed).randbytes(32 * 24 * 3))
    big = small.resize((1600, 1200), Pillow.Resampling.BICUBIC)
    out = io.BytesIO()
    Pillow.blend(big, Pillow.effect_noise(big.size, 30).convert("RGB"), 0.25).save(out, "JPEG", quality=85)
    return Image("image/jpeg", base64.b64encode(out.getvalue()).decode(), f"{seed}.jpg", 1600, 1200)


def talk(photos: Sequence[Image]) -> list[Message]:
    messages: list[Message] = []
    for number in range(100):
        pictures = photos[number // 2 : number // 2 + 1] if number % 2 else ()
        messages.append(Message(role="user", blocks=(*pictures, Text(f"Number {number}: which way does it run?"))))
        messages.append(Message(role="assistant", blocks=(Text(WORDS),), model="sonnet"))
    return messages


class Bench(App[None]):
    def compose(self) -> ComposeResult:
        yield Conversation(str.upper)


async def measured(messages: list[Message]) -> dict[str, float]:
    app = Bench()
    async with app.run_test(size=SIZE) as pilot:
        pane = app.query_one(Conversation)
        await pilot.pause()
        gaps: list[float] = []

        async def listen() -> None:
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                gaps.append(time.perf_counter() - before - 0.001)

        began = time.perf_counter()
        pane.show(messages)
        rows = [pane.render_line(y) for y in range(pane.size.height)]
        opened = time.perf_counter() - began
        assert any(row.text.strip() for row in rows)
        listening = asyncio.create_task(listen())
        steps: list[float] = []
        while pane.viewport.top > 0:
            began = time.perf_counter()
            pane.scroll_rows(-3)
            for y in range(pane.size.height):
                pane.render_line(y)
            steps.append(time.perf_counter() - began)
            await asyncio.sleep(0.016)
        listening.cancel()
        return {
            "opened": opened * 1e3,
            "step, median": statistics.median(steps) * 1e3,
            "step, p99": statistics.quantiles(steps, n=100)[98] * 1e3,
            "step, longest": max(steps) * 1e3,
            "loop, p99": statistics.quantiles(gaps, n=100)[98] * 1e3,
            "loop, longest": max(gaps) * 1e3,
        }


def main() -> None:
    photos = [photo(seed) for seed in range(50)]
    asyncio.run(measured(talk(())))  # warms what is loaded on first use
    without = [asyncio.run(measured(talk(()))) for _ in range(3)]
    with_them = [asyncio.run(measured(talk(photos))) for _ in range(3)]
    print(f"{'ms':<16}{'without':>10}{'with 50':>10}{'ratio':>8}")
    for name in without[0]:
        plain, pictured = (min(one[name] for one in runs) for runs in (without, with_them))
        print(f"{name:<16}{plain:>10.2f}{pictured:>10.2f}{pictured / plain:>8.2f}")


if __name__ == "__main__":
    main()
