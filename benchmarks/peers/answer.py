"""The texts of the benchmark: Markdown of a given length that looks like an answer, and whole chats. The same each time."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from typing import NamedTuple

CHARACTERS_PER_TOKEN = 4
"""What a token is in this benchmark: four characters of the answer."""
LAST_WORD = "ZQXENDZQX"
"""The last word of each answer. It occurs nowhere else, so that the end can be found in what a program writes."""
LAST_LINE = "HISTORYDONE"
"""The last message of each stored chat."""

_TEXT = (
    "the a of to and in that is for with as on by this from at which when each into more than model token stream buffer "
    "window cache thread latency memory parser layout render terminal request response message history prompt context "
    "answer frame update queue worker signal event handle measure reduce avoid prefer usually however because therefore "
    "although simple careful cost budget limit growth linear constant scroll widget block paragraph table image resize"
)
_WORDS = _TEXT.split()
_PYTHON = '''```python
def {name}(items: list[str], limit: int = {number}) -> dict[str, int]:
    """Count the items, most common first."""
    counts: dict[str, int] = {{}}
    for index, item in enumerate(items):
        if index >= limit:  # do not walk the whole list
            break
        counts[item] = counts.get(item, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))
```

'''
_RUST = """```rust
pub fn {name}(input: &[u8], limit: usize) -> Result<Vec<u8>, Error> {{
    let mut out = Vec::with_capacity({number});
    for (index, byte) in input.iter().enumerate() {{
        if index >= limit {{ return Err(Error::TooLong(index)); }}
        match byte {{ b'\\n' => out.extend_from_slice(b"\\r\\n"), other => out.push(*other) }}
    }}
    Ok(out) // the caller owns the buffer
}}
```

"""


class Turn(NamedTuple):
    """One message of a stored chat."""

    role: str
    """`user` or `assistant`."""
    text: str


@functools.lru_cache(16)
def answer(tokens: int, seed: int = 1, last: str = LAST_WORD) -> str:
    """Return an answer of about that many tokens: headings, paragraphs, lists, tables, quotes, code. It ends with `last`."""
    chance = random.Random(seed)
    end = f"Done: {last}\n"
    room = max(0, tokens * CHARACTERS_PER_TOKEN - len(end))
    text = "# Answer\n\n"
    while len(text) < room:
        for block in _section(chance):
            # A block that is too long gives way to a sentence, so that no fence stays open at the end.
            text += block if len(text) + len(block) <= room else f"{_sentence(chance, 10)}\n\n"
            if len(text) >= room:
                break
    return text + end


def chat(messages: int) -> list[Turn]:
    """Return a chat of that many messages: short questions, answers of about 250 tokens, and `LAST_LINE` at the end."""
    chance = random.Random(7)
    turns = [
        Turn("assistant", answer(250, number, "done")) if number % 2 else Turn("user", _sentence(chance, 14))
        for number in range(messages - 1)
    ]
    return [*turns, Turn("assistant", LAST_LINE)]


def _section(chance: random.Random) -> Iterator[str]:
    name = chance.choice(_WORDS)
    yield f"## {_sentence(chance, 5)}\n\n"
    yield _paragraph(chance, 4)
    yield "".join(f"- {_sentence(chance, 9)}\n" for _ in range(5)) + "\n"
    yield _PYTHON.format(name=name, number=chance.randint(10, 999))
    yield _paragraph(chance, 6)
    yield "".join(f"{number}. {_sentence(chance, 12)}\n" for number in range(1, 5)) + "\n"
    rows = (f"| {chance.choice(_WORDS)} | {chance.randint(1, 9999)} | {_sentence(chance, 2)} |\n" for _ in range(5))
    yield "| Name | Count | Note |\n|---|---:|---|\n" + "".join(rows) + "\n"
    yield _RUST.format(name=name, number=chance.randint(10, 999))
    yield f"> {_sentence(chance, 18)}\n\n"
    yield _paragraph(chance, 3)


def _paragraph(chance: random.Random, sentences: int) -> str:
    return " ".join(_sentence(chance, chance.randint(8, 20)) for _ in range(sentences)) + "\n\n"


def _sentence(chance: random.Random, length: int) -> str:
    """Return a sentence of that many words, some of them bold, italic or code."""
    words = chance.choices(_WORDS, k=length)
    for mark in ("**", "`", "*"):
        if chance.random() < 0.35:
            at = chance.randrange(1, length)
            words[at] = f"{mark}{words[at].strip('*`')}{mark}"
    return " ".join([words[0].capitalize(), *words[1:]]) + "."
