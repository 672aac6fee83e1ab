"""Pictures in the conversation: those in view are drawn, in threads, and hung where room was kept; one is opened whole.

Only what is looked at is drawn. The drawings used last are kept, by the content of the picture and its size on the screen.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from textual import work
from textual.message import Message as TextualMessage

from tui.chat.transcript import Image
from tui.images.fitting import Room
from tui.widgets.conversation.finding import FindingView
from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.sheet import Sheet, Wanted
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Place
from tui.widgets.gallery import Drawing, Gallery

KEPT = 48
"""So many drawings; each takes some 100 KB."""
_AT_ONCE = 2

Key = tuple[int, Room]
"""The hash of a picture's data, and its room."""


class LookingView(FindingView):
    class PictureOpened(TextualMessage, namespace="conversation"):
        """The reader wants to see a picture whole: the one of that number, among those of its message."""

        def __init__(self, images: tuple[Image, ...], number: int) -> None:
            super().__init__()
            self.images = images
            self.number = number

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.gallery = Gallery()
        self.gallery.late.add(self.forget_pictures)
        self._asked: OrderedDict[Key, Image] = OrderedDict()
        self._kept: OrderedDict[Key, Drawing] = OrderedDict()
        self._hangs: dict[Key, WeakKeyDictionary[Sheet, set[int]]] = {}
        """Where each of the kept drawings hangs. Sheets of chats that were left are gone with their images."""
        self._is_drawing = False

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        if line.is_picture:
            index, y = turn.at(place.row)
            sheet = turn.parts[index]
            if isinstance(sheet, Sheet) and (missing := tuple(sheet.missing(y))):
                for wanted in missing:
                    self._hang(sheet, wanted)
                line = sheet.line(y)
        return super().decorated(line, turn, place)

    def _hang(self, sheet: Sheet, wanted: Wanted) -> None:
        """Hangs a picture that was drawn before; else has it drawn, before those that were asked for earlier."""
        key = hash(wanted.image.data), wanted.room
        if key in self._kept:
            self._kept.move_to_end(key)
            self._hangs.setdefault(key, WeakKeyDictionary()).setdefault(sheet, set()).add(wanted.number)
            sheet.hang(wanted.number, self._kept[key])
            return
        self._asked[key] = wanted.image
        self._asked.move_to_end(key)
        if not self._is_drawing:
            self._is_drawing = True
            self._draw_wanted()

    @work(group="pictures")
    async def _draw_wanted(self) -> None:
        try:
            while self._asked:
                next_ones = [self._asked.popitem() for _ in range(min(_AT_ONCE, len(self._asked)))]
                drawn = await asyncio.gather(*(self.gallery.draw(image.data, room) for (_, room), image in next_ones))
                self._kept.update({key: drawing for (key, _), drawing in zip(next_ones, drawn, strict=True)})
                while len(self._kept) > KEPT:
                    self._let_go(next(iter(self._kept)))
                self.refresh(self.size.region)
        finally:
            self._is_drawing = False

    def _let_go(self, key: Key) -> None:
        for sheet, numbers in self._hangs.pop(key, {}).items():
            for number in numbers:
                sheet.take_down(number)
        self.gallery.release(self._kept.pop(key))

    def forget_pictures(self) -> None:
        """The terminal may have lost them: those in view are drawn again."""
        for key in tuple(self._kept):
            self._let_go(key)
        self.refresh(self.size.region)

    def on_unmount(self) -> None:
        self.forget_pictures()

    # Opening

    def action_open(self) -> None:
        turn = self.marked_turn()
        if turn is not None and self.chosen() is None and (images := _images(turn)):
            self.post_message(self.PictureOpened(images, 0))
        else:
            super().action_open()

    def press(self, turn: Turn, place: Place, x: int) -> None:
        index, y = turn.at(place.row)
        sheet = turn.parts[index]
        if isinstance(sheet, Sheet) and 0 <= y < sheet.height:
            before = sum(len(part.images) for part in turn.parts[:index] if isinstance(part, Sheet))
            self.post_message(self.PictureOpened(_images(turn), before + sheet.number_at(y, x - self.left)))
        else:
            super().press(turn, place, x)


def _images(turn: Turn) -> tuple[Image, ...]:
    return tuple(image for part in turn.parts if isinstance(part, Sheet) for image in part.images)
