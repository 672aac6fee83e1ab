"""`prx chats` and `prx export`: list, search and export the stored chats. Importing is in `import_chats`.

Chats contain arbitrary text. On a terminal, control characters are made visible; in a file the text is unchanged.
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
    from tui.store import Chat, ChatUsage, SearchResults, Store

Format = Literal["md", "json", "html"]

_SHORT_ID = 8
_MAX_HITS = 200
_MAX_TITLE_CHARS = 60


class FileProblem(TuiError):
    """A file cannot be read or written."""


class ChatRow(TypedDict):
    """A chat in the JSON output. Scripts depend on its keys."""

    id: str
    title: str
    model: str
    created: str
    """ISO 8601, UTC."""
    updated: str
    messages: int
    cost_usd: float
    usage: dict[str, object]
    """Tokens of all branches of the chat, under the API's names."""
    cache: dict[str, object]
    """hit_rate (0 to 1), read_tokens, written_tokens, saved_usd."""
    uncached_usd: float
    """The cost it would have had without the prompt cache."""
    estimated: bool
    """True if an answer was interrupted: its output tokens, and so its cost, are counted from the text that arrived."""


class HitRow(TypedDict):
    message_id: str | None
    """None for a hit in the title."""
    role: str | None
    snippet: str


class FoundRow(ChatRow):
    hits: list[HitRow]


def list_chats(settings: Settings, *, as_json: bool) -> int:
    """Print all chats, newest first. Return the exit code."""
    with open_store(settings) as store:
        chats, used = store.chats().result(), store.used().result()
    rows = [_row(chat, used) for chat in sorted(chats, key=lambda chat: -chat.updated)]
    say(json_text(rows, indent=2) if as_json else _table(rows) if rows else "No chats yet.")
    return 0


def search(settings: Settings, words: str, *, as_json: bool) -> int:
    """Print the chats that contain all of these words, with the hits. Return the exit code."""
    with open_store(settings) as store:
        found = store.search(words, limit=_MAX_HITS).result()
        rows = _found_rows(found, {chat.id: chat for chat in store.chats().result()}, store.used().result())
    say(
        json_text(rows, indent=2)
        if as_json
        else _hits(rows) or f"No chat contains: {safe(words, keep_newlines=False)}."
    )
    return 0


def export(settings: Settings, chat_id: str, format: Format, file: Path | None) -> int:
    """Write a chat to stdout or to a file. Return the exit code."""
    from tui.exchange import archive, html_page, markdown
    from tui.services.model_list import known_models, utc_today

    with open_store(settings) as store:
        tree = store.tree(chat_id).result()
    names = {model.id: model.name for model in known_models(settings, (), utc_today())}

    def name_of(model_id: str) -> str:
        return names.get(model_id, model_id)

    match format:
        case "json":
            text = archive.to_json([tree])
        case "html":
            text = html_page.to_html(tree, name_of)
        case "md":
            text = markdown.to_markdown(tree, name_of)
    _write(text, file)
    return 0


def is_stored(problems: Sequence[TuiError]) -> bool:
    """True if everything is on disk in the end: the last problem, if any, was solved by a retry or a new database."""
    from tui.store.errors import Damaged, WrittenAgain

    return all(isinstance(problem, Damaged | WrittenAgain) for problem in problems[-1:])


@contextmanager
def open_store(settings: Settings, problems: list[TuiError] | None = None) -> Iterator[Store]:
    """Open the store. Report its problems on stderr and add them to `problems`. Raises StoreProblem."""
    from tui.services.library import ChatLibrary

    def report(problem: TuiError) -> None:
        if problems is not None:
            problems.append(problem)
        say(f"prx: {safe(problem.message, keep_newlines=False)}", err=True)

    with ChatLibrary(settings.folders.data / "chats.db") as library:
        early: list[TuiError] = []
        library.trouble = early.append
        store = library.store(demo=False)
        try:
            store.ready().result()
        except TuiError as refusal:  # its caller reports it
            early = [problem for problem in early if problem.message != refusal.message]
            raise
        finally:
            library.trouble = report
            for problem in early:
                report(problem)
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


def _found_rows(found: SearchResults, chats: Mapping[str, Chat], used: Mapping[str, ChatUsage]) -> list[FoundRow]:
    rows: dict[str, FoundRow] = {}
    for hit in found.hits:
        if hit.chat_id in chats:
            row = rows.setdefault(hit.chat_id, FoundRow(**_row(chats[hit.chat_id], used), hits=[]))
            row["hits"].append(HitRow(message_id=hit.message_id or None, role=hit.role or None, snippet=hit.snippet))
    return list(rows.values())


def _table(rows: list[ChatRow]) -> str:
    """Format the chats as a table. The title comes last, because its characters may have any width."""
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


def _hits(rows: list[FoundRow]) -> str:
    """Format each chat as a line, followed by its hits."""
    lines = []
    for row in rows:
        lines.append(f"{row['id'][:_SHORT_ID]}  {_local(row['updated'])}  {_title(row)}")
        lines += [f"    {safe(hit['snippet'], keep_newlines=False)}" for hit in row["hits"] if hit["message_id"]]
    return "\n".join(lines)


def _title(row: ChatRow) -> str:
    title = safe(row["title"], keep_newlines=False)
    return title if len(title) <= _MAX_TITLE_CHARS else f"{title[: _MAX_TITLE_CHARS - 1]}…"


def _write(text: str, file: Path | None) -> None:
    if file is None:
        put(text)
        return
    try:
        _put(text.encode("utf-8", "replace"), file)
    except OSError as error:
        raise FileProblem(f"{file} cannot be written: {error.strerror}.") from error


def _put(content: bytes, file: Path) -> None:
    """Replace a file, or write to a pipe or a device such as /dev/null or `>(gzip)`. Raises OSError."""
    from tui.private_file import write_private

    try:
        write_private(file, content)
    except UnfitFile:
        descriptor = os.open(file, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))  # fails if nobody reads the pipe
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(iso: str) -> str:
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")


def count_of(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
