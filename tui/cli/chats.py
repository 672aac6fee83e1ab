"""`prx chats` and `prx export`: the chats on disk as tables and as files. Importing is in `import_command`.

What is printed was said by people and models: on a terminal it commands nothing, and in a file it is exactly what it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from tui.chat.ledger import api_fields, cache_fields
from tui.cli.printing import put, say
from tui.errors import TuiError
from tui.inputs import UnfitFile
from tui.render.json_text import json_text
from tui.render.safe import safe

if TYPE_CHECKING:
    from tui.config import Settings
    from tui.store import Chat, ChatUsage, Found, Store

Format = Literal["md", "json", "html"]

_SHORT_ID = 8
_MOST_HITS = 200
_LONGEST_TITLE = 60


class FileProblem(TuiError):
    """A file cannot be read or written."""


class ChatRow(TypedDict):
    """A chat as scripts are promised it."""

    id: str
    title: str
    model: str
    created: str
    """ISO 8601, UTC."""
    updated: str
    messages: int
    cost_usd: float
    usage: dict[str, object]
    """Of the whole chat, all branches, under the API's names."""
    cache: dict[str, object]
    """hit_rate (0 to 1), read_tokens, written_tokens, saved_usd."""
    uncached_usd: float
    """What it would have cost without the cache."""
    estimated: bool
    """Whether an answer was cut off: its output, and so its cost, is what could be seen of it."""


class HitRow(TypedDict):
    message_id: str | None
    """None where the title was hit."""
    role: str | None
    snippet: str


class FoundRow(ChatRow):
    hits: list[HitRow]


def listing(settings: Settings, *, as_json: bool) -> int:
    """Prints all chats, newest first. The exit code."""
    with opened(settings) as store:
        chats, used = store.chats().result(), store.used().result()
    rows = [_row(chat, used) for chat in sorted(chats, key=lambda chat: -chat.updated)]
    say(json_text(rows, indent=2) if as_json else _table(rows) if rows else "No chats yet.")
    return 0


def search(settings: Settings, words: str, *, as_json: bool) -> int:
    """Prints the chats in which all of these words stand, with the places. The exit code."""
    with opened(settings) as store:
        found = store.search(words, limit=_MOST_HITS).result()
        rows = _found_rows(found, {chat.id: chat for chat in store.chats().result()}, store.used().result())
    say(
        json_text(rows, indent=2)
        if as_json
        else _places(rows) or f"Nothing found for {safe(words, keep_newlines=False)}."
    )
    return 0


def export(settings: Settings, chat_id: str, format: Format, file: Path | None) -> int:
    """Writes one chat on stdout or into a file. The exit code."""
    from tui.exchange import archive, markdown, page
    from tui.services.model_list import known_models, utc_today

    with opened(settings) as store:
        tree = store.tree(chat_id).result()
    names = {model.id: model.name for model in known_models(settings, (), utc_today())}

    def name_of(model_id: str) -> str:
        return names.get(model_id, model_id)

    match format:
        case "json":
            text = archive.written([tree])
        case "html":
            text = page.written(tree, name_of)
        case "md":
            text = markdown.written(tree, name_of)
    _write(text, file)
    return 0


def is_kept(problems: Sequence[TuiError]) -> bool:
    """Whether all is on disk in the end: what was late came after all, and a damaged file has given way to a new one."""
    from tui.store.errors import Damaged, WrittenAgain

    return all(isinstance(problem, Damaged | WrittenAgain) for problem in problems[-1:])


@contextmanager
def opened(settings: Settings, problems: list[TuiError] | None = None) -> Iterator[Store]:
    """The store, open and readable; what is wrong with it is said on stderr, and noted. Raises StoreProblem."""
    from tui.services.library import ChatLibrary

    def tell(problem: TuiError) -> None:
        if problems is not None:
            problems.append(problem)
        say(f"prx: {safe(problem.message, keep_newlines=False)}", err=True)

    with ChatLibrary(settings.folders.data / "chats.db") as library:
        early: list[TuiError] = []
        library.trouble = early.append
        store = library.store(demo=False)
        try:
            store.ready().result()
        except TuiError as refusal:  # said by whoever catches it, and not twice
            early = [problem for problem in early if problem.message != refusal.message]
            raise
        finally:
            library.trouble = tell
            for problem in early:
                tell(problem)
        yield store


def _row(chat: Chat, used: Mapping[str, ChatUsage]) -> ChatRow:
    from tui.store import ChatUsage

    whole = used.get(chat.id) or ChatUsage()
    return ChatRow(
        id=chat.id,
        title=chat.title,
        model=chat.model,
        created=_iso(chat.created),
        updated=_iso(chat.updated),
        messages=chat.messages,
        cost_usd=round(chat.cost_usd, 9),
        usage=api_fields(whole.usage),
        cache=cache_fields(whole.usage, chat.saved_usd),
        uncached_usd=round(chat.cost_usd + chat.saved_usd, 9),
        estimated=whole.is_estimate,
    )


def _found_rows(found: Found, chats: Mapping[str, Chat], used: Mapping[str, ChatUsage]) -> list[FoundRow]:
    rows: dict[str, FoundRow] = {}
    for hit in found.hits:
        if hit.chat_id in chats:
            row = rows.setdefault(hit.chat_id, FoundRow(**_row(chats[hit.chat_id], used), hits=[]))
            row["hits"].append(HitRow(message_id=hit.message_id or None, role=hit.role or None, snippet=hit.snippet))
    return list(rows.values())


def _table(rows: list[ChatRow]) -> str:
    """The title stands last, since it may hold characters of any width."""
    from tui.cli.models import columns
    from tui.render.figures import about, money

    costs = ((money(row["cost_usd"]), row["estimated"]) for row in rows)
    lines = [("ID", "UPDATED", "MODEL", "MESSAGES", "COST", "TITLE")]
    lines += [
        (
            row["id"][:_SHORT_ID],
            _local(row["updated"]),
            row["model"],
            str(row["messages"]),
            about(cost) if is_estimate else cost,
            _title(row),
        )
        for row, (cost, is_estimate) in zip(rows, costs, strict=True)
    ]
    return columns(lines)


def _places(rows: list[FoundRow]) -> str:
    """Each chat in a line, and below it where the words stand."""
    lines = []
    for row in rows:
        lines.append(f"{row['id'][:_SHORT_ID]}  {_local(row['updated'])}  {_title(row)}")
        lines += [f"    {safe(hit['snippet'], keep_newlines=False)}" for hit in row["hits"] if hit["message_id"]]
    return "\n".join(lines)


def _title(row: ChatRow) -> str:
    title = safe(row["title"], keep_newlines=False)
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


def _write(text: str, file: Path | None) -> None:
    if file is None:
        put(text)
        return
    try:
        _put(text.encode("utf-8", "replace"), file)
    except OSError as error:
        raise FileProblem(f"{file} cannot be written: {error.strerror}.") from error


def _put(content: bytes, file: Path) -> None:
    """Replaces a file; a pipe or a device, such as /dev/null or `>(gzip)`, is written to. Raises OSError."""
    from tui.private_file import write_private

    try:
        write_private(file, content)
    except UnfitFile:
        opened = os.open(file, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))  # which fails where nobody reads a pipe
        os.set_blocking(opened, True)
        with os.fdopen(opened, "wb") as stream:
            stream.write(content)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(iso: str) -> str:
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
