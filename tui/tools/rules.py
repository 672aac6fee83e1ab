"""Rules for calls that are always allowed, as text: `run_command(git *)`, `write_file(src/**)`,
`fetch_url(https://docs.python.org/*)`.

A rule without wildcards allows exactly one call. With a wildcard it depends on the tool: commands with that beginning,
files with matching paths, pages of one host. A command that the shell could read as several is not allowed by any
wildcard.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.tools.globs import Glob
from tui.tools.patterns import glob_of, literal_text, pattern_of, plain_text
from tui.tools.programs import (
    INTERPRETERS,
    RUNNING,
    WITH_SUBCOMMANDS,
    Word,
    does_more,
    is_runner,
    program_of,
    remark_on,
    runs_another,
    words_of,
)

COMMAND = "run_command"
PAGE = "fetch_url"
_IN_SERVER = "__"
_RULE = re.compile(r"([A-Za-z0-9_*-]+)(?:\((.*)\))?", re.DOTALL)
# Whatever may end, join, redirect or substitute, even where quotes make it harmless: better one question too many.
_COMPOUND = re.compile(r"[;&|<>`$(){}\x00-\x1f\x7f\x85\u2028\u2029]")
_WORD = re.compile(r"[A-Za-z0-9_.,:@%+/-]+")
_OPTION_WITH_NAME = ("-m",)


class Rule(NamedTuple):
    """A rule, or a call in the form of a rule."""

    name: str
    subject: str | None
    """None: with any arguments."""


def read(text: str) -> Rule | None:
    """Parse a rule; None if it is invalid."""
    found = _RULE.fullmatch(text.strip())
    return Rule(found[1], found[2]) if found else None


def means(rule: str, call: str) -> bool:
    """True if a rule allows exactly this call. The call is given as the rule that was made for it."""
    if rule == call:
        return True
    exact, narrow = read(rule), read(call)
    if exact is None or narrow is None or exact.subject is None or narrow.subject is None or exact.name != narrow.name:
        return False
    meant = literal_text(exact.subject)
    return meant is not None and meant == literal_text(narrow.subject)


def covers(rule: str, call: str) -> bool:
    """True if a rule with wildcards allows a call. The call is given as the rule for exactly it."""
    wide, narrow = read(rule), read(call)
    if wide is None or narrow is None:
        return False
    if wide.subject is None or narrow.subject is None:
        return wide.subject == narrow.subject and _names(wide.name, narrow.name)
    if _IN_SERVER in wide.name:  # a tool of an MCP server, whose arguments we do not know
        return wide.subject == "*" and _names(wide.name, narrow.name)
    if wide.name != narrow.name:
        return False
    subject = literal_text(narrow.subject)
    if subject is None:
        return False
    if narrow.name == COMMAND:
        return _covers_command(wide.subject, subject)
    if narrow.name == PAGE:
        return _covers_page(wide.subject, subject)
    glob = glob_of(wide.subject)
    return glob is not None and glob.startswith("/") == subject.startswith("/") and Glob(glob).matches(subject)


def is_compound(command: str) -> bool:
    """True if a shell might read more in a command than one program and its arguments."""
    return _COMPOUND.search(command) is not None


def for_command(command: str) -> tuple[str, ...]:
    """Return the rules to offer for a command, narrowest first."""
    exact = f"{COMMAND}({pattern_of(command)})"
    words = command.split(" ")  # only at the shell's own blanks, not at similar characters
    if is_compound(command) or "" in words[:3]:
        return (exact,)
    beginnings = [words[:count] for count in _word_counts(words)]
    if not all(_WORD.fullmatch(word) for beginning in beginnings for word in beginning):
        return (exact,)
    wider = (f"{COMMAND}({' '.join(beginning)} *)" for beginning in beginnings)
    return (exact, *(rule for rule in wider if covers(rule, exact)))


def remark(rule: str) -> str:
    """Return what a rule for commands allows beyond what most users expect, as a sentence; "" if nothing is known."""
    found = read(rule)
    if found is None or found.name != COMMAND or not (found.subject or "").endswith(" *"):
        return ""
    beginning = plain_text((found.subject or "")[:-2])
    return remark_on(beginning.split(" ")) if beginning else ""


def for_page(url: str) -> tuple[str, ...]:
    """Return the rules to offer for a page, narrowest first."""
    exact = f"{PAGE}({pattern_of(url)})"
    parts = urlsplit(url)
    if _leads_elsewhere(parts.path):
        return (exact,)
    return (exact, f"{PAGE}({pattern_of(f'{parts.scheme}://{parts.netloc}/')}*)")


def _word_counts(words: list[str]) -> tuple[int, ...]:
    """Return how many words say what is run, most first: two and one for `git log`, two for `python build.py`, none for
    `sudo`.
    """
    first, second, third = (*words, "", "")[:3]
    if is_runner(first):
        return ()
    program = program_of(first)
    if program in INTERPRETERS:
        if second in _OPTION_WITH_NAME and third:
            return (3,)
        return () if second.startswith("-") or not second else (2,)
    if program not in WITH_SUBCOMMANDS or not second:
        return (1,)
    if second in RUNNING:
        return () if third.startswith("-") or not third else (3,)
    return () if second.startswith("-") else (2, 1)  # an option here changes the meaning of the others: git -c


def _names(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _covers_command(pattern: str, command: str) -> bool:
    """Only a star after a blank at the end is a wildcard: `git *` is git with any arguments, or none.

    Arguments that run another program, or write a file that they name, are allowed only if they are part of the rule.
    """
    if not pattern.endswith(" *") or is_compound(command) or is_runner(command.partition(" ")[0]):
        return False
    beginning = plain_text(pattern[:-2])
    if beginning is None or not f"{command} ".startswith(f"{beginning} "):
        return False
    given, words = beginning.split(" "), words_of(command[len(beginning) + 1 :])
    program = program_of(given[0])
    if words is None:
        return False
    arguments = [*(Word(text, False) for text in given[1:]), *words]
    if does_more(program, arguments[0].text if arguments else "", words):
        return False
    if len(given) > 2 or program not in WITH_SUBCOMMANDS or not words:
        return True
    first = arguments[0]
    if len(given) > 1 and first.text in RUNNING:  # as users write it: `npm run *`
        return True
    return not first.text.startswith("-") and not first.is_pattern and not runs_another(arguments)


def _covers_page(pattern: str, url: str) -> bool:
    """Scheme and host must be equal. The star is at the end of the path."""
    beginning = plain_text(pattern[:-1]) or ""
    try:
        wide, narrow = urlsplit(beginning), urlsplit(url)
    except ValueError:  # not a URL
        return False
    if (wide.scheme, wide.netloc) != (narrow.scheme, narrow.netloc) or not pattern.endswith("*"):
        return False
    whole_host = f"{wide.scheme}://{wide.netloc}/"
    return beginning.startswith(whole_host) and url.startswith(beginning) and not _leads_elsewhere(narrow.path)


def _leads_elsewhere(path: str) -> bool:
    """True if a server might read the path differently: dots, encoded or not, and backslashes."""
    plain = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\")
    return "\\" in plain or not {".", ".."}.isdisjoint(plain.split("/"))
