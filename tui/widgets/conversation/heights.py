"""Where each of many stacked things begins: cumulative heights, found by bisection and cheap to correct near the end."""

from __future__ import annotations

from bisect import bisect_right


class Heights:
    """A stack of things with a height in rows each.

    Growing the last thing costs nothing; correcting an earlier one moves the tops after it, which for a thousand
    messages takes some 30 µs and happens only when an estimate meets the truth.
    """

    def __init__(self) -> None:
        self._tops = [0]

    def __len__(self) -> int:
        return len(self._tops) - 1

    @property
    def total(self) -> int:
        return self._tops[-1]

    def top(self, index: int) -> int:
        """The row at which a thing begins."""
        return self._tops[index]

    def height(self, index: int) -> int:
        return self._tops[index + 1] - self._tops[index]

    def append(self, height: int) -> None:
        self._tops.append(self._tops[-1] + height)

    def pop(self) -> None:
        self._tops.pop()

    def set(self, index: int, height: int) -> None:
        gap = height - self.height(index)
        if gap == 0:
            return
        if index == len(self) - 1:
            self._tops[-1] += gap
        else:
            self._tops[index + 1 :] = [top + gap for top in self._tops[index + 1 :]]

    def at(self, row: int) -> tuple[int, int]:
        """The thing that a row belongs to, and the row within it. Rows outside belong to the nearest thing."""
        index = min(max(bisect_right(self._tops, row) - 1, 0), max(len(self) - 1, 0))
        return index, row - self._tops[index]
