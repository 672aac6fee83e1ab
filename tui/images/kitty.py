"""The kitty graphics protocol with Unicode placeholders: characters that stand for parts of an image.

The image is uploaded once under an id. Its placeholders are ordinary text that scrolls and moves with its cells. See
https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders.
"""

from __future__ import annotations

import base64

_CHUNK = 4096
PLACEHOLDER = "\U0010eeee"
# Characters that stand for rows and columns, as the protocol lists them.
_RANGES = """
305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9 5ab-5ac 5af 5c4
610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d 73f-741 743 745 747 749-74a
7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b
1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7
20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26
10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244
"""
_MARKS = tuple(
    chr(code)
    for first, _, last in (piece.partition("-") for piece in _RANGES.split())
    for code in range(int(first, 16), int(last or first, 16) + 1)
)
MAX_CELLS = len(_MARKS)
"""The most columns or rows."""


def upload(number: int, png: bytes, columns: int, rows: int) -> str:
    """Return the sequence that uploads an image and its size in cells. The terminal does not answer."""
    text = base64.b64encode(png).decode()
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    heads = [f"a=T,U=1,f=100,i={number},c={columns},r={rows},q=2,", *["q=2,"] * (len(chunks) - 1)]
    more = [1] * (len(chunks) - 1) + [0]
    return "".join(
        f"\x1b_G{head}m={is_more};{chunk}\x1b\\" for head, is_more, chunk in zip(heads, more, chunks, strict=True)
    )


def removal(number: int) -> str:
    """Return the sequence that deletes an image."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def placeholders(columns: int, rows: int) -> tuple[str, ...]:
    """Return the text of each row of cells. Its colour selects the image."""
    return tuple("".join(PLACEHOLDER + down + across for across in _MARKS[:columns]) for down in _MARKS[:rows])
