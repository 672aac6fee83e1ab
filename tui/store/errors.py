"""Problems of the chat database, in the user's words."""

from __future__ import annotations

from pathlib import Path

from tui.errors import TuiError


class StoreProblem(TuiError):
    """Chats cannot be stored, or not as they should be. The conversation continues."""


class NewerSchema(StoreProblem):
    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer prx: its schema is {found}, this prx supports up to {known}.",
            "Update prx. Until then the file is not changed, and this conversation is not saved.",
        )


class Unreachable(StoreProblem):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The chats in {path} can be neither read nor written: {why}.",
            "Set PRX_HOME to another folder. The app keeps this conversation in memory and tries to write it again.",
        )


class ReadOnly(StoreProblem):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} can be read but not written.",
            "This conversation is kept in memory until prx exits. Make the file and its folder writable to save it.",
        )


class Damaged(StoreProblem):
    def __init__(self, path: Path, backup: Path) -> None:
        super().__init__(
            f"{path} was damaged. It was renamed, and a new file was started.",
            f"Nothing was deleted: `sqlite3 {backup} .recover` may repair it.",
        )
        self.backup = backup


class NotWritten(StoreProblem):
    """Usually a full disk."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"Chats cannot be written to {path}: {why}.",
            "They are kept in memory, and prx tries again every few seconds.",
        )


class WrittenAgain(StoreProblem):
    """Not a problem, but the end of one."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Chats are saved again, and nothing was lost: {path}")


class NeverWritten(StoreProblem):
    def __init__(self, path: Path, count: int) -> None:
        changes = "A change" if count == 1 else f"{count} changes"
        super().__init__(f"{changes} to the chats could not be written to {path}.")


class InternalError(StoreProblem):
    """A bug of ours, which must not end the conversation."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"prx has a bug: a change to the chats was not saved ({type(error).__name__}: {error}).")


class Closed(StoreProblem):
    def __init__(self) -> None:
        super().__init__("The chats are closed.")


class AmbiguousChat(StoreProblem):
    def __init__(self, id: str) -> None:
        super().__init__(
            f'The ids of several chats start with "{id}".',
            "Enter more characters; `prx chats --json` lists the full ids.",
        )


class NoSuchChat(StoreProblem):
    def __init__(self, id: str) -> None:
        super().__init__(f'There is no chat "{id}".', "`prx chats` lists all chats.")
