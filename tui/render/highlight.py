"""Colour code line by line. The state of a Pygments lexer is kept between lines, so that each line is read once.

Pygments reads a text as a whole. Its lexers are tables of rules with a stack of states, and that stack is what a line
passes to the next one. What some lexers match across lines with one rule (a comment in C, a string in Go, a
here-document) is found by testing how the line would end if it were closed there, and kept as `until`. Lexers of other
kinds read each line separately, and lexers that post-process their tokens do so only outside of all states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer  # type: ignore[import-untyped]

Stack = tuple[str, ...]
Kind = tuple[str, ...]
"""The name of a Pygments token: ("Literal", "String", "Doc")."""
_PLAIN: Kind = ()
_DEEPEST = 50
"""Maximum depth of the stack. Code with endless opening brackets must not slow down every line."""


class State(NamedTuple):
    """What a line of code passes to the next. Immutable, so that a line may be read again."""

    language: str
    stack: Stack = ("root",)
    until: str = ""
    """The end of the comment or string that the line is inside of."""
    alone: bool = False
    """True if that end must be on a line of its own."""
    kind: Kind = _PLAIN


_SPANS = (("/*", "*/"), ("<!--", "-->"), ('"""', '"""'), ("'''", "'''"), ("`", "`"))
"""What may begin on one line and end on a later one."""
_HERE_DOCUMENT = re.compile(r"<<[-~]?\s*(['\"]?)(\w+)\1")
_EMBEDDING = re.compile(r"<(/?)(script|style)\b[^>]*>", re.IGNORECASE)
_SHELLS = frozenset(("bash", "sh", "shell", "zsh", "ksh", "ruby", "rb", "perl", "php"))
_ALIASES = {
    "jsonc": "json",
    "json5": "json",
    "jsonl": "json",
    "svelte": "html",
    "plaintext": "text",
    "plain": "text",
    "golang": "go",
    "c#": "csharp",
    "f#": "fsharp",
    "objective-c": "objc",
    "jsx": "javascript",
    "env": "bash",
    "dotenv": "bash",
    "gitignore": "bash",
    "vue": "html",
    "astro": "html",
    "makefile": "make",
    "shellscript": "bash",
    "ps": "powershell",
    "tsx": "typescript",
}


def colour_line(text: str, state: State) -> tuple[list[tuple[str, Kind]], State]:
    """Return the parts of one line of code (without its line end) with their kinds, and the state for the next line."""
    lexer = lexer_for(state.language)
    if lexer is None:
        return [(text, _PLAIN)] if text else [], state
    parts: list[tuple[str, Kind]] = []
    if state.until:
        end = _end_of_span(text, state)
        if end < 0:
            return [(text, state.kind)] if text else [], state
        parts, text = [(text[:end], state.kind)], text[end:]
        state = state._replace(until="", alone=False, kind=_PLAIN)
    carried = _span(lexer, text, state)
    if carried is not None:
        tokens, after = carried
    else:
        tokens, stack = _read(lexer, text + "\n", state.stack)
        after = state._replace(stack=stack)
    parts.extend(_merged(tokens, len(text)))
    return parts, after


@lru_cache(maxsize=64)
def lexer_for(language: str) -> Lexer | None:
    """Return the lexer for the language of a code fence; None for plain text and unknown languages."""
    # Imported here, so that the first code block pays for it and not the start of the program.
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    name = _ALIASES.get(language, language)
    if name in ("", "text", "output"):
        return None
    try:
        return get_lexer_by_name(name)
    except ClassNotFound:
        return None


def _end_of_span(text: str, state: State) -> int:
    if state.alone:
        return len(text) if text.strip() == state.until else -1
    at = text.find(state.until)
    return -1 if at < 0 else at + len(state.until)


def _span(lexer: Lexer, text: str, state: State) -> tuple[list[tuple[str, Kind]], State] | None:
    """Return the tokens of a line that ends inside a comment or string, and the state; None for other lines."""
    if "<<" in text and state.language in _SHELLS and (found := _HERE_DOCUMENT.search(text)):
        tokens, stack = _read(lexer, text + "\n", state.stack)
        after = state._replace(until=found[2], alone=True, kind=("Literal", "String", "Heredoc"))
        return tokens, after if stack == state.stack else after._replace(stack=state.stack)
    for begin, end in _SPANS:
        at = text.rfind(begin)
        if at < 0 or (text.find(end, at + len(begin)) >= 0 if begin != end else text.count(begin) % 2 == 0):
            continue
        tokens, _ = _read(lexer, text + end, state.stack)
        last, kind = tokens[-1] if tokens else ("", _PLAIN)
        # Only a single token from the opening to our closing mark shows that one rule matches both.
        whole = len(last) >= len(text) - at + len(end) >= len(begin) + len(end)
        if whole and (kind[:1] == ("Comment",) or kind[:2] == ("Literal", "String")):
            return tokens, state._replace(until=end, kind=kind)
    return None


def _merged(tokens: Iterable[tuple[str, Kind]], length: int) -> list[tuple[str, Kind]]:
    """Return `tokens` cut to `length` characters, with neighbours of one kind joined."""
    parts: list[tuple[str, Kind]] = []
    for text, kind in tokens:
        text = text[:length]
        length -= len(text)
        if not text:
            continue
        if parts and parts[-1][1] == kind:
            parts[-1] = (parts[-1][0] + text, kind)
        else:
            parts.append((text, kind))
    return parts


def _read(lexer: Lexer, text: str, stack: Stack) -> tuple[list[tuple[str, Kind]], Stack]:
    """Return the tokens of `text` and the stack after it. If a lexer fails, the text is plain."""
    from pygments.lexer import ExtendedRegexLexer, LexerContext, RegexLexer

    own = type(lexer).get_tokens_unprocessed
    try:
        if not isinstance(lexer, ExtendedRegexLexer):
            if isinstance(lexer, RegexLexer):
                tokens, after = _run(lexer, text, stack)
                if "script-content" in lexer._tokens:
                    after = _inside_html(text, stack, after)
                if own is not RegexLexer.get_tokens_unprocessed and stack == ("root",):
                    tokens = [(value, kind) for _, kind, value in lexer.get_tokens_unprocessed(text)]
                return tokens, after
        elif own is ExtendedRegexLexer.get_tokens_unprocessed:
            context = LexerContext(text, 0, list(stack))
            tokens = [(value, kind) for _, kind, value in lexer.get_tokens_unprocessed(context=context)]
            return tokens, tuple(context.stack[-_DEEPEST:])
        return [(value, kind) for _, kind, value in lexer.get_tokens_unprocessed(text)], stack
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return [(text, _PLAIN)], ("root",)  # rules may raise on incomplete text, and colour is not worth a crash


def _inside_html(text: str, stack: Stack, after: Stack) -> Stack:
    """Stay inside a script or style sheet until its closing tag; the lexer itself stops at the end of the line."""
    tags = _EMBEDDING.findall(text)
    if tags:
        closing, tag = tags[-1]
        return after if closing else ("root", f"{tag.lower()}-content")
    return stack if stack[-1].endswith("-content") else after


def _run(lexer: RegexLexer, text: str, stack: Stack) -> tuple[list[tuple[str, Kind]], Stack]:
    """Apply the lexer's rules from a given stack on, like the loop in Pygments, which does not expose its stack."""
    from pygments.token import Error, _TokenType  # type: ignore[import-untyped]

    rules = lexer._tokens
    states, tokens = list(stack), list[tuple[str, Kind]]()
    pos = steps = entered = 0
    if states[-1] not in rules:
        states = ["root"]
    length = len(text)
    while pos < length and steps < 20 * length + 100:  # rules that match nothing might loop forever
        steps += 1
        for matches, action, new_state in rules[states[-1]]:
            match = matches(text, pos)
            if match is None:
                continue
            if action is not None:
                if type(action) is _TokenType:
                    tokens.append((match.group(), action))
                else:
                    tokens.extend((value, kind) for _, kind, value in action(lexer, match))
            pos = match.end()
            if new_state is not None:
                _move(states, new_state)
                entered = pos
            break
        else:
            if text[pos] == "\n" and entered < pos:  # a state that could not end within the line was a wrong guess
                states = ["root"]
            tokens.append((text[pos], Error))
            pos += 1
    return tokens, tuple(states[-_DEEPEST:])


def _move(states: list[str], move: tuple[str, ...] | int | str) -> None:
    """Change the stack as a rule says: names to push, a number to pop, or `#pop` and `#push` among names."""
    if isinstance(move, int):
        del states[max(1, len(states) + move) :]
        return
    for name in (move,) if isinstance(move, str) else move:
        if name == "#push":
            states.append(states[-1])
        elif name != "#pop":
            states.append(name)
        elif len(states) > 1:
            states.pop()
