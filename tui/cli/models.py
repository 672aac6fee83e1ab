"""`prx models` and `prx paths`: rows as plain values, and the tables made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from tui.config import Settings


class ModelRow(TypedDict):
    id: str
    name: str
    family: str
    context: int
    max_output: int
    price_input: float | None
    """US dollars per million tokens, for the shortest prompts; None if unknown."""
    price_output: float | None
    vision: bool
    tools: bool
    thinking: list[str]
    efforts: list[str]
    lifecycle: str
    retires: str
    successor: str
    configured: bool
    """True for the model of new chats."""


class PathRow(TypedDict):
    name: str
    path: str
    exists: bool


def model_rows(settings: Settings) -> list[ModelRow]:
    """Return the models of the cached server list and of the built-in table, with the configuration applied."""
    from tui.services.model_list import cached_models, choose, known_models, utc_today

    live, today = cached_models(settings), utc_today()
    configured = choose(settings, settings.model, live, today).model.id
    rows: list[ModelRow] = []
    for model in known_models(settings, live, today):
        price = model.price_for(0)
        rows.append(
            ModelRow(
                id=model.id,
                name=model.name,
                family=model.family,
                context=model.context,
                max_output=model.max_output,
                price_input=price.input if price else None,
                price_output=price.output if price else None,
                vision=model.vision,
                tools=model.tools,
                thinking=list(model.thinking),
                efforts=list(model.efforts),
                lifecycle=model.lifecycle,
                retires=model.retires,
                successor=model.successor,
                configured=model.id == configured,
            )
        )
    return rows


def model_table(rows: Sequence[ModelRow]) -> str:
    """Format the rows as a table. Prices are US dollars per million tokens."""
    from tui.render.figures import price, tokens

    lines = [("", "MODEL", "CONTEXT", "OUTPUT", "PRICE", "", "")]
    for row in rows:
        prices = (row["price_input"], row["price_output"])
        marks = [word for word, has in (("vision", row["vision"]), ("tools", row["tools"])) if has]
        marks += ["thinking"] if row["thinking"] else []
        lines.append(
            (
                "*" if row["configured"] else "",
                row["id"],
                tokens(row["context"]),
                tokens(row["max_output"]),
                " / ".join(price(amount) for amount in prices if amount is not None),
                " ".join(marks),
                _status(row),
            )
        )
    return columns(lines)


def _status(row: ModelRow) -> str:
    if row["lifecycle"] == "retired":
        return f"retired {row['retires']}, answered by {row['successor']}"
    if row["retires"]:
        return f"{row['lifecycle']}, retires {row['retires']}"
    return "" if row["lifecycle"] in ("active", "unknown") else row["lifecycle"]


def path_rows(settings: Settings) -> list[PathRow]:
    """Return the configuration file and the four folders."""
    folders = settings.folders
    named = {
        "file": settings.file,
        "config": folders.config,
        "data": folders.data,
        "state": folders.state,
        "cache": folders.cache,
    }
    return [PathRow(name=name, path=str(path), exists=path.exists()) for name, path in named.items()]


def path_table(rows: Sequence[PathRow]) -> str:
    return columns([(row["name"], row["path"], "" if row["exists"] else "(does not exist yet)") for row in rows])


def columns(lines: Sequence[tuple[str, ...]]) -> str:
    """Format rows as a table, one line per row whatever its cells contain."""
    from tui.render.safe import safe

    lines = [tuple(safe(cell, keep_newlines=False) for cell in line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
