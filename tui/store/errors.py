"""What can be wrong with the file of the chats, as the user reads it."""

from __future__ import annotations

from pathlib import Path

from tui.errors import TuiError


class StoreProblem(TuiError):
    """Chats cannot be kept, or not as they should be. The conversation goes on."""


class NewerSchema(StoreProblem):
    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer prx: its schema is {found}, this prx knows up to {known}.",
            "Update prx. Until then the file is left alone, and what is said here is not kept.",
        )


class Unreachable(StoreProblem):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The chats in {path} can be neither read nor written: {why}.",
            "PRX_HOME names another place. In the app, what is said is kept in memory, and writing is tried again.",
        )


class ReadOnly(StoreProblem):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} can be read but not written.",
            "What is said here is kept in memory until prx ends. Make the file and its folder writable to keep it.",
        )


class Damaged(StoreProblem):
    def __init__(self, path: Path, aside: Path) -> None:
        super().__init__(
            f"{path} was damaged. It has been set aside, and a new one was begun.",
            f"Nothing was deleted: `sqlite3 {aside} .recover` may repair it.",
        )
        self.aside = aside


class NotWritten(StoreProblem):
    """A full disk, most of the time."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"Chats cannot be written to {path} now: {why}.",
            "They are kept in memory, and writing is tried again every few seconds.",
        )


class WrittenAgain(StoreProblem):
    """Not a problem but the end of one."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Chats are written again, and nothing was lost: {path}")


class NeverWritten(StoreProblem):
    def __init__(self, path: Path, count: int) -> None:
        changes = "A change" if count == 1 else f"{count} changes"
        super().__init__(f"{changes} of the chats could not be written to {path}.")


class InternalError(StoreProblem):
    """A bug of ours, which must not take the conversation with it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"prx has a bug: a change to the chats was not kept ({type(error).__name__}: {error}).")


class Closed(StoreProblem):
    def __init__(self) -> None:
        super().__init__("The chats are closed.")


class AmbiguousChat(StoreProblem):
    def __init__(self, id: str) -> None:
        super().__init__(f'The ids of several chats begin with "{id}".', "Give more of it; `prx chats --json` has all.")


class NoSuchChat(StoreProblem):
    def __init__(self, id: str) -> None:
        super().__init__(f'There is no chat "{id}".', "`prx chats` lists them.")
