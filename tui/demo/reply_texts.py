"""The texts of the scripted answers, in Markdown. `replies` chooses among them."""

from __future__ import annotations

TAIL = "*This is a scripted answer: the built-in simulator wrote it, not Claude.*"

WELCOME = '''\
# Welcome to the demo

Nice to meet you! You are talking to the **built-in simulator**: no key, no network and no cost. My answers are scripted, \
but everything around them is the real thing: streaming, prompt caching, token counts and prices.

## What you can try

1. **Write a word I know**, such as `table`, `code`, `files`, `quote`, `think` or `long`.
2. **See trouble handled**: `error`, `cut`, `refuse`, `stall` and `slow` do what they say.
3. **Attach an image**, and I will tell you its size and what it counts.

| Do this | and watch |
| --- | --- |
| send a second message | the cache hit rate in the status line |
| switch the model | the price, and the cache starting afresh |
| stop me in mid-sentence | that my half answer stays |

Code comes out in colour, line by line:

```python
def greet(name: str) -> str:
    """Say hello, politely."""
    return f"Hello, {name}!"


print(greet("world"))
```

> A good tool shows you what it costs before it shows you what it can do.

When you are ready for the real Claude, get a key in the [Claude Console](https://platform.claude.com/) and set \
`ANTHROPIC_API_KEY`.
'''

TABLE = """\
Here is a table with numbers on the right and words on the left:

| Planet | Day, in hours | Moons | Worth a visit? |
| :-- | --: | --: | :-- |
| Mercury | 4,222.6 | 0 | Bring sunscreen |
| Venus | 2,802.0 | 0 | Not without a very good umbrella |
| Earth | 24.0 | 1 | Yes, the food is excellent |
| Mars | 24.7 | 2 | For those who like *red* |
| Jupiter | 9.9 | 97 | Look, don't land |
| Saturn | 10.7 | 274 | The rings alone are worth it |

The longest day is Mercury's: from one noon to the next it takes **176 of our days**.
"""

CODE = '''\
Here is a small program that counts the words of a text, in three languages. First Python:

```python
from collections import Counter
from pathlib import Path


def most_common_words(path: Path, count: int = 10) -> list[tuple[str, int]]:
    """The most frequent words of a file, most frequent first."""
    words = path.read_text(encoding="utf-8").casefold().split()
    return Counter(word.strip(".,;:!?\\"'") for word in words).most_common(count)


for word, times in most_common_words(Path("story.txt")):
    print(f"{times:6} {word}")
```

The same on the command line:

```bash
tr -cs '[:alpha:]' '\\n' < story.txt | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -rn | head
```

And as a query, if the words are in a table already:

```sql
SELECT word, COUNT(*) AS times
FROM words
GROUP BY word
ORDER BY times DESC
LIMIT 10;
```

All three read the text **once**; the Python version keeps one counter per distinct word in memory.
'''

LIST = """\
## A calm morning, step by step

1. Open the window.
2. Make coffee:
   - grind the beans,
   - heat the water to **93 °C**,
   - pour slowly, and *wait*.
3. Write down the one thing that matters today.
4. Do that thing first.

Still to do:

- [x] read the welcome message
- [ ] try `think` with Ctrl+T
- [ ] switch the model with Ctrl+L
"""

QUOTE = """\
A thought on plain writing:

> Say it once, and say it simply.
>
> > If it needs a second sentence, ask whether the first one was wrong.

With a link for the curious: [Markdown at a glance](https://commonmark.org/help/). And a line to end the section:

---

That was all.
"""

THINK = """\
**The ferryman needs seven crossings.**

1. Take the goat across.
2. Go back alone.
3. Take the wolf across.
4. Bring the goat back.
5. Take the cabbage across.
6. Go back alone.
7. Take the goat across.

The trick is step 4: nothing in the riddle forbids carrying something *back*.
"""

THINK_THOUGHTS = """\
A man wants to take a wolf, a goat and a cabbage across a river. The boat holds him and one of them. Left alone, the wolf \
eats the goat, and the goat eats the cabbage.

So the goat must never be alone with either. The first crossing can only be the goat: any other choice leaves a bad pair \
behind.

After that I have two candidates, wolf or cabbage. Say the wolf. Then wolf and goat would be alone on the far side when I \
go back. Unless the goat comes back with me!

So: goat over, back, wolf over, goat back, cabbage over, back, goat over. Seven crossings. Is there a shorter way? Each of \
the three must cross, and the boat must return in between: at least five crossings, and five leave no room for the detour \
of the goat. Seven it is.
"""

LONG_INTRODUCTION = """\
# A short history of the lighthouse

A long answer, so that you can scroll while it grows. Scroll up and the view stays where you are; jump to the end and it \
follows again.
"""

LONG_CHAPTERS = (
    """\
## {number}. Fires on the hill

The first lights were fires, kept on headlands by people whose names nobody wrote down. A fire of oak burns for about \
three hours; a night in December lasts sixteen. Somebody carried the wood uphill, five times a night, in the wind.

- **Seen from:** about 10 km, on a clear night
- **Kept by:** whoever lived nearest
- **Paid with:** a share of what was not shipwrecked
""",
    """\
## {number}. The tower at Alexandria

Then came a tower that was a wonder in itself. It stood more than a hundred metres high, and for over a thousand years \
hardly any building outdid it. At night a fire, by day a mirror: sailors told of both.

> It lasted until the earthquakes of the fourteenth century, and its stones are still there, under water.
""",
    """\
## {number}. A lens like a beehive

In 1822 Augustin Fresnel saw that a lens does not have to be thick. What bends the light is its *surface*; so he cut the \
rest away and kept the surface in rings. One lamp, which had reached eight kilometres, now reached over thirty.

```python
from math import sqrt


def horizon_km(eye_m: float, light_m: float) -> float:
    \"\"\"How far a light can be seen over the curve of the earth, in kilometres.\"\"\"
    return 3.57 * (sqrt(eye_m) + sqrt(light_m))


print(f"{{horizon_km(eye_m=4, light_m=40):.1f}} km")
```
""",
    """\
## {number}. Every light its own voice

As lights multiplied, sailors had to tell them apart. So each got a rhythm, and the rhythm went into a book:

| Character | On the chart | What you see |
| --- | --- | --- |
| fixed | F | a steady light |
| flashing | Fl 5s | a flash every five seconds |
| occulting | Oc 4s | light, with short gaps |
| isophase | Iso 6s | three seconds of light, three of dark |

With a watch in the hand, a navigator reads the coast like a sentence.
""",
    """\
## {number}. The keepers

A keeper trimmed the wick, wound the clockwork that turned the lens, cleaned the glass, and wrote down the weather. The \
work left time, and the time filled with other things: gardens, books, letters, the naming of birds.

1. At dusk, light the lamp.
2. Every four hours, wind the weight.
3. At dawn, draw the curtains, or the sun sets fire to the house through the lens.
""",
    """\
## {number}. Lights without anybody

The last keepers left when lamps learned to light themselves. What remains is a box with a diode in it, a solar panel, and \
the view. Yet ships still look for the flash, count the seconds, and nod.
""",
)

LONG_END = """\
---

That is the end of the story. Try `Esc` in the middle of it next time: what has arrived stays, marked as stopped.
"""

SLOW = """\
I am taking my time with this one: about twelve tokens a second, as a large model on a busy day might. Watch the seconds \
beside my name, type ahead if you like, or press **Esc**. Whatever you see at that moment is kept, and the next message \
goes out as if nothing had happened.
"""

CUT = """\
This sentence is about to lose its connection. The line is going to drop right in the middle of the wor\
"""

STALL = """\
I have begun to answer, and now the connection goes quiet. No error, no end, just silence. Press **Esc** to stop \
waiting…\
"""

REFUSAL = """\
I started on this, but \
"""

REFUSAL_EXPLANATION = "The simulator was asked to show what a refusal looks like."

HELP = """\
These words have a special effect:

| Word | What happens |
| --- | --- |
| `table`, `code`, `list`, `quote` | that kind of Markdown |
| `think` | a riddle, solved with visible thinking |
| `long` | a text of several screens |
| `slow` | about twelve tokens a second |
| `empty` | an answer without any text |
| `refuse` | a refusal in mid-sentence |
| `error` | the server is overloaded: see the retries |
| `cut` | the connection breaks |
| `bad picture` | the last image of the chat is refused; `/retry` continues without it |
| `stall` | silence until you stop it |
| `files` | tools: I look around in your folder, and read a file |
| `write a note`, `run a command` | tools that need your permission first |
"""

NO_TOOLS = """\
This chat has no tools, so there is nothing that I could call. Start one with `--tools read` or `--tools ask`, and say \
`tool` again.
"""

SEARCHED = """\
The highest tide on Earth is in the **Bay of Fundy**, where the water rises by up to 16 metres twice a day.
"""

EMPTY_THOUGHTS = "There is nothing to add to this."

GREETINGS = (
    "Hello again! What shall we look at?",
    "Hello! Good to see you back. Ask me for a `table`, some `code`, or a `long` story.",
    "Hi there. I am still the same script, but I am glad you are here.",
)

THANKS = (
    "You are welcome! It was written beforehand, but it was meant.",
    "My pleasure. Is there anything else that you would like to see?",
)

UNKNOWN = (
    """\
You wrote “{quote}”. If I were Claude, I would now think about it. As I am a script, I can tell you this much: your \
message has **{words}**, and it is message number **{number}** of this chat.

Write `help` to see the words that I know.
""",
    """\
“{quote}”: a good place to start. Three questions would help to make it sharper:

1. *Who* is it for?
2. *What* would a good result look like?
3. *When* is it good enough?

The real Claude would answer them with you; I can only ask. Write `help` for the things I can do.
""",
    """\
Let me turn “{quote}” around for a moment.

> Every question holds a picture of its answer. If the answer does not come, look at the picture.

There were {words} in your message. I read them all and understood none: that is the lot of a simulator.
""",
    """\
On “{quote}”, in short:

- **For:** it is clear, it is yours, and it fits on the screen.
- **Against:** I am a script of a few hundred lines and have no opinion at all.

Still, your message went the whole way: counted, cached, streamed back and billed with play money.
""",
)

NO_BAD_PICTURE = """\
There is no image that I could refuse. Attach one, unless the last one was quarantined already.
"""

IMAGES_SEEN = """\
Thank you for {what}. A simulator has no eyes, but it can read a file's header:

| Image | Kind | Size | Tokens on this model |
| --- | --- | --- | --: |
{rows}

The real Claude would now tell you what is *in* it.
"""

TOOL_RESULT = """\
The tool has answered:

```
{result}
```

A real model would go on from here; this one only shows that the result came back to it.
"""
