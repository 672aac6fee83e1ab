"""The simulator's own answers, chosen by the words of the prompt. The same prompt gets the same answer."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from tui.anthropic.models import find
from tui.demo import reply_texts, tool_calls
from tui.demo.history import blocks_of
from tui.demo.image_limits import BadPicture, images_in, read_picture, unreadable
from tui.demo.reply import Cut, Gate
from tui.demo.scenarios import Answer, Error, Pace, Scenario, Search, SearchResult, Text, Thinking, ToolUse
from tui.demo.system_messages import offered_tools
from tui.demo.tokens import image_tokens

Body = dict[str, Any]

SLOW = Pace(first_s=1.5, tokens_per_s=12)
SHOWN_RESULT_CHARS = 600
FEW_WORDS = 4
_LEFT_OUT = re.compile(r"\[(?:image|document) [^\]]*\]")
"""Text that replaces an attachment that is not sent. It does not count as a word of the prompt."""


def answer_for(body: Body) -> Scenario:
    """Return the answer to a request. The answer says that it is scripted."""
    last = blocks_of(next(one for one in reversed(body["messages"]) if one["role"] != "system")["content"])
    results = [block for block in last if block["type"] == "tool_result"]
    if results:
        return tool_calls.gone_on(body) or _said(reply_texts.TOOL_RESULT.format(result=_result_text(results[0])))
    prompt = _LEFT_OUT.sub("", " ".join(block["text"] for block in last if block["type"] == "text"))
    # Errors are simulated only on request, not when a longer prompt happens to mention them.
    table = _TROUBLE + _BY_WORD if len(prompt.split()) <= FEW_WORDS else _BY_WORD
    for pattern, reply in table:
        if re.search(rf"\b(?:{pattern})\b", prompt, re.IGNORECASE):
            return reply(body, prompt)
    pictures = [block for block in last if block["type"] == "image"]
    if pictures:
        return _said(_seen(pictures, body["model"]))
    if _is_first(body):
        return Answer(Thinking(_thoughts(prompt)), Text(reply_texts.WELCOME))
    return _unknown(body, prompt)


def _is_first(body: Body) -> bool:
    return all(message["role"] != "assistant" for message in body["messages"])


def _said(text: str, thoughts: str = "") -> Answer:
    words = Text(f"{text.rstrip()}\n\n{reply_texts.TAIL}")
    return Answer(Thinking(thoughts), words) if thoughts else Answer(words)


def _thoughts(prompt: str) -> str:
    return (
        f"The prompt begins with “{_quote(prompt)}”. I look for a word that I have an answer for, and take the one that"
        " fits best. It should be short, friendly, and honest about being a script."
    )


def _text(text: str) -> Callable[[Body, str], Scenario]:
    return lambda body, prompt: _said(text, _thoughts(prompt))


def _fixed(scenario: Scenario) -> Callable[[Body, str], Scenario]:
    return lambda body, prompt: scenario


def _one_of(variants: Sequence[str]) -> Callable[[Body, str], Scenario]:
    return lambda body, prompt: _said(_picked(variants, body, prompt))


def _greeting(body: Body, prompt: str) -> Scenario:
    if _is_first(body):
        return Answer(Thinking(_thoughts(prompt)), Text(reply_texts.WELCOME))
    return _said(_picked(reply_texts.GREETINGS, body, prompt))


def _long(body: Body, prompt: str) -> Scenario:
    chapters = (chapter.format(number=number) for number, chapter in enumerate(reply_texts.LONG_CHAPTERS, 1))
    return _said("\n".join((reply_texts.LONG_INTRODUCTION, *chapters, reply_texts.LONG_END)), _thoughts(prompt))


def _tool(body: Body, prompt: str) -> Scenario:
    own = [tool for tool in offered_tools(body) if "input_schema" in tool]
    if not own:
        return _said(reply_texts.NO_TOOLS)
    if (errand := tool_calls.begun(body, prompt)) is not None:
        return errand
    tool = own[_seed(body, prompt) % len(own)]
    return Answer(
        Thinking(f"The tool {tool['name']} is there for this."),
        Text(f"Let me use `{tool['name']}` for that."),
        ToolUse(tool["name"], input=_example(tool["input_schema"])),
    )


def _errand(body: Body, prompt: str) -> Scenario:
    return tool_calls.begun(body, prompt) or _unknown(body, prompt)


def _search(body: Body, prompt: str) -> Scenario:
    if not any(str(tool.get("type")).startswith("web_search_") for tool in offered_tools(body)):
        return _tool(body, prompt)
    source = SearchResult("https://tides.example/fundy", "The tides of the Bay of Fundy", "3 days ago")
    citation = {
        "type": "web_search_result_location",
        "url": source.url,
        "title": source.title,
        "encrypted_index": "RGVtbw==",
        "cited_text": "The water rises by up to 16 metres.",
    }
    return Answer(
        Search("highest tide on Earth", (source,)),
        Text(reply_texts.SEARCHED, citations=(citation,)),
        Text(f"\n\n{reply_texts.TAIL}"),
    )


def _example(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an input that is valid for a schema, as far as its simple types go."""
    samples: dict[str, Any] = {
        "string": "example",
        "integer": 1,
        "number": 1.5,
        "boolean": True,
        "array": [],
        "object": {},
    }
    properties: dict[str, Any] = schema.get("properties") or {}
    chosen = schema.get("required") or list(properties)
    return {name: _sample(properties.get(name) or {}, name, samples) for name in chosen}


def _sample(property: dict[str, Any], name: str, samples: dict[str, Any]) -> object:
    if property.get("enum"):
        return property["enum"][0]
    if name == "path":
        return "."
    return samples.get(str(property.get("type")), "example")


def _unknown(body: Body, prompt: str) -> Scenario:
    count = len(prompt.split())
    text = _picked(reply_texts.UNKNOWN, body, prompt).format(
        quote=_quote(prompt),
        words="one word" if count == 1 else f"{count:,} words",
        number=sum(message["role"] == "user" for message in body["messages"]),
    )
    return _said(text, _thoughts(prompt))


def _quote(prompt: str) -> str:
    """Return the first words of a prompt, escaped for Markdown."""
    plain = re.sub(r"[`*_\[\]<>|#\\]", "", prompt)
    words = plain.split()
    return " ".join(words[:8])[:80] + ("…" if len(words) > 8 or len(plain) > 80 else "")


def _seen(pictures: Sequence[dict[str, Any]], model_id: str) -> str:
    rows = []
    for number, block in enumerate(pictures, 1):
        row = f"| {number} | elsewhere on the web | unknown | unknown |"
        if block["source"]["type"] == "base64":
            try:
                picture = read_picture(base64.b64decode(block["source"]["data"]))
            except (BadPicture, ValueError):  # a compatible server does not check them
                continue
            tokens = image_tokens(picture.width, picture.height, find(model_id))
            kind = picture.media_type.removeprefix("image/").upper()
            row = f"| {number} | {kind} | {picture.width} × {picture.height} px | {tokens:,} |"
        rows.append(row)
    what = "the picture" if len(pictures) == 1 else f"the {len(pictures)} pictures"
    return reply_texts.IMAGES_SEEN.format(what=what, rows="\n".join(rows))


def _bad_picture(body: Body, prompt: str) -> Scenario:
    """Refuse the newest image that the request still contains."""
    pictures = list(images_in(body))
    return unreadable(pictures[-1]).error if pictures else _said(reply_texts.NO_BAD_PICTURE)


def _result_text(result: dict[str, Any]) -> str:
    text = tool_calls.result_text(result)
    return text if len(text) <= SHOWN_RESULT_CHARS else text[:SHOWN_RESULT_CHARS] + "\n…"


def _picked(variants: Sequence[str], body: Body, prompt: str) -> str:
    return variants[_seed(body, prompt) % len(variants)]


def _seed(body: Body, prompt: str) -> int:
    text = f"{len(body['messages'])}\n{prompt}"
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:4], "big")


_REFUSED = {"type": "refusal", "category": "general_harms", "explanation": reply_texts.REFUSAL_EXPLANATION}
_Table = tuple[tuple[str, Callable[[Body, str], Scenario]], ...]

_TROUBLE: _Table = (
    (r"refuse|refusal", _fixed(Answer(Text(reply_texts.REFUSAL), stop_reason="refusal", stop_details=_REFUSED))),
    (r"errors?|overloaded", _fixed(Error(529, headers={"retry-after": "3"}))),
    (r"cut|disconnect", _fixed(Answer(Text(reply_texts.CUT, Cut())))),
    (r"stall|silence", lambda body, prompt: Answer(Text(reply_texts.STALL, Gate()))),
    (r"bad (?:picture|image)s?", _bad_picture),
    (r"empty", _fixed(Answer(Thinking(reply_texts.EMPTY_THOUGHTS)))),
    (r"slow|slowly", _fixed(Answer(Text(f"{reply_texts.SLOW}\n{reply_texts.TAIL}"), pace=SLOW))),
    (r"help", _text(reply_texts.HELP)),
    (r"hi|hello|hey", _greeting),
)
"""For short prompts."""

_BY_WORD: _Table = (
    (r"think|thinking|riddle", lambda body, prompt: _said(reply_texts.THINK, reply_texts.THINK_THOUGHTS)),
    (r"search", _search),
    (r"write a (?:note|file)|run a command", _errand),
    (r"tools?|files|folder", _tool),
    (r"long|story", _long),
    (r"tables?", _text(reply_texts.TABLE)),
    (r"code|python|program", _text(reply_texts.CODE)),
    (r"lists?|steps", _text(reply_texts.LIST)),
    (r"quotes?|links?", _text(reply_texts.QUOTE)),
    (r"thanks|thank you", _one_of(reply_texts.THANKS)),
)
