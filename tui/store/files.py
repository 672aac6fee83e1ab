"""What can be done with a file of SQLite, and what its errors say of it. What that means for the chats others know."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeVar

from tui.inputs import UnfitFile, bounded
from tui.store import columns, schema
from tui.store.index import rebuild

if TYPE_CHECKING:
    from sqlite3 import Connection

Result = TypeVar("Result")
Job = Callable[["Connection"], Result]
"""Reads, or changes something in a way that does no harm when it is done twice."""
Trouble = Literal["damaged", "refused", "none"]

PATIENCE_S = 2.0
"""How long other programs that are writing are waited for."""
_LARGEST_COPY = 1_000_000_000  # bytes of a file that is copied into memory when it cannot be written


_DAMAGE = (
    "malformed",
    "not a database",
    "no such",  # a table or a column, where its name is damaged in the schema
    "has no column",
    "vtable constructor failed",
)


def classify_error(error: Exception) -> Trouble:
    """What an error of SQLite says of the file. By its words: Python 3.10 does not give the code."""
    text = str(error)
    if any(sign in text for sign in _DAMAGE):
        return "damaged"
    if is_refused(text) or any(sign in text for sign in ("is full", "disk I/O", "locked")):
        return "refused"
    return "none"


def is_refused(text: str) -> bool:
    return "readonly" in text or "unable to open" in text


def connect(path: str, *, uri: bool = False, patience_s: float = PATIENCE_S) -> Connection:
    import sqlite3

    return sqlite3.connect(path, uri=uri, isolation_level=None, timeout=patience_s)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Around what asks SQLite, whose words on a damaged schema quote it, which may be no UTF-8. Raises DatabaseError."""
    try:
        yield
    except UnicodeDecodeError as error:
        if not error.object.startswith((b"malformed database schema", b"database disk image is malformed")):
            raise
        import sqlite3

        raise sqlite3.DatabaseError(error.object.decode("utf-8", "replace")) from error


def allow_invalid_text(db: Connection, error: Exception) -> bool:
    """Has it take text that is no UTF-8 from now on, which is slower; False if that is not what was wrong."""
    is_new = "decode" in str(error) and db.text_factory is str
    if is_new:
        db.text_factory = columns.text
    return is_new


def set_busy_timeout(db: Connection, patience_s: float) -> None:
    """Has it wait so long for others that are writing."""
    db.execute(f"PRAGMA busy_timeout = {round(1000 * patience_s)}")


@plain_errors()
def transaction(db: Connection, job: Job[Result]) -> Result:
    db.execute("BEGIN IMMEDIATE")
    try:
        result = job(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def copy(disk: Connection | None) -> Connection:
    """A database in memory with what the file holds, if that is not too much."""
    import sqlite3

    memory = connect(":memory:")
    if disk is not None:
        with suppress(sqlite3.Error):
            pages, size = (disk.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if pages * size <= _LARGEST_COPY or schema.version_of(disk) < schema.VERSION:
                disk.backup(memory)
    schema.migrate(memory)
    return memory


def has_wal(path: Path) -> bool:
    """Whether there may be changes that stand only in the log beside the file, as after a crash."""
    try:
        return Path(f"{path}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


@contextmanager
def opened_copy(path: Path) -> Iterator[Connection]:
    """A copy of the file with its log. Raises OSError where one of them cannot be read."""
    with TemporaryDirectory(prefix="prx-") as folder:  # for the user alone
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", f"{folder}/{path.name}{ending}")
        with closing(connect(f"{folder}/{path.name}")) as db:
            yield db


def refuse_unfit(path: Path) -> None:
    """Raises OSError for what SQLite would wait for: a named pipe, a device or the like, as the database or beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file = Path(f"{path}{ending}")
        try:
            bounded.refuse_unfit(file, missing_ok=True)
        except UnfitFile as error:
            raise UnfitFile(error.errno, str(error.strerror).replace("it", file.name, 1)) from error
        except OSError as error:  # a link that leads to itself
            raise OSError(error.errno, f"{file.name}: {error.strerror}") from error


def identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def is_sound(path: Path) -> bool:
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            is_whole = (tables >= schema.TABLES and schema.is_as_made(db)) or schema.version_of(db) == 0
            return is_whole and bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def is_intact(path: Path) -> bool:
    """Whether every index says the same as its table, too. This reads all of the file."""
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def reindexed(path: Path) -> bool:
    """Whether the index of words and all others could be made anew."""
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            transaction(db, rebuild)
            db.execute("REINDEX")
    except sqlite3.Error:
        return False
    return True


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Meanwhile no other prx is in here with the same folder, where the system can see to that."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def make_private(path: Path) -> None:
    """The file, readable and writable by the user alone. What SQLite puts beside it is made with the same mode."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077 and os.name == "posix":
            os.fchmod(opened, 0o600)
    finally:
        os.close(opened)
