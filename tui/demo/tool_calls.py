"""Tool calls of the simulator: short sequences in the user's folder, and what they returned.

The state of a sequence is read from the conversation, so the same conversation gets the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.demo import reply_texts
from tui.demo.history import blocks_of
from tui.demo.scenarios import Answer, Text, Thinking, ToolUse
from tui.demo.system_messages import offered_tools

Body = dict[str, Any]

_WORTH_READING = ("readme", "changelog", "contributing", "license", "pyproject.toml", "makefile")
"""Beginnings of the names of files to read first."""
_READABLE = re.compile(r"\.(md|txt|rst|toml|py|js|ts|rs|go|c|h|java|sh|json|ya?ml|html|css)$", re.IGNORECASE)
_LISTED = re.compile(r"(?P<name>.+?)  \d+")
_NUMBERED = re.compile(r" *\d+\t")
_QUOTED_LINES = 8


@dataclass(frozen=True)
class _Done:
    """A call of this turn, with its result as text."""

    name: str
    input: Mapping[str, Any]
    text: str
    is_error: bool


def begun(body: Body, prompt: str) -> Answer | None:
    """Return the first step of the sequence that a prompt asks for; None if there is none, or its tool is not offered."""
    offered = _offered(body)
    if re.search(r"\bcommands?\b", prompt, re.IGNORECASE) and "run_command" in offered:
        command = ToolUse("run_command", input={"command": "echo Hello from the demo && date"})
        return Answer(Thinking(_THOUGHTS), Text(_COMMAND), command)
    if re.search(r"\bwrite a (note|file)\b", prompt, re.IGNORECASE) and "write_file" in offered:
        note = ToolUse("write_file", input={"path": "prx-demo.md", "content": _NOTE})
        return Answer(Thinking(_THOUGHTS), Text(_WRITE), note)
    if re.search(r"\b(tools?|files?|folder)\b", prompt, re.IGNORECASE) and {"list_files", "read_file"} <= offered:
        calls = [ToolUse("list_files", input={"path": "."})]
        if "search_files" in offered:
            calls.append(ToolUse("search_files", input={"pattern": r"TODO|FIXME"}))
        return Answer(Thinking(_THOUGHTS), Text(_LOOK), *calls)
    return None


def gone_on(body: Body) -> Answer | None:
    """Return the next step after a result; None if the results belong to no sequence."""
    done = _done(body["messages"])
    last = done[-1] if done else None
    match last.name if last else "":
        case "list_files" | "search_files":
            return _chosen(done)
        case "read_file":
            return _read(done[-1])
        case "run_command":
            return _said(_RAN if not done[-1].is_error else _REFUSED, done[-1])
        case "write_file":
            return _said(_WROTE if not done[-1].is_error else _REFUSED, done[-1])
    return None


def _offered(body: Body) -> set[str]:
    return {str(tool.get("name")) for tool in offered_tools(body) if "input_schema" in tool}


def _done(messages: Sequence[Mapping[str, Any]]) -> list[_Done]:
    """Return the calls of this turn that have results, in order."""
    calls: dict[str, Any] = {}
    done: list[_Done] = []
    for message in messages:
        for block in blocks_of(message["content"]):
            if block["type"] == "tool_use":
                calls[block["id"]] = block
            elif block["type"] == "tool_result" and block["tool_use_id"] in calls:
                call = calls[block["tool_use_id"]]
                done.append(_Done(call["name"], call["input"], result_text(block), bool(block.get("is_error"))))
            elif message["role"] == "user":  # a prompt: earlier calls belong to another turn
                done.clear()
    return done


def result_text(result: Mapping[str, Any]) -> str:
    """Return a result as plain text that fits into a code block."""
    content = result.get("content") or ""
    text = content if isinstance(content, str) else "\n".join(b.get("text", f"({b['type']})") for b in content)
    return str(text).replace("```", "'''")


def _chosen(done: list[_Done]) -> Answer:
    """Read the file that describes the folder best."""
    listing = next((one for one in done if one.name == "list_files"), None)
    lines = listing.text.splitlines() if listing is not None and not listing.is_error else []
    files = [found["name"] for line in lines if (found := _LISTED.fullmatch(line))]
    wanted = sorted((rank, name) for name in files if (rank := _rank(name)) is not None)
    if not wanted:
        return _said(_NOTHING, done[0])
    file = wanted[0][1]
    words = _FOUND.format(count="is 1 thing" if len(lines) == 1 else f"are {len(lines)} things", file=file)
    return Answer(Text(words), ToolUse("read_file", input={"path": file, "limit": 40}))


def _rank(name: str) -> int | None:
    """Return how early a file should be read; None if it is probably not text."""
    first = next((at for at, begin in enumerate(_WORTH_READING) if name.lower().startswith(begin)), None)
    return first if first is not None else len(_WORTH_READING) if _READABLE.search(name) else None


def _read(read: _Done) -> Answer:
    if read.is_error:
        return _said(_REFUSED, read)
    lines = [_NUMBERED.sub("", line, count=1) for line in read.text.splitlines()]
    quoted = "\n".join(lines[:_QUOTED_LINES]).strip("\n")
    words = _READ.format(file=read.input.get("path", "the file"), quote=quoted)
    return Answer(Text(f"{words.rstrip()}\n\n{reply_texts.TAIL}"))


def _said(words: str, done: _Done) -> Answer:
    result = "\n".join(done.text.splitlines()[:_QUOTED_LINES])
    return Answer(Text(f"{words.format(result=result).rstrip()}\n\n{reply_texts.TAIL}"))


_THOUGHTS = "There are tools for that. I take the ones that need the fewest words, and look at what they say."

_LOOK = "Let me look around in your folder."

_COMMAND = "I would like to run a command. Nothing runs before you have seen and allowed it."

_WRITE = "I would like to write a small file. You see all of it before you say yes or no."

_NOTE = """\
# A note from the demo

Claude can write files like this one, if you let it. You can delete it.
"""

_FOUND = "There {count} in it. `{file}` looks worth reading."

_READ = """\
I have read the beginning of `{file}`:

```
{quote}
```

That was a real look into your folder: **reading needs no permission there**, and nothing left your computer. Everything \
else needs it: say `write a note` or `run a command` to see how. Enter on a line above shows what was asked and answered.
"""

_NOTHING = """\
I have looked into your folder and found no text file to read:

```
{result}
```

Start the demo in a folder with a `README.md` and say `files` again.
"""

_RAN = """\
The command has run. Its output:

```
{result}
```
"""

_WROTE = """\
The file is written:

```
{result}
```

It is called `prx-demo.md`; delete it whenever you like.
"""

_REFUSED = """\
That was not done:

```
{result}
```

You are free to refuse: the real Claude would look for another way.
"""
