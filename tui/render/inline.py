"""Parse the content of a paragraph into runs of styled text.

It follows CommonMark for emphasis, code, links and escapes, adds strikethrough and bare URLs, and adapts to what answers
contain: formulas stay as written, `<br>` breaks a line, and only ASCII punctuation affects emphasis, so that `**重要：**次`
is bold. References (`[a][b]`) stay text, because their definition may come much later.

A text that is still `growing` is drawn as it will probably look: a mark without its partner already styles what follows,
and an incomplete mark at the very end is held back. So nothing flickers when the rest arrives.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from tui.render.spans import FORMULA_SIGN, OPEN_FORMULA_SIGN, formula_end, keeps_backslashes, path_end, url_end

STRONG, EMPHASIS, CODE, STRIKE, LINK = 1, 2, 4, 8, 16

_HOPE = 300
"""How many characters an opening mark may wait for its partner before it is drawn as text."""
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPECIAL = re.compile(r"[\\`*_~\[\]<&\n$]|!\[|(?<![A-Za-z])https?://|(?<![A-Za-z0-9])[A-Za-z]:\\(?!\\)")
_ANGLE_URL = re.compile(r"<((?:https?://|mailto:)[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_BREAK = re.compile(r"<br[ ]?/?>\n?", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TARGET = re.compile(
    r"\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))"
    r"(?:\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?\s*\)"
)
_HALF_TARGET = re.compile(r"\([^()\s]*(?:\([^()\s]*\)?[^()\s]*)?(?:\s+[\"'(][^\n]*)?")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SCHEME = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


class Run(NamedTuple):
    """A text in one style. A line feed in it is a line break."""

    text: str
    flags: int = 0
    url: str = ""
    """The target of a link; "" if it must not be followed."""


class _Node(msgspec.Struct):
    text: str
    flags: int = 0
    url: str = ""


class _Mark(msgspec.Struct):
    """A run of `*`, `_` or `~` that may begin or end a style."""

    node: int
    char: str
    count: int
    whole: int
    opens: bool
    closes: bool


class _Bracket(msgspec.Struct):
    node: int
    mark: int
    """How many marks came before it."""
    after: int
    """Where the text inside begins."""
    image: bool
    active: bool = True


def safe_url(url: str) -> str:
    """Return `url` if it is a web or mail address in printable ASCII; otherwise ""."""
    if not _SCHEME.match(url) or len(url) > 2000:
        return ""
    return quote(url, safe="!#$%&'()*+,-./:;=?@[]_~")


def parse(text: str, growing: bool = False) -> tuple[Run, ...]:
    """Return the runs of the inline content of one block."""
    text = text.replace("\t", " ")
    if _SPECIAL.search(text) is None:
        return (Run(text),) if text else ()
    return _parse(text, growing)


@lru_cache(maxsize=512)
def _parse(text: str, growing: bool) -> tuple[Run, ...]:
    return _Parser(text, growing).runs()


class _Parser:
    """One pass over a text from left to right. Styles are paired at the end of each link and of the text."""

    def __init__(self, text: str, growing: bool) -> None:
        self.text = text.rstrip("*_~`\\[<") if growing else text
        self.growing = growing
        self.nodes: list[_Node] = []
        self.marks: list[_Mark] = []
        self.brackets: list[_Bracket] = []
        self.left: list[_Mark] = []
        """Marks without a partner."""

    def runs(self) -> tuple[Run, ...]:
        text, pos, end = self.text, 0, len(self.text)
        while pos < end:
            special = _SPECIAL.search(text, pos)
            start = special.start() if special else end
            if start > pos:
                self.nodes.append(_Node(text[pos:start]))
            pos = self.special(start) if special else end
        self.pair(0)
        if self.growing:
            self.hope()
        runs: list[Run] = []
        for node in self.nodes:
            if not node.text:
                continue
            if runs and runs[-1].flags == node.flags and runs[-1].url == node.url:
                runs[-1] = Run(runs[-1].text + node.text, node.flags, node.url)
            else:
                runs.append(Run(node.text, node.flags, node.url))
        return tuple(runs)

    def special(self, pos: int) -> int:
        """Read what begins at `pos`. Return where to continue."""
        match self.text[pos]:
            case "\\":
                return self.escape(pos)
            case "`":
                return self.code(pos)
            case "*" | "_" | "~":
                return self.mark(pos)
            case "[" | "!":
                image = self.text[pos] == "!"
                after = pos + 1 + image
                self.brackets.append(_Bracket(len(self.nodes), len(self.marks), after, image))
                return self.literal(pos, after)
            case "]":
                return self.link(pos)
            case "\n":
                return self.line_end(pos)
            case "<" | "&" | "$":
                return self.rarity(pos)
            case _ if self.text[pos + 1] == ":":
                return self.literal(pos, path_end(self.text, pos) or pos + 1)
            case _:
                return self.bare_url(pos)

    def literal(self, pos: int, end: int) -> int:
        self.nodes.append(_Node(self.text[pos:end]))
        return end

    def escape(self, pos: int) -> int:
        following = self.text[pos + 1 : pos + 2]
        if following in ("(", "["):  # a formula: \( … \) or \[ … \]; but \[ alone is more often a bracket
            close = self.text.find("\\" + (")" if following == "(" else "]"), pos + 2)
            if close >= 0 and (following == "(" or FORMULA_SIGN.search(self.text, pos + 2, close)):
                return self.literal(pos, close + 2)
            if close < 0 and self.growing:
                return self.literal(pos, pos + 2)
        if end := path_end(self.text, pos):
            return self.literal(pos, end)
        is_kept = keeps_backslashes(self.text, pos)
        if following == "\n":
            is_kept = is_kept and self.text[pos - 1] not in "*_~`"  # after a mark it breaks the line
            self.nodes.append(_Node("\\" if is_kept else "\n"))
            return pos + 1 + (not is_kept)
        if following and following in _PUNCTUATION:
            self.nodes.append(_Node("\\" * is_kept + following))
            return pos + 2
        return self.literal(pos, pos + 1)

    def code(self, pos: int) -> int:
        text = self.text
        after = pos
        while text.startswith("`", after):
            after += 1
        fence = text[pos:after]
        close = text.find(fence, after)
        while close >= 0 and (text.startswith("`", close + len(fence)) or text[close - 1] == "`"):
            while text.startswith("`", close):
                close += 1
            close = text.find(fence, close)
        if close < 0:
            if not self.growing or len(text) - after > _HOPE:
                return self.literal(pos, after)
            close = len(text)
        content = text[after:close].replace("\n", " ")
        if content.startswith(" ") and content.endswith(" ") and content.strip():
            content = content[1:-1]
        self.nodes.append(_Node(content, CODE))
        return close + len(fence)

    def mark(self, pos: int) -> int:
        text, char, after = self.text, self.text[pos], pos
        while text.startswith(char, after):
            after += 1
        count = after - pos
        before, behind = text[pos - 1] if pos else " ", text[after] if after < len(text) else " "
        left = not behind.isspace() and (behind not in _PUNCTUATION or before.isspace() or before in _PUNCTUATION)
        right = not before.isspace() and (before not in _PUNCTUATION or behind.isspace() or behind in _PUNCTUATION)
        if char == "_":
            left, right = left and (not right or before in _PUNCTUATION), right and (not left or behind in _PUNCTUATION)
        if (left or right) and (char != "~" or count == 2):
            self.marks.append(_Mark(len(self.nodes), char, count, count, left, right))
        return self.literal(pos, after)

    def link(self, pos: int) -> int:
        if not self.brackets:
            return self.literal(pos, pos + 1)
        bracket = self.brackets.pop()
        target = _TARGET.match(self.text, pos + 1) if bracket.active else None
        if target:
            end, url = target.end(), target[1] if target[1] is not None else target[2]
        else:
            half = _HALF_TARGET.fullmatch(self.text, pos + 1) if self.growing and bracket.active else None
            if half is None:
                return self.literal(pos, pos + 1)
            end, url = len(self.text), ""
        self.pair(bracket.mark)
        url = safe_url(_unescaped(_ESCAPED.sub(r"\1", url)))
        self.nodes[bracket.node].text = ""
        inside = self.nodes[bracket.node + 1 :]
        for node in inside:
            node.flags |= LINK
            node.url = url
        if not any(node.text for node in inside):
            self.nodes.append(_Node("image" if bracket.image else url or "link", LINK, url))
        if not bracket.image:
            for outer in self.brackets:  # no link within a link
                outer.active = outer.active and outer.image
        return end

    def line_end(self, pos: int) -> int:
        hard = self.text.endswith("  ", 0, pos)
        if self.text.endswith(" ", 0, pos):  # then the text before it is plain
            self.nodes[-1].text = self.nodes[-1].text.rstrip(" ")
        after = pos + 1
        while self.text.startswith(" ", after):
            after += 1
        self.nodes.append(_Node("\n" if hard else " "))
        return after

    def bare_url(self, pos: int) -> int:
        end = url_end(self.text, pos)
        inside_link = any(not bracket.image for bracket in self.brackets) and "](" in self.text[pos:]
        if inside_link or end - pos <= len("https://"):
            return self.literal(pos, max(pos + 1, end))
        url = self.text[pos:end]
        self.nodes.append(_Node(url, LINK, safe_url(url)))
        return end

    def rarity(self, pos: int) -> int:
        """Read `<`, `&` or `$`: a URL, a line break, an entity or a formula, else the character itself."""
        text = self.text
        match text[pos]:
            case "<":
                if found := _ANGLE_URL.match(text, pos):
                    address = found[1]
                    url = safe_url(address if _SCHEME.match(address) else "mailto:" + address)
                    self.nodes.append(_Node(address, LINK, url))
                    return found.end()
                if found := _BREAK.match(text, pos):
                    self.nodes.append(_Node("\n"))
                    return found.end()
            case "&":
                if found := _ENTITY.match(text, pos):
                    self.nodes.append(_Node(_harmless(_unescaped(found[0]))))
                    return found.end()
            case _:
                if end := formula_end(text, pos):
                    return self.literal(pos, end)
                if text.startswith("$$", pos):
                    is_open = self.growing and "`" not in text[pos:] and OPEN_FORMULA_SIGN.search(text, pos)
                    return self.literal(pos, len(text) if is_open else pos + 2)
        return self.literal(pos, pos + 1)

    def pair(self, bottom: int) -> None:
        """Pair the marks from `bottom` on, nearest first (CommonMark's "process emphasis"), and drop them."""
        marks, openers = self.marks[bottom:], list[_Mark]()
        del self.marks[bottom:]
        floor: dict[tuple[str, bool, int], int] = {}
        """Kind of closing mark -> the stack height below which no mark opens it."""
        for mark in marks:
            while mark.closes and mark.count:
                kind = (mark.char, mark.opens, mark.whole % 3)
                at = self.opener(openers, mark, floor.get(kind, 0))
                if at is None:
                    floor[kind] = len(openers)
                    break
                self.style(openers[at], mark)
                del openers[at + (openers[at].count > 0) :]
                floor = {key: min(height, len(openers)) for key, height in floor.items()}
            if mark.opens and mark.count:
                openers.append(mark)
        self.left = openers

    @staticmethod
    def opener(openers: list[_Mark], closer: _Mark, floor: int) -> int | None:
        for at in range(len(openers) - 1, floor - 1, -1):
            opener = openers[at]
            if opener.char != closer.char:
                continue
            either = opener.closes or closer.opens
            if either and (opener.whole + closer.whole) % 3 == 0 and (opener.whole % 3 or closer.whole % 3):
                continue
            return at
        return None

    def style(self, opener: _Mark, closer: _Mark) -> None:
        used = 2 if min(opener.count, closer.count) >= 2 else 1
        flag = STRIKE if opener.char == "~" else STRONG if used == 2 else EMPHASIS
        for node in self.nodes[opener.node + 1 : closer.node]:
            node.flags |= flag
        for mark in (opener, closer):
            mark.count -= used
            self.nodes[mark.node].text = mark.char * mark.count

    def hope(self) -> None:
        """Let the last unpaired marks style the rest of the text, if its end is near."""
        for mark in self.left[-3:]:
            rest = self.nodes[mark.node + 1 :]
            if mark.count > 3 or sum(len(node.text) for node in rest) > _HOPE:
                continue
            flag = STRIKE if mark.char == "~" else (0, EMPHASIS, STRONG, STRONG | EMPHASIS)[mark.count]
            for node in rest:
                node.flags |= flag
            self.nodes[mark.node].text = ""


def _unescaped(text: str) -> str:
    """Return the text with its entities replaced by what they stand for."""
    if "&" not in text:
        return text
    from html import unescape  # imported here, because most texts have no entities

    return unescape(text)


def _harmless(text: str) -> str:
    """Return the character of an entity, made safe: `&#27;` must not become an escape."""
    from tui.render.safe import safe  # imported here, because most texts have no entities

    return safe(text, keep_newlines=False)


def cut_at(text: str, least: int, most: int) -> int | None:
    """Return where a long text may be cut so that both parts parse as they would together; None while there is no such
    position.

    That is a space outside all open marks, from `least` on; any space when `most` is reached, and soon after that any
    position. Only the text before a position decides about it, so the result does not depend on how much of the text is
    known.
    """
    depth, code = 0, ""
    for found in _CUT.finditer(text):
        token, pos = found[0], found.start()
        if pos > most + least:
            break
        if token.isspace():
            if pos >= most or (pos >= least and not depth and not code):
                return pos
        elif token[0] in "`$":
            code = "" if code == token else code or token
        elif code:
            continue
        elif token[0] == "\\":
            depth = depth + 1 if token[1] in "[(" else max(0, depth - (token[1] in "])"))  # a formula
        elif token[0] in "*_~":
            opens = text[found.end() : found.end() + 1].strip() and (not pos or text[pos - 1] in " \n([{\"'")
            depth = depth + 1 if opens else max(0, depth - 1)
        elif token in "[(":
            depth += 1
        elif token in "])":
            depth = max(0, depth - 1)
    return most + least if len(text) > most + least else None


_CUT = re.compile(r"\\[^\s]|\$\$|`+|\*+|_+|~~|[\[\]()]|(?<=[^\s\\])[ \n](?=\S)")
